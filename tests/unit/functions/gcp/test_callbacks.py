import pytest

from gcp.callbacks import CallbackWaker
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Denied, Refused, Transient
from tests.unit.functions.gcp.routed import error_body, session_over, transport

ENDPOINT = "https://workflowexecutions.googleapis.com"
CALLBACK = f"{ENDPOINT}/v1/projects/1/locations/l/workflows/w/executions/e/callbacks/c_1"


def wake(by, callback=CALLBACK):
    CallbackWaker(session_over(by), ENDPOINT).wake(callback)


def test_a_wake_up_is_an_empty_post():
    by = transport(ApiResponse.of({}))

    wake(by)

    assert [(one.method, one.body) for one in by.sent] == [("POST", b"{}")]
    assert by.urls == [CALLBACK]


def test_the_answer_to_a_wake_up_has_no_body():
    by = transport(ApiResponse())

    wake(by)

    assert len(by.sent) == 1


@pytest.mark.parametrize("status", [404, 429])
def test_gone_or_already_awake_is_no_error(status):
    by = transport(error_body(status, "X", "no"))

    wake(by)

    assert len(by.sent) == 1


@pytest.mark.parametrize(("status", "kind"), [(403, Denied), (503, Transient)])
def test_any_other_answer_is_an_error(status, kind):
    with pytest.raises(kind, match="the execution was not woken"):
        wake(transport(error_body(status, "X", "no")))


@pytest.mark.parametrize(
    "callback",
    [
        "https://evil.example.com/v1/callbacks",
        "https://workflowexecutions.googleapis.com.evil.example.com/v1",
        "https://workflowexecutions.googleapis.com@evil.example.com/v1",
        "http://workflowexecutions.googleapis.com/v1",
        "",
        "callbacks",
        CALLBACK.removeprefix(ENDPOINT),
    ],
)
def test_the_token_is_sent_to_workflows_and_nowhere_else(callback):
    by = transport(ApiResponse.of({}))

    with pytest.raises(Refused):
        wake(by, callback)

    assert by.sent == []


EXECUTION = CALLBACK.rpartition("/callbacks/")[0]


@pytest.mark.parametrize(
    "callback",
    [
        f"{EXECUTION}:cancel",
        f"{EXECUTION}/callbacks/c:cancel",
        EXECUTION,
        f"{EXECUTION}/callbacks",
        f"{EXECUTION}/callbacks/",
        f"{EXECUTION}/callbacks/..",
        f"{EXECUTION}/../e:cancel?/callbacks/c",
        f"{CALLBACK}/c",
        f"{CALLBACK}?alt=media",
        f"{CALLBACK}#c",
        f"{CALLBACK}\n",
        f"{CALLBACK}%2F..",
        f"{ENDPOINT}/v1/projects/1/locations/l/workflows/other/executions",
        f"{ENDPOINT}/v1/projects/1/locations/l/workflows/w:triggerPubsubExecution",
        CALLBACK.replace("/v1/", "/v2/"),
    ],
)
def test_nothing_of_workflows_is_called_but_a_callback(callback):
    by = transport(ApiResponse.of({}))

    with pytest.raises(Refused, match="no callback URL of the workflows service"):
        wake(by, callback)

    assert by.sent == []


@pytest.mark.parametrize("project", ["barq-delivery", "123456789", "example.com:barq"])
def test_a_callback_of_any_project_is_woken(project):
    by = transport(ApiResponse.of({}))

    wake(by, CALLBACK.replace("projects/1/", f"projects/{project}/"))

    assert len(by.sent) == 1
