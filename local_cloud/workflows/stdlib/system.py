"""sys.* and events.*: what touches the execution's surroundings.

Source: reference/workflows.md 3; the functions' own pages.
"""

from typing import Any, Final

from local_cloud.workflows.engine.effects import (
    AwaitCallback,
    CallbackRequest,
    CreateCallback,
    Log,
    Sleep,
)
from local_cloud.workflows.engine.memory import MEMORY_BYTES_MAX
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import as_text, checked_text, message_name
from local_cloud.workflows.stdlib.limits import check_json
from local_cloud.workflows.stdlib.registry import (
    Blocking,
    Function,
    choices_of,
    mapping,
    number,
    parameters,
    refuse,
    text,
)
from local_cloud.workflows.stdlib.times import parse_time

SLEEP_SECONDS_MAX: Final = 31_536_000
CALLBACK_SECONDS: Final = 43_200.0
CALLBACK_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
SEVERITIES: Final = (
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
)
_SHOWN_MAX: Final = 40


def get_env(execution: Any, name: Any, default: Any) -> Any:
    """Return the variable; `default` for an unknown name. A null default is as good as none."""
    if default is not None:
        text(default)
    value = execution.host.environment.get(text(name), default)
    if value is None and choices_of(execution).unknown_env == "KeyError":
        raise fault("KeyError", f"key not found: {name[:_SHOWN_MAX]}")
    return value


def log(execution: Any, data: Any, severity: Any, text_: Any, json: Any, timeout: Any) -> Log:
    """Null is as good as not given, as in the page's own `args: [${null}, "ERROR", ${myVar}]`."""
    given = [value for value in (data, text_, json) if value is not None]
    if len(given) != 1:
        raise fault("TypeError", "exactly one of data, text and json must be given")
    if timeout is not None:
        _seconds(timeout, "timeout")
    if json is not None and type(json) is not dict:
        refuse("a map", json)
    is_map = text_ is None and type(given[0]) is dict
    payload = _as_map(given[0]) if is_map else _as_line(given[0])
    return Log(_severity(severity), payload, *execution.place())


def _severity(severity: Any) -> str:
    if severity is None:
        return SEVERITIES[0]
    if text(severity) not in SEVERITIES:
        raise fault("ValueError", f"invalid severity: {severity[:_SHOWN_MAX]}")
    return str(severity)


def _as_map(value: dict[str, Any]) -> dict[str, Any]:
    _written(value)  # A log entry is JSON: bytes cannot stand in it.
    return value


def _as_line(value: Any) -> str:
    kind = type(value)
    if kind is dict or kind is list:
        return checked_text(_written(value))
    if value is None or kind is bytes:
        refuse("an integer, double, boolean, string, list or map", value)
    return as_text(value)


def _written(value: Any) -> str:
    check_json(value, MEMORY_BYTES_MAX)
    try:
        return json_text.encode(value)
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def sleep(execution: Any, seconds: Any) -> Sleep:
    length = number(seconds)
    if not 0 <= length <= SLEEP_SECONDS_MAX:
        raise fault("ValueError", f"seconds must be between 0 and {SLEEP_SECONDS_MAX}")
    return Sleep(execution.new_id(), float(length))


def sleep_until(execution: Any, time: Any) -> Sleep | None:
    """A time that has passed returns at once."""
    left = parse_time(time) - execution.host.now()
    if left > SLEEP_SECONDS_MAX:
        raise fault("ValueError", f"time must be at most {SLEEP_SECONDS_MAX} seconds ahead")
    return Sleep(execution.new_id(), left) if left > 0 else None


def create_callback_endpoint(execution: Any, method: Any) -> dict[str, Any]:
    if text(method) not in CALLBACK_METHODS:
        raise fault("ValueError", f"unsupported http_callback_method: {method[:_SHOWN_MAX]}")
    callback_id = f"{execution.host.uuid()}_{execution.host.uuid()}"
    url = execution.host.callback_url(callback_id)
    execution.callbacks[url] = callback_id
    execution.emit(CreateCallback(callback_id, method, url))
    return {"url": url}


def await_callback(execution: Any, callback: Any, timeout: Any) -> AwaitCallback:
    """Only the URL counts; what else the map holds does not matter."""
    if "url" not in mapping(callback):
        raise fault("ValueError", "callback has no url")
    callback_id = execution.callbacks.get(text(callback["url"]))
    if callback_id is None:
        raise fault("ValueError", "callback is not an endpoint of this execution")
    return AwaitCallback(execution.new_id(), callback_id, _seconds(timeout, "timeout"))


def _seconds(value: Any, name: str) -> float:
    """An execution lasts a year at most, so nothing is awaited for longer."""
    if type(value) not in (int, float):
        raise fault("TypeError", f"{name} must be a number, got '{message_name(value)}'")
    if not 0 < value <= SLEEP_SECONDS_MAX:
        raise fault("ValueError", f"{name} must be above 0 and at most {SLEEP_SECONDS_MAX}")
    return float(value)


def callback_came(_execution: Any, outcome: Any) -> dict[str, Any]:
    if isinstance(outcome, CallbackRequest):
        return outcome.value
    raise fault("TimeoutError", "timed out waiting for callback")


FUNCTIONS: Final[dict[str, Function]] = {
    "sys.get_env": Function(parameters("name", default=None), get_env, needs_host=True),
    "sys.now": Function(parameters(), lambda execution: execution.host.now(), needs_host=True),
    "events.create_callback_endpoint": Function(
        parameters(http_callback_method="POST"), create_callback_endpoint, needs_host=True
    ),
}
BLOCKING: Final[dict[str, Blocking]] = {
    "sys.log": Blocking(
        parameters(data=None, severity="DEFAULT", text=None, json=None, timeout=None), log, None
    ),
    "sys.sleep": Blocking(parameters("seconds"), sleep, lambda *_: None),
    "sys.sleep_until": Blocking(parameters("time"), sleep_until, lambda *_: None),
    "events.await_callback": Blocking(
        parameters("callback", timeout=CALLBACK_SECONDS), await_callback, callback_came
    ),
}
