"""What went wrong with the database, in words that may be shown to anybody.

No host, port, user or database stands in them: they go by the SQLSTATE and the kind of an error.
Two things are told apart: the database cannot serve now (words: a 503), or a statement was wrong
(None: a bug, or its sender's matter, such as a key that is taken).

Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

import errno
import re
import socket
import ssl
from typing import Final

import asyncpg

LOST: Final = "the connection to the database was lost"
UNREACHABLE: Final = "the database cannot be reached"
READ_ONLY: Final = "the database is read-only"
NO_RIGHT: Final = (
    "the database's user lacks a right that this revision needs: its administrator has to grant it"
)
REFUSED: Final = "the database refuses connections"
NO_CONNECTION: Final = "the database did not answer a new connection in time"
NO_ANSWER: Final = "the database did not answer a statement in time"
WRONG_PARAMETER: Final = "the database refuses a parameter of its address; DATABASE_URL is wrong"
WRONG_KIND: Final = "the database's server is not of the kind that DATABASE_URL asks for"
NO_FILE: Final = "a file that DATABASE_URL names is not there: a socket or a certificate"
NOT_UNDERSTOOD: Final = "the database's server answers, but not as PostgreSQL does"

_BY_STATE: Final = {
    "25006": READ_ONLY,
    "28000": "the database refuses this user",
    "28P01": "the database refuses the password",
    "3D000": "the server has no such database",
    "40001": "another transaction was in the way",
    "40P01": "another transaction was in the way",
    "53100": "the database's disk is full",
    "53200": "the database's server is out of memory",
    "53300": "the database has no connection left",
    "55P03": "another transaction holds a lock",
    "57014": "the database ended a statement that took too long",
    "57P01": "the database is shutting down, or its administrator ended the connection",
    "57P02": "the database crashed and is starting again",
    "57P03": "the database is starting up or shutting down",
    "57P04": "the server has no such database",
}
_BY_CLASS: Final = {
    "08": LOST,
    "53": "the database's server is short of something",
    "57": "the database ended the connection",
    "58": "the database's storage fails",
}
# A value, a name, a parameter that is set at the server's start. No statement was sent yet: what is
# wrong stands in the address.
_OF_THE_ADDRESS: Final = ("22", "42", "55P02")
_BY_ERRNO: Final = {
    errno.ECONNREFUSED: REFUSED,
    errno.EHOSTUNREACH: "there is no route to the database",
    errno.ENETUNREACH: "there is no route to the database",
    errno.EHOSTDOWN: "there is no route to the database",
    errno.ETIMEDOUT: NO_CONNECTION,
    errno.ENOENT: NO_FILE,
    errno.EMFILE: "this process has too many files open for another connection",
}
# asyncio joins the errors of several addresses into one text.
_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")


class Unavailable(Exception):
    """The database cannot serve now, and may again later. The text may be shown to anybody."""


class Lost(Unavailable):
    """The connection ended under a statement: what it was meant to do was done or was not.

    A read may be sent once more, and finds another connection, or why there is none.
    """


def origin(error: BaseException) -> BaseException:
    """Return what came first: a rollback on a lost connection hides what was rolled back for."""
    while isinstance(error, asyncpg.InterfaceError) and error.__context__ is not None:
        error = error.__context__
    return error


def why_not_connected(error: Exception) -> str | None:
    """Return why there is no connection, or None if `error` is not one of connecting."""
    if isinstance(error, Unavailable):
        return str(error)
    if isinstance(error, TimeoutError):
        return NO_CONNECTION
    if isinstance(error, asyncpg.PostgresError):
        return _why_by_state(error) or _why_refused(error.sqlstate or "")
    if isinstance(error, asyncpg.ClientConfigurationError):
        return "the database's address is not one; DATABASE_URL is wrong"
    if isinstance(error, asyncpg.TargetServerAttributeNotMatched):
        return WRONG_KIND
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return NOT_UNDERSTOOD
    return _why_by_network(error) if isinstance(error, OSError) else None


def why_failed(error: Exception, *, ended: bool) -> str | None:
    """Return why a statement could not be served, or None if it was wrong itself.

    `ended`: so is its connection.
    """
    if isinstance(error, TimeoutError):
        return NO_ANSWER
    if isinstance(error, asyncpg.PostgresError):
        return _why_by_state(error) or (LOST if ended else None)
    # An internal error: what the server said last came before the statement, which was never sent.
    of_the_driver = asyncpg.InterfaceError | asyncpg.InternalClientError | OSError
    return LOST if ended and isinstance(error, of_the_driver) else None


def _why_by_state(error: asyncpg.PostgresError) -> str | None:
    # A connection that ends under a statement is told by the driver; the server's reason is behind.
    if isinstance(error.__cause__, asyncpg.PostgresError):
        return _why_by_state(error.__cause__)
    state = error.sqlstate or ""
    return _BY_STATE.get(state) or _BY_CLASS.get(state[:2])


def _why_refused(state: str) -> str:
    if state == asyncpg.InsufficientPrivilegeError.sqlstate:
        return _BY_STATE["28000"]
    return WRONG_PARAMETER if state.startswith(_OF_THE_ADDRESS) else UNREACHABLE


def _why_by_network(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the database's name is not known"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the database's certificate is not trusted"
    if isinstance(error, ssl.SSLError):
        return "the database and this service found no common TLS"
    numbers = [error.errno] if error.errno else [int(n) for n in _ERRNO.findall(str(error))]
    for number in numbers:
        if number in _BY_ERRNO:
            return _BY_ERRNO[number]
    if isinstance(error, ConnectionError):
        return "the database refuses TLS" if "rejected SSL" in str(error) else LOST
    return UNREACHABLE
