import base64
import json
from dataclasses import replace

import pytest

from gcp.event_messages import attributes_of, data_of
from gcp.events_rest import RestEvents
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Denied
from tests.unit.functions.gcp.routed import error_body, session_over, transport
from tests.unit.functions.gcp.worlds import notice

TOPIC = "projects/barq/topics/rollout-events"


def events(by):
    return RestEvents(session_over(by), "https://pubsub.googleapis.com", TOPIC)


def test_a_messages_data_is_the_cloud_event():
    assert json.loads(data_of(notice())) == notice().as_cloud_event()


def test_a_subscription_can_filter_on_event_service_and_target():
    assert attributes_of(notice()) == {
        "event": "traffic.shifted",
        "service": "fleet",
        "target": "production",
    }


def test_events_are_published_in_order_and_in_one_call():
    by = transport(ApiResponse.of({"messageIds": ["1", "2"]}))
    second = replace(notice(), kind="rollout.promoted")

    events(by).publish([notice(), second])

    assert by.urls == [f"https://pubsub.googleapis.com/v1/{TOPIC}:publish"]
    messages = by.sent[0].json()["messages"]
    assert [base64.b64decode(one["data"]) for one in messages] == [
        data_of(notice()),
        data_of(second),
    ]
    assert messages[1]["attributes"] == attributes_of(second)
    assert [one["orderingKey"] for one in messages] == [notice().rollout.id] * 2


def test_no_event_is_no_call():
    by = transport(ApiResponse.of({}))

    events(by).publish([])

    assert by.sent == []


def test_a_refused_event_is_said_so():
    with pytest.raises(Denied, match="1 events were not published"):
        events(transport(error_body(403, "PERMISSION_DENIED", "no"))).publish([notice()])
