"""From an event to its outcome, in virtual time: the real workflow file, the real handlers, the
local cloud's models. Tests read as given, when, then.
"""

import datetime as dt
import json
from typing import Any

from local_cloud.cloud import CloudSettings
from local_cloud.kit.http import Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.run.documents import service_document
from rollouts.record import Record, Rollout
from rollouts.record_json import parse_record
from tests.flow.happening import Happening
from tests.flow.install import ACCOUNTS
from tests.flow.invariants import RECORD, Invariants
from tests.flow.traffic import Quality, image_name

START = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
HELLO = "us-docker.pkg.dev/cloudrun/container/hello"
DELIVERY = """
services:
  api:
    image: europe-west1-docker.pkg.dev/barq-build/shop/api
    branches: [main]
    notifications: [{webhook: team}]
    targets:
      production:
        project: shop-production
        region: europe-west1
        service: api
        steps: [10, 50, 100]
        window: 2m
        check_every: 15s
        deadline: 1h
        analysis: {max_errors: [5, 10], max_error_ratio: 0.05, max_latency_p95: 800ms}
"""


class Flow(Happening):
    """A cloud with Barq installed, and targets that serve `first` (None: the placeholder).

    `rps` requests a second come to each target from the start on.
    """

    def __init__(
        self,
        delivery: str = DELIVERY,
        *,
        rps: int = 5,
        seed: int = 1,
        settings: CloudSettings | None = None,
        first: str | None = "v1",
    ) -> None:
        scheduler = VirtualScheduler(START)
        super().__init__(
            scheduler, delivery, rps=rps, seed=seed, settings=settings or CloudSettings()
        )
        self.repository = self.delivery.services[0].image
        self.invariants = self.make_invariants()
        self._create_targets(first)
        self.invariants.attach()
        self._tick()

    def make_invariants(self) -> Invariants:
        return Invariants(self.cloud, ACCOUNTS)

    # Given: images, services and alert policies.

    def image(self, name: str, *, index: bool = False, **quality: Any) -> str:
        """Push an image; return its reference by digest."""
        pushed = self.cloud.images.push(
            self.repository, directory=None, command=[name], env={"VERSION": name}, index=index
        )
        for digest in filter(None, (pushed.digest, pushed.child_digest)):
            self.traffic.qualities[digest] = Quality(**quality)
        return pushed.reference

    def becomes(self, reference: str, **quality: Any) -> None:
        """From now on, an image behaves otherwise."""
        self.traffic.qualities[reference.partition("@")[2]] = Quality(**quality)

    def alert_policy(self, ratio: float = 0.01) -> None:
        """Watch every revision of production, as the installation does."""
        key = self.key()
        self.cloud.alerts.create(
            AlertPolicy(
                "error ratio",
                key.project,
                self.topic("alerts"),
                ErrorRatio(ratio, requests_min=10),
                filter=f'resource.labels.service_name="{key.name}"',
            )
        )

    # When: until something is so.

    def until_at(self, percent: int, target: str = "production") -> None:
        """Let time pass until the canary has so much of the traffic."""
        self.until(lambda: self.rollout(target).percent == percent)

    def until_ended(self, *, within_minutes: float = 60) -> Any:
        """Let time pass until every execution has ended; return the last one's result."""
        self.until(self.ended, within_minutes=within_minutes)
        return self.result()

    def asks(self, action: str, *, service: str = "api", **argument: Any) -> Any:
        """Do something by hand, wait for the answer, and return the execution's result."""
        given = {"target": "production", **argument}
        name = self.by_hand(action=action, service=service, **given)
        self.until(lambda: self.has_ended(name), within_minutes=10)
        return self.result(name)

    # Then: what there is.

    def split(self, target: str = "production") -> dict[str, int]:
        """Return the written split by image name, such as {"v1": 90, "v2": 10}."""
        shares: dict[str, int] = {}
        service = self.cloud.run.service(self.key(target))
        for entry in service.traffic:
            found = self.cloud.run.revision(service.key, entry.revision or service.latest_ready)
            if entry.percent:
                shares[image_name(found)] = shares.get(image_name(found), 0) + entry.percent
        return shares

    def tags(self, target: str = "production") -> list[str]:
        return [one.tag for one in self.cloud.run.service(self.key(target)).traffic if one.tag]

    def record(self, target: str = "production") -> Record:
        annotations = self.cloud.run.service(self.key(target)).annotations
        return parse_record(annotations.get(RECORD))

    def rollout(self, target: str = "production") -> Rollout:
        found = self.record(target).rollout
        assert found is not None
        return found

    def state(self, target: str = "production") -> str:
        found = self.record(target).rollout
        return found.state if found else "no rollout"

    def has_ended(self, execution: str) -> bool:
        return str(self.executions[execution]["state"]) not in ("ACTIVE", "QUEUED")

    def ended(self) -> bool:
        return bool(self.executions) and all(map(self.has_ended, self.executions))

    def execution(self, name: str | None = None) -> dict[str, Any]:
        return self.executions[name or next(reversed(self.executions))]

    def result(self, name: str | None = None) -> Any:
        """Return an execution's result, by default the last one's; fail with its error."""
        execution = self.execution(name)
        assert execution["state"] == "SUCCEEDED", execution.get("error", execution)
        return json.loads(execution["result"])

    def outcome(self, name: str | None = None) -> tuple[str, str]:
        """Return how a delivery's last target ended, and why."""
        action = self.result(name)["outcomes"][-1]["action"]
        return action["outcome"], action["because"]

    def error(self, name: str | None = None) -> str:
        """Return the message of an execution that failed."""
        execution = self.execution(name)
        assert execution["state"] == "FAILED", execution
        payload = json.loads(execution["error"]["payload"])
        return str(payload["message"])

    def status(self) -> dict[str, Any]:
        """Return what the status function says of production."""
        answered = self.call("status", Outbound("POST", "https://status.test", {}, b"{}"))
        found = json.loads(answered.body)["targets"]
        return next(one for one in found if one["target"] == "production")

    def told(self, target: str = "production") -> list[str]:
        """Return the kinds of event that were published of a target, in order."""
        data = [event["data"] for event in self.events]
        return [one["event"] for one in data if one["target"] == target]

    def told_once(self, target: str = "production") -> list[str]:
        """Return the same without repeats, as readers have it who go by the ids."""
        first = {event["id"]: event["data"] for event in reversed(self.events)}
        return [one["event"] for one in reversed(first.values()) if one["target"] == target]

    def writes(self) -> int:
        """Return how often Barq wrote, or tried to write, a Cloud Run service."""
        calls = [call for world in self.worlds.values() for call in world.http.calls]
        return sum(method == "PUT" for method, _ in calls)

    def served(self, image: str, *, failed: bool) -> int:
        return self.traffic.requests["production", image, failed]

    # Inside.

    def _create_targets(self, first: str | None) -> None:
        self.cloud.images.push(HELLO, directory=None, command=["hello"], tag="latest")
        reference = self.image(first) if first else HELLO
        for target in self.delivery.services[0].targets:
            key = self.key(target.name)
            self.cloud.run.create(key, service_document(key.name, reference))
            self.cloud.run.set_invokers(key, ["allUsers"])
        self.scheduler.run_for(5)
        self.until(lambda: all(service.served for service in self.cloud.run.services()))

    def _tick(self) -> None:
        """Serve the requests of every target since the last time, then come again."""
        self.invariants.check()
        for target in self.delivery.services[0].targets:
            self.traffic.serve(target.name, self.key(target.name))
        self.scheduler.call_later(self.traffic.every_seconds, self._tick)


def changed(delivery: str, **settings: str) -> str:
    """Return DELIVERY's like with settings of production's target in the place of others."""
    lines = [
        line
        for line in delivery.rstrip().splitlines()
        if not any(line.strip().startswith(f"{name}:") for name in settings)
    ]
    return "\n".join([*lines, *(f"        {name}: {value}" for name, value in settings.items())])
