"""Every setting of the service, read from an environment into values that cannot be wrong.

Pure: the environment is an argument, and nothing heavy is imported, so that a wrong setting is
told within milliseconds. Not here: what the faults do (`faults.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from health_service.faults import Faults
from health_service.health.identity import Identity
from health_service.health.keys import GOOGLE_KEYS
from health_service.reading import (
    Setting,
    database_url,
    emails,
    https_url,
    integer,
    one_of,
    ratio,
    read,
    seconds,
    whole,
    yes_or_no,
)

LOG_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
LATENCY_MS_MAX: Final = 60_000
_POOL_MAX: Final = 100
_FAULT_PREFIX: Final = "FAULT_"


class SettingsError(Exception):
    """The environment holds wrong settings; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, repr=False)
class DatabaseSettings:
    """Where the data is. `password_file` is read anew for each connection; both may be empty."""

    url: str
    password: str
    password_file: str
    pool_max: int
    statement_seconds: float


@dataclass(frozen=True, slots=True)
class ReadySettings:
    """How long the check of the database may take, and how long its answer is kept."""

    timeout_seconds: float
    cache_seconds: float


@dataclass(frozen=True, slots=True)
class CallerSettings:
    """Who may call `/health/detailed`: with `public` anybody, else the holders of `emails`."""

    public: bool
    emails: frozenset[str]
    audience: str
    checked_by_platform: bool
    keys_url: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `project` may be empty: then log lines carry bare trace ids."""

    host: str
    port: int
    identity: Identity
    project: str
    log_level: str
    database: DatabaseSettings | None
    ready: ReadySettings
    callers: CallerSettings
    faults: Faults


def _callers(text: str) -> frozenset[str] | str:
    return text.lower() if text.lower() in ("public", "nobody") else emails(text)


_BOOLEAN: Final = "true or false"
_MS: Final = f"whole milliseconds from 1 to {LATENCY_MS_MAX}"
_MS_OR_NONE: Final = f"whole milliseconds from 0 to {LATENCY_MS_MAX}"
_URL_EXAMPLE: Final = "postgresql://fleet@10.0.0.3:5432/fleet"
_URL_RULE: Final = "a PostgreSQL URL with user, host and database and without a password"

SETTINGS: Final = (
    Setting("PORT", "8080", "a port from 1 to 65535", "8080", whole(1, 65_535)),
    Setting("HOST", "0.0.0.0", "an address to listen on", "127.0.0.1", str),  # noqa: S104 - Cloud Run reaches a container on every interface.
    Setting("K_SERVICE", "health-service", "a service's name", "fleet", str),
    Setting("K_REVISION", "unknown", "a revision's name", "fleet-00001-abc", str),
    Setting("SERVICE_VERSION", "unknown", "a version", "1.4.2", str),
    Setting("GOOGLE_CLOUD_REGION", "unknown", "a region", "europe-west1", str),
    Setting("ENVIRONMENT", "unknown", "a name", "staging", str),
    Setting("GOOGLE_CLOUD_PROJECT", "", "a project's id", "barq-staging", str),
    Setting("LOG_LEVEL", "INFO", f"one of {', '.join(LOG_LEVELS)}", "INFO", one_of(*LOG_LEVELS)),
    Setting("DATABASE_URL", "", _URL_RULE, _URL_EXAMPLE, database_url, secret=True),
    Setting("DATABASE_PASSWORD", "", "a password", "the one of a secret", str, secret=True),
    Setting("DATABASE_PASSWORD_FILE", "", "a file", "/secrets/database/password", str),
    Setting(
        "DATABASE_POOL_MAX",
        "5",
        f"a whole number from 1 to {_POOL_MAX}",
        "5",
        whole(1, _POOL_MAX),
    ),
    Setting("DATABASE_TIMEOUT_MS", "2000", _MS, "2000", whole(1, LATENCY_MS_MAX)),
    Setting("READY_TIMEOUT_MS", "1000", _MS, "1000", whole(1, LATENCY_MS_MAX)),
    Setting("READY_CACHE_MS", "1000", _MS_OR_NONE, "1000", whole(0, LATENCY_MS_MAX)),
    Setting(
        "DETAILED_CALLERS",
        "public",
        "public, nobody or e-mail addresses between commas",
        "ann@example.com,dashboard@barq-production.iam.gserviceaccount.com",
        _callers,
    ),
    Setting("DETAILED_AUDIENCE", "", "an audience", "https://fleet.example.com", str),
    Setting(
        "IDENTITY_CHECKED_BY",
        "service",
        "service or platform",
        "platform",
        one_of("service", "platform"),
    ),
    Setting(
        "IDENTITY_KEYS_URL",
        GOOGLE_KEYS,
        "an https URL",
        GOOGLE_KEYS,
        https_url,
    ),
    Setting("FAULT_ERROR_RATIO", "0", "a ratio from 0.0 to 1.0", "0.3", ratio),
    Setting("FAULT_LATENCY_MS", "0", _MS_OR_NONE, "250", whole(0, LATENCY_MS_MAX)),
    Setting("FAULT_AFTER_SECONDS", "0", "seconds, 0 or more", "20", seconds),
    Setting("FAULT_CRASH_AT_START", "false", _BOOLEAN, "true", yes_or_no),
    Setting("FAULT_NOT_READY", "false", _BOOLEAN, "true", yes_or_no),
    Setting("FAULT_HEALTH", "false", _BOOLEAN, "true", yes_or_no),
    Setting("FAULT_SEED", "", "a whole number", "42", integer),
)


def parse_settings(env: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError with every problem at once."""
    problems: list[str] = []
    known = read(SETTINGS, env, problems)
    problems.extend(_unknown_faults(env))
    problems.extend(_contradictions(known))
    if problems:
        raise SettingsError(tuple(problems))
    return Settings(
        host=known["HOST"],
        port=known["PORT"],
        identity=Identity(
            service=known["K_SERVICE"],
            version=known["SERVICE_VERSION"],
            revision=known["K_REVISION"],
            region=known["GOOGLE_CLOUD_REGION"],
            environment=known["ENVIRONMENT"],
        ),
        project=known["GOOGLE_CLOUD_PROJECT"] or "",
        log_level=known["LOG_LEVEL"],
        database=_database(known),
        ready=ReadySettings(known["READY_TIMEOUT_MS"] / 1000, known["READY_CACHE_MS"] / 1000),
        callers=_caller_settings(known),
        faults=_faults(known),
    )


def database_settings(env: Mapping[str, str]) -> DatabaseSettings | None:
    """Read only what tells of the database, for the commands that need nothing else."""
    problems: list[str] = []
    wanted = [one for one in SETTINGS if one.name.startswith("DATABASE_")]
    known = read(wanted, env, problems)
    problems.extend(_contradictions(known))
    if problems:
        raise SettingsError(tuple(problems))
    return _database(known)


def _database(known: Mapping[str, Any]) -> DatabaseSettings | None:
    if not known["DATABASE_URL"]:
        return None
    return DatabaseSettings(
        url=known["DATABASE_URL"],
        password=known["DATABASE_PASSWORD"] or "",
        password_file=known["DATABASE_PASSWORD_FILE"] or "",
        pool_max=known["DATABASE_POOL_MAX"],
        statement_seconds=known["DATABASE_TIMEOUT_MS"] / 1000,
    )


def _caller_settings(known: Mapping[str, Any]) -> CallerSettings:
    wanted = known["DETAILED_CALLERS"]
    return CallerSettings(
        public=wanted == "public",
        emails=frozenset() if isinstance(wanted, str) else wanted,
        audience=known["DETAILED_AUDIENCE"] or "",
        checked_by_platform=known["IDENTITY_CHECKED_BY"] == "platform",
        keys_url=known["IDENTITY_KEYS_URL"],
    )


def _faults(known: Mapping[str, Any]) -> Faults:
    return Faults(
        error_ratio=known["FAULT_ERROR_RATIO"],
        latency_seconds=known["FAULT_LATENCY_MS"] / 1000,
        after_seconds=known["FAULT_AFTER_SECONDS"],
        crash_at_start=known["FAULT_CRASH_AT_START"],
        not_ready=known["FAULT_NOT_READY"],
        health=known["FAULT_HEALTH"],
        seed=known["FAULT_SEED"],
    )


def _unknown_faults(env: Mapping[str, str]) -> list[str]:
    """A misspelt fault would look like a service that bears everything."""
    known = sorted(setting.name for setting in SETTINGS if setting.name.startswith(_FAULT_PREFIX))
    return [
        f"{name} is {env[name]!r}: must be one of {', '.join(known)}, such as {known[0]}."
        for name in sorted(env)
        if name.startswith(_FAULT_PREFIX) and name not in known
    ]


def _contradictions(known: Mapping[str, Any]) -> list[str]:
    """What is wrong only together."""
    problems = []
    if known["DATABASE_PASSWORD"] and known["DATABASE_PASSWORD_FILE"]:
        problems.append(
            "DATABASE_PASSWORD_FILE is set beside DATABASE_PASSWORD: must be alone, such as"
            " DATABASE_PASSWORD_FILE=/secrets/database/password."
        )
    wanted = known.get("DETAILED_CALLERS")
    by_service = known.get("IDENTITY_CHECKED_BY") == "service"
    if isinstance(wanted, frozenset) and by_service and not known["DETAILED_AUDIENCE"]:
        problems.append(
            "DETAILED_AUDIENCE is not set beside the addresses of DETAILED_CALLERS: must be the"
            " audience of their tokens, such as https://fleet.example.com."
        )
    return problems
