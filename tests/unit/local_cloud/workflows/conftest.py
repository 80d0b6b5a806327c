"""Running sources in a test: alone, or in a whole model in virtual time."""

import datetime as dt
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.engine.effects import Effect, Log, Sleep
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings

Source = str | list[Any] | dict[str, Any]
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass
class StandIn:
    """A Host whose time stands still and whose UUIDs count."""

    environment: dict[str, str] = field(default_factory=lambda: {"NAME": "value"})
    seconds: float = 1_700_000_000.25
    count: int = 0

    def now(self) -> float:
        return self.seconds

    def uuid(self) -> str:
        self.count += 1
        return f"uuid-{self.count}"

    def random(self) -> float:
        return 0.25

    def callback_url(self, callback_id: str) -> str:
        return f"http://callbacks/{callback_id}"


@dataclass
class Ran:
    """An execution that sleeps no longer: its effects were answered as they came."""

    execution: Execution
    effects: list[Effect]

    @property
    def value(self) -> Any:
        assert self.execution.state == "succeeded", self.execution.failure and (
            self.execution.failure.context(),
            self.execution.failure.__cause__,
        )
        assert self.execution.result is not None
        return json.loads(self.execution.result)

    @property
    def error(self) -> Any:
        assert self.execution.state == "failed", self.execution.result
        assert self.execution.failure is not None
        return self.execution.failure.value

    @property
    def context(self) -> str:
        assert self.execution.failure is not None, self.execution.result
        return self.execution.failure.context()

    @property
    def logs(self) -> list[Any]:
        return [effect.payload for effect in self.effects if isinstance(effect, Log)]

    @property
    def slept(self) -> list[float]:
        return [effect.seconds for effect in self.effects if isinstance(effect, Sleep)]


def execute(
    source: Source,
    argument: Any = None,
    answer: Callable[[Effect], Any] = lambda _: None,
) -> Ran:
    """Run a source to its end; `answer` gives each effect's outcome."""
    text = source if isinstance(source, str) else json.dumps(source)
    execution = Execution(compile_source(text), StandIn())
    seen: list[Effect] = []
    waiting = execution.start(argument)
    while waiting:
        effect, *waiting = waiting
        seen.append(effect)
        if hasattr(effect, "id"):
            waiting += execution.resume(effect.id, answer(effect))
    return Ran(execution, seen)


@pytest.fixture
def run() -> Callable[..., Ran]:
    return execute


@pytest.fixture
def begin() -> Callable[[Source], tuple[Any, list[Any]]]:
    """Start a source; return the execution and its first effects."""

    def start(source: Source) -> tuple[Any, list[Any]]:
        text = source if isinstance(source, str) else json.dumps(source)
        execution = Execution(compile_source(text), StandIn())
        return execution, list(execution.start(None))

    return start


@pytest.fixture
def value_of() -> Callable[..., Any]:
    """Evaluate the text between `${` and `}`; `a` is the argument."""

    def evaluate(expression: str, argument: Any = None) -> Any:
        return execute(_returning(expression), argument).value

    return evaluate


@pytest.fixture
def error_of() -> Callable[..., Any]:
    """Return the error value that an expression ends with."""

    def evaluate(expression: str, argument: Any = None) -> Any:
        return execute(_returning(expression), argument).error

    return evaluate


def _returning(expression: str) -> dict[str, Any]:
    return {"main": {"params": ["a"], "steps": [{"r": {"return": "${" + expression + "}"}}]}}


@pytest.fixture
def problem_of() -> Callable[[Source], str]:
    """Return the first message with which a source fails to deploy."""

    def deploy(source: Source) -> str:
        text = source if isinstance(source, str) else json.dumps(source)
        with pytest.raises(BuildFailed) as failed:
            compile_source(text)
        return failed.value.problems[0].text()

    return deploy


class Wire:
    """A Sender that answers after `latency_seconds` what `answer` says."""

    def __init__(self, scheduler: VirtualScheduler) -> None:
        self._scheduler = scheduler
        self.requests: list[Outbound] = []
        self.latency_seconds = 1.0
        self.answer: Callable[[Outbound], Inbound | NoAnswer] = lambda _: Inbound(200)

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        self.requests.append(request)
        self._scheduler.call_later(self.latency_seconds, lambda: done(self.answer(request)))


class NamedTokens:
    """Tokens that say in plain text whose they are."""

    def access_token(self, email: str) -> str:
        if email.startswith("unknown"):
            raise Refused("NOT_FOUND", f"no such account: {email}")
        return f"access:{email}"

    def id_token(self, email: str, audience: str) -> str:
        return f"id:{email}:{audience}"

    def caller(self, authorization: str | None) -> str | None:
        return authorization and authorization.removeprefix("Bearer access:")

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        raise AssertionError("nobody invokes a workflow with an ID token")


@dataclass
class World:
    scheduler: VirtualScheduler
    wire: Wire
    audit: Audit
    model: WorkflowsModel
    logs: list[dict[str, Any]] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    platform_logs: list[dict[str, Any]] = field(default_factory=list)

    def noted(self, entry: dict[str, Any]) -> None:
        by_workflow = entry["logName"].endswith("/logs/Workflows")
        (self.logs if by_workflow else self.platform_logs).append(entry)

    parent = "projects/p/locations/l/workflows/w"

    def deploy(self, source: Source, **options: Any) -> dict[str, Any]:
        text = source if isinstance(source, str) else json.dumps(source)
        return self.model.deploy("p", "l", "w", text, **options)

    def start(self, source: Source, argument: Any = None, **options: Any) -> str:
        """Deploy, execute, and return the execution's name."""
        self.deploy(source, **options)
        return self.again(argument)

    def again(self, argument: Any = None) -> str:
        text = None if argument is None else json.dumps(argument)
        return str(self.model.create_execution(self.parent, text)["name"])

    def run(self, source: Source, argument: Any = None, **options: Any) -> dict[str, Any]:
        """Deploy, execute and let a day pass."""
        name = self.start(source, argument, **options)
        self.scheduler.run_for(86_400)
        return self.model.get_execution(name)


@pytest.fixture
def make_world() -> Callable[..., World]:
    def make(**settings: Any) -> World:
        scheduler = VirtualScheduler(START)
        wire = Wire(scheduler)
        audit = Audit(scheduler)
        chosen = WorkflowsSettings(callback_base_url="http://local:1", **settings)
        model = WorkflowsModel(
            scheduler,
            wire,
            NamedTokens(),
            audit,
            random.Random(1),
            chosen,
            project_number="4242",
        )
        world = World(scheduler, wire, audit, model)
        model.on_log.append(world.noted)
        model.on_state_change.append(lambda execution: world.states.append(execution["state"]))
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()
