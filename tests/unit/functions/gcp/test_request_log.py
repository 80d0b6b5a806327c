import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.request_log import PAGE_SIZE, PAGES_MAX, RestRequestLog, bad_of, filter_of
from local_cloud.kit.http import ApiResponse
from local_cloud.logging.query import parse
from rollouts.errors import BarqError, OverQuota, Refused
from rollouts.intervals import BadRequest, Role
from rollouts.policy import ServiceRef
from tests.unit.functions.gcp.routed import error_body, session_over, text, transport
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


def read(by, **pages):
    log = RestRequestLog(session_over(by), "https://logging.googleapis.com")
    return log.bad_requests(REF, ROLES, NOON, LATER, **pages)


def in_turn(*answers):
    left = iter(answers)
    return transport(lambda _: next(left))


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
        " AND (httpRequest.status>=500 OR httpRequest.status=429)"
        ' AND timestamp>="2026-11-22T12:00:00Z"'
        ' AND timestamp<"2026-11-22T12:05:00Z"'
    )


def test_entries_are_also_asked_for_by_when_they_arrived():
    by = transport(ApiResponse.of({"entries": [entry()]}))
    read(by, arrived_since=LATER)

    asked = by.sent[0].json()["filter"]
    assert asked == filter_of(REF, ROLES, NOON, LATER, LATER)
    assert asked.endswith(' AND receiveTimestamp>="2026-11-22T12:05:00Z"')


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

    began = NOON + dt.timedelta(seconds=4.710153)
    ended = began + dt.timedelta(seconds=0.355517)
    assert found.bad == (BadRequest("68ac65d5000108bf39726bd1", "canary", began, ended),)
    assert (found.until, found.capped) == (LATER, False)


def test_an_empty_log_is_read_and_empty():
    assert read(transport(ApiResponse.of({}))).bad == ()


def test_a_page_that_is_not_the_last_is_capped():
    entries = [entry(insertId=f"i{number}") for number in range(PAGE_SIZE)]

    found = read(transport(ApiResponse.of({"entries": entries, "nextPageToken": "more"})))

    assert (found.capped, found.unsearched, len(found.bad)) == (True, False, PAGE_SIZE)
    assert found.whole_since == NOON + dt.timedelta(seconds=4.710153)


def test_further_pages_are_asked_for_by_their_token_up_to_as_many_as_wanted():
    def page(number):
        entries = [entry(insertId=f"i{number}-{one}") for one in range(PAGE_SIZE)]
        return ApiResponse.of({"entries": entries, "nextPageToken": f"t{number}"})

    by = in_turn(page(0), page(1), page(2))

    found = read(by, pages=PAGES_MAX)

    tokens = [request.json().get("pageToken") for request in by.sent]
    assert tokens == [None, "t0", "t1"]
    assert (found.capped, len(found.bad)) == (True, 3 * PAGE_SIZE)


def test_after_the_last_page_no_other_is_asked_for():
    first = ApiResponse.of({"entries": [entry(1), entry(2)], "nextPageToken": "t"})
    by = in_turn(first, ApiResponse.of({"entries": [entry(2), entry(3)]}))

    found = read(by, pages=PAGES_MAX)

    assert len(by.sent) == 2
    assert (found.capped, found.unsearched, len(found.bad)) == (False, False, 3)


@pytest.mark.parametrize("entries", [[], [entry()]])
def test_a_page_that_is_neither_full_nor_the_last_was_not_searched_to_the_end(entries):
    """Google ends a long search early and says so by a token, even with nothing found yet."""
    found = read(transport(ApiResponse.of({"entries": entries, "nextPageToken": "more"})))

    assert (found.capped, found.unsearched, len(found.bad)) == (False, True, len(entries))


def test_the_last_page_was_searched_to_the_end():
    found = read(transport(ApiResponse.of({"entries": [entry()]})))

    assert (found.capped, found.unsearched) == (False, False)


def test_an_entry_told_twice_counts_once():
    assert len(bad_of([entry(1), entry(1), entry(2)], ROLES)) == 2


@pytest.mark.parametrize("labels", [{}, {"instanceId": ""}, {"other": "x"}])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_request_without_an_instance_never_reached_a_container(labels, status):
    (found,) = bad_of([entry(labels=labels, httpRequest={"status": status})], ROLES)

    assert not found.reached


def test_a_429_of_a_container_is_the_applications_own_word_to_a_client():
    assert bad_of([entry(httpRequest={"status": 429})], ROLES) == ()


def test_a_latency_below_zero_ends_a_request_no_earlier_than_it_began():
    (found,) = bad_of([entry(httpRequest={"status": 500, "latency": "-3s"})], ROLES)

    assert found.ended == found.began


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


@pytest.mark.parametrize("identity", [None, "", 7])
def test_an_entry_without_an_id_is_refused(identity):
    with pytest.raises(Refused, match="the request log was not read: an entry"):
        bad_of([entry(insertId=identity)], ROLES)


KNOWN = ("entries", "nextPageToken", "resource", "labels", "revision_name", "latency", "timestamp")
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        | st.fixed_dictionaries({}, optional=dict.fromkeys(KNOWN, inner))
    ),
    max_leaves=6,
)
PATHS = (
    *(("entries",), ("nextPageToken",), ("entries", 0), ("entries", 0, "insertId")),
    *(("entries", 0, "timestamp"), ("entries", 0, "labels"), ("entries", 0, "resource")),
    *(("entries", 0, "labels", "instanceId"), ("entries", 0, "resource", "labels")),
    *(("entries", 0, "resource", "labels", "revision_name"), ("entries", 0, "httpRequest")),
    ("entries", 0, "httpRequest", "latency"),
)
LATENCIES = st.sampled_from(["nan", "infs", "-1e300s", "1e999s", "s", "٣s"])


@given(ODD)
def test_whatever_the_log_answers_only_our_own_errors_escape(answer):
    _only_our_errors(answer)


@given(st.sampled_from(PATHS), ODD | LATENCIES)
def test_one_odd_part_of_an_answer_is_read_or_refused(path, odd):
    answer = {"entries": [entry(), entry(2)]}
    inside: Any = answer
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd

    _only_our_errors(answer)


def _only_our_errors(answer):
    try:
        found = read(transport(text(200, json.dumps(answer))))
    except BarqError:
        return
    assert all(one.role in ROLES.values() for one in found.bad)


def test_over_the_quota_is_told_from_other_errors():
    with pytest.raises(OverQuota, match="was not read: HTTP 429"):
        read(transport(error_body(429, "RESOURCE_EXHAUSTED", "ReadRequestsPerMinutePerProject")))
