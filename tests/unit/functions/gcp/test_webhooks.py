"""JSON to a chat: what an answer means, and that no secret is told."""

import traceback

import pytest
import requests

from gcp.webhooks import JsonPoster
from local_cloud.kit.http import ApiResponse
from rollouts.errors import BarqError, Denied, Missing, OverQuota, Refused, Transient
from tests.unit.functions.gcp.routed import made, text, transport

SECRET = "https://hooks.slack.com/services/T0/B0/secret"


def post(by):
    document = {"text": "rolled back"}
    JsonPoster(lambda: made(by)).post(SECRET, document, "slack/on-call was not told")


def test_a_message_is_posted_as_json():
    by = transport(text(200, "ok"))

    post(by)

    assert (by.urls, by.sent[0].method) == ([SECRET], "POST")
    assert by.sent[0].json() == {"text": "rolled back"}
    assert by.timeouts == [(5.0, 10.0)]


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
        (ApiResponse(304, b"", {}), Refused),
    ],
)
def test_an_answer_that_is_not_ok_says_whether_to_try_again(answer, kind):
    by = transport(answer)

    with pytest.raises(BarqError) as raised:
        post(by)

    assert type(raised.value) is kind
    assert len(by.sent) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("invalid_payload\n", "HTTP 400 (invalid_payload)"),
        (
            (
                '{"status":"invalid event","message":"Event object is invalid","errors":'
                "[\"Length of 'routing_key' is incorrect (should be 32 characters)\"]}"
            ),
            (
                "HTTP 400 (Event object is invalid; Length of 'routing_key' is incorrect"
                " (should be 32 characters))"
            ),
        ),
        ('{"echo": "https://hooks.slack.com/services/T0/B0/secret"}', "HTTP 400"),
        ("T0B0secret", "HTTP 400"),
        ("<html>" * 100_000, "HTTP 400"),
    ],
)
def test_only_known_words_of_an_answer_are_told(body, words):
    with pytest.raises(Refused) as raised:
        post(transport(text(400, body)))

    assert raised.value.message == f"slack/on-call was not told: {words}"


@pytest.mark.parametrize(
    "failure", [requests.ConnectionError(SECRET), requests.ReadTimeout(SECRET)]
)
def test_the_url_stands_in_no_message_and_in_no_traceback(failure):
    with pytest.raises(Transient) as raised:
        post(transport(lambda _: failure))

    printed = "".join(traceback.format_exception(raised.value))
    assert "secret" not in printed.replace("SECRET", "")
    assert "slack/on-call was not told" in printed
