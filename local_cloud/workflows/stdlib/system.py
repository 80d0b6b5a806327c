"""sys.* and events.*: what touches the execution's surroundings (reference section 3)."""

from typing import Any, Final

from local_cloud.workflows.engine.effects import (
    AwaitCallback,
    CallbackRequest,
    CreateCallback,
    Log,
    Sleep,
)
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.json_text import encode
from local_cloud.workflows.language.values import as_text, message_name
from local_cloud.workflows.stdlib.data import parse_time
from local_cloud.workflows.stdlib.registry import (
    Blocking,
    Function,
    number,
    parameters,
    refuse,
    text,
)

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


def get_env(execution: Any, name: Any, default: Any) -> Any:
    """Return the variable; `default` (null if not given) for an unknown name."""
    return execution.host.environment.get(text(name), default)


def log(execution: Any, data: Any, severity: Any, text_: Any, json: Any, _timeout: Any) -> Log:
    given = [value for value in (data, text_, json) if value is not None]
    if len(given) != 1:
        raise fault("ValueError", "exactly one of data, text and json must be given")
    if severity not in SEVERITIES:
        raise fault("ValueError", f"invalid severity: {encode(severity, lenient=True)}")
    if json is not None and type(json) is not dict:
        refuse("a map", json)
    value = given[0]
    payload: Any = value
    if type(value) not in (dict, list):
        payload = as_text(value)
    elif (written := encode(value, lenient=True)) and (text_ is not None or type(value) is list):
        payload = written
    return Log(severity, payload, *execution.place())


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
        raise fault("ValueError", f"unsupported http_callback_method: {method}")
    callback_id = f"{execution.host.uuid()}_{execution.host.uuid()}"
    url = execution.host.callback_url(callback_id)
    execution.callbacks[url] = callback_id
    execution.emit(CreateCallback(callback_id, method, url))
    return {"url": url}


def await_callback(execution: Any, callback: Any, timeout: Any) -> AwaitCallback:
    if type(callback) is not dict:
        raise fault("TypeError", f"callback must be a map, got '{message_name(callback)}'")
    callback_id = execution.callbacks.get(callback.get("url"))
    if callback_id is None:
        raise fault("ValueError", "callback is not an endpoint of this execution")
    if not number(timeout) > 0:
        raise fault("ValueError", "timeout must be above 0")
    return AwaitCallback(execution.new_id(), callback_id, float(timeout))


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
