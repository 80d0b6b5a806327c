"""What notify takes for an event, and what it leaves aside without asking for it again."""

import base64
import json

import pytest
from cloudevents.http import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

import notify
from rollouts.errors import BadInput
from rollouts.notices import Notice
from tests.unit.functions.rollouts.builders import at, rollout

ATTRIBUTES = {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "//pubsub"}
TOLD = Notice("rollout.promoted", at(), rollout(), "it passed", 100, 100).as_cloud_event()


def message(data):
    return CloudEvent(ATTRIBUTES, {"message": {"data": base64.b64encode(data).decode()}})


def test_an_event_of_barqs_is_read():
    assert notify.read(message(json.dumps(TOLD).encode())) == TOLD


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"data": []}', b'{"data": {}}'])
def test_what_is_no_event_of_barqs_is_told_apart(data):
    with pytest.raises(BadInput):
        notify.read(message(data))


@given(st.binary() | st.text().map(str.encode))
def test_whatever_a_message_holds_only_bad_input_escapes(data):
    with pytest.raises(BadInput):
        notify.read(message(data))


def test_a_message_that_is_no_event_is_acknowledged_and_logged(capsys):
    notify.notify(message(b"{}"))

    line = json.loads(capsys.readouterr().out)
    assert (line["severity"], line["event"]) == ("WARNING", "event.rejected")
