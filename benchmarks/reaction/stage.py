"""A local cloud of real processes: Barq, a service a case, and users who never stop asking."""

import asyncio
import base64
import contextlib
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml

from benchmarks.reaction.cases import PER_SECOND, REGION, ROOT, Case, delivery, exclusions
from benchmarks.reaction.reaction import Reaction
from demo.traffic import Traffic
from local_cloud.builds import LocalBuilds
from local_cloud.cloud import CloudSettings
from local_cloud.installing import Installed, Installer, Place
from local_cloud.kit.errors import Refused
from local_cloud.kit.traffic import ServedRequest
from local_cloud.logging.model import LoggingSettings
from local_cloud.pubsub.values import Subscription
from local_cloud.run.documents import service_document
from local_cloud.run.resources import Revision, ServiceKey
from local_cloud.running import RunningCloud, RunningSettings, running

PROJECT: Final = "barq-delivery"
LIMIT_SECONDS: Final = 900.0
"""How long anything is waited for. Nothing takes nearly as long; it only ends a hung run."""
BAD_FROM: Final = 500
T = TypeVar("T")
Json = dict[str, Any]


class Stage:
    """Made by `stage`. Everything lives on the cloud's own loop."""

    def __init__(self, running: RunningCloud, cases: Sequence[Case]) -> None:
        self.running = running
        self.cloud = running.cloud
        self.cases = cases
        self.events: list[Json] = []
        """Every event of the events topic, in order."""
        self.looks: list[Json] = []
        """The decision records and the lines of handled requests that functions wrote."""
        self.bad: list[ServedRequest] = []
        """Every request that failed, as the request log has it."""
        self.ended: set[str] = set()
        """The executions that have ended, by their ids."""
        self.traffic: dict[str, Traffic] = {}
        self.began: dt.datetime
        self.installed: Installed
        self.builds: LocalBuilds
        self._tasks: list[asyncio.Task[None]] = []

    async def set_up(self) -> None:
        """Install Barq, serve a good image on each service, and let users in."""
        folder = self.running.folder
        written = folder / "delivery.yaml"
        written.write_text(yaml.safe_dump(delivery(self.cases)), "utf-8")
        workflow = ROOT / "workflows" / "rollout.yaml"
        place = Place(PROJECT, REGION, ROOT / "functions", workflow, written)
        self.installed = await Installer(self.running, place).install()
        topics = self.installed.topics
        heard = Subscription(f"projects/{PROJECT}/subscriptions/benchmark", topics["events"])
        self.cloud.pubsub.create_subscription(heard, deliver=self._hear)
        self.cloud.workflows.on_state_change.append(self._execution)
        self.cloud.run.on_request.append(self._served)
        self.running.instances.on_line.append(self._line)
        package = ROOT / "health_service"
        self.builds = LocalBuilds(self.cloud, topics["builds"], package, folder / "stage")
        for case in self.cases:
            await self._serve(case)
        self.began = self.cloud.scheduler.now()

    async def close(self) -> None:
        """Let the users go."""
        for traffic in self.traffic.values():
            traffic.stop()
        for task in self._tasks:
            if task.get_name() == "crowd":
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def play(self, case: Case, version: str) -> Reaction:
        """Push a canary that fails, wait until stable has everything again."""
        key = key_of(case)
        env = {"FAULT_ERROR_RATIO": str(case.error_ratio), "FAULT_SEED": str(len(self.events))}
        traffic = self.traffic[case.name]
        lost = traffic.seen.lost
        image = self.builds.push(case.image, version, env)
        self.builds.announce(image, commit=version)
        shifted = await self._event(case, image.digest, "traffic.shifted")
        stable, canary = shifted["data"]["stable"], shifted["data"]["canary"]

        def whole() -> bool:
            return self.cloud.run.served_percents(key).get(stable) == 100

        await self.until(lambda: whole() or self._told(case, image.digest, "traffic.shifted", 50),
                         f"the rollback of {canary}")  # fmt: skip
        if not whole():
            raise RuntimeError(f"{canary} was to be rolled back at 10 %, and went on to 50 %")
        served_at = self.cloud.scheduler.now()
        back = await self._event(case, image.digest, "rollout.rolled_back")
        execution = back["data"]["execution"].rpartition("/")[2]
        await self.until(lambda: execution in self.ended, f"the end of {execution}")
        await asyncio.sleep(1)  # What containers print is told a moment later.
        bad = [one for one in self.bad if one.revision == canary]
        mine = (back["data"]["rollout"], back["data"]["execution"])
        looks = [
            one for one in self.looks if one.get("rollout") in mine or one.get("execution") in mine
        ]
        return Reaction(
            case=case.name,
            history_seconds=(shifted_at(shifted) - self.began).total_seconds(),
            shifted_at=shifted_at(shifted),
            first_bad_at=min(one.began for one in bad),
            served_at=served_at,
            bad=len(bad),
            lost=traffic.seen.lost - lost,
            back=back,
            looks=tuple(looks),
        )

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """Return the first true answer of `look`."""
        try:
            async with asyncio.timeout(LIMIT_SECONDS):
                while not (found := look()):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        except TimeoutError:
            told = [(one["data"]["service"], one["data"]["event"]) for one in self.events]
            raise AssertionError(
                f"waited in vain for {what}; told were {told}; logs in {self.running.folder}"
            ) from None
        return found

    async def _serve(self, case: Case) -> None:
        """Create a case's service with a good image, and send its users there."""
        key, run = key_of(case), self.cloud.run
        image = self.builds.push(case.image, "stable", {})
        account = f"{key.name}@{key.project}.iam.gserviceaccount.com"
        run.create(key, service_document(key.name, image.reference, service_account=account))
        run.set_invokers(key, ["allUsers"])
        await self.until(lambda: run.service(key).latest_ready, f"{case.name} to be Ready")
        traffic = self.traffic[case.name] = Traffic(run.service(key).url, PER_SECOND)
        self._tasks.append(asyncio.create_task(traffic.run()))
        if case.crowded:
            self._tasks.append(asyncio.create_task(self._crowd(case), name="crowd"))

    async def _crowd(self, case: Case) -> None:
        """Use up the log's quota of a project, as a dashboard of someone else's may."""
        while True:
            with contextlib.suppress(Refused):
                while True:
                    self.cloud.logging.list_entries(
                        [f"projects/{case.project}"], 'resource.labels.service_name="nobody"'
                    )
            await asyncio.sleep(0.25)

    def _told(self, case: Case, digest: str, kind: str, *percents: int) -> Json | None:
        """Return the first event of a kind; equal images of two cases have equal digests."""
        for one in self.events:
            data = one["data"]
            if (data["service"], data["digest"], data["event"]) == (case.name, digest, kind) and (
                not percents or data["percent_after"] in percents
            ):
                return one
        return None

    async def _event(self, case: Case, digest: str, kind: str) -> Json:
        return await self.until(lambda: self._told(case, digest, kind), kind)

    def _hear(self, body: Json) -> None:
        self.events.append(json.loads(base64.b64decode(body["message"]["data"])))

    def _execution(self, one: Json) -> None:
        if one.get("state") not in (None, "ACTIVE", "QUEUED"):
            self.ended.add(str(one["name"]).rpartition("/")[2])

    def _served(self, request: ServedRequest) -> None:
        if request.status >= BAD_FROM:
            self.bad.append(request)

    def _line(self, revision: Revision, line: str) -> None:
        if revision.key.project != PROJECT or not line.startswith("{"):
            return
        told = json.loads(line)
        if told.get("event") in ("verdict.reached", "request.handled"):
            self.looks.append(told)


def key_of(case: Case) -> ServiceKey:
    return ServiceKey(case.project, REGION, case.name)


def shifted_at(event: Json) -> dt.datetime:
    """Return an event's time, which is that of the write it tells of."""
    return dt.datetime.fromisoformat(event["time"])


@contextlib.asynccontextmanager
async def stage(folder: Path, cases: Sequence[Case]) -> AsyncIterator[Stage]:
    """Run a stage inside a `with`: metrics in periods of 60 s, visible 120 s later."""
    logging = LoggingSettings(exclusions=exclusions(cases))
    settings = RunningSettings(CloudSettings(logging=logging), region=REGION)
    async with running(folder, settings) as cloud:
        found = Stage(cloud, cases)
        try:
            await found.set_up()
            yield found
        finally:
            await found.close()
