"""The stories that the demo tells, each with the end that it must have."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from demo.stage import PERSON, SERVICE, Event, Stage, StoryFailed
from local_cloud.registry.images import PushedImage

LATE_SECONDS: Final = 45
"""Later than a promotion takes."""


@dataclass(frozen=True, slots=True)
class Told:
    """How a story ended."""

    name: str
    end: str
    version: str
    back_seconds: float | None
    """From the first bad request to stable at 100 %; None where nothing was bad."""


async def first(stage: Stage) -> Told:
    """The first image meets the installer's placeholder: there is nothing to compare with."""
    image = stage.push("v1", "the first image", {})
    await _approved(stage, image)
    await _end(stage, image, "rollout.promoted")
    return Told("first image", "promoted", "v1", None)


async def good(stage: Stage) -> Told:
    image = stage.push("v2", "good", {})
    await _approved(stage, image)
    await _end(stage, image, "rollout.promoted")
    return Told("good image", "promoted", "v2", None)


async def bad(stage: Stage) -> Told:
    """Every request to it fails, while its health checks stay green."""
    image = stage.push("v3", "bad: fails its users, not its health checks", {
        "FAULT_ERROR_RATIO": "1.0"
    })  # fmt: skip
    await _approved(stage, image)
    ended = await _end(stage, image, "rollout.rolled_back")
    event = await stage.wait(image, "production", "rollout.rolled_back")
    if event.data["by"]:
        raise StoryFailed(f"v3 was to be rolled back by the check, not by {event.data['by']}")
    return Told("bad image", "rolled back by the check", "v3", _back(stage, "v3", ended))


async def late(stage: Stage) -> Told:
    """Its fault shows only after promotion: no canary can see it, an alert does."""
    why = f"fails {LATE_SECONDS} s after its start, when it is promoted already"
    env = {"FAULT_ERROR_RATIO": "1.0", "FAULT_AFTER_SECONDS": str(LATE_SECONDS)}
    image = stage.push("v4", why, env)
    await _approved(stage, image)
    await _end(stage, image, "rollout.promoted")
    event = await stage.wait(image, "production", "rollout.rolled_back", within=90)
    if event.data["by"] != "alert":
        raise StoryFailed(f"v4 was to be rolled back by an alert, not by {event.data['by']!r}")
    ended = await _arrived(stage, event)
    return Told("late fault", "rolled back by an alert", "v4", _back(stage, "v4", ended))


@dataclass(frozen=True, slots=True)
class Story:
    """What is played, under what title."""

    title: str
    play: Callable[[Stage], Awaitable[Told]]


STORIES: Final = {
    "first": Story("The first image takes the place of the installer's placeholder", first),
    "good": Story("A good image is promoted", good),
    "bad": Story("A bad image is taken back by the metric check", bad),
    "late": Story("A fault that shows only after promotion is taken back by an alert", late),
}
"""In the order in which they are told."""


async def _approved(stage: Stage, image: PushedImage) -> None:
    await stage.wait(image, "production", "approval.requested")
    stage.screen.line("you", f"say yes to {SERVICE} in production, as {PERSON}")
    await stage.approve()


async def _end(stage: Stage, image: PushedImage, wanted: str) -> float:
    """Wait for a rollout's end, drawing each window; return when its split was served."""
    ending = ("rollout.promoted", "rollout.rolled_back", "rollout.stopped")
    waiting = asyncio.create_task(stage.wait(image, "production", *ending, within=90))
    window = float(stage.service["targets"]["production"]["window"].removesuffix("s"))
    while not waiting.done():
        shifts = [one for one in stage.events if one.data["event"] == "traffic.shifted"]
        if shifts and shifts[-1].data["target"] == "production":
            percent = shifts[-1].data["percent_after"]
            stage.screen.progress(f"watching {percent} %", shifts[-1].heard, window)
        await asyncio.wait([waiting], timeout=0.2)
    event = await waiting
    if event.data["event"] != wanted:
        raise StoryFailed(f"the end was to be {wanted}, and is {event.data['event']}:"
                          f" {event.data['because']}")  # fmt: skip
    return await _arrived(stage, event)


async def _arrived(stage: Stage, event: Event) -> float:
    """Wait until who should have everything is served it; return when that was."""
    promoted = event.data["event"] == "rollout.promoted"
    winner = event.data["canary" if promoted else "stable"]
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        if stage.running.cloud.run.served_percents(stage.production).get(winner) == 100:  # noqa: PLR2004
            return time.monotonic()
        await asyncio.sleep(0.02)
    raise StoryFailed("the written split did not become the served one within 10 s")


def _back(stage: Stage, version: str, ended: float) -> float:
    began = stage.traffic.seen.first_failure.get(version)
    if began is None:
        raise StoryFailed(f"{version} was to fail requests, and failed none")
    return max(0.0, ended - began)
