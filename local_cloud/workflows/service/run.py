"""Drives one execution: performs its effects, and brings the outcomes back to the engine."""

import datetime as dt
import random
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound, Sender
from local_cloud.kit.scheduler import Scheduler, Timer
from local_cloud.kit.tokens import Tokens
from local_cloud.workflows.engine import effects as fx
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.language.faults import Fault
from local_cloud.workflows.service.callbacks import Endpoint
from local_cloud.workflows.service.deployments import Revision
from local_cloud.workflows.service.names import WorkflowName, duration, timestamp

STATES: Final = {"succeeded": "SUCCEEDED", "failed": "FAILED", "cancelled": "CANCELLED"}


@dataclass(frozen=True, slots=True)
class World:
    """What runs act on. `ended` and `logged` tell the model."""

    scheduler: Scheduler
    sender: Sender
    tokens: Tokens
    rng: random.Random
    callback_base_url: str
    ended: "Callable[[Run], None]"
    logged: "Callable[[Run, fx.Log], None]"


class Run:
    """An Execution resource. It is the engine's Host as well."""

    def __init__(
        self,
        world: World,
        workflow: WorkflowName,
        execution_id: str,
        revision: Revision,
        document: dict[str, Any],
        project_number: str,
    ) -> None:
        self.workflow = workflow
        self.execution_id = execution_id
        self.revision = revision
        self.document = document
        """The fields of the request: argument, labels, callLogLevel."""
        self.state = "QUEUED"
        self.created = world.scheduler.now()
        self.started: dt.datetime | None = None
        self.ended: dt.datetime | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.name = (
            f"projects/{project_number}/locations/{workflow.location}"
            f"/workflows/{workflow.workflow}/executions/{execution_id}"
        )
        self.environment: Mapping[str, str] = {
            **revision.environment,
            "GOOGLE_CLOUD_PROJECT_ID": workflow.project,
            "GOOGLE_CLOUD_PROJECT_NUMBER": project_number,
            "GOOGLE_CLOUD_LOCATION": workflow.location,
            "GOOGLE_CLOUD_WORKFLOW_ID": workflow.workflow,
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": revision.revision_id,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": execution_id,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ATTEMPT": "1",
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": revision.service_account,
        }
        self._world = world
        self._engine = Execution(revision.program, self)
        self._timers: dict[int, Timer] = {}

    # The engine's Host.

    def now(self) -> float:
        return self._world.scheduler.now().timestamp()

    def uuid(self) -> str:
        return str(uuid.UUID(int=self._world.rng.getrandbits(128), version=4))

    def callback_url(self, callback_id: str) -> str:
        return f"{self._world.callback_base_url.rstrip('/')}/v1/{self.name}/callbacks/{callback_id}"

    # Life.

    def begin(self, argument: Any) -> None:
        """Become ACTIVE; the first step runs when the present call has been answered."""
        self.state = "ACTIVE"
        self.started = self._world.scheduler.now()
        self._world.scheduler.call_later(0, lambda: self._first(argument))

    def _first(self, argument: Any) -> None:
        if self.state == "ACTIVE":
            self._perform(self._engine.start(argument))

    def cancel(self) -> None:
        self._engine.cancel()
        self._end("CANCELLED")

    def offer(self, endpoint: Endpoint, request: fx.CallbackRequest) -> None:
        """Bring a request to an endpoint. Raises Refused when its slot is taken.

        The workflow goes on after the present call has been answered.
        """
        effect_id = endpoint.offer(request)
        if effect_id is None:
            return
        self._forget_timer(effect_id)
        self._world.scheduler.call_later(0, lambda: self._resume(effect_id, request))

    def _resume(self, effect_id: int, outcome: fx.Outcome) -> None:
        self._timers.pop(effect_id, None)
        if self.state == "ACTIVE":
            self._perform(self._engine.resume(effect_id, outcome))

    def _perform(self, effects: list[fx.Effect]) -> None:
        queue = deque(effects)
        while queue:
            queue.extend(self._perform_one(queue.popleft()))
        if self._engine.state in STATES:
            self._end(STATES[self._engine.state])

    def _perform_one(self, effect: fx.Effect) -> list[fx.Effect]:
        """Perform an effect; return those that came up because it was answered at once."""
        if isinstance(effect, fx.HttpCall):
            return self._send(effect)
        if isinstance(effect, fx.Sleep):
            self._later(effect.id, effect.seconds, None)
        elif isinstance(effect, fx.CreateCallback):
            self.endpoints[effect.callback_id] = Endpoint(
                effect.callback_id, effect.method, effect.url
            )
        elif isinstance(effect, fx.AwaitCallback):
            return self._await(effect)
        else:
            self._world.logged(self, effect)
        return []

    def _later(self, effect_id: int, seconds: float, outcome: fx.Outcome) -> None:
        self._timers[effect_id] = self._world.scheduler.call_later(
            seconds, lambda: self._resume(effect_id, outcome)
        )

    def _await(self, effect: fx.AwaitCallback) -> list[fx.Effect]:
        endpoint = self.endpoints[effect.callback_id]
        pending = endpoint.take()
        if pending is not None:
            return self._engine.resume(effect.id, pending)
        endpoint.waiters.append(effect.id)

        def give_up() -> None:
            endpoint.waiters.remove(effect.id)
            self._resume(effect.id, fx.TimedOut())

        self._timers[effect.id] = self._world.scheduler.call_later(effect.timeout_seconds, give_up)
        return []

    def _send(self, effect: fx.HttpCall) -> list[fx.Effect]:
        request = effect.request
        try:
            token = self._token(effect.auth)
        except Refused as refusal:
            return self._engine.resume(effect.id, fx.AuthRefused(refusal.message))
        if token is not None:
            headers = {**request.headers, "Authorization": f"Bearer {token}"}
            request = Outbound(
                request.method, request.url, headers, request.body, request.timeout_seconds
            )

        def done(answer: Inbound | NoAnswer) -> None:
            self._resume(effect.id, answer)

        self._world.sender.send(request, done)
        return []

    def _token(self, auth: fx.Auth | None) -> str | None:
        account = self.revision.service_account
        if auth is None:
            return None
        if auth.kind == "OIDC":
            return self._world.tokens.id_token(account, auth.audience)
        return self._world.tokens.access_token(account)

    def _forget_timer(self, effect_id: int) -> None:
        timer = self._timers.pop(effect_id, None)
        if timer is not None:
            timer.cancel()

    def _end(self, state: str) -> None:
        self.state = state
        self.ended = self._world.scheduler.now()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._world.ended(self)

    # The resource.

    def basic(self) -> dict[str, Any]:
        """Return the resource in view BASIC."""
        shown: dict[str, Any] = {
            "name": self.name,
            "createTime": timestamp(self.created),
            "state": self.state,
            "workflowRevisionId": self.revision.revision_id,
        }
        if self.started is not None:
            shown["startTime"] = timestamp(self.started)
            until = self.ended or self._world.scheduler.now()
            shown["duration"] = duration(until - self.started)
        if self.ended is not None:
            shown["endTime"] = timestamp(self.ended)
        return shown

    def full(self) -> dict[str, Any]:
        """Return the resource in view FULL."""
        shown = {**self.basic(), **self.document}
        if self.state == "SUCCEEDED":
            shown["result"] = self._engine.result
        failure = self._engine.failure
        if failure is not None:
            shown["error"] = {"payload": self._engine.payload, **_error(failure)}
        steps = self._engine.current_steps()
        if steps:
            shown["status"] = {
                "currentSteps": [{"routine": routine, "step": step} for routine, step in steps]
            }
        return shown


def _error(failure: Fault) -> dict[str, Any]:
    """Return Execution.error but its payload (reference 4.3); int64 values are JSON strings."""
    elements = [
        {
            "step": element.step,
            "routine": element.routine,
            "position": {
                "line": str(element.position.line),
                "column": str(element.position.column),
                "length": str(element.position.length),
            },
        }
        for element in failure.stack or []
    ]
    return {
        "context": failure.context(),
        "stackTrace": {"elements": elements},
    }
