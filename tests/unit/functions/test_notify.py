"""What notify takes for an event, whom it tells, and what it acknowledges."""

import base64
import io
import json
from types import SimpleNamespace

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

import notify
from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadInput, BadSettings, Missing, Transient
from rollouts.notices import Notice
from rollouts.policy import Channel
from tests.unit.functions.rollouts.builders import at, document, rollout

TOLD = Notice("rollout.promoted", at(), rollout(), "it passed", 100, 100).as_cloud_event()
OPS = {"email": "ops", "to": ["ops@example.com"], "from": "barq@example.com"}
DELIVERY = parse_delivery(document(notifications=[{"slack": "team"}, {"pagerduty": "sre"}, OPS]))


def pushed(data):
    return json.dumps({"message": {"data": base64.b64encode(data).decode()}}).encode()


TOLD_BODY = pushed(json.dumps(TOLD).encode())
IN_WORDS = b'{"data": "event service target rollout canary stable"}'
STARTED_BODY = pushed(json.dumps(TOLD).replace("promoted", "started").encode())


class Channels:
    def __init__(self, error=None):
        self.sent = []
        self.error = error

    def send(self, channel, letter):
        if self.error:
            raise self.error
        self.sent.append((channel, letter))


def answered(path="/slack/team", body=TOLD_BODY, error=None):
    channels = Channels(error)
    _, status = notify.answer(path, body, SimpleNamespace(delivery=DELIVERY, channels=channels))
    return status, channels.sent


def test_an_event_of_barqs_is_read():
    assert notify.read_event(TOLD_BODY) == TOLD


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'{"data": []}', b'{"data": {}}', IN_WORDS]
)
def test_what_is_no_event_of_barqs_is_told_apart(data):
    with pytest.raises(BadInput):
        notify.read_event(pushed(data))


@given(st.binary() | st.text().map(str.encode) | st.binary().map(pushed))
def test_whatever_a_body_holds_only_bad_input_escapes(body):
    with pytest.raises(BadInput):
        notify.read_event(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=3,
)


@given(
    st.dictionaries(st.sampled_from(sorted(TOLD["data"].keys() - {"service"})), JSON),
    st.sampled_from(["/slack/team", "/pagerduty/sre", "/email/ops"]),
)
def test_whatever_an_event_says_it_is_taken(changes, path):
    told = TOLD | {"data": TOLD["data"] | changes}

    assert answered(path, pushed(json.dumps(told).encode()))[0] == 204


def test_the_path_says_the_channel():
    assert notify.read_channel("/pagerduty/on-call") == Channel("pagerduty", "on-call")


@pytest.mark.parametrize("path", ["", "/", "/slack", "/slack/", "/teams/x", "/slack/a/b"])
def test_a_path_that_names_no_channel_is_refused(path):
    with pytest.raises(BadInput, match=r"must be KIND/NAME, such as /slack/team\."):
        notify.read_channel(path)


def test_the_channel_of_the_path_alone_is_told(capsys):
    status, sent = answered()

    line = json.loads(capsys.readouterr().out)
    assert (status, [channel for channel, _ in sent]) == (204, [Channel("slack", "team")])
    assert line == {
        "severity": "INFO",
        "event": "notice.sent",
        "channel": "slack/team",
        "notice": "rollout.promoted",
        "rollout": "0123abcd",
    }


@pytest.mark.parametrize(
    ("path", "body", "severity", "event"),
    [
        ("/slack/team", pushed(b"{}"), "WARNING", "event.rejected"),
        ("/slack/team", b"no json", "WARNING", "event.rejected"),
        ("/", TOLD_BODY, "WARNING", "event.rejected"),
        ("/slack/gone", TOLD_BODY, "WARNING", "notice.unknown"),
        (
            "/pagerduty/sre",
            STARTED_BODY,
            "INFO",
            "notice.unwanted",
        ),
    ],
)
def test_what_nobody_is_to_be_told_is_acknowledged_with_a_line(path, body, severity, event, capsys):
    status, sent = answered(path, body)

    line = json.loads(capsys.readouterr().out)
    assert (status, sent) == (204, [])
    assert (line["severity"], line["event"]) == (severity, event)


@pytest.mark.parametrize(
    ("error", "status", "severity", "event"),
    [
        (Transient("slack/team was not told: HTTP 503"), 503, "WARNING", "notice.delayed"),
        (BadSettings("SLACK_TEAM is not set: ..."), 503, "WARNING", "notice.delayed"),
        (Missing("slack/team was not told: HTTP 404"), 204, "ERROR", "notice.refused"),
    ],
)
def test_only_what_a_second_delivery_may_cure_is_asked_for_again(
    error, status, severity, event, capsys
):
    answer, _ = answered(error=error)

    line = json.loads(capsys.readouterr().out)
    assert answer == status
    assert (line["severity"], line["event"], line["because"]) == (severity, event, error.message)


def test_a_fault_of_our_own_is_asked_for_again_and_tells_no_word_of_a_library(capsys):
    """Its text may hold what it was given, such as a channel's URL."""
    status, _ = answered(error=ValueError("https://hooks.example.com/secret"))

    out = capsys.readouterr().out
    line = json.loads(out)
    assert status == 503
    assert (line["severity"], line["event"]) == ("ERROR", "notice.failed")
    assert (line["channel"], line["because"]) == ("slack/team", "ValueError")
    assert "test_notify.py" in line["traceback"][-1]
    assert "secret" not in out


def test_half_a_character_is_told_and_logged(monkeypatch):
    """JSON can hold one, and the log's UTF-8 cannot."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stdout", stdout)
    told = TOLD | {"id": "\ud800", "data": TOLD["data"] | {"rollout": "\ud800"}}
    body = pushed(json.dumps(told).encode())

    statuses = [answered(path, body)[0] for path in ("/slack/team", "/pagerduty/sre", "/email/ops")]

    assert statuses == [204, 204, 204]
    lines = [json.loads(line) for line in stdout.buffer.getvalue().splitlines()]
    assert [(line["event"], line["rollout"]) for line in lines] == [("notice.sent", "?")] * 3


def test_the_entry_point_reads_path_and_body_of_the_push(capsys):
    request = flask.Request(
        EnvironBuilder("/teams/dev", method="POST", data=TOLD_BODY).get_environ()
    )

    assert notify.notify(request) == ("", 204)
    assert "'/teams/dev'" in capsys.readouterr().out
