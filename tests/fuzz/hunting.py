"""Plays seed after seed; one seed is one source, whenever and wherever it is played."""

import random
import traceback
from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.flows import Flows
from tests.fuzz.playing import play
from tests.fuzz.programs import corpus, expressions_of, mutated


@dataclass
class Found:
    """What a hunt came to. A failure has its seed, what was wrong, and the source."""

    ended: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str, str]] = field(default_factory=list)


def source_of(kind: str, seed: int) -> str:
    rng = random.Random(f"{kind} {seed}")
    if kind == "expressions":
        return expressions_of(rng)
    if kind == "flows":
        return Flows(rng).source()
    texts = corpus()
    return mutated(rng, rng.choice(texts), texts)


def hunt(kind: str, first: int, count: int) -> Found:
    found = Found()
    for seed in range(first, first + count):
        source = source_of(kind, seed)
        try:
            found.ended[play(source, seed)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is what is hunted.
            found.failures.append((seed, traceback.format_exc(limit=-4), source))
    return found
