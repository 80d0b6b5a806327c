"""Plays the rollouts of a benchmark, in pieces, on as many processes as asked for."""

import multiprocessing
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import Outcome, play
from benchmarks.verdict.runs import Run
from benchmarks.verdict.scenarios import SCENARIOS
from benchmarks.verdict.scores import Results, Score
from benchmarks.verdict.suite import RULES, rules_of


class Piece(NamedTuple):
    cell: Cell
    first: int
    runs: int
    rules: tuple[str, ...]


def pieces(
    cells: list[Cell], runs: dict[bool, int], results: Results, only: frozenset[str]
) -> Iterator[Piece]:
    """Return what is left to do; `runs` a cell of healthy and of bad scenarios."""
    for cell in cells:
        scenario = SCENARIOS[cell.scenario]
        names = [one.name for one in rules_of(cell) if not only or one.name in only]
        for first in range(0, runs[scenario.healthy], results.size):
            left = tuple(name for name in names if not results.has(cell, name, first))
            if left:
                yield Piece(cell, first, results.size, left)


def work(piece: Piece) -> tuple[Piece, dict[str, Score]]:
    """Play one piece: every rule meets the same runs."""
    plans = {RULES[name].plan for name in piece.rules}
    outcomes: dict[str, list[Outcome]] = {name: [] for name in piece.rules}
    for number in range(piece.first, piece.first + piece.runs):
        runs = {plan: Run(piece.cell, number, plan) for plan in plans}
        for name in piece.rules:
            rule = RULES[name]
            outcomes[name].append(play(runs[rule.plan], rule))
    return piece, {name: Score.of(each) for name, each in outcomes.items()}


def play_all(todo: list[Piece], results: Results, jobs: int) -> None:
    """Play everything that is left. What is done is kept: broken off, it goes on from there."""
    began = time.monotonic()
    with multiprocessing.Pool(jobs) as pool:
        for done, (piece, scored) in enumerate(pool.imap_unordered(work, todo), start=1):
            results.add(piece.cell, piece.first, scored)
            if done % max(1, len(todo) // 20) == 0:
                took = time.monotonic() - began
                left = took / done * (len(todo) - done)
                print(f"{done}/{len(todo)} pieces, about {left:.0f} s left", file=sys.stderr)
