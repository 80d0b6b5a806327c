"""Every setting of the service, read from an environment into values that cannot be wrong.

Pure: the environment is an argument, and nothing heavy is imported, so that a wrong setting is
told within milliseconds. Not here: what the faults do (`faults.py`).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from health_service.faults import Faults
from health_service.health.identity import Identity

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
LATENCY_MS_MAX: Final = 60_000
_FAULT_PREFIX: Final = "FAULT_"


class SettingsError(Exception):
    """The environment holds wrong settings; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `project` may be empty: then log lines carry bare trace ids."""

    host: str
    port: int
    identity: Identity
    project: str
    log_level: str
    faults: Faults


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `parse` raises ValueError; an empty value counts as not set."""

    name: str
    default: str
    rule: str
    example: str
    parse: Callable[[str], Any]


def _ratio(text: str) -> float:
    return _within(float(text), 0.0, 1.0)


def _seconds(text: str) -> float:
    return _within(float(text), 0.0, math.inf)


def _within(number: float, low: float, high: float) -> float:
    # NaN compares false with everything, so it is refused here too.
    if not (low <= number <= high) or math.isinf(number):
        raise ValueError
    return number


def _port(text: str) -> int:
    return _whole(text, 1, 65_535)


def _latency_ms(text: str) -> int:
    return _whole(text, 0, LATENCY_MS_MAX)


def _whole(text: str, low: int, high: int) -> int:
    number = int(text)
    if not low <= number <= high:
        raise ValueError
    return number


def _yes_or_no(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError
    return text.upper()


_BOOLEAN: Final = "true or false"

SETTINGS: Final = (
    Setting("PORT", "8080", "a port from 1 to 65535", "8080", _port),
    Setting("HOST", "0.0.0.0", "an address to listen on", "127.0.0.1", str),  # noqa: S104 - Cloud Run reaches a container on every interface.
    Setting("K_SERVICE", "health-service", "a service's name", "fleet", str),
    Setting("K_REVISION", "unknown", "a revision's name", "fleet-00001-abc", str),
    Setting("SERVICE_VERSION", "unknown", "a version", "1.4.2", str),
    Setting("GOOGLE_CLOUD_REGION", "unknown", "a region", "europe-west1", str),
    Setting("ENVIRONMENT", "unknown", "a name", "staging", str),
    Setting("GOOGLE_CLOUD_PROJECT", "", "a project's id", "barq-staging", str),
    Setting("LOG_LEVEL", "INFO", f"one of {', '.join(LOG_LEVELS)}", "INFO", _log_level),
    Setting("FAULT_ERROR_RATIO", "0", "a ratio from 0.0 to 1.0", "0.3", _ratio),
    Setting(
        "FAULT_LATENCY_MS",
        "0",
        f"whole milliseconds from 0 to {LATENCY_MS_MAX}",
        "250",
        _latency_ms,
    ),
    Setting("FAULT_AFTER_SECONDS", "0", "seconds, 0 or more", "20", _seconds),
    Setting("FAULT_CRASH_AT_START", "false", _BOOLEAN, "true", _yes_or_no),
    Setting("FAULT_NOT_READY", "false", _BOOLEAN, "true", _yes_or_no),
    Setting("FAULT_HEALTH", "false", _BOOLEAN, "true", _yes_or_no),
    Setting("FAULT_SEED", "", "a whole number", "42", int),
)


def parse_settings(env: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError with every problem at once."""
    problems: list[str] = []
    read = {setting.name: _read(setting, env, problems) for setting in SETTINGS}
    problems.extend(_unknown_faults(env))
    if problems:
        raise SettingsError(tuple(problems))
    return Settings(
        host=read["HOST"],
        port=read["PORT"],
        identity=Identity(
            service=read["K_SERVICE"],
            version=read["SERVICE_VERSION"],
            revision=read["K_REVISION"],
            region=read["GOOGLE_CLOUD_REGION"],
            environment=read["ENVIRONMENT"],
        ),
        project=read["GOOGLE_CLOUD_PROJECT"] or "",
        log_level=read["LOG_LEVEL"],
        faults=Faults(
            error_ratio=read["FAULT_ERROR_RATIO"],
            latency_seconds=read["FAULT_LATENCY_MS"] / 1000,
            after_seconds=read["FAULT_AFTER_SECONDS"],
            crash_at_start=read["FAULT_CRASH_AT_START"],
            not_ready=read["FAULT_NOT_READY"],
            health=read["FAULT_HEALTH"],
            seed=read["FAULT_SEED"],
        ),
    )


def _read(setting: Setting, env: Mapping[str, str], problems: list[str]) -> Any:
    value = env.get(setting.name) or setting.default
    if not value:
        return None
    try:
        return setting.parse(value)
    except (ValueError, KeyError):
        problems.append(
            f"{setting.name} is {value!r}: must be {setting.rule}, such as {setting.example}."
        )
        return None


def _unknown_faults(env: Mapping[str, str]) -> list[str]:
    """A misspelt fault would look like a service that bears everything."""
    known = sorted(setting.name for setting in SETTINGS if setting.name.startswith(_FAULT_PREFIX))
    return [
        f"{name} is {env[name]!r}: must be one of {', '.join(known)}, such as {known[0]}."
        for name in sorted(env)
        if name.startswith(_FAULT_PREFIX) and name not in known
    ]
