"""The most telling kills of benchmarks.kills, on one cloud of their own, side by side."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.kills.cases import BAD, PROJECT, WRITE, Case
from benchmarks.kills.matrix import CANARY, ENGINE, FUNCTIONS
from benchmarks.kills.playing import Row
from benchmarks.kills.rounds import Rounds
from benchmarks.kills.stage import stage
from tests.processes.stage import LIMIT_SECONDS


def _one(cases: tuple[Case, ...], victim: str, when: str) -> Case:
    [found] = [one for one in cases if (one.victim, one.when) == (victim, when)]
    return found


SHIFT: Final = _one(FUNCTIONS, "shift_traffic", "after the shift to 50 %")
BACK: Final = _one(FUNCTIONS, "rollback", "before its write")
ALERT: Final = _one(FUNCTIONS, "on_alert", "before its write")
NOTICE: Final = _one(FUNCTIONS, "notify", "as it posts to the webhook")
AT_100: Final = _one(CANARY, "canary", "at 100 %")
ENGINE_DIES: Final = _one(ENGINE, "engine", "at 10 %")
assert BACK.env == ALERT.env == BAD


@dataclass(frozen=True)
class Killed:
    """What came of it."""

    rows: dict[Case, Row]
    chat: list[tuple[str, bool]]
    """What the webhook was posted, and whether the sender was still there for its answer."""
    writes_by_alert: int
    engines: int
    """How many engines listened, one after the other."""


async def play(folder: Path) -> Killed:
    """Hold one rollout at 10 % until the others have ended, then kill the engine under it."""
    services = {"lane0": "quick", "lane1": "quick", "alert": "alert", "at-10": "at-10"}
    gone = asyncio.Event()
    async with asyncio.timeout(LIMIT_SECONDS), stage(folder, services) as ready:
        ready.watch_errors("alert")
        rounds = Rounds(ready, lambda _row: None)
        async with asyncio.TaskGroup() as group:
            held = rounds.course(ENGINE_DIES, "", gone)
            group.create_task(rounds.played(held))
            await held.reached.wait()
            await rounds.side_by_side([SHIFT, NOTICE, ALERT, AT_100, BACK], lanes=2)
            ready.killer.engine()
            gone.set()
        alert = f"barq-on-alert@{PROJECT}.iam.gserviceaccount.com"
        calls = [one for one in ready.cloud.audit.calls if one.principal == alert]
        assert ready.running.workflows is not None
        return Killed(
            rows={row.case: row for row in rounds.rows},
            chat=ready.chat,
            writes_by_alert=sum(one.method.endswith(WRITE) for one in calls),
            engines=ready.running.workflows.starts,
        )


@contextmanager
def killed(folder: Path) -> Iterator[Callable[[], Killed]]:
    """Begin at once; what is yielded waits for the end."""
    with ThreadPoolExecutor(1) as thread:
        playing = thread.submit(lambda: asyncio.run(play(folder)))
        yield lambda: playing.result(LIMIT_SECONDS)
