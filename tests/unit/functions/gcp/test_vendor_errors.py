import google.auth.exceptions as auth_errors
import grpc
import pytest
import requests
from google.api_core import exceptions as api_errors

from gcp.vendor_errors import translated
from rollouts.errors import BarqError, Conflict, Denied, Missing, OverQuota, Refused, Transient


def raised(error):
    with pytest.raises(BarqError) as found, translated("the execution was not read"):
        raise error
    assert found.value.__cause__ is error
    return found.value


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (api_errors.Unauthenticated("m"), Denied),
        (api_errors.PermissionDenied("m"), Denied),
        (api_errors.NotFound("m"), Missing),
        (api_errors.Aborted("m"), Conflict),
        (api_errors.AlreadyExists("m"), Refused),
        (api_errors.InvalidArgument("m"), Refused),
        (api_errors.FailedPrecondition("m"), Refused),
        (api_errors.OutOfRange("m"), Refused),
        (api_errors.ResourceExhausted("m"), OverQuota),
        (api_errors.TooManyRequests("m"), OverQuota),
        (api_errors.DeadlineExceeded("m"), Transient),
        (api_errors.ServiceUnavailable("m"), Transient),
        (api_errors.InternalServerError("m"), Transient),
        (api_errors.Unknown("m"), Transient),
        (api_errors.Cancelled("m"), Transient),
        (api_errors.RetryError("m", None), Transient),
        (requests.ConnectionError("m"), Transient),
        (requests.ReadTimeout("m"), Transient),
        (auth_errors.TransportError("m"), Transient),
        (auth_errors.DefaultCredentialsError("m"), Denied),
    ],
)
def test_a_vendors_error_is_the_error_that_says_who_acts(error, kind):
    found = raised(error)

    assert type(found) is kind
    assert found.message.startswith("the execution was not read: ")


def test_googles_sentence_is_told():
    error = api_errors.from_grpc_status(grpc.StatusCode.NOT_FOUND, "workflow w does not exist")

    assert raised(error).message == (
        "the execution was not read: HTTP 404 NOT_FOUND (workflow w does not exist)"
    )


def test_an_answer_over_rest_tells_neither_url_nor_body():
    answer = requests.Response()
    answer.status_code = 502
    answer._content = b"<html>secret</html>"
    answer.request = requests.Request("GET", "https://run.googleapis.com/secret").prepare()

    found = raised(api_errors.from_http_response(answer))

    assert type(found) is Transient
    assert found.message == "the execution was not read: HTTP 502"


def test_barqs_own_errors_pass():
    with pytest.raises(Missing, match="mine"), translated("x"):
        raise Missing("mine")
