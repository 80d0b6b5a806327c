"""Connector calls in a test: with answers as values, and in a whole local cloud."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from local_cloud.cloud import CloudSettings, LocalCloud, google_hosts
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.run import documents
from local_cloud.run.resources import ServiceKey
from local_cloud.run.virtual import VirtualInstances
from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.effects import HttpCall, Sleep
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.service.settings import WorkflowsSettings
from tests.unit.local_cloud.workflows.conftest import START, StandIn

ACCOUNT = "runner@p.iam.gserviceaccount.com"
ENVIRONMENT = {"GOOGLE_CLOUD_PROJECT_ID": "p", "GOOGLE_CLOUD_LOCATION": "l"}
Answer = Inbound | NoAnswer | tuple[int, Any]


def calling(function: str, arguments: Mapping[str, Any]) -> list[Any]:
    return [
        {"c": {"call": function, "args": arguments, "result": "x"}},
        {"r": {"return": "${x}"}},
    ]


@dataclass
class Played:
    """An execution whose requests were answered by a script, and whose sleeps took their time."""

    execution: Execution
    requests: list[HttpCall] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    @property
    def sent(self) -> list[str]:
        return [f"{one.request.method} {one.request.url}" for one in self.requests]

    @property
    def value(self) -> Any:
        assert self.execution.result is not None, self.execution.failure
        return json.loads(self.execution.result)

    @property
    def error(self) -> Any:
        assert self.execution.failure is not None, self.execution.result
        return self.execution.failure.value

    @property
    def context(self) -> str:
        assert self.execution.failure is not None
        return self.execution.failure.context()


def _inbound(answer: Answer) -> Inbound | NoAnswer:
    if not isinstance(answer, tuple):
        return answer
    status, body = answer
    return Inbound(status, (("Content-Type", "application/json"),), json.dumps(body).encode())


def _play(source: Sequence[Any], answers: Sequence[Answer], **options: Any) -> Played:
    host = StandIn(environment=dict(ENVIRONMENT))
    played = Played(Execution(compile_source(json.dumps(source)), host, **options))
    script = list(answers)
    waiting = played.execution.start(None)
    while waiting:
        effect, *waiting = waiting
        outcome = None
        if isinstance(effect, Sleep):
            host.seconds += effect.seconds
            played.slept.append(effect.seconds)
        elif isinstance(effect, HttpCall):
            played.requests.append(effect)
            outcome = _inbound(script.pop(0))
        waiting += played.execution.resume(getattr(effect, "id", 0), outcome)
    assert not script, "the workflow ended before its last answer"
    return played


@pytest.fixture
def play() -> Callable[..., Played]:
    """Run steps; each request gets the next of the answers."""
    return _play


@pytest.fixture
def call() -> Callable[..., Played]:
    """Make one connector call; each request gets the next of the answers."""

    def make(function: str, arguments: Any, *answers: Answer, **options: Any) -> Played:
        return _play(calling(function, arguments), answers, **options)

    return make


class Cloud:
    """A local cloud in virtual time, whose workflows find Google's hosts in it."""

    door = "http://door:1"
    key = ServiceKey("p", "europe-west1", "api")

    def __init__(self) -> None:
        self.scheduler = VirtualScheduler(START)
        sender = VirtualSender(self.scheduler, {self.door: self._answer}, lambda: 0.02)
        self.tokens = simple_tokens(self.scheduler)
        self.instances = VirtualInstances(self.scheduler, seconds=3.0)
        settings = WorkflowsSettings(endpoints=google_hosts(self.door))
        self.models = LocalCloud(
            self.scheduler,
            sender,
            self.tokens,
            self.instances,
            random.Random(1),
            settings=CloudSettings(workflows=settings),
        )
        self._router = self.models.router()

    def _answer(self, request: Outbound) -> Inbound:
        parts = urlsplit(request.url)
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(parts.query):
            query[name] = (*query.get(name, ()), value)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            caller = self.tokens.caller(headers.get("authorization"))
            asked = ApiRequest(request.method, parts.path, query, headers, request.body, caller)
            answer = self._router.handle(asked)
        except Refused as refusal:
            answer = ApiResponse.of(refusal.as_json(), refusal.http_status())
        if answer is None:
            return Inbound(404, (), b"")
        return Inbound(answer.status, tuple(answer.headers.items()), answer.body)

    def deploy(self, workflow: str, source: Any) -> None:
        self.models.workflows.deploy(
            "p", "europe-west1", workflow, json.dumps(source), service_account=ACCOUNT
        )

    def call(self, function: str, arguments: Any) -> dict[str, Any]:
        """Run a workflow of one connector call to its end."""
        return self.run(calling(function, arguments))

    def run(self, source: Any) -> dict[str, Any]:
        self.deploy("caller", source)
        parent = "projects/p/locations/europe-west1/workflows/caller"
        name = self.models.workflows.create_execution(parent)["name"]
        self.scheduler.run_for(3600)
        return dict(self.models.workflows.get_execution(name))

    def image(self, version: str) -> str:
        pushed = self.models.images.push(
            "europe-west1-docker.pkg.dev/build/shop/api", directory=None, command=["serve", version]
        )
        return pushed.reference

    def service(self, version: str = "v1") -> dict[str, Any]:
        return dict(documents.service_document("api", self.image(version)))

    def callers(self) -> list[tuple[str, str]]:
        return [
            (one.principal, one.method.rpartition(".")[2])
            for one in self.models.audit.calls
            if one.principal == ACCOUNT
        ]


@pytest.fixture
def cloud() -> Cloud:
    return Cloud()
