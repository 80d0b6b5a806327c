"""The service as a process with a database, asked over HTTP; every answer is held to its document."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from jsonschema import Draft202012Validator

from tests.processes.service_process import PATIENCE_SECONDS, ServiceProcess

TELLTALE: Final = ("Traceback", "asyncpg", "SELECT", "INSERT", "127.0.0.1", "s3cret", "odometer)")
"""What no answer may hold."""
_LIMIT_MS: Final = "20000"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    document: Any


class FleetService:
    """The service on a database of its own, ended with the block.

    Its limits are long: on a busy machine a database that is late is no finding.
    """

    def __init__(self, folder: Path, env: Mapping[str, str], *interpreter: str) -> None:
        limits = {
            "READY_CACHE_MS": "50",
            "READY_TIMEOUT_MS": _LIMIT_MS,
            "DATABASE_TIMEOUT_MS": _LIMIT_MS,
        }
        self.process = ServiceProcess(folder, {**limits, **env}, *interpreter)
        self._described: dict[str, Any] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.port}"

    def ask(self, method: str, path: str, document: object = None, **headers: str) -> Answer:
        """Send a request, and check that the answer is one of those that the document names."""
        body = json.dumps(document).encode() if document is not None else None
        if body is not None:
            headers = {"Content-Type": "application/json", **headers}
        answer = self.send(method, path, body, headers)
        self._check(method, path.partition("?")[0], answer)
        return answer

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> Answer:
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.process.port, timeout=PATIENCE_SECONDS
        )
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        assert not [word for word in TELLTALE if word in text], text
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, json.loads(text) if text else None)

    def described(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self._described:
            self._described = self.send("GET", "/openapi.json").document
        return self._described

    def _check(self, method: str, path: str, answer: Answer) -> None:
        document = self.described()
        path = "/vehicles/{id}" if path.startswith("/vehicles/") else path
        response = document["paths"][path][method.lower()]["responses"][str(answer.status)]
        for name in response.get("headers", {}):
            assert name.lower() in answer.headers, name
        schema = {
            **response["content"]["application/json"]["schema"],
            "components": document["components"],
        }
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(
            answer.document
        )

    def __enter__(self) -> Self:
        self.process.until_listening()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.end() == 0, self.process.errors.read_text()

    def until(self, condition: Callable[[], object]) -> None:
        """Wait for what the process does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "the service did not get there in time"
            time.sleep(0.02)
