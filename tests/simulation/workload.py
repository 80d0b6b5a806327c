"""What people, builds, alerts and other tools do, a row each. A new one is a row here."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.simulation import doings
from tests.simulation.doings import Apply

Draw = Callable[[random.Random], dict[str, Any]]

QUALITIES: Final[tuple[tuple[float, dict[str, Any]], ...]] = (
    (8, {}),
    (2, {"error_ratio": 1.0}),
    (2, {"error_ratio": 0.2}),
    (2, {"error_ratio": 0.6}),
    (1, {"error_ratio": 0.02}),
    (1, {"latency_seconds": 1.5}),
    (1, {"latency_sigma": 0.4}),
    (1, {"crashes": True}),
    (1, {"unhealthy": True}),
    (1, {"ready_seconds": 90.0}),
    (0.5, {"ready_seconds": 7200.0}),
    (0.5, {"hang_ratio": 0.3}),
    (0.5, {"refused_ratio": 0.3, "refused_status": 429}),
)
"""How images are: a weight, and what differs from a good one."""


@dataclass(frozen=True)
class Row:
    """`chance`: how often it comes with each push, on average."""

    chance: float
    draw: Draw
    apply: Apply


def _quality(rng: random.Random) -> dict[str, Any]:
    return dict(rng.choices([one for _, one in QUALITIES], [weight for weight, _ in QUALITIES])[0])


def _some_target(rng: random.Random) -> int:
    return rng.randrange(2)


def _none(_rng: random.Random) -> dict[str, Any]:
    return {}


def _on_target(rng: random.Random) -> dict[str, Any]:
    return {"target": _some_target(rng)}


def _push_drawn(rng: random.Random) -> dict[str, Any]:
    return {
        "quality": _quality(rng),
        "index": rng.random() < 0.3,
        "age": rng.choice((30, 60, 120, 1200, 3600)) if rng.random() < 0.3 else 30,
        "other_digest": rng.random() < 0.04,
    }


def _answers_drawn(rng: random.Random) -> dict[str, Any]:
    return {
        "target": _some_target(rng),
        "says": "deny" if rng.random() < 0.15 else "approve",
        "of": rng.choice(("present", "present", "none", "earlier")),
        "times": 2 if rng.random() < 0.2 else 1,
    }


def _alert_drawn(rng: random.Random) -> dict[str, Any]:
    kinds = ("real", "real", "real", "uptime", "test", "closed", "twice", "old", "elsewhere",
             "other_revision")  # fmt: skip
    return {
        "target": _some_target(rng),
        "of": rng.choice(kinds),
        "before": rng.choice((0, 30, 300)),
    }


def _with(**more: Callable[[random.Random], Any]) -> Draw:
    return lambda rng: {"target": _some_target(rng)} | {key: one(rng) for key, one in more.items()}


WORKLOAD: Final[Mapping[str, Row]] = {
    "push": Row(0.0, _push_drawn, doings.push),
    "told_again": Row(0.3, _none, doings.told_again),
    "build_fails": Row(0.05, _none, doings.build_fails),
    "rolls_out": Row(0.15, _with(force=lambda rng: rng.random() < 0.3, one=lambda rng: rng.random() < 0.7, override=lambda rng: rng.random() < 0.2), doings.rolls_out),
    "rolls_back": Row(0.1, _on_target, doings.by_hand("roll_back")),
    "stops": Row(0.08, _on_target, doings.by_hand("stop")),
    "approves_by_hand": Row(0.1, _on_target, doings.by_hand("approve")),
    "denies_by_hand": Row(0.03, _on_target, doings.by_hand("deny")),
    "answers": Row(0.8, _answers_drawn, doings.answers),
    "alert": Row(0.3, _alert_drawn, doings.alert),
    "moves_traffic": Row(0.06, _on_target, doings.moves_traffic),
    "sets_latest": Row(0.03, _on_target, doings.sets_latest),
    "tags": Row(0.05, _on_target, doings.tags),
    "changes_template": Row(0.05, _on_target, doings.changes_template),
    "adopts": Row(0.07, _on_target, doings.adopts),
    "terraform": Row(0.08, _with(after=lambda rng: rng.choice((5, 60, 300, 1200))), doings.refreshes),
    "upgrade": Row(0.08, _none, doings.upgrade),
    "stops_line": Row(0.05, _with(seconds=lambda rng: rng.choice((60, 600, 3600))), doings.stops_line),
    "turns_bad": Row(0.15, _with(ratio=lambda rng: rng.choice((0.1, 0.5, 1.0))), doings.turns_bad),
    "outage": Row(0.06, _with(ratio=lambda rng: rng.choice((0.05, 0.5, 1.0)), seconds=lambda rng: rng.choice((60, 300, 900))), doings.outage),
    "load": Row(0.1, _with(rps=lambda rng: rng.choice((0, 0, 1, 30)), seconds=lambda rng: rng.choice((300, 1200, 3600))), doings.load),
}  # fmt: skip
