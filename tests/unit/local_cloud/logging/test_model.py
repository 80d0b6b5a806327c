"""The log itself: shape of a request's entry, visibility, reading, quota, bounds."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.logging.model import LoggingModel, LoggingSettings

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
STDOUT = {
    "logName": "projects/p/logs/run.googleapis.com%2Fstdout",
    "resource": {"type": "cloud_run_revision", "labels": {"service_name": "plan"}},
    "severity": "INFO",
    "jsonPayload": {"event": "rollout.started"},
}


def served(status=200, began=START, service="fleet", revision="fleet-1", **changes):
    values: dict[str, Any] = {
        "project": "p",
        "region": "europe-west1",
        "instance_id": "i-1",
        "method": "GET",
        "url": "http://fleet/",
        "latency_seconds": 0.25,
    }
    return ServedRequest(
        service=service, revision=revision, status=status, began=began, **(values | changes)
    )


class World:
    def __init__(self, **settings):
        self.scheduler = VirtualScheduler(START)
        self.audit = Audit(self.scheduler)
        self.log = LoggingModel(self.scheduler, self.audit, LoggingSettings(**settings))

    def serve(self, status=200, **changes):
        """Record a request that ends now, as the proxy does."""
        latency = changes.get("latency_seconds", 0.25)
        began = self.scheduler.now() - dt.timedelta(seconds=latency)
        self.log.record(served(status, began, **changes))

    def read(self, text="", **changes):
        return self.log.list_entries(["projects/p"], text, **changes).entries


@pytest.fixture
def world():
    return World()


def test_a_request_has_the_entry_that_cloud_run_writes(world):
    world.log.record(served(status=503, request_bytes=827, response_bytes=212, user_agent="curl"))
    world.scheduler.run_for(1)

    (entry,) = world.read()

    assert entry == {
        "insertId": entry["insertId"],
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "http://fleet/",
            "requestSize": "827",
            "status": 503,
            "responseSize": "212",
            "userAgent": "curl",
            "remoteIp": "127.0.0.1",
            "serverIp": "127.0.0.1",
            "latency": "0.250000000s",
            "protocol": "HTTP/1.1",
        },
        "resource": {
            "type": "cloud_run_revision",
            "labels": {
                "project_id": "p",
                "revision_name": "fleet-1",
                "location": "europe-west1",
                "service_name": "fleet",
                "configuration_name": "fleet",
            },
        },
        "timestamp": "2026-01-31T12:00:00Z",
        "severity": "ERROR",
        "logName": "projects/p/logs/run.googleapis.com%2Frequests",
        "labels": {"instanceId": "i-1"},
        "trace": "projects/p/traces/00000000000000000000000000000001",
        "spanId": "0000000000000001",
        "receiveTimestamp": "2026-01-31T12:00:00.350000Z",
    }


@pytest.mark.parametrize(("status", "severity"), [(200, "INFO"), (404, "WARNING"), (500, "ERROR")])
def test_the_severity_follows_the_status(world, status, severity):
    world.serve(status)
    world.scheduler.run_for(1)

    assert [entry["severity"] for entry in world.read()] == [severity]


def test_a_request_that_never_reached_a_container_has_no_instance_id(world):
    world.serve(429, instance_id=None)
    world.serve(500)
    world.scheduler.run_for(1)

    assert [e["httpRequest"]["status"] for e in world.read("NOT labels.instanceId:*")] == [429]
    assert [e["httpRequest"]["status"] for e in world.read("labels.instanceId:*")] == [500]


def test_what_the_platform_says_itself_is_the_text_of_the_entry(world):
    """As reported of real entries: no instanceId, latency "0s", the words as textPayload."""
    words = "The request was aborted because there was no available instance."
    world.log.record(served(status=500, instance_id=None, latency_seconds=0.0, text=words))
    world.serve(500)
    world.scheduler.run_for(1)

    (entry,) = world.read('textPayload:"no available instance"')

    assert entry["textPayload"] == words
    assert entry["httpRequest"]["latency"] == "0s"
    assert entry["resource"]["labels"]["revision_name"] == "fleet-1"
    assert "labels" not in entry
    assert len(world.read()) == 2


def test_an_entry_is_visible_only_after_its_delay():
    world = World(receive_delay_seconds=2.0)
    world.serve(500)

    world.scheduler.run_for(1.9)
    assert world.read() == ()

    world.scheduler.run_for(0.1)
    assert len(world.read()) == 1


def test_what_the_functions_ask_finds_the_bad_requests_of_both_revisions(world):
    for revision, status in [
        ("fleet-1", 200),
        ("fleet-2", 500),
        ("fleet-1", 503),
        ("fleet-0", 500),
    ]:
        world.serve(status, revision=revision)
        world.serve(status, service="other", revision=revision)
        world.scheduler.run_for(1)

    found = world.read(
        'logName="projects/p/logs/run.googleapis.com%2Frequests"'
        ' AND resource.type="cloud_run_revision"'
        ' AND resource.labels.service_name="fleet" AND resource.labels.location="europe-west1"'
        ' AND resource.labels.revision_name=("fleet-1" OR "fleet-2")'
        ' AND httpRequest.status>=500 AND timestamp>="2026-01-31T11:59:00Z"',
        page_size=1000,
    )

    labels = [entry["resource"]["labels"] for entry in found]
    assert [(of["service_name"], of["revision_name"]) for of in labels] == [
        ("fleet", "fleet-2"),
        ("fleet", "fleet-1"),
    ]


def test_entries_come_in_the_order_of_their_start_not_of_their_end(world):
    world.scheduler.run_for(10)
    world.serve(500, latency_seconds=1)
    world.serve(500, latency_seconds=9)
    world.scheduler.run_for(1)

    oldest_first = [entry["timestamp"] for entry in world.read()]

    assert oldest_first == ["2026-01-31T12:00:01Z", "2026-01-31T12:00:09Z"]
    newest_first = world.read(order_by="timestamp desc")
    assert [entry["timestamp"] for entry in newest_first] == oldest_first[::-1]


@pytest.mark.parametrize("order_by", ["timestamp asc", "timestamp desc"])
def test_pages_hold_every_entry_once_although_more_arrive(world, order_by):
    for _ in range(7):
        world.serve(500)
    world.scheduler.run_for(1)
    seen, token = [], ""
    while True:
        page = world.log.list_entries(["projects/p"], "", order_by, 3, token)
        seen += [entry["insertId"] for entry in page.entries]
        token = page.next_page_token
        if not token:
            break
        if order_by == "timestamp desc":
            world.serve(500)
            world.scheduler.run_for(1)

    assert len(seen) == len(set(seen)) == 7


def test_every_page_counts_as_a_read_and_the_61st_in_a_minute_is_refused(world):
    for _ in range(60):
        world.read()

    with pytest.raises(Refused, match="RESOURCE_EXHAUSTED: Quota exceeded") as refusal:
        world.read()

    assert "'Read requests' and limit 'Read requests per minute'" in refusal.value.message
    assert refusal.value.http_status() == 429
    metadata = refusal.value.details[0]["metadata"]
    assert metadata["quota_limit"] == "ReadRequestsPerMinutePerProject"
    assert metadata["quota_limit_value"] == "60"
    world.scheduler.run_for(60)
    assert world.read() == ()


def test_the_read_quota_is_each_projects_own(world):
    for _ in range(60):
        world.read()

    assert world.log.list_entries(["projects/q"]).entries == ()


def test_a_refused_read_is_in_the_audit(world):
    with pytest.raises(Refused):
        world.log.list_entries(["projects/p"], "nonsense", caller="check@p.iam")

    call = world.audit.calls[-1]
    assert call.principal == "check@p.iam"
    assert call.method == "google.logging.v2.LoggingServiceV2.ListLogEntries"
    assert call.resource == "projects/p"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"resource_names": []}, "resourceNames is empty"),
        ({"resource_names": ["folders/1"]}, "only projects/PROJECT"),
        ({"order_by": "severity"}, "orderBy is 'severity'"),
        ({"page_size": -1}, "must not be negative"),
        ({"page_token": "abc"}, "pageToken"),
    ],
)
def test_a_wrong_argument_is_refused_with_its_name(world, arguments, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        world.log.list_entries(**({"resource_names": ["projects/p"]} | arguments))
    assert says in refusal.value.message


def test_a_page_token_of_another_filter_is_refused(world):
    world.serve(500)
    world.serve(500)
    world.scheduler.run_for(1)
    token = world.log.list_entries(["projects/p"], "", page_size=1).next_page_token

    with pytest.raises(Refused, match="pageToken"):
        world.read("severity=ERROR", page_token=token)


@given(st.text(min_size=1, max_size=40))
def test_whatever_page_token_arrives_is_refused(token):
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        World().read(page_token=token)


def test_written_entries_are_read_back_with_what_the_service_adds(world):
    world.log.write(STDOUT)
    world.scheduler.run_for(1)

    (entry,) = world.read('jsonPayload.event="rollout.started"')

    assert entry["jsonPayload"] == {"event": "rollout.started"}
    assert entry["timestamp"] == "2026-01-31T12:00:00Z"
    assert entry["receiveTimestamp"] == "2026-01-31T12:00:00.100000Z"
    assert entry["insertId"]


@pytest.mark.parametrize(
    "change",
    [
        {"logName": "stdout"},
        {"logName": None},
        {"resource": {}},
        {"timestamp": "yesterday"},
        {"severity": "LOUD"},
    ],
)
def test_an_entry_without_log_name_resource_or_sense_is_refused(world, change):
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        world.log.write(STDOUT | change)
    assert len(world.log) == 0


def test_a_written_entry_with_a_later_timestamp_is_found_by_time(world):
    """The store walks back in time of recording; a writer may run ahead of it."""
    world.log.write(STDOUT | {"timestamp": "2026-01-31T18:00:00Z"})
    world.scheduler.run_for(60)

    assert len(world.read('timestamp>="2026-01-31T17:00:00Z"')) == 1
    assert len(world.read('timestamp>="0001-01-01T00:00:00Z"')) == 1


def test_many_good_requests_do_not_push_out_the_bad_ones():
    world = World(others_per_service_max=10)
    world.serve(500)
    world.serve(429, instance_id=None)
    for _ in range(50):
        world.serve(200)
    world.scheduler.run_for(1)

    assert len(world.log) == 12
    assert len(world.read("severity>=WARNING")) == 2


def test_written_entries_of_refused_requests_are_found_as_the_platforms_own_are():
    world = World()
    world.log.write(
        {
            "logName": "projects/p/logs/run.googleapis.com%2Frequests",
            "resource": {"type": "cloud_run_revision", "labels": {"service_name": "fleet"}},
            "httpRequest": {"status": 429},
            "severity": "WARNING",
        }
    )
    world.scheduler.run_for(1)

    assert len(world.read("httpRequest.status>=500 OR httpRequest.status=429")) == 1


def test_entries_past_their_retention_are_dropped():
    world = World(retention_seconds=3600)
    world.serve(500)
    world.scheduler.run_for(3601)
    world.serve(500)

    assert len(world.log) == 1


def test_an_excluded_service_leaves_nothing_in_the_log():
    """Teams exclude request logs to save money: silence is not health."""
    world = World(exclusions=('resource.labels.service_name="quiet" AND httpRequest.status<500',))
    world.serve(200, service="quiet")
    world.serve(500, service="quiet")
    world.serve(200, service="fleet")
    world.scheduler.run_for(1)

    assert [e["httpRequest"]["status"] for e in world.read()] == [500, 200]


def test_an_excluded_request_log_is_silent_and_other_entries_are_not():
    world = World(exclusions=('log_id("run.googleapis.com/requests")',))
    world.serve(500)
    world.log.write(
        {"logName": "projects/p/logs/run.googleapis.com%2Fstderr", "resource": {"type": "global"}}
    )
    world.scheduler.run_for(1)

    assert [entry["logName"].rpartition("%2F")[2] for entry in world.read()] == ["stderr"]


def test_a_broken_exclusion_is_refused_at_the_start():
    with pytest.raises(Refused, match="Unparseable"):
        World(exclusions=("service=quiet",))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b"]),
            st.sampled_from([200, 404, 429, 500, 503]),
            st.integers(0, 5),
        ),
        max_size=15,
    ),
    st.sampled_from(["a", "A", "c"]),
    st.sampled_from(["<", ">", ">=", "="]),
    st.integers(0, 60),
    st.sampled_from(["status>=500", "status=429", "status=404", "status>429", "status>=400"]),
)
def test_the_index_never_changes_an_answer(requests, service, operator, second, other):
    """Each index hint of a filter is defeated by a NOT NOT, which the hints do not look into."""
    world = World()
    for name, status, pause in requests:
        world.serve(status, service=name, latency_seconds=pause)
        world.scheduler.run_for(pause)
    world.scheduler.run_for(1)
    terms = [
        f'resource.labels.service_name="{service}"',
        f'timestamp{operator}"2026-01-31T12:00:{second % 60:02}Z"',
        "httpRequest.status>=500",
        f"(httpRequest.status>=500 OR httpRequest.{other})",
    ]

    for count in (1, 2, 3, 4):
        indexed = world.read(" AND ".join(terms[:count]), page_size=1000)
        scanned = world.read(
            " AND ".join(f"NOT (NOT {term})" for term in terms[:count]), page_size=1000
        )
        assert indexed == scanned
