"""The REST door, as gcloud and the functions call it."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.logging.door import router
from local_cloud.logging.model import LoggingModel

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
ENTRY = {"severity": "ERROR", "textPayload": "no more disk", "labels": {"a": "1"}}


class World:
    def __init__(self):
        self.scheduler = VirtualScheduler(START)
        self.audit = Audit(self.scheduler)
        self.routes = router(LoggingModel(self.scheduler, self.audit))

    def post(self, path, body):
        answer = self.routes.handle(
            ApiRequest("POST", path, body=json.dumps(body).encode(), caller="me@p.iam")
        )
        assert answer is not None
        return answer.status, json.loads(answer.body)

    def write(self, *entries, **more):
        return self.post(
            "/v2/entries:write",
            {
                "logName": "projects/p/logs/app",
                "resource": {"type": "global"},
                "entries": list(entries),
                **more,
            },
        )


@pytest.fixture
def world():
    return World()


def test_written_entries_are_listed_a_page_at_a_time(world):
    assert world.write(ENTRY, ENTRY, labels={"b": "2"}) == (200, {})
    world.scheduler.run_for(1)
    asked = {"resourceNames": ["projects/p"], "filter": "labels.b=2", "pageSize": 1}

    status, first = world.post("/v2/entries:list", asked)
    _, second = world.post("/v2/entries:list", asked | {"pageToken": first["nextPageToken"]})

    assert status == 200
    assert first["entries"][0]["textPayload"] == "no more disk"
    assert first["entries"][0]["labels"] == {"a": "1", "b": "2"}
    assert first["entries"][0]["insertId"] != second["entries"][0]["insertId"]
    assert "nextPageToken" not in second


def test_an_empty_answer_is_an_empty_object(world):
    assert world.post("/v2/entries:list", {"resourceNames": ["projects/p"]}) == (200, {})


def test_a_dry_run_writes_nothing(world):
    world.write(ENTRY, dryRun=True)
    world.scheduler.run_for(1)

    assert world.post("/v2/entries:list", {"resourceNames": ["projects/p"]}) == (200, {})


def test_one_bad_entry_writes_none(world):
    status, body = world.write(ENTRY, {"severity": "LOUD"})
    world.scheduler.run_for(1)

    assert (status, body["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert world.post("/v2/entries:list", {"resourceNames": ["projects/p"]}) == (200, {})


def test_an_unknown_field_is_refused_by_name(world):
    status, body = world.post("/v2/entries:list", {"resourcenames": ["projects/p"]})

    assert status == 400
    assert 'Unknown name "resourcenames"' in body["error"]["message"]


def test_too_many_reads_are_answered_with_429_and_the_quota_in_the_details(world):
    for _ in range(60):
        world.post("/v2/entries:list", {"resourceNames": ["projects/p"]})

    status, body = world.post("/v2/entries:list", {"resourceNames": ["projects/p"]})

    assert (status, body["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert body["error"]["details"][0]["metadata"]["quota_limit_value"] == "60"


def test_the_audit_says_who_wrote(world):
    world.write(ENTRY)

    call = world.audit.calls[-1]
    assert (call.principal, call.resource) == ("me@p.iam", "projects/p")
    assert call.method == "google.logging.v2.LoggingServiceV2.WriteLogEntries"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "resourceNames",
        "filter",
        "orderBy",
        "pageSize",
        "pageToken",
        "logName",
        "resource",
        "labels",
        "entries",
    ]
)
INNER = st.sampled_from(["logName", "resource", "timestamp", "severity", "labels", "httpRequest"])


@given(
    st.sampled_from(["/v2/entries:list", "/v2/entries:write"]),
    JSON | st.dictionaries(FIELDS, JSON | st.lists(st.dictionaries(INNER, JSON)), max_size=4),
)
def test_whatever_json_arrives_the_answer_is_200_or_a_refusal(path, body):
    status, _ = World().post(path, body)

    assert status in (200, 400)
