"""PagerDuty's Events API v2, as far as it is documented: what it refuses, and which alerts are open.

No sockets. Source: https://developer.pagerduty.com/docs/send-alert-event and the service's own
description, https://github.com/PagerDuty/api-schema/blob/main/reference/events-v2/openapiv3.json.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

BODY_BYTES_MAX = 512 * 1024
SEVERITIES = ("critical", "error", "warning", "info")
Answer = tuple[int, dict[str, Any]]


class PagerDuty:
    """One integration of one service. `paged` counts alerts that were opened."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.taken: list[dict[str, Any]] = []
        self.alerts: dict[str, str] = {}
        """Dedup key -> triggered, acknowledged or resolved."""
        self.paged = 0

    def takes(self, path: str, body: bytes) -> Answer:
        """Answer a POST as the real one does."""
        if path != "/v2/enqueue":
            return 404, {"status": "not found"}
        if len(body) > BODY_BYTES_MAX:
            return 413, {"status": "too large"}
        try:
            event = json.loads(body)
        except ValueError:
            return 400, {"status": "Unrecognized object", "errors": ["JSON parse error"]}
        errors = list(_errors(event, self._key))
        if errors:
            message = "Event object is invalid"
            return 400, {"status": "invalid event", "message": message, "errors": errors}
        self.taken.append(event)
        self._does(event["event_action"], event["dedup_key"])
        key = event["dedup_key"]
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}

    def _does(self, action: str, key: str) -> None:
        """An acknowledgement or a resolution of what is not open is dropped."""
        is_open = self.alerts.get(key) in ("triggered", "acknowledged")
        if action == "trigger":
            self.paged += not is_open
            self.alerts[key] = self.alerts[key] if is_open else "triggered"
        elif is_open:
            self.alerts[key] = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]


def _errors(event: Any, key: str) -> Iterator[str]:
    if not isinstance(event, dict):
        yield "the event is no object"
        return
    given = event.get("routing_key")
    if not isinstance(given, str) or len(given) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    elif given != key:
        yield "Invalid routing key"
    action = event.get("event_action")
    if action not in ("trigger", "acknowledge", "resolve"):
        yield "'event_action' is invalid (must be one of: trigger, acknowledge, resolve)"
    dedup = event.get("dedup_key")
    # Optional for a trigger; Barq always sends it.
    if not isinstance(dedup, str) or not 0 < len(dedup) <= 255:
        yield "'dedup_key' is missing or too long"
    if action == "trigger":
        yield from _about(event.get("payload"), "payload", _PAYLOAD, set(_PAYLOAD) - _OPTIONAL)
    for link in event.get("links", []):
        yield from _about(link, "links", {"href": _url, "text": _text}, {"href"})
    if not _url(event.get("client_url", "https://x")) or not _text(event.get("client", "x")):
        yield "'client' or 'client_url' is invalid"
    known = {"routing_key", "event_action", "dedup_key", "payload", "links", "client", "client_url"}
    yield from (f"'{name}' is not a field" for name in set(event) - known)


def _about(
    given: Any, name: str, fields: Mapping[str, Callable[[Any], bool]], required: set[str]
) -> Iterator[str]:
    if not isinstance(given, dict):
        yield f"'{name}' is missing or blank"
        return
    yield from (f"'{name}.{one}' is missing or blank" for one in sorted(required - set(given)))
    for one, value in given.items():
        if one not in fields or not fields[one](value):
            yield f"'{name}.{one}' is invalid"


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _url(value: Any) -> bool:
    return _text(value) and value.startswith(("https://", "http://"))


def _time(value: Any) -> bool:
    try:
        return dt.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


_PAYLOAD: dict[str, Callable[[Any], bool]] = {
    "summary": lambda value: _text(value) and len(value) <= 1024,
    "source": _text,
    "severity": lambda value: value in SEVERITIES,
    "timestamp": _time,
    "component": _text,
    "group": _text,
    "class": _text,
    "custom_details": lambda value: isinstance(value, dict),
}
_OPTIONAL = {"timestamp", "component", "group", "class", "custom_details"}
