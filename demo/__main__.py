"""The main job on a laptop, as a story: promoted, rolled back, and rolled back by an alert.

python -m demo [--rps N] [--stories NAME,...] [--keep-logs FOLDER]
"""

import argparse
import asyncio
import contextlib
import datetime as dt
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demo.screen import Screen
from demo.stage import Stage, StoryFailed
from demo.stories import STORIES, Told
from local_cloud.cloud import CloudSettings
from local_cloud.fronts.wire import PortBusy
from local_cloud.installing import NotInstalledError
from local_cloud.monitoring.alerts import AlertSettings
from local_cloud.monitoring.model import DEMO
from local_cloud.pubsub.values import RetryPolicy
from local_cloud.running import RunningSettings, running


async def play(screen: Screen, folder: Path, per_second: float, chosen: Sequence[str]) -> int:
    """Play the chosen stories; return the exit status."""
    settings = RunningSettings(
        cloud=CloudSettings(
            monitoring=DEMO,
            alerts=AlertSettings(evaluation_seconds=1.0),
            eventarc_retry=RetryPolicy(1, 10),
        )
    )
    began = time.monotonic()
    screen.plain("Barq on a local cloud: real processes, real HTTP, no account. Windows last")
    screen.plain("seconds here so that you need not wait; in production they last minutes.")
    screen.plain()
    async with running(folder, settings) as cloud:
        stage = Stage(cloud, screen, per_second)
        told: list[Told] = []
        try:
            await stage.set()
            took = time.monotonic() - began
            screen.line(
                "ready", f"{len(stage.installed.urls)} functions and a workflow, {took:.1f} s"
            )
            screen.line("database", stage.database.line)
            screen.line("traffic", f"{per_second:g} requests/s to production, all the time")
            for name in chosen:
                story = STORIES[name]
                screen.title(story.title)
                told.append(await story.play(stage))
        except StoryFailed as error:
            screen.line("lost", f"the story went wrong: {error}")
            return 1
        finally:
            await stage.clear()
        return end(screen, stage, told, time.monotonic() - began)


def end(screen: Screen, stage: Stage, told: list[Told], seconds: float) -> int:
    """Print the table; return 1 if Barq lost a request."""
    seen, counts = stage.traffic.seen, stage.running.proxy.counts
    lost = seen.lost + counts.lost + counts.own_5xx
    screen.title("What the callers saw")
    rows = [
        [
            one.name,
            one.end,
            f"{seen.by_version[one.version]:,}",
            "-" if one.back_seconds is None else f"{one.back_seconds:.1f} s",
        ]
        for one in told
    ]
    head = ["story", "end", "requests it served", "first bad request to stable 100 %"]
    screen.table(head, rows)
    screen.plain()
    screen.plain(f"  {seen.requests:,} requests, {seen.failures:,} failed by bad revisions,"
                 f" {lost} lost by Barq, {seconds:.0f} s in all")  # fmt: skip
    return 1 if lost else 0


def parse_stories(text: str) -> tuple[str, ...]:
    """Read the stories to play, in the order in which they are always told."""
    names = set(text.split(","))
    if names - set(STORIES):
        rule = f"must be some of {','.join(STORIES)}, such as first,bad"
        raise argparse.ArgumentTypeError(f"{text}: {rule}")
    return tuple(name for name in STORIES if name in names)


async def main() -> int:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--rps", type=float, default=40.0, help="requests a second (default 40)")
    parser.add_argument("--keep-logs", type=Path, help="keep the processes' logs in this folder")
    parser.add_argument(
        "--stories",
        type=parse_stories,
        default=tuple(STORIES),
        metavar="NAME,...",
        help=f"play only some of {', '.join(STORIES)} (default: all)",
    )
    given = parser.parse_args()
    if not 1.0 <= given.rps <= 500.0:  # noqa: PLR2004
        parser.error(f"--rps is {given.rps:g}: must be 1 to 500, such as 40")
    screen = Screen(sys.stdout, lambda: dt.datetime.now().astimezone())
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with contextlib.ExitStack() as stack:
        folder = given.keep_logs or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            return await play(screen, folder, given.rps, given.stories)
        except asyncio.CancelledError:
            screen.plain("\nstopped; nothing is left running")
            return 130
        except (PortBusy, NotInstalledError) as error:
            sys.stderr.write(f"{error}\n")
            return 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
