import google.auth.exceptions as auth_errors
import pytest
import requests

from gcp.session import Session
from local_cloud.kit.http import ApiResponse
from rollouts.errors import BarqError, Conflict, Denied, Missing, OverQuota, Refused, Transient
from tests.unit.functions.gcp.routed import error_body, made, session_over, text, transport

URL = "https://run.googleapis.com/v1/x?token=secret-in-url"


def called(answer):
    with pytest.raises(BarqError) as raised:
        session_over(transport(answer)).call("GET", URL, "the service was not read")
    return raised.value


def test_an_answer_is_its_json():
    session = session_over(transport(ApiResponse.of({"a": 1})))

    assert session.call("GET", URL, "x") == {"a": 1}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (401, "UNAUTHENTICATED", Denied),
        (403, "PERMISSION_DENIED", Denied),
        (404, "NOT_FOUND", Missing),
        (409, "ABORTED", Conflict),
        (409, "ALREADY_EXISTS", Refused),
        (400, "INVALID_ARGUMENT", Refused),
        (400, "FAILED_PRECONDITION", Refused),
        (412, "", Refused),
        (302, "", Refused),
        (408, "", Transient),
        (429, "RESOURCE_EXHAUSTED", OverQuota),
        (499, "CANCELLED", Transient),
        (500, "INTERNAL", Transient),
        (503, "UNAVAILABLE", Transient),
        (504, "DEADLINE_EXCEEDED", Transient),
    ],
)
def test_a_status_is_the_error_that_says_who_acts(code, status, kind):
    error = called(error_body(code, status, "Google's own sentence."))

    assert type(error) is kind
    assert error.message.startswith(f"the service was not read: HTTP {code}")
    assert error.message.endswith("(Google's own sentence.)")


def test_a_conflict_is_known_by_its_sentence_when_the_status_is_left_out():
    words = "Conflict for resource 'fleet': version 'A' was specified but current version is 'B'"

    assert type(called(error_body(409, "", words))) is Conflict


def test_a_conflict_of_another_kind_is_never_retried():
    words = "Revision named 'fleet-b' with different configuration already exists."

    assert type(called(error_body(409, "", words))) is Refused


@pytest.mark.parametrize("body", ["<html>secret</html>", "[]", "{}", '{"error": "secret"}', "[1]"])
def test_a_body_that_is_not_googles_error_stands_in_no_message(body):
    error = called(text(500, body))

    assert error.message == "the service was not read: HTTP 500"


def test_an_error_in_a_list_is_read_as_well():
    assert "(Gone wrong)" in called(text(503, '[{"error": {"message": "Gone  wrong"}}]')).message


def test_a_registrys_error_is_read():
    body = '{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no such manifest"}]}'

    error = called(text(404, body))

    assert error.message.endswith("HTTP 404 MANIFEST_UNKNOWN (no such manifest)")


def test_a_long_sentence_is_cut():
    assert len(called(error_body(400, "X", "word " * 500)).message) < 500


@pytest.mark.parametrize(
    ("failure", "kind", "says"),
    [
        (requests.ConnectTimeout(URL), Transient, "no answer in time"),
        (requests.ReadTimeout(URL), Transient, "no answer in time"),
        (requests.ConnectionError(URL), Transient, "no connection, or it broke"),
        (requests.exceptions.ChunkedEncodingError(URL), Transient, "the answer cannot be read"),
        (requests.exceptions.InvalidURL(URL), Refused, "InvalidURL"),
        (auth_errors.TransportError(URL), Transient, "no credentials (TransportError)"),
        (auth_errors.RefreshError(URL, retryable=True), Transient, "RefreshError"),
        (auth_errors.RefreshError(URL), Denied, "RefreshError"),
    ],
)
def test_no_answer_is_an_error_that_tells_no_url(failure, kind, says):
    error = called(lambda _: failure)

    assert type(error) is kind
    assert says in error.message
    assert "secret" not in error.message


def test_an_answer_that_is_not_json_may_be_better_next_time():
    assert type(called(text(200, "<html>"))) is Transient


def test_an_empty_answer_is_not_an_empty_document():
    assert type(called(text(200, ""))) is Transient


def test_a_status_that_is_fine_is_no_error():
    session = session_over(transport(error_body(404, "NOT_FOUND", "gone")))

    assert session.call("POST", URL, "x", body={}, fine=frozenset({404})) is None


def test_every_call_has_a_timeout_and_is_sent_once():
    by = transport(error_body(503, "UNAVAILABLE", "later"))

    with pytest.raises(Transient):
        session_over(by).call("GET", URL, "x")

    assert by.timeouts == [(5.0, 20.0)]


def test_no_redirect_is_followed():
    by = transport(ApiResponse(307, b"", {"Location": "https://elsewhere.example.com"}))

    with pytest.raises(Refused):
        session_over(by).call("GET", URL, "x")

    assert len(by.sent) == 1


def test_the_credentials_are_looked_up_at_the_first_call_and_once():
    found = []
    by = transport(ApiResponse.of({}))

    def make():
        found.append("looked up")
        return made(by)

    session = Session(make)
    assert found == []
    session.call("GET", URL, "x")
    session.call("GET", URL, "x")

    assert found == ["looked up"]


def test_missing_credentials_are_said_so():
    def make() -> requests.Session:
        raise auth_errors.DefaultCredentialsError("none")

    with pytest.raises(Denied, match="the event was not sent: no credentials") as raised:
        Session(make).call("GET", URL, "the event was not sent")

    assert "metadata server" in raised.value.hint
