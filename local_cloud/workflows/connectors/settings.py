"""`connector_params`: how long a connector call may take, and how it polls.

Source: https://cloud.google.com/workflows/docs/reference/googleapis, "Invoke a connector call".
"""

from dataclasses import dataclass
from typing import Any, Final

from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.stdlib.registry import mapping, number, refuse, text, truth

TIMEOUT_SECONDS: Final = 1800.0
TIMEOUT_SECONDS_MAX: Final = 31_536_000
_KEYS: Final = ("polling_policy", "scopes", "skip_polling", "timeout")
_POLICY_KEYS: Final = ("initial_delay", "max_delay", "multiplier")


@dataclass(frozen=True, slots=True)
class Settings:
    """The defaults are the service's."""

    timeout_seconds: float = TIMEOUT_SECONDS
    """Of the whole call, its retries and its polling."""
    initial_delay_seconds: float = 1.0
    multiplier: float = 1.25
    max_delay_seconds: float = 60.0
    skip_polling: bool = False
    scopes: tuple[str, ...] = ()
    """() is what the method needs."""


def read(given: Any) -> Settings:
    """Read the argument `connector_params`. Raises Fault: TypeError, ValueError."""
    if given is None:
        return Settings()
    _check_keys("connector_params", mapping(given), _KEYS)
    policy = {} if given.get("polling_policy") is None else mapping(given["polling_policy"])
    _check_keys("polling_policy", policy, _POLICY_KEYS)
    timeout = _number(given, "timeout", TIMEOUT_SECONDS)
    if not 0 < timeout <= TIMEOUT_SECONDS_MAX:
        raise fault("ValueError", f"timeout must be above 0 and at most {TIMEOUT_SECONDS_MAX}")
    read_policy = Settings(
        timeout,
        initial_delay_seconds=_number(policy, "initial_delay", 1.0),
        multiplier=_number(policy, "multiplier", 1.25),
        max_delay_seconds=_number(policy, "max_delay", 60.0),
        skip_polling=given.get("skip_polling") is not None and truth(given["skip_polling"]),
        scopes=_scopes(given.get("scopes")),
    )
    if not (read_policy.initial_delay_seconds > 0 and read_policy.max_delay_seconds > 0):
        raise fault("ValueError", "initial_delay and max_delay must be above 0")
    if not read_policy.multiplier >= 1:
        raise fault("ValueError", "multiplier must be at least 1")
    return read_policy


def _check_keys(name: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            shown = json_text.encode(key, lenient=True)
            raise fault("ValueError", f"{name} has no {shown}: it takes {', '.join(known)}")


def _number(given: dict[str, Any], name: str, default: float) -> float:
    value = given.get(name)
    return default if value is None else float(number(value))


def _scopes(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if type(given) is str:
        return tuple(given.replace(",", " ").split())
    if type(given) is not list:
        refuse("a string or a list of strings", given)
    return tuple(text(scope) for scope in given)
