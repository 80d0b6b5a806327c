"""Histories of the checks' scheduler: what may happen, how it is played, and the rules of it.

A history is played in virtual time against the real `Checks`; the rules are read off what was
written down meanwhile. Times are in sixteenths of a second: binary, so that ties are exact.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from health_service.health.checks import Check, Checks, Result, Unhealthy

TICK = 1 / 16
ENDS_BEFORE = 100.0
"""Seconds by which every history is over; hung runs are released here at the latest."""
KINDS = ("healthy", "unhealthy", "raises", "hangs", "ignores")


@dataclass(frozen=True)
class Behaviour:
    """What one run of a probe does; `takes` is how long a run that ends by itself needs."""

    kind: str
    takes: float


@dataclass(frozen=True)
class Plan:
    """One check and what its runs do, one after another; after the last, from the first again."""

    timeout: float
    cache: float
    critical: bool
    behaviours: tuple[Behaviour, ...]


@dataclass(frozen=True)
class Ask:
    """One caller. `leaves_after` is when it goes away again, if it has not been answered."""

    at: float
    critical_only: bool = False
    leaves_after: float | None = None


@dataclass(frozen=True)
class History:
    plans: tuple[Plan, ...]
    asks: tuple[Ask, ...]
    heals: float | None = None
    """From then on every run is healthy at once, and what hung is released."""
    closes: float | None = None


@dataclass
class Run:
    """One run of a probe as the probe saw it."""

    behaviour: Behaviour
    began: float
    ended: float | None = None


@dataclass(frozen=True)
class Answered:
    ask: Ask
    at: float
    results: list[Result]


@dataclass
class Played:
    history: History
    runs: dict[str, list[Run]]
    answers: list[Answered] = field(default_factory=list)
    left: int = 0
    unseen: list[str] = field(default_factory=list)

    def told(self) -> Iterable[tuple[Answered, Plan, list[Run], Result]]:
        """Every single result, with its check's plan and runs."""
        for answer in self.answers:
            for result in answer.results:
                yield answer, plan_of(self.history, result.name), self.runs[result.name], result


def plan_of(history: History, name: str) -> Plan:
    return history.plans[int(name.removeprefix("check-"))]


def seconds(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda ticks: ticks * TICK)


def histories(*kinds: str, crowded: bool = False) -> st.SearchStrategy[History]:
    """Draw histories whose runs do only these kinds of things.

    Crowded: many ask one and the same check, which heals some time.
    """
    plans = st.builds(
        Plan,
        timeout=seconds(1, 48),
        cache=st.just(0.0) | seconds(1, 48),
        critical=st.booleans(),
        behaviours=st.lists(
            st.builds(Behaviour, st.sampled_from(kinds), seconds(0, 64)), min_size=1, max_size=4
        ).map(tuple),
    )
    asks = st.builds(
        Ask,
        at=seconds(0, 128),
        critical_only=st.booleans(),
        leaves_after=st.none() | seconds(0, 64),
    )
    return st.builds(
        History,
        plans=st.lists(plans, min_size=1, max_size=1 if crowded else 3).map(tuple),
        asks=st.lists(asks, min_size=12 if crowded else 1, max_size=24).map(tuple),
        heals=seconds(0, 128) if crowded else st.none() | seconds(0, 128),
        closes=st.none() if crowded else st.none() | seconds(0, 128),
    )


HISTORIES = histories(*KINDS)


class _World:
    """The dependency behind the probes of one history."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.runs: dict[str, list[Run]] = {f"check-{n}": [] for n in range(len(history.plans))}
        self.released = asyncio.Event()

    def check(self, name: str) -> Check:
        plan = plan_of(self.history, name)
        return Check(
            name,
            lambda: self._probe(name, plan),
            timeout_seconds=plan.timeout,
            critical=plan.critical,
            cache_seconds=plan.cache,
        )

    async def _probe(self, name: str, plan: Plan) -> dict[str, int]:
        now = asyncio.get_running_loop().time
        number = len(self.runs[name])
        healed = self.history.heals is not None and now() >= self.history.heals
        one = (
            Behaviour("healthy", 0.0) if healed else plan.behaviours[number % len(plan.behaviours)]
        )
        run = Run(one, now())
        self.runs[name].append(run)
        try:
            await self._live_through(one)
        finally:
            run.ended = now()
        if one.kind == "unhealthy":
            raise Unhealthy(f"run {number}")
        if one.kind == "raises":
            raise ConnectionError("postgres://app:hunter2@db-7.internal")
        return {"run": number}

    async def _live_through(self, one: Behaviour) -> None:
        if one.kind == "hangs":
            await self.released.wait()
        elif one.kind == "ignores":
            while not self.released.is_set():
                try:
                    await self.released.wait()
                except asyncio.CancelledError:
                    continue
        else:
            await asyncio.sleep(one.takes)


async def play(history: History, registry: type[Checks] = Checks) -> Played:
    """Play a history to its end, in which every run has ended."""
    loop = asyncio.get_running_loop()
    world = _World(history)
    checks = registry(loop.time)
    for name in world.runs:
        checks.add(world.check(name))
    played = Played(history, world.runs)
    loop.set_exception_handler(lambda _, context: played.unseen.append(str(context)))

    async def ask(one: Ask) -> None:
        await asyncio.sleep(one.at)
        asked = asyncio.ensure_future(checks.results(critical_only=one.critical_only))
        await asyncio.wait({asked}, timeout=one.leaves_after)
        if asked.done():
            played.answers.append(Answered(one, loop.time(), asked.result()))
            return
        played.left += 1
        asked.cancel()
        await asyncio.wait({asked})

    async def happen(at: float | None, event: str) -> None:
        await asyncio.sleep(ENDS_BEFORE if at is None else at)
        if event == "heal":
            world.released.set()
        else:
            await checks.close()

    tasks = [asyncio.ensure_future(ask(one)) for one in history.asks]
    tasks.append(asyncio.ensure_future(happen(history.heals, "heal")))
    tasks.append(asyncio.ensure_future(happen(history.closes, "close")))
    await asyncio.gather(*tasks)
    return played
