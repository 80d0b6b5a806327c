import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.request_log import RestRequestLog, Role, bad_of, filter_of
from local_cloud.kit.http import ApiResponse
from local_cloud.logging.query import parse
from rollouts.errors import Refused, Transient
from rollouts.intervals import BadRequest
from rollouts.policy import ServiceRef
from tests.unit.functions.gcp.routed import error_body, session_over, transport
from tests.unit.functions.gcp.worlds import NOON, REF

ROLES: dict[str, Role] = {"fleet-new": "canary", "fleet-old": "stable"}
LATER = NOON + dt.timedelta(minutes=5)


def entry(number=1, revision="fleet-new", **changes):
    """A failed request as Cloud Run logs it."""
    return {
        "insertId": f"68ac65d5000108bf39726bd{number}",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "https://fleet-abc-ew.a.run.app/",
            "status": 500,
            "latency": "0.355516564s",
            "protocol": "HTTP/1.1",
        },
        "resource": {
            "type": "cloud_run_revision",
            "labels": {"revision_name": revision, "service_name": "fleet"},
        },
        "timestamp": "2026-11-22T12:00:04.710153Z",
        "severity": "ERROR",
        "labels": {"instanceId": "00f4"},
        "logName": "projects/barq-production/logs/run.googleapis.com%2Frequests",
        **changes,
    }


def read(by):
    log = RestRequestLog(session_over(by), "https://logging.googleapis.com")
    return log.bad_requests(REF, ROLES, NOON, LATER)


def test_a_look_is_one_call_newest_first():
    by = transport(ApiResponse.of({"entries": [entry()]}))

    read(by)

    assert by.urls == ["https://logging.googleapis.com/v2/entries:list"]
    body = by.sent[0].json()
    assert body["resourceNames"] == ["projects/barq-production"]
    assert (body["orderBy"], body["pageSize"]) == ("timestamp desc", 1000)


def test_the_filter_names_log_service_revisions_status_and_time():
    assert filter_of(REF, ROLES, NOON, LATER) == (
        'logName="projects/barq-production/logs/run.googleapis.com%2Frequests"'
        ' AND resource.type="cloud_run_revision"'
        ' AND resource.labels.service_name="fleet"'
        ' AND resource.labels.location="europe-west1"'
        ' AND resource.labels.revision_name=("fleet-new" OR "fleet-old")'
        " AND httpRequest.status>=500"
        ' AND timestamp>="2026-11-22T12:00:00Z"'
        ' AND timestamp<"2026-11-22T12:05:00Z"'
    )


@given(st.text(min_size=1, max_size=20), st.lists(st.text(min_size=1, max_size=20), min_size=1))
def test_no_name_can_change_what_a_filter_means(service, revisions):
    ref = ServiceRef("p", "r", service)

    odd = _shape(parse(filter_of(ref, set(revisions), NOON, LATER)))
    plain = _shape(
        parse(filter_of(REF, {f"r{n}" for n in range(len(set(revisions)))}, NOON, LATER))
    )

    assert odd == plain


def _shape(node):
    """The tree without its values."""
    if hasattr(node, "terms"):
        return type(node).__name__, [_shape(term) for term in node.terms]
    return getattr(node, "path", None), getattr(node, "operator", None)


def test_a_bad_request_ended_when_it_began_plus_its_latency():
    found = read(transport(ApiResponse.of({"entries": [entry()]})))

    ended = NOON + dt.timedelta(seconds=4.710153) + dt.timedelta(seconds=0.355517)
    assert found.bad == (BadRequest("68ac65d5000108bf39726bd1", "canary", ended),)
    assert (found.until, found.capped) == (LATER, False)


def test_an_empty_log_is_read_and_empty():
    assert read(transport(ApiResponse.of({}))).bad == ()


def test_a_page_that_is_not_the_last_is_capped():
    answer = {"entries": [entry()], "nextPageToken": "more"}

    assert read(transport(ApiResponse.of(answer))).capped


def test_an_entry_told_twice_counts_once():
    assert len(bad_of([entry(1), entry(1), entry(2)], ROLES)) == 2


@pytest.mark.parametrize("labels", [{}, {"instanceId": ""}, {"other": "x"}])
def test_a_request_that_never_reached_a_container_speaks_of_no_revision(labels):
    assert bad_of([entry(labels=labels)], ROLES) == ()


def test_another_revisions_requests_are_left_out():
    assert bad_of([entry(revision="fleet-other")], ROLES) == ()


def test_the_order_is_that_of_their_ends():
    slow = entry(1, httpRequest={"status": 504, "latency": "60s"})
    quick = entry(2, revision="fleet-old", timestamp="2026-11-22T12:00:10Z")

    assert [one.role for one in bad_of([slow, quick], ROLES)] == ["stable", "canary"]


def test_an_entry_without_latency_ended_when_it_began():
    (found,) = bad_of([entry(httpRequest={"status": 500})], ROLES)

    assert found.ended == NOON + dt.timedelta(seconds=4.710153)


@pytest.mark.parametrize("changes", [{"timestamp": "soon"}, {"httpRequest": {"latency": "slow"}}])
def test_an_entry_without_a_time_is_refused(changes):
    with pytest.raises(Refused, match="tells no time"):
        bad_of([entry(**changes)], ROLES)


def test_over_the_quota_is_transient():
    with pytest.raises(Transient, match="was not read: HTTP 429"):
        read(transport(error_body(429, "RESOURCE_EXHAUSTED", "ReadRequestsPerMinutePerProject")))
