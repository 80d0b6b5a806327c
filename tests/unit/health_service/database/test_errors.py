"""What is said of each error, and that nothing else of it gets out."""

import errno
import socket
import ssl

import asyncpg
import pytest

from health_service.database.errors import (
    LOST,
    NO_ANSWER,
    NO_CONNECTION,
    NO_FILE,
    NOT_UNDERSTOOD,
    READ_ONLY,
    REFUSED,
    UNREACHABLE,
    WRONG_KIND,
    WRONG_PARAMETER,
    Unavailable,
    origin,
    why_failed,
    why_not_connected,
)

SECRETS = ("10.9.8.7", "5432", "zoe", "s3cret", "stock")
TELLTALE = 'user "zoe" at 10.9.8.7:5432, database "stock", password s3cret'
RESTARTING = "the database is starting up or shutting down"
BY_NETWORK = [
    (ConnectionRefusedError(errno.ECONNREFUSED, TELLTALE), REFUSED),
    (OSError(errno.EHOSTUNREACH, TELLTALE), "there is no route to the database"),
    (OSError(errno.ENETUNREACH, TELLTALE), "there is no route to the database"),
    (TimeoutError(errno.ETIMEDOUT, TELLTALE), NO_CONNECTION),
    (TimeoutError(), NO_CONNECTION),
    (ConnectionResetError(errno.ECONNRESET, TELLTALE), LOST),
    (socket.gaierror(socket.EAI_NONAME, TELLTALE), "the database's name is not known"),
    (FileNotFoundError(errno.ENOENT, TELLTALE), NO_FILE),
    (PermissionError(errno.EACCES, TELLTALE), UNREACHABLE),
    (
        OSError(errno.EMFILE, TELLTALE),
        "this process has too many files open for another connection",
    ),
    (ssl.SSLCertVerificationError(1, TELLTALE), "the database's certificate is not trusted"),
    (ssl.SSLError(1, TELLTALE), "the database and this service found no common TLS"),
    (ConnectionError(f"{TELLTALE} rejected SSL upgrade"), "the database refuses TLS"),
    (ConnectionError("unexpected connection_lost() call"), LOST),
]


def of_state(state: str) -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": state, "S": "FATAL", "M": TELLTALE})


def said(words: str | None) -> str:
    """Return the words once it is sure that they hold nothing of the error's text."""
    assert words
    assert not [secret for secret in SECRETS if secret in words]
    return words


@pytest.mark.parametrize(("error", "words"), BY_NETWORK, ids=range(len(BY_NETWORK)))
def test_an_attempt_to_connect_tells_what_stood_in_its_way(error: Exception, words: str) -> None:
    assert said(why_not_connected(error)) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("28P01", "the database refuses the password"),
        ("28000", "the database refuses this user"),
        ("3D000", "the server has no such database"),
        ("53300", "the database has no connection left"),
        ("57P03", RESTARTING),
        ("53400", "the database's server is short of something"),
        ("42501", "the database refuses this user"),
        ("42704", WRONG_PARAMETER),
        ("42601", WRONG_PARAMETER),
        ("22023", WRONG_PARAMETER),
        ("55P02", WRONG_PARAMETER),
        ("55000", UNREACHABLE),
        ("XX000", UNREACHABLE),
    ],
)
def test_what_the_server_refuses_a_connection_for_is_told(state: str, words: str) -> None:
    assert said(why_not_connected(of_state(state))) == words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("25006", READ_ONLY),
        ("40P01", "another transaction was in the way"),
        ("53100", "the database's disk is full"),
        ("55P03", "another transaction holds a lock"),
        ("57014", "the database ended a statement that took too long"),
        ("57P01", "the database is shutting down, or its administrator ended the connection"),
        ("57P05", "the database ended the connection"),
        ("58030", "the database's storage fails"),
        ("08006", LOST),
    ],
)
def test_a_statement_that_the_server_cannot_serve_is_nobodys_fault(state: str, words: str) -> None:
    assert said(why_failed(of_state(state), ended=False)) == words


@pytest.mark.parametrize("state", ["42601", "42P01", "42501", "23505", "22003", "XX000"])
def test_a_statement_that_is_wrong_is_its_senders_matter(state: str) -> None:
    """Syntax, a missing table, a right that is missing, a key that is taken, a wrong value."""
    assert why_failed(of_state(state), ended=False) is None


def test_the_servers_last_words_count_more_than_the_end_of_the_connection() -> None:
    ended = asyncpg.ConnectionDoesNotExistError(TELLTALE)
    assert said(why_failed(ended, ended=True)) == LOST

    ended.__cause__ = of_state("57P03")

    assert said(why_failed(ended, ended=True)) == RESTARTING


def test_only_the_end_of_its_connection_makes_a_drivers_refusal_the_databases() -> None:
    """On a connection that lives, it refused what it was asked: an argument of a wrong type."""
    refused = asyncpg.InterfaceError(TELLTALE)

    assert said(why_failed(refused, ended=True)) == LOST
    assert said(why_failed(asyncpg.InternalClientError(TELLTALE), ended=True)) == LOST
    assert why_failed(refused, ended=False) is None


def test_an_error_that_is_not_of_the_database_is_not_explained() -> None:
    assert why_failed(KeyError("vin"), ended=True) is None
    assert why_failed(FileNotFoundError(errno.ENOENT, TELLTALE), ended=False) is None
    assert why_not_connected(KeyError("vin")) is None


def test_a_statement_without_an_answer_is_told_as_that() -> None:
    assert said(why_failed(TimeoutError(), ended=False)) == NO_ANSWER


def test_an_address_that_is_none_is_told_as_a_wrong_setting() -> None:
    error = asyncpg.exceptions.ClientConfigurationError(TELLTALE)

    assert said(why_not_connected(error)).endswith("DATABASE_URL is wrong")


def test_a_server_of_another_kind_than_the_address_asks_for_is_told_as_that() -> None:
    error = asyncpg.TargetServerAttributeNotMatched(TELLTALE)

    assert said(why_not_connected(error)) == WRONG_KIND


def test_a_server_that_is_no_postgresql_is_told_as_that() -> None:
    error = asyncpg.exceptions._base.ProtocolError(TELLTALE)

    assert said(why_not_connected(error)) == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[Errno 111] Connect call failed ('::1', 5432), [Errno 111] 10.9.8.7", REFUSED),
        ("[Errno 99] Cannot assign ('::1', 5432), [Errno 111] 10.9.8.7", REFUSED),
        ("[Errno 113] ('10.9.8.7', 5432)", "there is no route to the database"),
        ("[Errno 110] ('10.9.8.7', 5432)", NO_CONNECTION),
        ("what a later Python says of 10.9.8.7", UNREACHABLE),
    ],
)
def test_several_addresses_that_fail_are_told_in_one_word(text: str, words: str) -> None:
    assert said(why_not_connected(OSError(f"Multiple exceptions: {text}"))) == words


def test_what_was_explained_once_keeps_its_words() -> None:
    assert why_not_connected(Unavailable("words")) == "words"


def roll_back_after(cause: Exception) -> None:
    try:
        raise cause
    finally:
        raise asyncpg.InterfaceError("cannot call Transaction.__aexit__(): released")


def test_an_error_is_looked_for_behind_the_rollback_that_it_caused() -> None:
    cause = TimeoutError()
    with pytest.raises(asyncpg.InterfaceError) as caught:
        roll_back_after(cause)

    assert origin(caught.value) is cause


def test_a_drivers_refusal_that_hides_nothing_is_its_own_origin() -> None:
    error = asyncpg.InterfaceError("connection is closed")

    assert origin(error) is error
