"""A requests transport that ends in a Router: real sessions, no sockets."""

import dataclasses
import io
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

from gcp.session import Session
from local_cloud.kit.http import ApiRequest, ApiResponse, Router

Answer = Callable[[ApiRequest], ApiResponse | Exception]


class Transport(BaseAdapter):
    """Answers from `answer`; an exception that it returns is raised, as a broken line would."""

    def __init__(self, answer: Answer, caller: str | None = None) -> None:
        super().__init__()
        self._answer = answer
        self._caller = caller
        self.sent: list[ApiRequest] = []
        self.urls: list[str] = []
        self.timeouts: list[Any] = []

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        parts = urlsplit(str(request.url))
        body = request.body or b""
        asked = ApiRequest(
            method=str(request.method),
            path=parts.path,
            query={name: tuple(values) for name, values in parse_qs(parts.query).items()},
            headers={name.lower(): str(value) for name, value in request.headers.items()},
            body=body if isinstance(body, bytes) else str(body).encode(),
            caller=self._caller,
        )
        self.sent.append(asked)
        self.urls.append(str(request.url))
        self.timeouts.append(timeout)
        found = self._answer(asked)
        if isinstance(found, Exception):
            raise found
        answer = requests.Response()
        answer.status_code = found.status
        answer.headers.update(found.headers)
        answer.raw = io.BytesIO(found.body)
        answer.request = request
        answer.url = str(request.url)
        return answer

    def close(self) -> None:
        """Nothing is open."""


def transport(answer: Answer | Router | ApiResponse, caller: str | None = None) -> Transport:
    if isinstance(answer, ApiResponse):
        return Transport(lambda _request: answer, caller)
    if isinstance(answer, Router):
        router = answer
        return Transport(lambda request: _routed(router, request), caller)
    return Transport(answer, caller)


def _routed(router: Router, request: ApiRequest) -> ApiResponse:
    found = router.handle(request)
    assert found is not None, f"no route for {request.method} {request.path}"
    return found


def made(by: Transport) -> requests.Session:
    """A plain requests session over the transport."""
    session = requests.Session()
    session.mount("http://", by)
    session.mount("https://", by)
    return session


def session_over(by: Transport) -> Session:
    return Session(lambda: made(by))


def error_body(code: int, status: str, message: str) -> ApiResponse:
    """Google's REST error."""
    error = {"code": code, "message": message, "status": status}
    return ApiResponse.of({"error": error}, code)


def text(status: int, body: str) -> ApiResponse:
    return dataclasses.replace(ApiResponse(), status=status, body=body.encode())
