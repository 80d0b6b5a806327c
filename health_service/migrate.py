"""`python -m health_service.migrate`: brings the database's schema to what this image needs.

It runs before the revision gets traffic: docs/ROLLBACK_PROCEDURES.md, "Databases".
Exit status: 0 the schema serves this image, 1 it does not, or not yet, 2 for wrong settings,
130 interrupted.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence

import asyncpg
from sqlalchemy.exc import DBAPIError

from health_service.database.errors import why_failed, why_not_connected
from health_service.database.password import Reading, reader
from health_service.migrations.limits import Limits
from health_service.migrations.upgrade import (
    Connect,
    NotConnected,
    NotLookedAt,
    NotUpgraded,
    NoTurn,
    Outcome,
    StrangeSchema,
    head,
    sql,
    upgrade,
)
from health_service.settings import DatabaseSettings, SettingsError, database_settings

_CONNECT_SECONDS = 10.0
_INTERRUPTED = 130  # As shells say it: 128 and the number of SIGINT.
_AGAIN = " hint: run it again; what is done is not done twice"


def main(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run the command and return its exit status."""
    options = _options(arguments)
    limits = Limits(
        lock_seconds=options.lock_timeout_ms / 1000,
        attempts_max=options.attempts,
        turn_seconds=options.turn_seconds,
    )
    if options.sql:
        _tell(sql(limits))
        return 0
    try:
        settings = database_settings(env)
    except SettingsError as error:
        return _fail(2, "the schema was not looked at; the settings are wrong", *error.problems)
    if settings is None:
        example = "postgresql://fleet@127.0.0.1:5432/fleet"
        needed = f"DATABASE_URL is not set: must be the database's URL, such as {example}."
        return _fail(2, "the schema was not looked at; the settings are wrong", needed)
    try:
        return asyncio.run(_migrate(settings, limits))
    except KeyboardInterrupt:
        return _fail(
            _INTERRUPTED, "interrupted; what is done stays done, and the next run goes on behind it"
        )


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m health_service.migrate",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--sql", action="store_true", help="print what all migrations run")
    parser.add_argument(
        "--lock-timeout-ms",
        type=_above_zero,
        default=round(Limits().lock_seconds * 1000),
        help="how long a statement may wait for a lock, and make others wait",
    )
    parser.add_argument(
        "--attempts",
        type=_above_zero,
        default=Limits().attempts_max,
        help="how often a step is tried whose lock is not got in time",
    )
    parser.add_argument(
        "--turn-seconds",
        type=_above_zero,
        default=round(Limits().turn_seconds),
        help="how long to wait for another migration to end",
    )
    return parser.parse_args(arguments)


def _above_zero(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, such as 5; is {text!r}")
    return int(text)


async def _migrate(settings: DatabaseSettings, limits: Limits) -> int:
    try:
        outcome = await upgrade(_connect(settings, limits), limits, _tell)
    except NotUpgraded as failed:
        return _not_upgraded(failed)
    except NoTurn:
        busy = f"another migration was under way for {limits.turn_seconds:g} s"
        return _fail(1, f"the schema was left as it is; {busy}", _AGAIN)
    except StrangeSchema as strange:
        at = f"it is at {strange}, which is none of this image's migrations up to {head()}"
        hint = " hint: is DATABASE_URL the database of another service?"
        return _fail(1, f"the schema was left as it is; {at}", hint)
    except NotConnected as failed:
        return _fail(1, f"the schema was not looked at; {why_no_connection(failed)}", _AGAIN)
    except NotLookedAt as failed:
        return _fail(1, f"the schema was not looked at; {_reason(failed)}", _AGAIN)
    _tell(said(outcome))
    return 0


def _connect(settings: DatabaseSettings, limits: Limits) -> Connect:
    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        # Empty, not None: for that asyncpg would look through the environment and the home folder.
        reading = Reading(reader(settings.password, settings.password_file))
        password = await reading.within(_CONNECT_SECONDS)
        return await asyncpg.connect(
            settings.url,
            password=password,
            timeout=_CONNECT_SECONDS,
            server_settings={"application_name": "health_service.migrate", **limits.settings()},
        )

    return connect


def said(outcome: Outcome) -> str:
    """Return the sentence for an end that is no error."""
    if not outcome.known:
        return (
            f"the schema is at {outcome.after}, newer than this image's {head()}: nothing was done."
            " A newer image brought it there, and it serves this one for as long as /health/ready"
            " says so."
        )
    if outcome.before == outcome.after:
        return f"the schema is at {outcome.after}: nothing was to be done."
    return f"the schema is at {outcome.after}; it was at {outcome.before or 'nothing'}."


def _not_upgraded(failed: NotUpgraded) -> int:
    state = f"it is at {failed.at or 'nothing'}, which serves the revision before as well as ever"
    what = f"the schema was not brought to {head()}; {state}"
    return _fail(1, what, f" because {_reason(failed)}", _AGAIN)


def why_no_connection(failed: NotConnected) -> str:
    """Return the words for it."""
    return why_not_connected(_origin(failed)) or _reason(failed)


def _origin(failed: Exception) -> Exception:
    """Return the driver's error, which stands behind SQLAlchemy's two."""
    cause = failed.__cause__
    assert isinstance(cause, Exception)
    if not isinstance(cause, DBAPIError):
        return cause  # What stands behind a TimeoutError is only how asyncio ended the wait.
    wrapped = cause.orig
    assert isinstance(wrapped, Exception)
    return wrapped.__cause__ if isinstance(wrapped.__cause__, Exception) else wrapped


def _reason(failed: Exception) -> str:
    """This is read by who runs the migration, so the server's own word may be told."""
    error = _origin(failed)
    if not isinstance(error, asyncpg.PostgresError):
        return why_failed(error, ended=True) or f"of a {type(error).__name__}"
    return why_failed(error, ended=False) or f"the database says: {error} ({error.sqlstate})"


def _tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command's answer.


def _fail(status: int, what: str, *more: str) -> int:
    print(f"error: {what}", *more, sep="\n", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
