"""What an execution asks of the world, as values; and what the world answers.

The engine returns effects and is resumed with outcomes. It never performs one.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

from local_cloud.kit.http import Inbound, NoAnswer, Outbound


@dataclass(frozen=True, slots=True)
class Auth:
    """What the request proves: an ID token for `audience`, or an access token with `scopes`."""

    kind: Literal["OIDC", "OAuth2"]
    audience: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpCall:
    """Resume with Inbound, NoAnswer or AuthRefused."""

    id: int
    request: Outbound
    auth: Auth | None = None


@dataclass(frozen=True, slots=True)
class AuthRefused:
    """The outcome of an HttpCall whose token could not be had; nothing was sent."""

    message: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Resume with None after `seconds`."""

    id: int
    seconds: float


@dataclass(frozen=True, slots=True)
class CreateCallback:
    """A callback endpoint exists from now on. Not answered."""

    callback_id: str
    method: str
    url: str


@dataclass(frozen=True, slots=True)
class AwaitCallback:
    """Resume with a CallbackRequest, or with TimedOut after `timeout_seconds`."""

    id: int
    callback_id: str
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A request that came to a callback endpoint: the map that the workflow sees."""

    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The outcome of an AwaitCallback that nothing came to."""


@dataclass(frozen=True, slots=True)
class Log:
    """Write a log entry. Not answered. `payload` is a map (jsonPayload) or text."""

    severity: str
    payload: dict[str, Any] | str
    step: str
    routine: str


BREATH_ID: Final = 0


@dataclass(frozen=True, slots=True)
class Breathe:
    """Resume with None once others have had their turn: the execution has computed for long.

    No time passes, and outcomes of other effects may come first. It comes up at the same places in
    each run, and its id is not one of the counted ones: a journal may have it or not.
    """

    id: int = BREATH_ID


Effect = HttpCall | Sleep | CreateCallback | AwaitCallback | Log | Breathe
Outcome = Inbound | NoAnswer | AuthRefused | CallbackRequest | TimedOut | None
