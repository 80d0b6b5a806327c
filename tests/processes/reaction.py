"""A bad canary under the shipped policy, in a local cloud whose metrics come as late as Google's.

Played on a thread of its own: it mostly waits, so other tests go on meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reaction.cases import CASES
from benchmarks.reaction.reaction import Reaction
from benchmarks.reaction.stage import stage
from local_cloud.run.proxy import ProxyCounts
from tests.processes.stage import LIMIT_SECONDS

HISTORY_SECONDS = 2.0
"""Users of before the first shift: the log's evidence needs none."""


@dataclass(frozen=True)
class Played:
    """What came of it."""

    reaction: Reaction
    counts: ProxyCounts
    callers_failures: int
    """How many answers of 500 and above the callers had."""


async def play(folder: Path) -> Played:
    case = CASES["every"]
    async with asyncio.timeout(LIMIT_SECONDS), stage(folder, [case]) as ready:
        await asyncio.sleep(HISTORY_SECONDS)
        found = await ready.play(case, "bad")
        return Played(found, ready.running.proxy.counts, ready.traffic[case.name].seen.failures)


@contextmanager
def played(folder: Path) -> Iterator[Callable[[], Played]]:
    """Begin at once; what is yielded waits for the end."""
    with ThreadPoolExecutor(1) as thread:
        playing = thread.submit(lambda: asyncio.run(play(folder)))
        yield lambda: playing.result(LIMIT_SECONDS)
