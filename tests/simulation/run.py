"""Plays one scenario from its start to its end, and says what came of it."""

import hashlib
import io
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field

from tests.simulation import standing
from tests.simulation.drawing import draw
from tests.simulation.rules import RULES
from tests.simulation.scenario import Scenario
from tests.simulation.simulated import Simulated
from tests.simulation.watching import Watch
from tests.simulation.writes import Broken

END_HOURS = 6
"""Three hours for what a policy allows at most, and as many for what it then asks a person."""
RECOMPUTED_EVERY = 5


@dataclass
class Outcome:
    """What a run came to. `failure` is None where every rule held."""

    seed: int
    failure: Broken | None
    trace: list[str] = field(repr=False)
    rollouts: int = 0
    seconds: float = 0.0
    """Virtual ones, until it ended or failed."""
    faults: Counter[str] = field(default_factory=Counter)
    transitions: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()


class _Sink(io.TextIOBase):
    """Takes what functions log; most of it is dropped."""

    def __init__(self) -> None:
        self.watch: Watch | None = None

    def write(self, text: str) -> int:
        if self.watch is not None:
            self.watch.log(text)
        return len(text)


def run(scenario: Scenario | int, workflow: Callable[[str], str] | None = None) -> Outcome:
    """Play a scenario, or that of a seed. Nothing escapes but a mistake of the simulation's own."""
    chosen = draw(scenario) if isinstance(scenario, int) else scenario
    sink = _Sink()
    with redirect_stdout(sink):
        sim = Simulated(chosen, workflow)
        watch = sink.watch = Watch(sim)
        watch.rules.extend(RULES)
        try:
            _play(sim, watch)
        except Exception as error:
            watch.refute("0", f"{type(error).__name__}: {error}")
            if "-v" in sys.argv:
                raise
    return Outcome(
        chosen.seed,
        watch.broken,
        sim.trace,
        watch.rollouts,
        (sim.now - sim.begins).total_seconds(),
        sim.striking.hits,
        watch.transitions,
        watch.outcomes,
        sim.happened,
    )


def _play(sim: Simulated, watch: Watch) -> None:
    _until(sim, watch, sim.scenario.seconds)
    sim.striking.cease()
    sim.traffic.rps_of.clear()
    seconds = sim.scenario.seconds
    for _ in range(END_HOURS * 60):
        if watch.broken or standing.settled(watch):
            break
        seconds += 60
        _until(sim, watch, seconds)
    if watch.broken is None:
        standing.at_the_end(watch)
        standing.recomputed(watch, RECOMPUTED_EVERY)


def _until(sim: Simulated, watch: Watch, seconds: float) -> None:
    """Let what is due happen until so many seconds after the start, a minute after the other."""
    while watch.broken is None:
        passed = (sim.now - sim.begins).total_seconds()
        if passed >= seconds:
            return
        minute = sim.begins.timestamp() + min(passed + 60, seconds)
        while watch.broken is None and sim.step(minute):
            if watch.changed:
                standing.at_every_event(watch)
        standing.at_every_minute(watch)
