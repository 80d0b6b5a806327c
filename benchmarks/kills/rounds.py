"""Which kills are played side by side: functions and canaries in lanes, the engine's at once.

A kill of the engine ends every execution that there is, so nothing else goes on meanwhile.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.kills.cases import Case
from benchmarks.kills.playing import Course, Row
from benchmarks.kills.stage import Stage, stage

Tell = Callable[[Row], None]


async def play_all(folder: Path, cases: Sequence[Case], *, lanes: int, tell: Tell) -> list[Row]:
    """Play all cases on one cloud; `tell` gets each row as it is known."""
    alone = [case for case in cases if case.victim == "engine"]
    others = [case for case in cases if case.victim != "engine"]
    services = {f"lane{number}": "quick" for number in range(lanes)}
    services |= {case.service: case.service for case in cases if case.service != "quick"}
    async with stage(folder, services) as ready:
        if "alert" in services:
            ready.watch_errors("alert")
        rows: list[Row] = []
        queue = list(others)

        async def lane(name: str) -> None:
            while queue:
                case = queue.pop(0)
                service = name if case.service == "quick" else case.service
                rows.append(await Course(ready, case, service).play())
                tell(rows[-1])

        await asyncio.gather(*(lane(f"lane{number}") for number in range(lanes)))
        rows += await _engine(ready, alone, tell)
    return rows


async def _engine(ready: Stage, cases: Sequence[Case], tell: Tell) -> list[Row]:
    rows = []
    for case in cases:
        service = "lane0" if case.service == "quick" else case.service
        rows.append(await Course(ready, case, service).play())
        tell(rows[-1])
    return rows
