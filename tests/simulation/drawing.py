"""From a seed to a scenario. Every draw is of one `random.Random(seed)`, in one order."""

import datetime as dt
import random
from typing import Any

from tests.flow.flow import START
from tests.simulation.faults import FAULTS
from tests.simulation.scenario import Happens, Platform, Scenario
from tests.simulation.workload import WORKLOAD

STEPS = ([10, 50, 100], [10, 50, 100], [50, 100], [100], [25, 100], [5, 20, 50, 100])


def draw(seed: int) -> Scenario:
    """Return the scenario of a seed: always the same one."""
    rng = random.Random(f"scenario/{seed}")
    targets = _targets(rng)
    times, end = _push_times(rng, rng.randint(3, 8))
    drawn: list[tuple[float, str, dict[str, Any]]] = []
    for number, at in enumerate(times):
        drawn.append((at, "push", WORKLOAD["push"].draw(rng)))
        until = times[number + 1] if number + 1 < len(times) else end
        drawn += _beside(rng, at, until)
    drawn += _faults(rng, times, round(rng.choice((0.0, 1.0, 2.0, 4.0)) * len(times)))
    drawn.sort(key=lambda one: one[0])
    happenings = tuple(
        Happens(number, kind, at, args) for number, (at, kind, args) in enumerate(drawn)
    )
    last = max([end, *(one.at + one.args.get("seconds", 0) for one in happenings)])
    return Scenario(
        seed=seed,
        targets=targets,
        rps=rng.choice((2, 5, 5, 10)),
        first=rng.random() < 0.9,
        platform=_platform(rng),
        happenings=happenings,
        seconds=last,
    )


def _push_times(rng: random.Random, count: int) -> tuple[list[float], float]:
    times, at = [], 0.0
    for _ in range(count):
        at += rng.choice((1.0, rng.uniform(5, 120), rng.uniform(120, 1800), rng.uniform(900, 3000)))
        times.append(round(at, 1))
    return times, round(at + rng.uniform(900, 2400), 1)


def _beside(rng: random.Random, at: float, until: float) -> list[tuple[float, str, dict[str, Any]]]:
    """Draw what happens between one push and the next."""
    found = []
    for name, row in WORKLOAD.items():
        while rng.random() < row.chance / (1.0 + row.chance):
            when = rng.uniform(at, max(until, at + 1200))
            found.append((round(when, 1), name, row.draw(rng)))
    return found


def _faults(
    rng: random.Random, times: list[float], count: int
) -> list[tuple[float, str, dict[str, Any]]]:
    """Draw faults for after some push, where something is under way that they may strike."""
    names = list(FAULTS)
    weights = [FAULTS[name].weight for name in names]
    found = []
    for name in rng.choices(names, weights, k=count):
        at = rng.choice(times) + rng.choice((-1.0, rng.uniform(0, 60), rng.uniform(0, 900)))
        found.append((max(0.0, round(at, 1)), name, FAULTS[name].draw(rng)))
    return found


def _targets(rng: random.Random) -> dict[str, dict[str, Any]]:
    production = _settings(rng, rng.choice(STEPS))
    if rng.random() < 0.7:
        return {"production": production}
    staging = _settings(rng, [100]) | {
        "no_data": "pass",
        "approval": {"by": "none", "expires": "60m"},
    }
    return {"staging": staging, "production": production}


def _settings(rng: random.Random, steps: list[int]) -> dict[str, Any]:
    window = rng.choice((2, 2, 3, 5))
    least = len(steps) * (window + 4)
    settings: dict[str, Any] = {
        "steps": steps,
        "window": f"{window}m",
        "check_every": rng.choice(("60s", "60s", "60s", "30s")),
        "deadline": f"{max(least, rng.choice((20, 30, 60, 120)))}m",
        "watch": rng.choice(("5m", "30m")),
        "ready_within": rng.choice(("3m", "10m")),
        "no_data": rng.choice(("hold", "hold", "extend", "pass", "roll_back")),
        "second_push": rng.choice(("supersede", "supersede", "queue", "reject")),
        "verify": {"attempts": 3, "every": "3s"},
        "approval": {"by": "none", "expires": rng.choice(("20m", "60m"))},
        "analysis": rng.choice(
            ({}, {}, {}, {"stable_also_bad": "roll_back"}, {"watch_action": "alert"},
             {"max_errors": [5, 10]} if len(steps) > 1 else {"max_errors": 10},
             {"probes": 20}, {"sensitivity": "high"}, {"bad_intervals_min": 2})
        ),
    }  # fmt: skip
    if rng.random() < 0.3:
        settings["approval"] = {"by": "manual", "expires": rng.choice(("10m", "30m", "60m"))}
    if rng.random() < 0.1:
        begins = START + dt.timedelta(minutes=rng.randint(5, 90))
        ends = begins + dt.timedelta(minutes=rng.choice((5, 30, 90)))
        span = {"from": f"{begins:%Y-%m-%dT%H:%M}", "until": f"{ends:%Y-%m-%dT%H:%M}"}
        settings["freeze"] = [span | {"zone": "UTC"}]
    if settings["no_data"] == "extend":
        settings["extend_max"] = "20m"
    return settings


def _platform(rng: random.Random) -> Platform:
    return Platform(
        latency_seconds=rng.choice((0.02, 0.02, 0.3, 2.0)),
        served_seconds=rng.choice((0.0, 0.0, 1.0, 5.0, 20.0)),
        reconcile_seconds=rng.choice((0.0, 0.0, 0.5, 3.0)),
        metadata_bumps=rng.random() < 0.15,
        metrics_seconds=rng.choice((60.0, 120.0, 120.0, 180.0)),
        log_seconds=rng.choice((0.1, 0.1, 2.0)),
        ready_seconds=rng.choice((1.0, 3.0, 20.0)),
    )
