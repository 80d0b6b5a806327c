"""The world that a case is played in: virtual time, scripted answers, plain-text tokens."""

import base64
import datetime as dt
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings

START: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PARENT: Final = "projects/p/locations/l/workflows/w"
LATENCY_SECONDS: Final = 1.0
"""Of each scripted answer that says no `after`."""
DAYS_MAX: Final = 400


class Tokens:
    """Tokens that say whose they are. Accounts that begin with `unknown` have none."""

    def access_token(self, email: str) -> str:
        if email.startswith("unknown"):
            raise Refused("NOT_FOUND", f"no such account: {email}")
        return f"access:{email}"

    def id_token(self, email: str, audience: str) -> str:
        return f"id:{email}:{audience}"

    def caller(self, authorization: str | None) -> str | None:
        return authorization and authorization.removeprefix("Bearer access:")

    def invoker(self, _authorization: str | None, _audiences: tuple[str, ...]) -> str | None:
        return None


class Wire:
    """Answers requests from a script.

    An answer with `when` is for requests whose "METHOD URL" has that pattern; one without is
    for whatever comes. Each is used once, unless it says `always`.
    """

    def __init__(self, scheduler: VirtualScheduler, answers: list[dict[str, Any]]) -> None:
        self.requests: list[Outbound] = []
        self.times: list[float] = []
        self._scheduler = scheduler
        self._left = list(answers)

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        self.requests.append(request)
        seconds = (self._scheduler.now() - START).total_seconds()
        self.times.append(int(seconds) if seconds.is_integer() else seconds)
        answer = self._take(f"{request.method} {request.url}")
        outcome = _outcome(answer)
        seconds = answer.get("after", LATENCY_SECONDS)
        if seconds > request.timeout_seconds:
            seconds, outcome = request.timeout_seconds, NoAnswer("timeout", "no answer in time")
        self._scheduler.call_later(seconds, lambda: done(outcome))

    def _take(self, line: str) -> dict[str, Any]:
        for answer in self._left:
            if re.search(answer.get("when", ""), line):
                if not answer.get("always"):
                    self._left.remove(answer)
                return answer
        raise AssertionError(f"no answer in the script for {line}")


_FAILURES: Final[Mapping[str, Any]] = {
    "refused": NoAnswer("never_connected", "connection refused"),
    "broken": NoAnswer("broken", "connection reset"),
    "timeout": NoAnswer("timeout", "no answer in time"),
}


def _outcome(answer: Mapping[str, Any]) -> Inbound | NoAnswer:
    if "failure" in answer:
        failure: NoAnswer = _FAILURES[answer["failure"]]
        return failure
    headers = [(name, str(value)) for name, value in answer.get("headers", {}).items()]
    body = b""
    if "json" in answer:
        body = json.dumps(answer["json"]).encode()
        headers = [("content-type", "application/json"), *headers]
    elif "text" in answer:
        body = answer["text"].encode()
        headers = [*headers] if "headers" in answer else [("content-type", "text/plain")]
    elif "base64" in answer:
        body = base64.b64decode(answer["base64"])
    elif "octets" in answer:
        body = b"x" * answer["octets"]
    return Inbound(answer.get("status", 200), tuple(headers), body)


@dataclass
class World:
    """A model with its surroundings; `play` is a whole day and more of it in one call."""

    scheduler: VirtualScheduler
    wire: Wire
    model: WorkflowsModel
    logs: list[dict[str, Any]] = field(default_factory=list)

    def seconds(self) -> float:
        return (self.scheduler.now() - START).total_seconds()

    def offer(self, execution: str, at: Mapping[str, Any]) -> int:
        """Send a request to a callback endpoint; return the HTTP status of the answer."""
        listed = self.model.list_callbacks(execution).get("callbacks", [])
        body = json.dumps(at["json"]).encode() if "json" in at else at.get("text", "").encode()
        kind = "application/json" if "json" in at else "text/plain"
        headers = {"content-type": kind, **at.get("headers", {})} if body else {}
        query = {name: (str(value),) for name, value in at.get("query", {}).items()}
        name, _, callback_id = listed[at.get("endpoint", 0)]["name"].rpartition("/callbacks/")
        path = f"/v1/{name}/callbacks/{callback_id}"
        request = ApiRequest(at.get("method", "POST"), path, query, headers, body, None)
        try:
            self.model.send_callback(name, callback_id, request)
        except Refused as refusal:
            return refusal.http_status()
        return 200


def make_world(case: Mapping[str, Any]) -> World:
    """Return a fresh world with the case's script, choices and settings."""
    scheduler = VirtualScheduler(START)
    wire = Wire(scheduler, case.get("answers", []))
    settings = WorkflowsSettings(
        choices=Choices.of(case.get("choices", {})), **case.get("settings", {})
    )
    audit, rng = Audit(scheduler), random.Random(1)
    model = WorkflowsModel(scheduler, wire, Tokens(), audit, rng, settings, project_number="4242")
    world = World(scheduler, wire, model)
    model.on_log.append(
        lambda entry: (
            world.logs.append(entry) if entry["logName"].endswith("/logs/Workflows") else None
        )
    )
    return world
