"""Work a second inside the engines: ours bare, ours as it is served, and the rival, in turns."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.health.numbers import Spread, ratios, spread
from benchmarks.workflows.programs import PROGRAMS, Program
from benchmarks.workflows.rival import Rival
from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.engine.watching import Entry

OURS_N: Final = 5_000
THEIRS_N: Final = 300
"""Its time for each unit does not depend on how many there are, so fewer do."""
RATIO_MIN: Final = 20
GO_STEPS_PER_SECOND: Final = 390_000
"""The fastest emulator's steps a second, the upper of the figures that the issue gives."""


@dataclass(frozen=True, slots=True)
class Row:
    program: Program
    ours: Spread
    watched: Spread
    theirs: Spread
    ratio: Spread
    """Ours as served, by theirs, round by round."""


class Surroundings:
    """The little that these programs ask of a host."""

    environment: Final[dict[str, str]] = {}

    def now(self) -> float:
        return time.time()

    def uuid(self) -> str:
        return "00000000-0000-4000-8000-000000000000"

    def random(self) -> float:
        return 0.5

    def callback_url(self, callback_id: str) -> str:
        return callback_id


class History:
    """Keeps every entry, as the service does for a BASIC history."""

    values = False

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def began(self, entry: Entry) -> None:
        self.entries.append(entry)

    def ended(self, entry: Entry) -> None:
        pass


def bare(program: Program, n: int, seconds: float) -> tuple[Any, float]:
    return _timed(program, n, seconds, lambda code: Execution(code, Surroundings()))


def watched(program: Program, n: int, seconds: float) -> tuple[Any, float]:
    return _timed(
        program, n, seconds, lambda code: Execution(code, Surroundings(), watcher=History())
    )


def _timed(
    program: Program, n: int, seconds: float, make: Callable[[Any], Execution]
) -> tuple[Any, float]:
    code = compile_source(program.source)
    begin = time.perf_counter()
    count = 0
    while True:
        execution = make(code)
        effects = execution.start({"n": n})
        while execution.state == "active":  # A long computation pauses for others.
            effects = [e for one in effects for e in execution.resume(one.id, None)]  # type: ignore[union-attr]
        count += 1
        spent = time.perf_counter() - begin
        if spent >= seconds:
            assert execution.result is not None, execution.failure
            return int(execution.result), program.units(n) * count / spent


def measure(rival: Rival, rounds: int, seconds: float) -> list[Row]:
    return [_row(program, rival, rounds, seconds) for program in PROGRAMS]


def _row(program: Program, rival: Rival, rounds: int, seconds: float) -> Row:
    _same_result(program, rival)
    ours: list[float] = []
    seen: list[float] = []
    theirs: list[float] = []
    turns: list[tuple[list[float], Callable[[], float]]] = [
        (ours, lambda: bare(program, OURS_N, seconds)[1]),
        (seen, lambda: watched(program, OURS_N, seconds)[1]),
        (theirs, lambda: rival.timed(program, THEIRS_N, seconds)[1]),
    ]
    for number in range(rounds):
        for found, turn in _rotated(turns, number):
            found.append(turn())
    return Row(program, spread(ours), spread(seen), spread(theirs), ratios(seen, theirs))


def _rotated(turns: Sequence[Any], by: int) -> list[Any]:
    """Begin each round with another one: the machine is not equally fast all the time."""
    at = by % len(turns)
    return [*turns[at:], *turns[:at]]


def _same_result(program: Program, rival: Rival) -> None:
    ours, _ = bare(program, THEIRS_N, 0)
    theirs, _ = rival.timed(program, THEIRS_N, 0)
    if ours != theirs:
        raise SystemExit(f"error: {program.name}: ours returns {ours}, the rival {theirs}")
