"""A model that keeps what it has in a file, and dies and starts again in virtual time."""

import datetime as dt
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest, Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.settings import WorkflowsSettings

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PARENT = "projects/p/locations/l/workflows/w"
LONG: list[dict[str, Any]] = [
    {"s": {"call": "sys.sleep", "args": {"seconds": 100}}},
    {"r": {"return": "awake"}},
]
AWAIT = """
- make:
    call: events.create_callback_endpoint
    args: {http_callback_method: POST}
    result: endpoint
- wait:
    try:
      call: events.await_callback
      args: {callback: "${endpoint}", timeout: 50}
      result: request
    except:
      as: e
      steps:
        - late: {return: "${e.tags[0]}"}
- finish: {return: "${request.http_request.body}"}
"""


class Tokens:
    def access_token(self, email: str) -> str:
        return f"access:{email}"

    def id_token(self, email: str, audience: str) -> str:
        return f"id:{email}:{audience}"

    def caller(self, authorization: str | None) -> str | None:
        return None

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        raise AssertionError("nobody invokes a workflow with an ID token")


class Service:
    """The world that the workflows send to; it outlives them.

    A request that is sent again is answered when the first was to be: it went on working.
    """

    latency_seconds = 1.0

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.due: dict[str, dt.datetime] = {}
        self.answer: Callable[[Outbound], Inbound | NoAnswer] = lambda _: Inbound(200)

    def door(self, scheduler: VirtualScheduler) -> "Door":
        return Door(self, scheduler)


class Door:
    def __init__(self, service: Service, scheduler: VirtualScheduler) -> None:
        self._service = service
        self._scheduler = scheduler

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        service, now = self._service, self._scheduler.now()
        service.requests.append(request.url)
        latency = dt.timedelta(seconds=service.latency_seconds)
        due = service.due.setdefault(request.url, now + latency)

        def answered() -> None:
            del service.due[request.url]
            done(service.answer(request))

        self._scheduler.call_later(max(0.0, (due - now).total_seconds()), answered)


class Cloud:
    """`path` None keeps nothing. `logs` and `states` are those of all starts."""

    def __init__(self, path: Path | None, **settings: Any) -> None:
        self._settings = WorkflowsSettings(
            callback_base_url="http://local:1",
            store_path=None if path is None else str(path),
            **settings,
        )
        self._rng = random.Random(1)
        self.service = Service()
        self.logs: list[Any] = []
        self.platform_logs: list[Any] = []
        self.states: list[str] = []
        self._open(START)

    def _open(self, now: dt.datetime) -> None:
        self.scheduler = VirtualScheduler(now)
        door, audit = self.service.door(self.scheduler), Audit(self.scheduler)
        self.model = WorkflowsModel(
            self.scheduler, door, Tokens(), audit, self._rng, self._settings, project_number="4242"
        )
        self.model.on_log.append(self._logged)
        self.model.on_state_change.append(lambda one: self.states.append(one["state"]))

    def _logged(self, entry: dict[str, Any]) -> None:
        log, payload = entry["logName"], entry.get("textPayload", entry.get("jsonPayload"))
        (self.logs if log.endswith("/logs/Workflows") else self.platform_logs).append(payload)

    def restart(self, down_seconds: float = 0) -> None:
        """Die, be away for a while, and start again."""
        self.model.close()
        self._open(self.scheduler.now() + dt.timedelta(seconds=down_seconds))
        self.model.go_on()

    def close(self) -> None:
        self.model.close()

    def deploy(self, source: str | list[Any] | dict[str, Any], **options: Any) -> dict[str, Any]:
        text = source if isinstance(source, str) else json.dumps(source)
        return self.model.deploy("p", "l", "w", text, **options)

    def start(self, source: str | list[Any] | dict[str, Any], argument: Any = None) -> str:
        self.deploy(source)
        return self.again(argument)

    def again(self, argument: Any = None, **options: Any) -> str:
        return str(self.model.create_execution(PARENT, json.dumps(argument), **options)["name"])

    def pass_seconds(self, seconds: float) -> None:
        self.scheduler.run_for(seconds)

    def get(self, name: str) -> dict[str, Any]:
        return self.model.get_execution(name)

    def callbacks(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.model.list_callbacks(name).get("callbacks", [])
        return found

    def call_back(self, name: str, body: bytes = b"", kind: str = "text/plain") -> None:
        """Send a request to the execution's first endpoint."""
        path = self.callbacks(name)[0]["name"]
        headers = {"content-type": kind} if body else {}
        request = ApiRequest("POST", f"/v1/{path}", headers=headers, body=body)
        self.model.send_callback(name, path.rpartition("/")[2], request)
