"""The demo's stage: a local cloud with Barq installed, a service under traffic, and an audience.

What happens is learned as anyone would: from the events topic and from HTTP answers.
"""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import yaml

from demo.screen import Screen
from demo.traffic import Traffic
from local_cloud.builds import LocalBuilds
from local_cloud.installing import Installed, Installer, Place
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.pubsub.values import Subscription
from local_cloud.registry.images import PushedImage
from local_cloud.run.resources import ServiceKey
from local_cloud.running import RunningCloud
from local_cloud.up.database import UpDatabase
from local_cloud.up.delivery import targets

ROOT: Final = Path(__file__).parent.parent
PERSON: Final = "you@example.com"
PROJECT: Final = "barq-delivery"
REGION: Final = "europe-west1"
SERVICE: Final = "fleet"


class StoryFailed(Exception):
    """A story ended otherwise than told; the text says how."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event of the events topic, with when it was heard (monotonic seconds)."""

    heard: float
    data: Mapping[str, Any]


class Stage:
    """Everything that the stories play on."""

    def __init__(self, running: RunningCloud, screen: Screen, per_second: float) -> None:
        self.running = running
        self.screen = screen
        self.database = UpDatabase(running.folder / "database", ROOT / "health_service")
        self.events: list[Event] = []
        self._heard = asyncio.Condition()
        self._per_second = per_second
        self._tasks: set[asyncio.Task[None]] = set()
        self.delivery: dict[str, Any] = yaml.safe_load((ROOT / "demo/delivery.yaml").read_text())
        self.service: dict[str, Any] = self.delivery["services"][SERVICE]
        self.installed: Installed
        self.builds: LocalBuilds
        self.traffic: Traffic
        self._driving: asyncio.Task[None] | None = None

    async def set(self) -> None:
        """Install Barq, create the services, listen to events, begin the traffic."""
        place = Place(
            PROJECT,
            REGION,
            ROOT / "functions",
            ROOT / "workflows" / "rollout.yaml",
            ROOT / "demo" / "delivery.yaml",
        )
        cloud = self.running.cloud
        installer = Installer(self.running, place, people=[PERSON])
        variables = self.database.plan(targets(place.delivery), cloud.secrets)
        await installer.create_targets(variables)
        _, self.installed = await asyncio.gather(self.database.start(), installer.install())
        events, alerts = self.installed.topics["events"], self.installed.topics["alerts"]
        cloud.pubsub.create_subscription(
            Subscription(f"projects/{PROJECT}/subscriptions/demo", events), deliver=self._hear
        )
        self.builds = LocalBuilds(
            cloud,
            self.installed.topics["builds"],
            ROOT / "health_service",
            self.running.folder / "stage",
        )
        cloud.alerts.create(
            AlertPolicy(
                "error ratio above 1 %",
                self.production.project,
                alerts,
                ErrorRatio(0.01, requests_min=10),
                filter=f'resource.labels.service_name="{self.production.name}"',
                alignment_seconds=5,
                duration_seconds=5,
            )
        )
        self.traffic = Traffic(cloud.run.service(self.production).url, self._per_second)
        self._driving = asyncio.create_task(self.traffic.run())

    async def clear(self) -> None:
        """End the traffic and the database."""
        if self._driving is not None:
            self.traffic.stop()
            await self._driving
        await self.database.close()

    @property
    def production(self) -> ServiceKey:
        target = self.service["targets"]["production"]
        return ServiceKey(target["project"], target["region"], target["service"])

    def push(self, version: str, why: str, env: Mapping[str, str]) -> PushedImage:
        """Push an image and announce its build, as Cloud Build does."""
        image = self.builds.push(self.service["image"], version, env)
        self.screen.line("pushed", f"{version} ({why})  {image.digest[:19]}...")
        self.builds.announce(image, commit=version)
        return image

    async def approve(self) -> None:
        """Say yes, as a person does: POST to the approve function with an ID token."""
        url = self.installed.urls["approve"]
        token = self.running.tokens.developer_id_token(PERSON, url)
        where = {"service": SERVICE, "target": "production"}
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            async with session.get(url, params=where) as shown:
                rollout = (await shown.json())["rollout"]["id"]
            body = where | {"rollout": rollout, "decision": "approve", "reason": "looks good"}
            async with session.post(url, json=body) as answer:
                if answer.status != 200:  # noqa: PLR2004
                    raise StoryFailed(f"approve answered {answer.status}: {await answer.text()}")

    async def wait(
        self, image: PushedImage, target: str, *kinds: str, within: float = 60.0
    ) -> Event:
        """Wait for the first event of `kinds` about an image on a target."""

        def found() -> Event | None:
            for event in self.events:
                data = event.data
                if data["digest"] == image.digest and data["target"] == target:  # noqa: SIM102
                    if data["event"] in kinds:
                        return event
            return None

        return await self._wait_for(found, f"{target}: {' or '.join(kinds)}", within)

    async def _wait_for(self, found: Callable[[], Event | None], what: str, within: float) -> Event:
        ends = time.monotonic() + within
        while True:
            event = found()
            if event is not None:
                return event
            left = ends - time.monotonic()
            if left <= 0:
                raise StoryFailed(f"waited {within:.0f} s for {what}, and it did not happen")
            async with self._heard:
                try:
                    await asyncio.wait_for(self._heard.wait(), left)
                except TimeoutError:
                    continue

    def _hear(self, body: dict[str, Any]) -> None:
        told = json.loads(base64.b64decode(body["message"]["data"]))
        event = Event(time.monotonic(), told["data"])
        self.events.append(event)
        show(self.screen, event.data)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _notify(self) -> None:
        async with self._heard:
            self._heard.notify_all()


ENDED: Final = frozenset({"promoted", "rolled_back", "stopped"})
_WHAT: Final = {
    "rollout.started": "deploying",
    "rollout.verified": "verified",
    "approval.requested": "waiting",
    "approval.given": "approved",
    "approval.denied": "denied",
    "traffic.shifted": "shifted",
    "rollout.promoted": "promoted",
    "rollout.rolled_back": "rolled back",
    "rollout.stopped": "stopped",
    "traffic.stuck": "stuck",
}


def show(screen: Screen, data: Mapping[str, Any]) -> None:
    """Print an event's line. Of a target on the way to production, only how it ended."""
    if data["target"] == "production":
        screen.line(_WHAT.get(data["event"], data["event"]), _text(data))
    elif data["event"].startswith("rollout.") and data["state"] in ENDED:
        screen.line(data["target"], f"{data['canary']} {data['state']}: {data['because']}")


def _text(data: Mapping[str, Any]) -> str:
    event, canary, because = data["event"], data["canary"], data["because"]
    match event:
        case "rollout.started":
            return f"{canary} at 0 %, beside {data['stable']}"
        case "rollout.verified":
            return f"{canary} {because}"
        case "traffic.shifted":
            shares = f"{canary} {data['percent_before']} % -> {data['percent_after']} %"
            return f"{shares}   {because}" if data["percent_before"] else shares
        case "rollout.promoted":
            return f"{canary} 100 %   {because}"
        case "rollout.rolled_back":
            return f"{data['stable']} 100 %   {because}"
    return str(because)
