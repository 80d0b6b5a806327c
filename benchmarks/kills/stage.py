"""A local cloud of real processes, the engine apart: Barq, a service a course, users, a sweep."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp import web

from benchmarks.kills.cases import (
    PER_SECOND,
    PROJECT,
    REGION,
    ROOT,
    SWEEP_SECONDS,
    image_of,
    write_delivery,
)
from benchmarks.kills.killing import Killer
from demo.traffic import Traffic
from local_cloud.builds import LocalBuilds
from local_cloud.cloud import CloudSettings
from local_cloud.installing import Installed, Installer, Place
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.alerts import AlertSettings
from local_cloud.monitoring.model import DEMO
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.pubsub.values import RetryPolicy, Subscription
from local_cloud.run.documents import service_document
from local_cloud.run.processes import ProcessSettings
from local_cloud.run.resources import ServiceKey
from local_cloud.running import RunningCloud, RunningSettings, running
from local_cloud.up.delivery import check

PERSON: Final = "ann@example.com"
LIMIT_SECONDS: Final = 120.0
"""How long anything is waited for. Nothing takes nearly as long; it only ends a hung run."""
SETTINGS: Final = RunningSettings(
    CloudSettings(
        monitoring=DEMO,
        alerts=AlertSettings(evaluation_seconds=1.0),
        eventarc_retry=RetryPolicy(1, 10),
    ),
    ProcessSettings(idle_seconds=10.0),
    region=REGION,
    workflows_apart=True,
)
T = TypeVar("T")
Json = dict[str, Any]


class Stage:
    """Made by `stage`. Everything lives on the cloud's own loop."""

    def __init__(self, running: RunningCloud, services: Mapping[str, str]) -> None:
        self.running = running
        self.cloud = running.cloud
        self.killer = Killer(running)
        self.events: list[Json] = []
        """The data of every event of the events topic, in order."""
        self.findings: list[Json] = []
        """What the sweeper found."""
        self.chat: list[tuple[str, bool]] = []
        """What the webhook was posted, and whether its answer was taken."""
        self.listeners: list[Callable[[ServedRequest], None]] = []
        self.installed: Installed
        self.builds: LocalBuilds
        self._services = dict(services)
        self._tasks: list[asyncio.Task[None]] = []
        self._chat = web.AppRunner(self._chat_app())
        self._http: aiohttp.ClientSession

    async def set_up(self) -> None:
        """Install Barq, and serve a good image on each service."""
        folder = self.running.folder
        write_delivery(folder / "delivery.yaml", self._services)
        check(folder / "delivery.yaml", ROOT / "functions")
        place = Place(
            PROJECT,
            REGION,
            ROOT / "functions",
            ROOT / "workflows" / "rollout.yaml",
            folder / "delivery.yaml",
        )
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60))
        webhooks = {"WEBHOOK_TEAM": await self._listen()}
        installer = Installer(self.running, place, people=[PERSON], channels=webhooks)
        self.installed = await installer.install()
        topics = self.installed.topics
        heard = Subscription(f"projects/{PROJECT}/subscriptions/benchmark", topics["events"])
        self.cloud.pubsub.create_subscription(heard, deliver=self._hear)
        self.cloud.run.on_request.append(self._served)
        package = ROOT / "health_service"
        self.builds = LocalBuilds(self.cloud, topics["builds"], package, folder / "stage")
        for service in self._services:
            self._serve(service)
        services = [self.cloud.run.service(key_of(service)) for service in self._services]
        await self.until(lambda: all(one.latest_ready for one in services), "the services")
        self._tasks.append(asyncio.create_task(self._sweep()))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(AttributeError):
            await self._http.close()
        await self._chat.cleanup()

    # What there is.

    def shares(self, service: str) -> dict[str, int]:
        """Return the split that requests meet, by revision name."""
        return {k: v for k, v in self.cloud.run.served_percents(key_of(service)).items() if v}

    def rollout(self, service: str, digest: str) -> Json | None:
        """Return the rollout of an image as it stands on record, None if another stands there."""
        annotations = self.cloud.run.service(key_of(service)).annotations
        text = annotations.get("rollout.barq.dev/record")
        found: Json | None = json.loads(text)["rollout"] if text else None
        return found if found and found["digest"] == digest else None

    def written_percent(self, service: str, revision: str) -> int:
        targets = self.cloud.run.service(key_of(service)).traffic
        return sum(one.percent or 0 for one in targets if one.revision == revision)

    def told(self, kind: str, digest: str) -> Json | None:
        about = (one for one in self.events if one["digest"] == digest)
        return next((one for one in about if one["event"] == kind), None)

    async def until(
        self, look: Callable[[], T | None], what: str, seconds: float = LIMIT_SECONDS
    ) -> T:
        """Return the first true answer of `look`."""
        try:
            async with asyncio.timeout(seconds):
                while not (found := look()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            told = [f"{one['service']}: {one['event']}" for one in self.events[-20:]]
            raise AssertionError(
                f"waited in vain for {what}; told were {told}; logs in {self.running.folder}"
            ) from None
        return found

    # What people do.

    async def call(self, function: str, body: Any) -> tuple[int, Json]:
        """Call a function as a person; status 0 and no answer where it broke off."""
        url = self.installed.urls[function]
        token = self.running.tokens.developer_id_token(PERSON, url)
        headers = {"Authorization": f"Bearer {token}"}
        try:
            async with self._http.post(url, json=body, headers=headers) as answer:
                text = await answer.text()
                return answer.status, json.loads(text) if text.startswith("{") else {}
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}

    async def insist(self, function: str, body: Any) -> tuple[int, Json]:
        """Call a function until it answers, as a person does who gets a 503."""
        while True:
            status, answer = await self.call(function, body)
            if 0 < status < 500:
                return status, answer
            await asyncio.sleep(0.5)

    def watch_errors(self, service: str) -> None:
        """Create the alert policy that an installation has for a target."""
        key = key_of(service)
        self.cloud.alerts.create(
            AlertPolicy(
                f"error ratio of {service}",
                key.project,
                self.installed.topics["alerts"],
                ErrorRatio(0.01, requests_min=10),
                filter=f'resource.labels.service_name="{key.name}"',
                alignment_seconds=5,
            )
        )

    @contextlib.asynccontextmanager
    async def under_traffic(
        self, service: str, per_second: float = PER_SECOND
    ) -> AsyncIterator[Traffic]:
        """Send requests to a service all the while, whatever becomes of them."""
        traffic = Traffic(self.cloud.run.service(key_of(service)).url, per_second)
        driving = asyncio.create_task(traffic.run())
        try:
            yield traffic
        finally:
            traffic.stop()
            await driving

    def _serve(self, service: str) -> None:
        key, run = key_of(service), self.cloud.run
        image = self.builds.push(image_of(service), "stable", {})
        account = f"{key.name}@{key.project}.iam.gserviceaccount.com"
        run.create(key, service_document(key.name, image.reference, service_account=account))
        run.set_invokers(key, ["allUsers"])

    async def _sweep(self) -> None:
        """Do what Cloud Scheduler does, more often."""
        while "sweep" in self.installed.urls:
            await asyncio.sleep(SWEEP_SECONDS)
            _, answer = await self.call("sweep", {})
            self.findings += answer.get("findings", [])

    def _served(self, request: ServedRequest) -> None:
        for listener in self.listeners:
            listener(request)

    def _hear(self, body: Json) -> None:
        self.events.append(json.loads(base64.b64decode(body["message"]["data"]))["data"])

    def _chat_app(self) -> web.Application:
        async def posted(request: web.Request) -> web.Response:
            text = (await request.json())["text"]
            if self.killer.webhook_called():
                # A killed process's connections are closed a moment after it.
                with contextlib.suppress(AssertionError):
                    await self.until(lambda: _closed(request), "the end of the sender", 10)
            self.chat.append((text, not _closed(request)))
            return web.Response()

        app = web.Application()
        app.router.add_post("/hooks/secret", posted)
        return app

    async def _listen(self) -> str:
        await self._chat.setup()
        site = web.TCPSite(self._chat, "127.0.0.1", 0)
        await site.start()
        host, port = self._chat.addresses[0][:2]
        return f"http://{host}:{port}/hooks/secret"


def _closed(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def key_of(service: str) -> ServiceKey:
    return ServiceKey(f"{service}-production", REGION, service)


@contextlib.asynccontextmanager
async def stage(folder: Path, services: Mapping[str, str]) -> AsyncIterator[Stage]:
    """Run a stage inside a `with`. `services`: name -> its course."""
    async with running(folder, SETTINGS) as cloud:
        found = Stage(cloud, services)
        try:
            await found.set_up()
            yield found
        finally:
            await found.close()
