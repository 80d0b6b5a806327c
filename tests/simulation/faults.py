"""Every fault there is, a row each: how often it is drawn, what it needs, and how it is applied.

A new one is a row here. Faults of Google's APIs are rows of `API`; `striking` knows the ways.
"""

import datetime as dt
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from tests.simulation.scenario import Happens
from tests.simulation.striking import Active, ApiRow

Draw = Callable[[random.Random], dict[str, Any]]
Apply = Callable[[Any, Happens, random.Random], None]
DRIVING: Final = ("plan", "deploy", "verify", "shift_traffic", "check_metrics", "rollback")


@dataclass(frozen=True)
class Fault:
    """`weight`: how often it is drawn beside the others."""

    weight: float
    draw: Draw
    apply: Apply


def strikes(sim: Any, happens: Happens, _rng: random.Random) -> None:
    """Have a fault strike whoever comes by, for a while."""
    given = dict(happens.args)
    sim.striking.begin(
        Active(
            happens.kind,
            sim.now + dt.timedelta(seconds=given.pop("seconds")),
            given.pop("chance", 1.0),
            given.pop("function", ""),
            given.pop("times", 1_000_000),
            given,
        )
    )


def lasting(
    shortest: float, longest: float, *, chance: float = 1.0, functions: bool = False, times: int = 0
) -> Draw:
    """Draw how long, how likely each time, and whom; `times` is the most that it strikes."""

    def draw(rng: random.Random) -> dict[str, Any]:
        drawn: dict[str, Any] = {"seconds": round(rng.uniform(shortest, longest))}
        if chance < 1.0:
            drawn["chance"] = round(rng.uniform(chance, 1.0), 2)
        if functions and rng.random() < 0.5:
            drawn["function"] = rng.choice(DRIVING)
        if times:
            drawn["times"] = rng.randint(1, times)
        return drawn

    return draw


def _with(draw: Draw, **more: Callable[[random.Random], Any]) -> Draw:
    return lambda rng: draw(rng) | {name: one(rng) for name, one in more.items()}


API: Final[Mapping[str, ApiRow]] = {
    "read_429": ApiRow("GET", "/services/", "refuse", 429),
    "read_503": ApiRow("GET", "/services/", "refuse", 503),
    "read_timeout": ApiRow("GET", "/services/", "never_sent"),
    "read_stale": ApiRow("GET", "/services/", "stale"),
    "write_429": ApiRow("PUT", "/services/", "refuse", 429),
    "write_503": ApiRow("PUT", "/services/", "refuse", 503),
    "write_503_after": ApiRow("PUT", "/services/", "refuse_after", 503),
    "write_timeout": ApiRow("PUT", "/services/", "never_sent"),
    "write_timeout_after": ApiRow("PUT", "/services/", "lose"),
    "crash_before_read": ApiRow("GET", "", "crash_before"),
    "crash_before_write": ApiRow("PUT", "/services/", "crash_before"),
    "crash_after_write": ApiRow("PUT", "/services/", "crash_after"),
    "crash_after_event": ApiRow("POST", ":publish", "crash_after"),
    "conflict": ApiRow("PUT", "/services/", "meddle"),
    "log_429": ApiRow("POST", "entries:list", "refuse", 429),
    "log_403": ApiRow("POST", "entries:list", "refuse", 403),
    "log_timeout": ApiRow("POST", "entries:list", "never_sent"),
    "events_503": ApiRow("POST", ":publish", "refuse", 503),
    "events_twice": ApiRow("POST", ":publish", "twice"),
    "wake_lost": ApiRow("POST", "/callbacks/", "drop"),
    "wake_503": ApiRow("POST", "/callbacks/", "refuse", 503),
    "registry_503": ApiRow("GET", "/v2/", "refuse", 503),
}  # fmt: skip


def _execution_dies(sim: Any, happens: Happens, rng: random.Random) -> None:
    """Cancel one that runs: whoever did it, nobody drives its rollout any more."""
    alive = [name for name in sim.executions if not sim.has_ended(name)]
    if alive:
        sim.striking.count("execution_dies")
        sim.tries(lambda: sim.cancels(rng.choice(alive)))


def _split_held(sim: Any, happens: Happens, rng: random.Random) -> None:
    sim.striking.count("split_held")
    sim.hold_routes(rng.choice(sim.target_names), happens.args["seconds"])


def _reconciles_slowly(sim: Any, happens: Happens, _rng: random.Random) -> None:
    sim.striking.count("reconcile_slow")
    sim.with_settings("run", happens.args["seconds"], reconcile_seconds=happens.args["by"])


def _metrics_late(sim: Any, happens: Happens, _rng: random.Random) -> None:
    sim.striking.count("metrics_late")
    sim.with_settings(
        "monitoring", happens.args["seconds"], ingest_delay_seconds=happens.args["by"]
    )


def _quota_drained(sim: Any, happens: Happens, rng: random.Random) -> None:
    """Somebody else's writes use up the minute's quota."""
    key = sim.key(rng.choice(sim.target_names))
    try:
        while True:
            sim.cloud.run._writes.take(f"{key.project}/{key.region}")
    except Refused:
        sim.striking.count("quota_drained")


FAULTS: Final[Mapping[str, Fault]] = {
    **{
        name: Fault(1.0, lasting(300, 1500, chance=0.3, functions=row.method == "PUT", times=5), strikes)
        for name, row in API.items()
    },
    "crash_after_write": Fault(2.0, lasting(600, 1200, functions=True, times=3), strikes),
    "conflict": Fault(2.0, lasting(600, 1200, chance=0.5, times=4), strikes),
    "wake_lost": Fault(1.0, lasting(600, 3600), strikes),
    "log_403": Fault(1.0, lasting(120, 1200), strikes),
    "function_down": Fault(2.0, _with(lasting(30, 600), function=lambda rng: rng.choice((*DRIVING, "sweep", "notify", "on_alert"))), strikes),
    "call_dropped": Fault(1.0, lasting(60, 600, chance=0.2, functions=True), strikes),
    "answer_lost": Fault(2.0, lasting(60, 900, chance=0.2, functions=True, times=6), strikes),
    "call_twice": Fault(2.0, _with(lasting(60, 1800, chance=0.3), after=lambda rng: rng.choice((0.001, 0.5, 7, 65, 400, 1800))), strikes),
    "network_slow": Fault(1.5, _with(lasting(30, 300, chance=0.3), seconds_max=lambda rng: rng.choice((2, 10, 40, 80))), strikes),
    "ack_lost": Fault(1.0, lasting(300, 1800, chance=0.3, times=3), strikes),
    "trigger_down": Fault(1.0, lasting(60, 900, chance=0.5, times=5), strikes),
    "trigger_twice": Fault(1.0, lasting(300, 1800, times=2), strikes),
    "metrics_down": Fault(1.5, lasting(60, 1500, chance=0.5), strikes),
    "metrics_late": Fault(1.0, _with(lasting(300, 1500), by=lambda rng: rng.choice((60, 180, 300, 600))), _metrics_late),
    "clock_jumps": Fault(1.5, _with(lasting(60, 1200, chance=0.2, functions=True), by=lambda rng: rng.choice((-60, -5, -1, 1, 5, 60))), strikes),
    "executions_unreadable": Fault(1.0, lasting(60, 900, chance=0.5), strikes),
    "probe_lost": Fault(0.5, lasting(10, 120, chance=0.5, times=4), strikes),
    "revision_hangs": Fault(0.5, lasting(300, 1800, times=1), strikes),
    "execution_dies": Fault(2.0, lambda _rng: {}, _execution_dies),
    "split_held": Fault(1.0, lasting(20, 900), _split_held),
    "reconcile_slow": Fault(0.5, _with(lasting(60, 600), by=lambda rng: rng.choice((1, 10, 60))), _reconciles_slowly),
    "quota_drained": Fault(1.0, lambda _rng: {}, _quota_drained),
}  # fmt: skip
