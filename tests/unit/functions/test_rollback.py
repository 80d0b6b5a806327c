import base64
import datetime as dt
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cloudevents.http import CloudEvent

import rollback
from gcp.ports import LogRead
from rollouts.errors import Conflict, Missing, Transient
from rollouts.intervals import BadRequest
from rollouts.policy import Delivery
from rollouts.record import ShiftDone
from rollouts.seen import ServiceSeen
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DELIVERY,
    REF,
    at,
    rollout,
    seen,
    shifts,
)

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
    return [(severity, name, facts["because"]) for severity, name, facts in lines(sent, world)]


def lines(sent: CloudEvent, world: Any) -> list[tuple[str, str, dict[str, Any]]]:
    noted: list[tuple[str, str, dict[str, Any]]] = []
    rollback.take(
        sent, world, lambda severity, name, **facts: noted.append((severity, name, facts))
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


NOW = at(minutes=1)


def incident(**changes: Any) -> dict[str, Any]:
    labels = {"project_id": REF.project, "location": REF.region, "service_name": REF.service}
    said = {
        "incident_id": "0.m8",
        "state": "open",
        "started_at": int(at(30).timestamp()),
        "policy_name": "error ratio",
        "resource": {"type": "cloud_run_revision", "labels": labels},
    }
    return {"version": "1.2", "incident": said | changes}


def failures(count: int) -> tuple[BadRequest, ...]:
    return tuple(BadRequest(str(number), "canary", at(30), at(30)) for number in range(count))


@dataclass
class Cloud:
    """One service, its log, and what was asked of them in order. Writes may meet a conflict."""

    stands: list[ServiceSeen]
    """What each read finds; the last again and again."""
    found: LogRead
    conflicts: int = 0
    asked: list[str] = field(default_factory=list)
    delivery: Delivery = DELIVERY

    @property
    def clock(self) -> "Cloud":
        return self

    services = request_log = events = waker = clock

    def now(self) -> dt.datetime:
        return NOW

    def read(self, _ref: Any) -> ServiceSeen:
        self.asked.append("read")
        return self.stands.pop(0) if len(self.stands) > 1 else self.stands[0]

    def write(self, seen: ServiceSeen, change: Any) -> None:
        self.asked.append("write")
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict("somebody wrote")
        self.stands = [replace(seen, record=change.record, split=change.split or seen.split)]

    def bad_requests(self, *_asked: Any) -> LogRead:
        self.asked.append("log")
        return self.found

    def publish(self, notices: Any) -> None:
        self.asked += [notice.kind for notice in notices]

    def wake(self, _callback: str) -> None:
        self.asked.append("wake")


def cloud(*own: Any, bad: int = 9, **fields: Any) -> Cloud:
    found = LogRead(failures(bad), NOW)
    return Cloud([seen(one) for one in own], **({"found": found} | fields))


def test_an_alert_reads_the_log_once_and_makes_two_calls_more():
    world = cloud(rollout())

    ((severity, name, facts),) = lines(alert(incident()), lambda: world)

    assert (severity, name) == ("INFO", "alert.acted_on")
    assert world.asked == ["read", "log", "write", "rollout.rolled_back", "wake"]
    assert facts == {
        "because": 'alert "error ratio" (9 bad requests at the canary, 0 at stable, at 10 %)',
        "incident": "0.m8",
        "policy": "error ratio",
        "service": "api",
        "target": "production",
        "rollout": "0123abcd",
    }


@pytest.mark.parametrize(
    ("message", "own", "because", "known"),
    [
        (incident(state="closed"), rollout(), "the incident is closed", False),
        ({**incident(), "version": "test"}, rollout(), "it is a test message", False),
        ({**incident(), "version": "3.0"}, rollout(), "its schema is 3.0, and this", False),
        (incident(started_at=None), rollout(), "it does not say when it began", True),
        (incident(started_at=1), rollout(), "the incident began before the first shift", True),
        (incident(), rollout("rolled_back"), "rollout 0123abcd is rolled back already", True),
        (
            incident(),
            rollout("stopped", ended_by="ann@example.com"),
            "rollout 0123abcd is stopped, by ann@example.com",
            True,
        ),
        (incident(), None, "no rollout has shifted traffic here", False),
    ],
)
def test_what_moves_nothing_says_why_in_one_line_with_what_is_known(message, own, because, known):
    world = cloud(own)

    ((severity, name, facts),) = lines(alert(message), lambda: world)

    assert (severity, name) == ("INFO", "alert.ignored")
    assert facts["because"].startswith(because)
    assert (facts["service"], facts["target"]) == ("api", "production")
    assert (facts["incident"], facts["rollout"]) == ("0.m8", "0123abcd" if known else "")
    assert set(world.asked) <= {"read"}


def test_what_names_no_target_says_so_and_asks_nobody():
    world = cloud(rollout())

    ((_, name, facts),) = lines(alert(incident(resource={})), lambda: world)

    assert (name, facts["because"]) == ("alert.ignored", "it names no target of delivery.yaml")
    assert (facts["incident"], facts["target"], world.asked) == ("0.m8", "", [])


def test_a_test_message_that_names_nothing_is_a_test_message():
    message = {"version": "test", "incident": {"state": "OPEN"}}

    ((_, _, facts),) = lines(alert(message), lambda: cloud(rollout()))

    assert facts["because"] == "it is a test message"


def test_an_alert_that_meets_a_shift_in_flight_is_held_against_what_then_stands():
    """The write finds the service changed: the decision is made anew on the share of now."""
    shifted = rollout(shifts=(*shifts(10), ShiftDone(at(55), 1, 50)))
    world = cloud(rollout(), shifted, conflicts=1)

    settled = rollback.handle_alert(json.dumps(incident()).encode(), world)  # type: ignore[arg-type]

    assert settled.outcome == "acted_on"
    assert world.asked[:6] == ["read", "log", "write", "read", "log", "write"]
    assert world.stands[0].shares == {rollout().stable: 100}


def test_of_two_alerts_at_once_the_second_finds_the_work_done():
    world = cloud(rollout(), rollout("rolled_back"), conflicts=1)

    ((_, name, facts),) = lines(alert(incident()), lambda: world)

    assert (name, facts["because"]) == ("alert.ignored", "rollout 0123abcd is rolled back already")
    assert world.asked == ["read", "log", "write", "read"]


def test_a_log_that_was_not_read_to_the_end_acquits_nobody():
    broken_off = LogRead(failures(1), NOW, unsearched=True)
    enough = LogRead(failures(9), NOW, unsearched=True)

    with pytest.raises(Transient, match="it was not searched to the end"):
        taken(alert(incident()), lambda: cloud(rollout(), found=broken_off))
    ((_, name, _),) = taken(alert(incident()), lambda: cloud(rollout(), found=enough))

    assert name == "alert.acted_on"


def test_of_a_page_that_is_full_only_the_time_that_it_covers_is_counted():
    """At 100 %: a thousand failures of the last seconds are not those of five minutes."""
    full = LogRead(failures(9), NOW, capped=True, whole_since=at(29))
    own = rollout(shifts=(ShiftDone(at(0), 0, 100),))

    settled = rollback.handle_alert(
        json.dumps(incident()).encode(),
        cloud(own, found=full),  # type: ignore[arg-type]
    )

    assert "in 31 s, at 100 %" in settled.because


def test_an_alert_that_names_stable_is_not_the_canarys():
    labels = {**incident()["incident"]["resource"]["labels"], "revision_name": "api-1"}
    message = incident(resource={"type": "cloud_run_revision", "labels": labels})

    ((_, _, because),) = taken(alert(message), lambda: cloud(rollout()))

    assert because == f"it names api-1, and the canary is {CANARY}"
