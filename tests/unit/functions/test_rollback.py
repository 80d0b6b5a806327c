import base64
import json
from typing import Any

import pytest
from cloudevents.http import CloudEvent

import rollback
from rollouts.errors import Missing, Transient

ATTRIBUTES = {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "//pubsub"}
LABELS = {"project_id": "p", "location": "r", "service_name": "s"}
INCIDENT = {"incident": {"state": "open", "resource": {"labels": LABELS}}}


def event(data: Any) -> CloudEvent:
    return CloudEvent(ATTRIBUTES, data)


def alert(document: Any = INCIDENT) -> CloudEvent:
    return event({"message": {"data": base64.b64encode(json.dumps(document).encode()).decode()}})


def failing(error: Exception) -> Any:
    def world() -> Any:
        raise error

    return world


def taken(sent: CloudEvent, world: Any) -> list[tuple[str, str, str]]:
    """Take one delivery; return what was logged."""
    noted = []
    rollback.take(
        sent, world, lambda severity, name, **f: noted.append((severity, name, f["because"]))
    )
    return noted


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"message": None},
        {"message": {}},
        {"message": {"data": None}},
        {"message": {"data": 7}},
        {"message": {"data": "no base64!"}},
        {"message": {"data": "\u00e9"}},
    ],
)
def test_what_is_no_pubsub_message_is_acknowledged_and_logged(data):
    ((severity, name, because),) = taken(event(data), failing(AssertionError("asked for")))

    assert (severity, name) == ("WARNING", "alert.rejected")
    assert because.startswith("no Pub/Sub message")


@pytest.mark.parametrize("document", [None, {}, {"incident": 1}])
def test_a_message_that_is_no_incident_is_acknowledged_and_says_so(document):
    noted = taken(alert(document), lambda: None)

    assert noted == [("WARNING", "alert.rejected", "the alert message holds no incident")]


@pytest.mark.parametrize("mistake", [KeyError("insertId"), TypeError(), ValueError("odd")])
def test_a_mistake_of_our_own_is_not_acknowledged(mistake):
    """The alert is still true: another delivery, or a repaired function, shall act on it."""
    with pytest.raises(type(mistake)):
        taken(alert(), failing(mistake))


def test_what_another_delivery_may_cure_is_not_acknowledged():
    with pytest.raises(Transient):
        taken(alert(), failing(Transient("later")))


def test_what_no_delivery_cures_is_acknowledged_and_logged():
    noted = taken(alert(), failing(Missing("no such service")))

    assert noted == [("ERROR", "alert.failed", "no such service")]
