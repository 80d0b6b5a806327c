"""A local cloud of real processes with Barq installed in it, and what people do there.

Everything here runs on the cloud's own loop; `hosted.py` gives tests a way in from outside.
"""

import asyncio
import base64
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import yaml

from demo.traffic import Traffic
from local_cloud.build.documents import build_document
from local_cloud.build.model import BuildSettings
from local_cloud.builds import LocalBuilds
from local_cloud.cloud import CloudSettings
from local_cloud.installing import Installed, Installer, Place
from local_cloud.monitoring.alerts import AlertSettings
from local_cloud.monitoring.model import DEMO
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.pubsub.values import Message, RetryPolicy, Subscription
from local_cloud.registry.images import PushedImage
from local_cloud.run.resources import Service, ServiceKey
from local_cloud.running import RunningCloud, RunningSettings
from local_cloud.sql.databases import Databases
from tests.processes.people import People

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROJECT, REGION = "barq-delivery", "europe-west1"
PLACE = Place(
    PROJECT, REGION, ROOT / "functions", ROOT / "workflows" / "rollout.yaml", HERE / "delivery.yaml"
)
PERSON = "ann@example.com"
BUILDER = "service-1@gcp-sa-cloudbuild.iam.gserviceaccount.com"
LIMIT_SECONDS = 120.0
"""How long anything is waited for. Nothing takes nearly as long; it only ends a hung test."""
SETTINGS = RunningSettings(
    CloudSettings(
        monitoring=DEMO,
        alerts=AlertSettings(evaluation_seconds=1.0),
        eventarc_retry=RetryPolicy(1, 10),
        builds=BuildSettings(queued_seconds=0.1, works_seconds=0.5),
    )
)
T = TypeVar("T")
Json = dict[str, Any]


class Stage:
    """Made by `set_up`."""

    def __init__(self, running: RunningCloud) -> None:
        self.running = running
        self.cloud = running.cloud
        self.events: list[Json] = []
        """The data of every event of the events topic, in order."""
        self.executions: dict[str, Json] = {}
        """The newest state of each execution, by its id: a name may have the project's number."""
        self.people = People(running.folder)
        self.delivery: Json = yaml.safe_load(PLACE.delivery.read_text())
        self.subscriptions: list[Subscription] = []
        """Those of the installation."""
        self.calls_before = 0
        """How many API calls the installation took."""
        self.installed: Installed
        self.builds: LocalBuilds
        self.databases = Databases(self.running.folder / "sql", ROOT / "health_service")
        """Of the service `depot` alone."""

    async def set_up(self) -> None:
        channels = await self.people.open()
        installer = Installer(self.running, PLACE, people=[PERSON], channels=channels)
        depot = self.key("depot")
        variables = self.databases.plan(depot, "depot", self.cloud.secrets)
        await installer.create_targets({depot: variables})
        _, self.installed = await asyncio.gather(self.databases.start(), installer.install())
        topics = self.installed.topics
        self.cloud.pubsub.create_subscription(
            Subscription(f"projects/{PROJECT}/subscriptions/test", topics["events"]),
            deliver=self._hear,
        )
        self.cloud.workflows.on_state_change.append(
            lambda one: self.executions.update({_id(one["name"]): one})
        )
        self.builds = LocalBuilds(
            self.cloud, topics["builds"], ROOT / "health_service", self.running.folder / "stage"
        )
        # Only its verifier may call this one, so a smoke test without an identity would fail.
        verifier = f"serviceAccount:barq-verify@{PROJECT}.iam.gserviceaccount.com"
        self.cloud.run.set_invokers(self.key("hand"), [verifier])
        drill = f"serviceAccount:barq-drill@{PROJECT}.iam.gserviceaccount.com"
        self.cloud.run.set_invokers(self.key("drilled", "staging"), [verifier, drill])
        self.subscriptions = self.cloud.pubsub.list_subscriptions(f"projects/{PROJECT}")
        self.calls_before = len(self.cloud.audit.calls)

    async def close(self) -> None:
        await self.people.close()
        await self.databases.close()

    # What there is.

    def key(self, service: str, name: str = "production") -> ServiceKey:
        target = self.delivery["services"][service]["targets"][name]
        return ServiceKey(target["project"], target["region"], target["service"])

    def service(self, service: str) -> Service:
        return self.cloud.run.service(self.key(service))

    def shares(self, service: str) -> dict[str, int]:
        """Return the split that requests meet, by revision name."""
        return {k: v for k, v in self.cloud.run.served_percents(self.key(service)).items() if v}

    def tags(self, service: str) -> list[str]:
        return [one.tag for one in self.service(service).traffic if one.tag]

    def record(self, service: str) -> Json:
        """Return the record that stands on the service, as it was written."""
        found: Json = json.loads(self.service(service).annotations["rollout.barq.dev/record"])
        return found

    def rollout(self, service: str) -> Json:
        found: Json = self.record(service)["rollout"]
        return found

    def told(self, service: str) -> list[str]:
        """Return the kinds of event that were published about a service, in order."""
        return [one["event"] for one in self.events if one["service"] == service]

    # Waiting.

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """Return the first true answer of `look`."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not (found := look()):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            told = [f"{one['service']}: {one['event']}" for one in self.events]
            raise AssertionError(
                f"waited in vain for {what}; told were {told}; logs in {self.running.folder}"
            ) from None
        return found

    async def event(self, service: str, kind: str, image: PushedImage) -> Json:
        """Wait for an event about an image; another end than that is not waited out."""

        def found() -> Json | None:
            about = [one for one in self.events if one["service"] == service]
            mine = [one for one in about if one["digest"] == image.digest]
            return next((one for one in mine if one["event"] == kind), None)

        return await self.until(found, f"{kind} of {service}")

    async def ended(self, execution: str) -> Json:
        """Wait for an execution's end, and return its result or its error."""

        def found() -> Json | None:
            one = self.executions.get(_id(execution), {})
            return one if one.get("state") not in (None, "ACTIVE", "QUEUED") else None

        one = await self.until(found, f"the end of {execution}")
        text = one["result"] if one["state"] == "SUCCEEDED" else one["error"]["payload"]
        answer: Json = json.loads(text)
        return answer

    async def outcome(self, event: Json) -> Json:
        """Wait for the end of an event's execution; return the last target's action."""
        delivered = await self.ended(event["execution"])
        action: Json = delivered["outcomes"][-1]["action"]
        return action

    async def settled(self, state: str) -> None:
        """Bring the database into a state."""
        self.databases.change(state)
        await self.databases.settled()

    # What people and builds do.

    def push(
        self, service: str, version: str, env: Mapping[str, str] = {}, *, index: bool = False
    ) -> PushedImage:
        """Push an image of the health service."""
        repository = self.delivery["services"][service]["image"]
        return self.builds.push(repository, version, env, index=index)

    def deliver(self, image: PushedImage) -> PushedImage:
        """Announce an image's build, as Cloud Build does."""
        self.builds.announce(image, commit="c0ffee")
        return image

    async def old_news(self, image: PushedImage) -> Json:
        """Announce a build of an hour ago; return the result of the execution that ignores it."""
        hour_ago = self.cloud.scheduler.now() - dt.timedelta(hours=1)
        document = build_document(
            "old-build", image, hour_ago, branch="main", status="SUCCESS", commit="0ld"
        )
        message = Message(json.dumps(document).encode(), {"buildId": "old-build"})
        self.cloud.pubsub.publish(self.installed.topics["builds"], [message], caller=BUILDER)
        # No other story has an event that is ignored.
        ended = await self.until(self._ignored, "the execution that ignores an old build")
        result: Json = json.loads(ended["result"])
        return result

    async def by_hand(self, **argument: str) -> str:
        """Start the workflow, as the console and gcloud do; return the execution's name."""
        return await self.execute(self.installed.workflow, argument)

    async def execute(self, workflow: str, argument: Json) -> str:
        """Start an execution of a workflow, by its full name; return its own."""
        url = f"{self.running.rest.url}/v1/{workflow}/executions"
        created = await self.api("POST", url, {"argument": json.dumps(argument)})
        return str(created["name"])

    async def api(self, method: str, url: str, body: Any = None) -> Json:
        """Call an API of Google's as a person."""
        headers = {"Authorization": f"Bearer {self.running.tokens.access_token(PERSON)}"}
        status, text = await ask(method, url, body, headers)
        assert status == 200, text
        answer: Json = json.loads(text)
        return answer

    async def call(self, url: str, body: Any, *, by: str = PERSON) -> tuple[int, Json]:
        """Call a function with a person's ID token; a body of None is a GET."""
        token = self.running.tokens.developer_id_token(by, url.partition("?")[0])
        method = "GET" if body is None else "POST"
        status, text = await ask(method, url, body, {"Authorization": f"Bearer {token}"})
        return status, json.loads(text)

    async def approve(self, service: str, decision: str | None, reason: str = "") -> Json:
        """Answer the approve function's question, or only look."""
        url = self.installed.urls["approve"]
        if decision is None:
            status, answer = await self.call(f"{url}?service={service}&target=production", None)
        else:
            _, shown = await self.call(f"{url}?service={service}&target=production", None)
            meant = (shown["rollout"] or {}).get("id", "none")
            body = {"decision": decision, "reason": reason, "rollout": meant}
            status, answer = await self.call(
                url, {"service": service, "target": "production", **body}
            )
        assert status == 200, answer
        return answer

    def watch_errors(self, service: str) -> None:
        """Create the alert policy that an installation has for a target."""
        key = self.key(service)
        self.cloud.alerts.create(
            AlertPolicy(
                "error ratio above 1 %",
                key.project,
                self.installed.topics["alerts"],
                ErrorRatio(0.01, requests_min=10),
                filter=f'resource.labels.service_name="{key.name}"',
                alignment_seconds=5,
            )
        )

    @asynccontextmanager
    async def under_traffic(
        self, service: str, per_second: float, path: str = ""
    ) -> AsyncIterator[Traffic]:
        """Send requests to a service all the while, whatever becomes of them."""
        traffic = Traffic(self.service(service).url + path, per_second)
        driving = asyncio.create_task(traffic.run())
        try:
            yield traffic
        finally:
            traffic.stop()
            await driving

    def _ignored(self) -> Json | None:
        results = [one for one in self.executions.values() if one.get("result")]
        ignored = [one for one in results if json.loads(one["result"]).get("kind") == "ignore"]
        return next(iter(ignored), None)

    def _hear(self, body: Json) -> None:
        told = json.loads(base64.b64decode(body["message"]["data"]))
        self.events.append(told["data"])


def _id(name: str) -> str:
    return name.rpartition("/")[2]


async def ask(
    method: str, url: str, body: Any = None, headers: Mapping[str, str] = {}
) -> tuple[int, str]:
    """Send one request as it is; return status and text."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()
