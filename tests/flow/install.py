"""Barq installed in a local cloud, in process: functions, workflow, topics, trigger, targets."""

import base64
import functools
import io
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import flask
import yaml

import approve
import check_metrics
import deploy
import explain
import notify
import plan
import rollback
import shift_traffic
import status
import sweep
import verify
from gcp.edge import respond
from local_cloud.cloud import CloudSettings, LocalCloud
from local_cloud.eventarc.values import ToWorkflow, Trigger
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.values import Push, RetryPolicy, Subscription, Topic
from local_cloud.run.resources import ServiceKey
from local_cloud.run.virtual import VirtualInstances
from local_cloud.scheduler.values import HttpTarget, Job, OidcToken
from local_cloud.workflows.service.model import WorkflowsSettings
from rollouts.delivery_file import parse_delivery
from rollouts.policy import Channel, Delivery
from rollouts.requests import parse_deploy, parse_step
from tests.flow.faults import Faults
from tests.flow.ports import API, FlowChannels, FlowProber, FlowWorld
from tests.flow.traffic import Traffic

ROOT = Path(__file__).parent.parent.parent
PROJECT, REGION = "barq-delivery", "europe-west1"
# Nobody looks at the steps of thousands of rollouts.
WORKFLOWS = WorkflowsSettings(callback_base_url=API, step_entries="never")
WORKFLOW = f"projects/{PROJECT}/locations/{REGION}/workflows/rollout"
SWEEP = f"projects/{PROJECT}/locations/{REGION}/jobs/sweep"
ACCOUNTS = f"@{PROJECT}.iam.gserviceaccount.com"
Handle = Callable[[Any, FlowWorld], dict[str, Any]]
Function = tuple[Callable[[Any], Any] | None, Handle]
FUNCTIONS: dict[str, Function] = {
    "plan": (plan.parse, plan.handle),
    "deploy": (parse_deploy, deploy.handle),
    "verify": (parse_step, verify.handle),
    "shift_traffic": (parse_step, shift_traffic.handle),
    "check_metrics": (parse_step, check_metrics.handle),
    "rollback": (parse_step, rollback.handle),
    "approve": (None, approve.handle),
    "status": (status.parse, status.handle),
    "explain": (explain.parse, explain.handle),
    "sweep": (sweep.parse, sweep.handle),
}  # fmt: skip
SUBSCRIBERS = ("notify", "on_alert")


class Installed:
    """A cloud with Barq in it. What is told in events is kept, in order."""

    def __init__(
        self,
        scheduler: VirtualScheduler,
        delivery: str,
        *,
        rps: int,
        seed: int,
        settings: CloudSettings,
    ) -> None:
        rng = random.Random(seed)
        self.scheduler = scheduler
        self.traffic = self.make_traffic(rng, rps)
        self.faults = self.make_faults()
        self.instances = VirtualInstances(
            scheduler,
            seconds=3.0,
            outcome=self.traffic.starts,
            longer=lambda revision: self.traffic.quality(revision).ready_seconds,
        )
        self.sender = VirtualSender(scheduler, {}, self.latency)
        self.cloud = LocalCloud(
            scheduler,
            self.sender,
            simple_tokens(scheduler),
            self.instances,
            rng,
            settings=replace(settings, workflows=WORKFLOWS),
        )
        self.traffic.attach(self.cloud)
        self.delivery = _delivery(delivery)
        self.channels = FlowChannels()
        self.worlds: dict[str, FlowWorld] = {}
        self.events: list[dict[str, Any]] = []
        self.executions: dict[str, dict[str, Any]] = {}
        """The newest state of each execution, in the order of their start."""
        self.blames: list[str] = []
        """What came of each alert."""
        self._router = self.cloud.router()
        self._install()

    # What the simulation makes otherwise.

    def make_traffic(self, rng: random.Random, rps: int) -> Traffic:
        return Traffic(rng, rps)

    def make_faults(self) -> Faults:
        return Faults(self.scheduler.now)

    def latency(self) -> float:
        """Return the seconds of one exchange with a function, there and back."""
        return 0.02

    def workflow_source(self) -> str:
        return (ROOT / "workflows" / "rollout.yaml").read_text()

    def key(self, target: str = "production") -> ServiceKey:
        found = self.delivery.services[0].target(target)
        assert found is not None
        return ServiceKey(found.ref.project, found.ref.region, found.ref.service)

    def topic(self, name: str) -> str:
        return f"projects/{PROJECT}/topics/barq-{name}"

    def call(self, name: str, request: Outbound) -> Inbound:
        """Call an HTTP function, whatever faults there are."""
        parse, handle = FUNCTIONS[name]
        asked = flask.Request(_environ(request))
        read = parse or (lambda document: approve.read(asked, document, ""))
        world = self.worlds[name]
        response, code = respond(name, asked, read, handle, lambda: world)  # type: ignore[arg-type]
        return Inbound(code, (("Content-Type", "application/json"),), response.get_data())

    def _install(self) -> None:
        for name in ("builds", "events", "alerts"):
            self.cloud.pubsub.create_topic(Topic(self.topic(name)))
        for name in (*FUNCTIONS, *SUBSCRIBERS):
            self.worlds[name] = self._world(name)
            route = self._function(name) if name in FUNCTIONS else self._subscriber(name)
            self.sender.routes[_url(name)] = route
        self._subscribe("on_alert", "alerts")
        for channel in self._channels_named():
            self._subscribe("notify", "events", f"/{channel}")
        self.cloud.pubsub.create_subscription(
            Subscription(f"projects/{PROJECT}/subscriptions/seen", self.topic("events")),
            deliver=lambda body: self.events.append(
                json.loads(base64.b64decode(body["message"]["data"]))
            ),
        )
        self.cloud.workflows.on_state_change.append(self._noted)
        self._deploy_workflow(self.workflow_source())
        self.cloud.eventarc.create_trigger(
            Trigger(
                f"projects/{PROJECT}/locations/{REGION}/triggers/builds",
                ToWorkflow(WORKFLOW),
                f"trigger{ACCOUNTS}",
                self.topic("builds"),
            )
        )
        caller = OidcToken(f"scheduler{ACCOUNTS}", _url("sweep"))
        self.cloud.jobs.create(Job(SWEEP, "* * * * *", HttpTarget(_url("sweep"), oidc=caller)))

    def _deploy_workflow(self, source: str) -> None:
        self.cloud.workflows.deploy(
            PROJECT,
            REGION,
            "rollout",
            source,
            service_account=f"workflow{ACCOUNTS}",
            env={"BARQ_FUNCTIONS": json.dumps({name: _url(name) for name in FUNCTIONS})},
        )

    def _subscribe(self, name: str, topic: str, path: str = "") -> None:
        self.cloud.pubsub.create_subscription(
            Subscription(
                f"projects/{PROJECT}/subscriptions/{name}{path.replace('/', '-')}",
                self.topic(topic),
                push=Push(_url(name) + path, f"push{ACCOUNTS}", _url(name)),
                ack_deadline_seconds=60,
                retry=RetryPolicy(1, 60),
                ordered=bool(path),
            )
        )

    def _channels_named(self) -> list[Channel]:
        rows = [row for one in self.delivery.services for row in one.notifications]
        return list(dict.fromkeys(row.channel for row in rows))

    def _noted(self, execution: dict[str, Any]) -> None:
        self.executions[execution["name"]] = execution

    def _world(self, name: str) -> FlowWorld:
        return FlowWorld(
            self.cloud,
            self._router,
            self.delivery,
            name=name,
            account=f"{name.replace('_', '-')}{ACCOUNTS}",
            topic=self.topic("events"),
            prober=FlowProber(self.traffic.probe),
            channels=self.channels,
            faults=self.faults,
        )

    def _function(self, name: str) -> Callable[[Outbound], Inbound | NoAnswer]:
        def answer(request: Outbound) -> Inbound | NoAnswer:
            down = self.faults.of_function(name)
            if down is not None:
                return down
            again = self.faults.delivered_twice_after
            if again is not None:
                self.scheduler.call_later(again, functools.partial(self._again, name, request))
            answered = self.call(name, request)
            if self.faults.loses_answer_of(name):
                return NoAnswer("broken", "the answer got lost")
            return answered

        return answer

    def _again(self, name: str, request: Outbound) -> None:
        self.call(name, request)

    def _subscriber(self, name: str) -> Callable[[Outbound], Inbound | NoAnswer]:
        def answer(request: Outbound) -> Inbound | NoAnswer:
            down = self.faults.of_function(name)
            if down is not None:
                return down
            if name == "notify":
                path = urlsplit(request.url).path
                return Inbound(notify.answer(path, request.body, self.worlds[name])[1])
            data = base64.b64decode(json.loads(request.body)["message"]["data"])
            try:
                blame = rollback.handle_alert(data, self.worlds[name])
                self.blames.append(blame.because)
            except Exception:  # noqa: BLE001 - as the framework answers it.
                return Inbound(500)
            return Inbound(204)

        return answer


@functools.lru_cache(maxsize=64)
def _delivery(text: str) -> Delivery:
    return parse_delivery(yaml.safe_load(text))


def _environ(request: Outbound) -> dict[str, Any]:
    """Return what a WSGI server makes of a request."""
    parts = urlsplit(request.url)
    headers = {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers.items()
    }
    return {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": parts.path or "/",
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.netloc,
        "SERVER_PORT": "443",
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,  # As gunicorn says, which serves the functions.
        **headers,
    }


def _url(function: str) -> str:
    return f"https://{function.replace('_', '-')}.test"
