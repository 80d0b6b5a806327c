"""HTTP as values: what a door is asked, what it answers, and what a model sends out.

No socket is opened here. `fronts/rest.py` serves routers over real sockets; the simulation calls
`Router.handle` directly. Outbound calls (Pub/Sub push, workflow `http.*`) go through a
`Sender`, real or virtual.
"""

import functools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from urllib.parse import unquote

from local_cloud.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request to an emulated API. `caller` is a service account's e-mail, None the developer."""

    method: str
    path: str
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    caller: str | None = None

    def json(self) -> Any:
        """Return the body as JSON; an empty body is {}. Raises Refused(INVALID_ARGUMENT)."""
        if not self.body:
            return {}
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Refused("INVALID_ARGUMENT", "Invalid JSON payload received.") from None

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return self.query.get(name, (default,))[0]


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An answer of an emulated API."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(document: Any, status: int = 200) -> "ApiResponse":
        """Answer with JSON."""
        return ApiResponse(
            status,
            json.dumps(document).encode(),
            {"Content-Type": "application/json; charset=UTF-8"},
        )


FOUND_MAX: Final = 1024
"""Paths whose route a router remembers."""
Handler = Callable[[ApiRequest, dict[str, str]], ApiResponse]


class Router:
    """Routes by method and path template, such as `/v1/projects/{project}/topics/{topic}:publish`.

    `{name}` matches one segment up to `/` or `:`; `{name+}` matches across slashes. Values are
    percent-decoded. A handler that raises Refused answers with Google's error body.
    """

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []
        self._found: dict[tuple[str, str], tuple[Handler, dict[str, str]] | None] = {}
        """By method and path: most requests are for what was asked for before."""

    def add(self, method: str, template: str, handler: Handler) -> None:
        self._routes.append((method, _pattern(template), handler))
        self._found.clear()

    def include(self, other: "Router") -> None:
        """Take over all routes of another router, after the present ones."""
        self._routes.extend(other._routes)  # noqa: SLF001
        self._found.clear()

    def handle(self, request: ApiRequest) -> ApiResponse | None:
        """Answer a request, or None if no route has this method and path."""
        asked = request.method, request.path
        if asked not in self._found:
            if len(self._found) >= FOUND_MAX:
                self._found.clear()
            self._found[asked] = self._find(*asked)
        found = self._found[asked]
        if found is None:
            return None
        handler, values = found
        try:
            return handler(request, dict(values))
        except Refused as refusal:
            return ApiResponse.of(refusal.as_json(), refusal.http_status())

    def _find(self, method: str, path: str) -> tuple[Handler, dict[str, str]] | None:
        for of, pattern, handler in self._routes:
            found = pattern.fullmatch(path) if of in (method, "*") else None
            if found is not None:
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                return handler, values
        return None


@functools.lru_cache(maxsize=512)
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile("".join(map(_as_pattern, re.split(r"(\{[^}]+\})", template))))


def _as_pattern(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    if name.endswith("+"):
        return f"(?P<{name[:-1]}>.+)"
    return f"(?P<{name}>[^/:]+)"


@dataclass(frozen=True, slots=True)
class Outbound:
    """An HTTP request that a model wants sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    timeout_seconds: float = 300.0
    """For everything: redirects, and the answer to its last byte."""
    redirects_max: int = 0
    """How many redirects are followed, as `kit.redirects` says; 0: they are answers."""
    answer_bytes_max: int | None = None
    """The largest body that is read; None: the sender's own limit."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """The answer to an Outbound. Header names are as the server sent them."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """An Outbound that got no answer.

    `never_connected`: DNS, refused: nothing was sent. `broken`: the connection broke after it
    stood, the request may have been acted on. `timeout`: no whole answer in time. `too_large`: an
    answer came, and its body was above the limit.
    """

    kind: Literal["never_connected", "broken", "timeout", "too_large"]
    message: str


class Sender(Protocol):
    """Sends requests out of the local cloud."""

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        """Send, and call `done` exactly once, later, on the models' thread."""
