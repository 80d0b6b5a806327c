"""Which kills are played side by side: functions and canaries in lanes, the engine's at once.

A kill of the engine ends every execution that there is, so nothing else goes on meanwhile.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.kills.cases import BEFORE, Case
from benchmarks.kills.playing import Course, Row
from benchmarks.kills.stage import Stage, stage

Tell = Callable[[Row], None]
_ENGINES: Final = ("engine", "sweep")


async def play_all(folder: Path, cases: Sequence[Case], *, lanes: int, tell: Tell) -> list[Row]:
    """Play all cases on one cloud; `tell` gets each row as it is known."""
    services = {f"lane{number}": "quick" for number in range(lanes)}
    services |= {case.service: case.service for case in cases if case.service != "quick"}
    async with stage(folder, services) as ready:
        if "alert" in services:
            ready.watch_errors("alert")
        rounds = Rounds(ready, tell)
        await rounds.side_by_side([one for one in cases if one.victim not in _ENGINES], lanes)
        engines = [one for one in cases if one.victim in _ENGINES]
        # The sweeper leaves a young claim alone, so one wait serves all of them.
        await rounds.at_once([one for one in engines if not _alone(one)])
        for case in filter(_alone, engines):
            await rounds.play(case, "lane0")
        return rounds.rows


def _alone(case: Case) -> bool:
    return case.service == "going-back" or case.moment == BEFORE


class Rounds:
    """Plays on one stage. `rows` has what came of each so far."""

    def __init__(self, ready: Stage, tell: Tell) -> None:
        self._stage = ready
        self._tell = tell
        self._busy: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self.rows: list[Row] = []

    async def play(self, case: Case, lane: str, together: asyncio.Event | None = None) -> None:
        await self.played(self.course(case, lane, together))

    async def side_by_side(self, cases: Sequence[Case], lanes: int) -> None:
        """Play them in lanes, each as soon as its lane and its service are free."""
        queue = list(cases)

        async def lane(name: str) -> None:
            while queue:
                await self.play(queue.pop(0), name)

        await asyncio.gather(*(lane(f"lane{number}") for number in range(lanes)))

    async def at_once(self, cases: Sequence[Case]) -> None:
        """Bring all to their moments, and kill the engine once: with the call of one of them."""
        [*callers] = [one for one in cases if one.victim == "engine" and one.moment.by]
        if not callers:
            return
        gone = asyncio.Event()
        held = [self.course(one, "", gone) for one in cases if one not in callers]
        async with asyncio.TaskGroup() as group:
            for one in held:
                group.create_task(self.played(one))
            for one in held:
                await one.reached.wait()
            [caller] = [self.course(one, "") for one in callers]
            group.create_task(self.played(caller))
            await caller.reached.wait()
            gone.set()

    def course(self, case: Case, lane: str, together: asyncio.Event | None = None) -> Course:
        """Return a course that was not played yet; `lane` is the service of a quick one."""
        service = lane if case.service == "quick" else case.service
        return Course(self._stage, case, service, together)

    async def played(self, course: Course) -> None:
        """Play it as soon as its service is free and the engine listens."""
        async with self._busy[course.service]:
            engine = self._stage.running.workflows
            assert engine is not None
            await self._stage.until(lambda: engine.ready, "the engine")
            self.rows.append(await course.play())
            self._tell(self.rows[-1])
