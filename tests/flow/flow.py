"""From an event to its outcome, in virtual time: the real workflow file, the real handlers, the
local cloud's models. Tests read as given, when, then.
"""

import base64
import datetime as dt
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import approve
import check_metrics
import deploy
import flask
import notify
import plan
import rollback
import shift_traffic
import status
import verify
import yaml
from gcp.caller import caller_of
from gcp.edge import respond
from ports import API, FlowProber, FlowWebhooks, FlowWorld
from rollouts.delivery_file import parse_delivery
from rollouts.record import Record, Rollout
from rollouts.record_json import parse_record
from rollouts.requests import parse_deploy, parse_step

from local_cloud.cloud import CloudSettings, LocalCloud
from local_cloud.eventarc.values import ToWorkflow, Trigger
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.monitoring.policies import AlertPolicy, ErrorRatio
from local_cloud.pubsub.values import Message, Push, RetryPolicy, Subscription, Topic
from local_cloud.run.documents import service_document
from local_cloud.run.resources import Revision, ServiceKey
from local_cloud.run.virtual import NOT_LISTENING, VirtualInstances, not_listening
from local_cloud.workflows.model import WorkflowsSettings

ROOT = Path(__file__).parent.parent.parent
START = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
PROJECT, REGION = "barq-delivery", "europe-west1"
REPOSITORY = "europe-west1-docker.pkg.dev/barq-build/shop/api"
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
        window: 3m
        check_every: 10s
        deadline: 1h
        analysis: {max_errors: [5, 10], max_latency_p95: 800ms}
"""


@dataclass(frozen=True)
class Quality:
    """How an image behaves once it runs."""

    error_ratio: float = 0.0
    latency_seconds: float = 0.05
    crashes: bool = False
    unhealthy: bool = False
    fails_after: float | None = None
    """Seconds after its revision was created from which every request fails."""


class Flow:
    """A cloud with Barq installed, and a service that serves `v1`."""

    def __init__(
        self,
        delivery: str = DELIVERY,
        *,
        rps: int = 5,
        seed: int = 1,
        settings: CloudSettings | None = None,
        first: str | None = "v1",
    ) -> None:
        self.rng = random.Random(seed)
        self.scheduler = VirtualScheduler(START)
        self.sender = VirtualSender(self.scheduler, {}, lambda: 0.02)
        self.instances = VirtualInstances(self.scheduler, seconds=3.0, outcome=self._starts)
        chosen = settings or CloudSettings()
        chosen = replace(chosen, workflows=WorkflowsSettings(callback_base_url=API))
        self.cloud = LocalCloud(
            self.scheduler,
            self.sender,
            simple_tokens(self.scheduler),
            self.instances,
            self.rng,
            settings=chosen,
        )
        self.delivery = parse_delivery(yaml.safe_load(delivery))
        self.qualities: dict[str, Quality] = {}
        self.references: dict[str, str] = {}
        self.webhooks = FlowWebhooks()
        self.worlds: dict[str, FlowWorld] = {}
        self.requests: dict[tuple[str, str, bool], int] = {}
        self.fault: Callable[[str, str, str], None] = lambda _function, _method, _path: None
        self.lost_answers: dict[str, int] = {}
        self.rps = rps
        self.events: list[dict[str, Any]] = []
        self._router = self.cloud.router()
        self._app = flask.Flask("flow")
        self._builds = 0
        self._install()
        self._create_targets(first)
        self._tick()

    # Given: images and services.

    def image(self, name: str, *, index: bool = False, **quality: Any) -> str:
        """Push an image; return its reference by digest."""
        pushed = self.cloud.images.push(
            REPOSITORY, directory=None, command=[name], env={"VERSION": name}, index=index
        )
        for digest in filter(None, (pushed.digest, pushed.child_digest)):
            self.qualities[digest] = Quality(**quality)
        self.references[name] = pushed.reference
        return pushed.reference

    # When: events and people.

    def built(
        self,
        reference: str,
        *,
        status: str = "SUCCESS",
        branch: str = "main",
        build: str | None = None,
        created: dt.datetime | None = None,
    ) -> str:
        """Publish what Cloud Build publishes; return the build's id."""
        self._builds += 1
        name, _, digest = reference.partition("@")
        identity = build or f"build-{self._builds}"
        document = {
            "id": identity,
            "projectId": "barq-build",
            "status": status,
            "createTime": (created or self.now).isoformat().replace("+00:00", "Z"),
            "substitutions": {"BRANCH_NAME": branch, "COMMIT_SHA": "c0ffee" * 6},
            "images": [f"{name}:latest"],
            "results": {"images": [{"name": f"{name}:latest", "digest": digest}]},
        }
        self.publish("builds", document, {"buildId": identity, "status": status})
        return identity

    def publish(self, topic: str, document: Any, attributes: Mapping[str, str] = {}) -> None:
        data = json.dumps(document).encode()
        self.cloud.pubsub.publish(self._topic(topic), [Message(data, attributes)])

    def by_hand(self, **argument: Any) -> str:
        """Start the workflow as a person does; return the execution's name."""
        created = self.cloud.workflows.create_execution(
            f"projects/{PROJECT}/locations/{REGION}/workflows/rollout", json.dumps(argument)
        )
        return str(created["name"])

    def person_sets_traffic(self, target: str, shares: Mapping[str, int]) -> None:
        """Change the split as gcloud does."""
        key = self.key(target)
        document = self.document(target)
        document["spec"]["traffic"] = [
            {"revisionName": name, "percent": percent} for name, percent in shares.items()
        ]
        self.cloud.run.replace(key, document, "person@example.com")

    def passes(self, **duration: float) -> None:
        """Let time pass."""
        self.scheduler.run_for(dt.timedelta(**duration).total_seconds())

    def until(self, done: Callable[[], bool], *, within_minutes: float = 30) -> None:
        """Let time pass until something is so; fail if it never is."""
        for _ in range(int(within_minutes * 60)):
            if done():
                return
            self.scheduler.run_for(1)
        raise AssertionError(f"not so within {within_minutes} minutes: {self.told()}")

    # Then: what there is.

    @property
    def now(self) -> dt.datetime:
        return self.scheduler.now()

    def key(self, target: str = "production") -> ServiceKey:
        ref = self.delivery.services[0].target(target).ref  # type: ignore[union-attr]
        return ServiceKey(ref.project, ref.region, ref.service)

    def document(self, target: str = "production") -> dict[str, Any]:
        key = self.key(target)
        answer = self._call("GET", key)
        return json.loads(answer)  # type: ignore[no-any-return]

    def split(self, target: str = "production") -> dict[str, int]:
        """Return the written split by image name, such as {"v1": 90, "v2": 10}."""
        shares: dict[str, int] = {}
        service = self.cloud.run.service(self.key(target))
        for entry in service.traffic:
            name = self.image_name(target, entry.revision or service.latest_ready)
            if entry.percent:
                shares[name] = shares.get(name, 0) + entry.percent
        return shares

    def image_name(self, target: str, revision: str) -> str:
        found = self.cloud.run.revision(self.key(target), revision)
        image = found.images[found.ingress_container.name]
        return image.env.get("VERSION", "placeholder")

    def record(self, target: str = "production") -> Record:
        annotations = self.cloud.run.service(self.key(target)).annotations
        return parse_record(annotations.get("rollout.barq.dev/record"))

    def rollout(self, target: str = "production") -> Rollout:
        found = self.record(target).rollout
        assert found is not None
        return found

    def executions(self) -> list[dict[str, Any]]:
        page = self.cloud.workflows.list_executions(
            f"projects/{PROJECT}/locations/{REGION}/workflows/rollout"
        )
        listed = page["executions"] if isinstance(page, dict) else page
        names = [one["name"] for one in listed]
        return [self.cloud.workflows.get_execution(name) for name in reversed(names)]

    def last_execution(self) -> dict[str, Any]:
        return self.executions()[-1]

    def result(self) -> Any:
        """Return the last execution's result; fail with its error if it has none."""
        execution = self.last_execution()
        assert execution["state"] == "SUCCEEDED", execution.get("error", execution)
        return json.loads(execution["result"])

    def ended(self) -> bool:
        return self.last_execution()["state"] not in ("ACTIVE", "QUEUED")

    def told(self) -> list[str]:
        """Return the kinds of event that were published, in order."""
        return [event["data"]["event"] for event in self.events]

    def served(self, image: str, *, failed: bool) -> int:
        return self.requests.get(("production", image, failed), 0)

    # Inside.

    def _install(self) -> None:
        for name in ("builds", "events", "alerts"):
            self.cloud.pubsub.create_topic(Topic(self._topic(name)))
        step = {
            "verify": verify, "shift_traffic": shift_traffic,
            "check_metrics": check_metrics, "rollback": rollback,
        }  # fmt: skip
        parsers: dict[str, tuple[Any, Any]] = {
            "plan": (plan.parse, plan.handle),
            "deploy": (parse_deploy, deploy.handle),
            "status": (status.parse, status.handle),
            "approve": (None, approve.handle),
            **{name: (parse_step, module.handle) for name, module in step.items()},
        }
        urls = {}
        for name, (parse, handle) in parsers.items():
            urls[name] = f"https://{name.replace('_', '-')}.test"
            self.worlds[name] = self._world(name)
            self.sender.routes[urls[name]] = self._function(name, parse, handle)
        for name in ("notify", "on_alert"):
            self.worlds[name] = self._world(name)
            url = f"https://{name.replace('_', '-')}.test"
            self.sender.routes[url] = self._subscriber(name)
            topic = "events" if name == "notify" else "alerts"
            self.cloud.pubsub.create_subscription(
                Subscription(
                    f"projects/{PROJECT}/subscriptions/{name}",
                    self._topic(topic),
                    push=Push(url, f"push@{PROJECT}.iam.gserviceaccount.com", url),
                    ack_deadline_seconds=60,
                    retry=RetryPolicy(1, 60),
                )
            )
        self.cloud.pubsub.create_subscription(
            Subscription(f"projects/{PROJECT}/subscriptions/seen", self._topic("events")),
            deliver=lambda body: self.events.append(_decoded(body)),
        )
        self.cloud.workflows.deploy(
            PROJECT,
            REGION,
            "rollout",
            (ROOT / "workflows" / "rollout.yaml").read_text(),
            service_account=f"workflow@{PROJECT}.iam.gserviceaccount.com",
            env={"BARQ_FUNCTIONS": json.dumps(urls)},
        )
        parent = f"projects/{PROJECT}/locations/{REGION}"
        self.cloud.eventarc.create_trigger(
            Trigger(
                f"{parent}/triggers/builds",
                ToWorkflow(f"{parent}/workflows/rollout"),
                f"trigger@{PROJECT}.iam.gserviceaccount.com",
                self._topic("builds"),
            )
        )

    def _world(self, name: str) -> FlowWorld:
        return FlowWorld(
            self.cloud,
            self._router,
            self.delivery,
            account=f"{name.replace('_', '-')}@{PROJECT}.iam.gserviceaccount.com",
            topic=self._topic("events"),
            prober=FlowProber(self._probe),
            webhooks=self.webhooks,
            faults=lambda method, path: self.fault(name, method, path),
        )

    def _function(self, name: str, parse: Any, handle: Any) -> Callable[[Outbound], Any]:
        def answer(request: Outbound) -> Inbound | NoAnswer:
            with self._app.test_request_context(
                method=request.method, data=request.body, headers=dict(request.headers)
            ):
                read = parse or _approve_parser(request)
                world = self.worlds[name]
                response, code = respond(name, flask.request, read, handle, lambda: world)
                if self.lost_answers.get(name, 0):
                    self.lost_answers[name] -= 1
                    return NoAnswer("broken", "the answer got lost")
                headers = (("Content-Type", "application/json"),)
                return Inbound(code, headers, response.get_data())

        return answer

    def _subscriber(self, name: str) -> Callable[[Outbound], Inbound]:
        def answer(request: Outbound) -> Inbound:
            data = base64.b64decode(json.loads(request.body)["message"]["data"])
            try:
                if name == "notify":
                    notify.handle(json.loads(data), self.worlds[name])
                else:
                    self.blame = rollback.handle_alert(data, self.worlds[name])
            except Exception:
                return Inbound(500)
            return Inbound(204)

        return answer

    def _create_targets(self, first: str | None) -> None:
        self.cloud.images.push(HELLO, directory=None, command=["hello"], tag="latest")
        reference = self.image(first) if first else HELLO
        for service in self.delivery.services:
            for target in service.targets:
                key = self.key(target.name)
                self.cloud.run.create(key, service_document(key.name, reference))
                self.cloud.run.set_invokers(key, ["allUsers"])
        self.scheduler.run_for(5)

    def _topic(self, name: str) -> str:
        return f"projects/{PROJECT}/topics/barq-{name}"

    def _call(self, method: str, key: ServiceKey) -> bytes:
        world = self.worlds["status"]
        path = f"namespaces/{key.project}/services/{key.name}"
        url = f"{API}/regions/{key.region}/apis/serving.knative.dev/v1/{path}"
        return bytes(world.http.request(method, url).content)

    def _quality(self, revision: Revision) -> Quality:
        image = revision.images.get(revision.ingress_container.name)
        return self.qualities.get(image.digest, Quality()) if image else Quality()

    def _starts(self, revision: Revision) -> tuple[str, str] | None:
        return (NOT_LISTENING, not_listening()) if self._quality(revision).crashes else None

    def _probe(self, url: str, path: str) -> tuple[int | None, float]:
        for service in self.cloud.run.services():
            for entry in service.served:
                if entry.url == url:
                    quality = self._quality(self.cloud.run.revision(service.key, entry.revision))
                    return (503 if quality.unhealthy else 200), quality.latency_seconds
            if service.url == url:
                return 200, 0.02
        return None, 0.0

    def _tick(self) -> None:
        """Serve a second's requests of every target, then come again."""
        for service in self.delivery.services:
            for target in service.targets:
                for _ in range(self.rps):
                    self._serve(target.name)
        self.scheduler.call_later(1.0, self._tick)

    def _serve(self, target: str) -> None:
        key = self.key(target)
        name = self.cloud.run.route(*key)
        assert name is not None, "a request met a service without a revision"
        revision = self.cloud.run.revision(key, name)
        assert revision.state == "ready", f"a request met {name}, which is {revision.state}"
        quality = self._quality(revision)
        late = quality.fails_after
        dead = late is not None and (self.now - revision.created).total_seconds() >= late
        failed = dead or self.rng.random() < quality.error_ratio
        seen = (target, self.image_name(target, name), failed)
        self.requests[seen] = self.requests.get(seen, 0) + 1
        self.cloud.run.request_served(
            ServedRequest(
                project=key.project,
                region=key.region,
                service=key.name,
                revision=name,
                instance_id="i",
                method="GET",
                url="https://api.test/",
                status=500 if failed else 200,
                began=self.now - dt.timedelta(seconds=quality.latency_seconds),
                latency_seconds=quality.latency_seconds,
            )
        )

    def alert_policy(self, ratio: float = 0.01) -> None:
        """Watch every revision of the service, as the installation does."""
        key = self.key()
        self.cloud.alerts.create(
            AlertPolicy(
                "error ratio",
                key.project,
                self._topic("alerts"),
                ErrorRatio(ratio, requests_min=10),
                filter=f'resource.labels.service_name="{key.name}"',
            )
        )


def _decoded(body: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(base64.b64decode(body["message"]["data"]))  # type: ignore[no-any-return]


def _approve_parser(request: Outbound) -> Callable[[Any], Any]:
    authorization = next(
        (value for name, value in request.headers.items() if name.lower() == "authorization"), ""
    )
    return lambda document: approve.parse(document, caller_of(authorization))
