"""A line of a container's output becomes the entry that Cloud Logging would have."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.logging.model import LoggingModel
from local_cloud.logging.output import Writer, output_entry

WRITER = Writer("barq", "europe-west1", "barq-check-metrics", "barq-check-metrics-00001")


def entry(line):
    found = output_entry(WRITER, line)
    assert found is not None
    return found


def own(line):
    """The entry less what every line of that container has."""
    return {name: value for name, value in entry(line).items() if name not in ("logName", "resource")}  # fmt: skip


def test_a_line_of_json_is_a_payload_of_fields_and_its_severity_is_the_entrys():
    line = json.dumps({"severity": "WARNING", "event": "verdict.reached", "step": 1})

    assert own(line) == {
        "severity": "WARNING",
        "jsonPayload": {"event": "verdict.reached", "step": 1},
    }


def test_an_entry_names_the_log_and_the_revision():
    found = entry("hello")

    assert found["logName"] == "projects/barq/logs/run.googleapis.com%2Fstdout"
    assert found["resource"]["type"] == "cloud_run_revision"
    assert found["resource"]["labels"]["revision_name"] == "barq-check-metrics-00001"


@pytest.mark.parametrize("line", ["hello", "[1, 2]", "3", "{", '{"a": 1} and more', "[" * 100_000])
def test_any_other_line_is_text(line):
    assert own(line + "\n") == {"textPayload": line}


@pytest.mark.parametrize("line", ["", "\n", "  \r\n"])
def test_an_empty_line_is_no_entry(line):
    assert output_entry(WRITER, line) is None


def test_a_message_that_is_alone_is_text_and_beside_others_a_field():
    assert own('{"message": "hello", "severity": "info"}') == {"severity": "info", "textPayload": "hello"}  # fmt: skip
    assert own('{"message": "hello", "n": 1}') == {"jsonPayload": {"message": "hello", "n": 1}}


def test_fields_that_mean_something_to_logging_leave_the_payload():
    line = {
        "time": "2026-11-22T12:00:00Z", "logging.googleapis.com/trace": "projects/p/traces/1",
        "logging.googleapis.com/labels": {"a": "b"}, "httpRequest": {"status": 500}, "n": 1,
    }  # fmt: skip

    assert own(json.dumps(line)) == {
        "timestamp": "2026-11-22T12:00:00Z",
        "trace": "projects/p/traces/1",
        "labels": {"a": "b"},
        "httpRequest": {"status": 500},
        "jsonPayload": {"n": 1},
    }


def test_what_cannot_be_such_a_field_stays_where_it_is():
    odd = {"severity": "loud", "time": "soon", "httpRequest": "GET", "logging.googleapis.com/spanId": 7}  # fmt: skip

    assert own(json.dumps(odd)) == {"jsonPayload": odd}


@given(st.text(max_size=50) | st.dictionaries(st.sampled_from(["severity", "time", "message", "httpRequest", "x"]), st.none() | st.integers() | st.text(max_size=9) | st.just({})).map(json.dumps))  # fmt: skip
def test_whatever_is_written_can_be_logged_and_found(line):
    scheduler = VirtualScheduler(dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC))
    model = LoggingModel(scheduler, Audit(scheduler))
    found = output_entry(WRITER, line)

    if found is not None:
        model.write(found)

    assert len(model) == (found is not None)
