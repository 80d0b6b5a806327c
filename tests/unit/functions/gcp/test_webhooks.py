import traceback

import pytest
import requests

from gcp.environment import Environment
from gcp.webhooks import HttpWebhooks
from local_cloud.kit.http import ApiResponse
from rollouts.errors import BadSettings, BarqError, Denied, Missing, OverQuota, Refused, Transient
from tests.unit.functions.gcp.routed import made, text, transport

SECRET = "https://hooks.slack.com/services/T0/B0/secret"


def webhooks(by):
    return HttpWebhooks(Environment({"WEBHOOK_ON_CALL": SECRET}), lambda: made(by))


def test_a_message_is_posted_as_json_to_the_url_of_the_environment():
    by = transport(text(200, "ok"))

    webhooks(by).post("on-call", {"text": "rolled back"})

    assert (by.urls, by.sent[0].method) == ([SECRET], "POST")
    assert by.sent[0].json() == {"text": "rolled back"}


def test_a_webhook_without_a_url_is_a_setting_to_be_set():
    with pytest.raises(BadSettings, match="WEBHOOK_TEAM is not set"):
        webhooks(transport(text(200, "ok"))).post("team", {})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (text(429, "slow down"), OverQuota),
        (text(500, "oops"), Transient),
        (text(400, "invalid_payload"), Refused),
        (text(410, "channel_is_archived"), Refused),
        (text(403, "action_prohibited"), Denied),
        (text(404, "no_service"), Missing),
        (ApiResponse(302, b"", {"Location": "https://elsewhere.example.com"}), Refused),
    ],
)
def test_an_answer_that_is_not_ok_says_whether_to_try_again(answer, kind):
    by = transport(answer)

    with pytest.raises(BarqError) as raised:
        webhooks(by).post("on-call", {})

    assert type(raised.value) is kind
    assert len(by.sent) == 1


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError(SECRET), requests.ReadTimeout(SECRET)]
)
def test_the_url_stands_in_no_message_and_in_no_traceback(failure):
    with pytest.raises(Transient) as raised:
        webhooks(transport(lambda _: failure)).post("on-call", {})

    printed = "".join(traceback.format_exception(raised.value))
    assert "secret" not in printed
    assert "the webhook on-call was not told" in printed
