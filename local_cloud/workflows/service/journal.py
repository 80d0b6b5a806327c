"""What happens to an execution, in order: enough to run it again to where it stood.

The engine is deterministic, so an execution is its revision, its argument and its turns. A turn
is one event, and what the engine was told while it acted on it. Where turns are kept is not known
here.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.workflows.engine import effects as fx


@dataclass(frozen=True, slots=True)
class Started:
    """The first step runs."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """An effect has its outcome."""

    effect_id: int
    outcome: fx.Outcome


@dataclass(frozen=True, slots=True)
class Offered:
    """A request has come to a callback endpoint; whoever awaits it goes on in a later turn."""

    callback_id: str
    request: fx.CallbackRequest


@dataclass(frozen=True, slots=True)
class Came:
    """The one that awaited a request goes on with it."""

    effect_id: int


Event = Started | Resumed | Offered | Came


@dataclass(frozen=True, slots=True)
class Turn:
    """`at` is in microseconds since 1970; the engine sees this time until its next turn."""

    at: int
    event: Event
    answers: tuple[str, ...]
    """What the engine was told of chance, in order."""
    asked: str
    """What it asked for: see `mark`."""


class Unreadable(Exception):
    """A turn that was kept cannot be read: whoever keeps it must not go on from it."""


def mark(effects: Iterable[fx.Effect]) -> str:
    """Return which effects these are, such as `Sleep:3 Log`: a replay must ask for the same."""
    return " ".join(
        f"{type(effect).__name__}:{effect.id}" if hasattr(effect, "id") else type(effect).__name__
        for effect in effects
    )


def encode(event: Event) -> tuple[str, bytes | None]:
    """Return an event as JSON text, and the body of a request or response beside it."""
    match event:
        case Started():
            return '["started"]', None
        case Came(effect_id):
            return json.dumps(["came", effect_id]), None
        case Offered(callback_id, request):
            rest, body = _without_bytes(request.value)
            return json.dumps(["offered", callback_id, rest]), body
        case Resumed(effect_id, outcome):
            return _encode_outcome(effect_id, outcome)


def _encode_outcome(effect_id: int, outcome: fx.Outcome) -> tuple[str, bytes | None]:
    match outcome:
        case None:
            return json.dumps(["done", effect_id]), None
        case fx.TimedOut():
            return json.dumps(["timed out", effect_id]), None
        case Inbound(status, headers, body):
            return json.dumps(["answered", effect_id, status, headers]), body
        case NoAnswer(kind, message):
            return json.dumps(["no answer", effect_id, kind, message]), None
        case fx.AuthRefused(message):
            return json.dumps(["no token", effect_id, message]), None
        case fx.CallbackRequest():
            raise AssertionError("a request to a callback is offered, then it comes")


def decode(text: str, body: bytes | None) -> Event:
    """Return what `encode` was given. Raises Unreadable."""
    try:
        kind, *told = json.loads(text)
        return _DECODERS[kind](body, *told)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise Unreadable from error


def _offered(body: bytes | None, callback_id: str, value: dict[str, Any]) -> Event:
    if body is not None:
        value["http_request"]["body"] = body
    return Offered(callback_id, fx.CallbackRequest(value))


def _answered(body: bytes | None, effect_id: int, status: int, headers: list[list[str]]) -> Event:
    pairs = tuple((name, value) for name, value in headers)
    return Resumed(effect_id, Inbound(status, pairs, body or b""))


_DECODERS: Final[Mapping[str, Callable[..., Event]]] = {
    "started": lambda _: Started(),
    "came": lambda _, effect_id: Came(effect_id),
    "offered": _offered,
    "done": lambda _, effect_id: Resumed(effect_id, None),
    "timed out": lambda _, effect_id: Resumed(effect_id, fx.TimedOut()),
    "answered": _answered,
    "no answer": lambda _, effect_id, kind, message: Resumed(effect_id, NoAnswer(kind, message)),
    "no token": lambda _, effect_id, message: Resumed(effect_id, fx.AuthRefused(message)),
}


def _without_bytes(value: dict[str, Any]) -> tuple[dict[str, Any], bytes | None]:
    """Return what JSON can hold of a callback's request, and a body that it cannot."""
    body = value["http_request"]["body"]
    if type(body) is not bytes:
        return value, None
    return {**value, "http_request": {**value["http_request"], "body": None}}, body
