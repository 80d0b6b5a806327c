"""Decision records are read whole, page by page, as they were written."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.decision_log import PAGES_MAX, LoggedDecisions, filter_of, records_of
from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiResponse, Router
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.logging.door import router
from local_cloud.logging.model import LoggingModel
from local_cloud.logging.output import Writer, output_entry
from rollouts.errors import Refused, Transient
from tests.unit.functions.gcp.routed import error_body, session_over, transport

WRITER = Writer("barq-delivery", "europe-west1", "barq-check-metrics", "barq-check-metrics-1")


def read(by, rollout="eb06d8ea"):
    decisions = LoggedDecisions(session_over(by), "https://logging.googleapis.com", "barq-delivery")
    return decisions.records(rollout)


def page(*payloads, token=""):
    entries = [{"jsonPayload": one} for one in payloads]
    return ApiResponse.of({"entries": entries} | ({"nextPageToken": token} if token else {}))


def in_turn(*answers):
    """A transport that gives one answer after the other."""
    left = iter(answers)
    return transport(lambda _asked: next(left))


def test_every_page_is_read_with_the_same_question():
    by = in_turn(page({"id": "b"}, token="more"), page({"id": "a"}))

    assert read(by) == ({"id": "b"}, {"id": "a"})

    first, second = (asked.json() for asked in by.sent)
    assert first["resourceNames"] == ["projects/barq-delivery"]
    assert first["pageSize"] == 1000
    assert second == first | {"pageToken": "more"}


def test_the_filter_names_log_event_and_rollout():
    assert filter_of("barq-delivery", "eb06d8ea") == (
        'logName="projects/barq-delivery/logs/run.googleapis.com%2Fstdout"'
        ' AND resource.type="cloud_run_revision"'
        ' AND jsonPayload.event="verdict.reached"'
        ' AND jsonPayload.rollout="eb06d8ea"'
    )


def test_an_empty_page_is_not_the_end_if_there_are_more():
    assert read(in_turn(page(token="more"), page({"id": "a"}))) == ({"id": "a"},)


def test_no_entry_is_no_record():
    assert read(transport(ApiResponse.of({}))) == ()


def test_a_log_without_end_is_refused_before_it_eats_the_quota():
    by = transport(page({"id": "a"}, token="more"))

    with pytest.raises(Refused, match="more than 30 pages"):
        read(by)
    assert len(by.sent) == PAGES_MAX


def test_a_read_over_the_quota_may_be_tried_again():
    by = transport(error_body(429, "RESOURCE_EXHAUSTED", "Quota exceeded"))

    with pytest.raises(Transient, match="the decisions of rollout eb06d8ea were not read"):
        read(by)


@pytest.mark.parametrize(
    "answer", [[], {"entries": {}}, {"entries": [1]}, {"entries": [{"textPayload": "x"}]}]
)
def test_an_answer_that_is_no_page_of_records_is_refused(answer):
    with pytest.raises(Refused, match="not read"):
        read(transport(ApiResponse.of(answer)))


def test_whole_numbers_that_were_made_doubles_are_whole_again():
    (found,) = records_of({"entries": [{"jsonPayload": {"n": 10.0, "list": [[1.0, None, 0.5]]}}]}, "")  # fmt: skip

    assert found == {"n": 10, "list": [[1, None, 0.5]]}
    assert isinstance(found["n"], int)
    assert isinstance(found["list"][0][0], int)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.text(max_size=5) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(JSON)
def test_a_record_equals_what_was_written(value):
    (found,) = records_of({"entries": [{"jsonPayload": {"value": value}}]}, "")

    assert found == {"value": value}


def test_what_a_function_prints_is_found_in_the_log_of_its_project():
    """The line as `log` writes it, through the log's own model, by the real filter."""
    scheduler = VirtualScheduler(dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC))
    model = LoggingModel(scheduler, Audit(scheduler))
    routes = Router()
    routes.include(router(model))
    for rollout, event in (("eb06d8ea", "verdict.reached"), ("eb06d8ea", "request.handled"), ("0123", "verdict.reached")):  # fmt: skip
        line = {"severity": "INFO", "event": event, "rollout": rollout, "id": "a", "intervals": []}
        entry = output_entry(WRITER, json.dumps(line))
        assert entry is not None
        model.write(entry)
    scheduler.run_for(1.0)

    found = read(transport(routes))

    assert found == ({"event": "verdict.reached", "rollout": "eb06d8ea", "id": "a", "intervals": []},)  # fmt: skip
