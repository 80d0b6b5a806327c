"""Metrics made of the log: what counts, for whom, and when an alert policy may use one."""

import datetime as dt

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.traffic import ServedRequest
from local_cloud.logging.model import LoggingModel, LoggingSettings
from local_cloud.monitoring.model import TimeSeriesQuery
from tests.unit.local_cloud.monitoring.general import START, World, threshold

NAME = "logging.googleapis.com/user/errors"
ERRORS = {
    "name": "errors",
    "filter": 'resource.type="cloud_run_revision" AND severity>=ERROR',
    "metricDescriptor": {
        "metricKind": "DELTA",
        "valueType": "INT64",
        "labels": [{"key": "event"}],
    },
    "labelExtractors": {"event": "EXTRACT(jsonPayload.event)"},
}


@pytest.fixture
def world():
    made = World()
    made.log_metrics.create("p", ERRORS)
    return made


def counts(world):
    world.scheduler.run_for(600)
    query = TimeSeriesQuery(
        "projects/p", f'metric.type="{NAME}"', START - dt.timedelta(1), world.scheduler.now()
    )
    return {
        (one.resource_labels["service_name"], one.metric_labels["event"]): [
            point.value for point in reversed(one.points)
        ]
        for one in world.monitoring.query(query)
    }


def test_entries_that_match_count_by_minute_and_by_label(world):
    for minute in range(2):
        for _ in range(3 + minute):
            world.line("lost")
        world.line("found", severity="INFO")
        world.line("late", service_name="other")
        world.scheduler.run_for(60)

    assert counts(world) == {("fleet", "lost"): [3, 4], ("other", "late"): [1, 1]}


def test_an_entry_that_is_not_stored_counts_too(world):
    world.line("lost", kept=False)

    assert counts(world) == {("fleet", "lost"): [1]}


def test_an_alert_policy_may_use_it_while_it_is_there(world):
    condition = threshold(
        NAME,
        filter=f'metric.type="{NAME}" AND resource.type="cloud_run_revision"',
        aggregations=[
            {
                "alignmentPeriod": "180s",
                "perSeriesAligner": "ALIGN_SUM",
                "crossSeriesReducer": "REDUCE_SUM",
            }
        ],
        thresholdValue=10,
    )
    world.create(condition)

    for _ in range(3):
        for _ in range(4):
            world.line("lost")
        world.scheduler.run_for(60)
    world.scheduler.run_for(300)

    assert [state for state, _ in world.states()] == ["open", "closed"]
    world.log_metrics.delete("p", "errors")
    with pytest.raises(Refused, match="NOT_FOUND: Cannot find metric"):
        world.create(condition)
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.log_metrics.delete("p", "errors")


def test_it_is_one_projects_alone(world):
    assert world.monitoring.metric("p", NAME).type == NAME
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.monitoring.metric("q", NAME)


def test_a_metric_that_changed_has_other_labels(world):
    text = f'metric.type="{NAME}" AND metric.labels.event="lost"'
    assert world.monitoring.filter("p", text)

    world.log_metrics.create("p", {"name": "errors", "filter": "severity>=ERROR"})

    with pytest.raises(Refused, match="valid combination"):
        world.monitoring.filter("p", text)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": ""}, "name is ''"),
        ({"name": "/errors"}, "name is '/errors'"),
        ({"filter": "severity>>ERROR"}, "Unparseable filter"),
        ({"labelExtractors": {}}, "each label must have one extractor"),
        ({"labelExtractors": {"event": "jsonPayload.event"}}, "must be EXTRACT(field)"),
        ({"metricDescriptor": {"metricKind": "GAUGE"}}, "counters alone are here"),
        ({"valueExtractor": "EXTRACT(jsonPayload.seconds)"}, "counters alone are here"),
    ],
)
def test_a_metric_that_cannot_be_is_refused(world, change, says):
    with pytest.raises(Refused) as refusal:
        world.log_metrics.create("p", ERRORS | change)

    assert says in refusal.value.message


def test_logging_hands_on_every_entry_and_says_which_it_stores(world):
    excluded = LoggingSettings(exclusions=("httpRequest.status=200",))
    logging = LoggingModel(world.scheduler, Audit(world.scheduler), excluded)
    seen = []
    logging.on_entry += [world.log_metrics.note, lambda *told: seen.append(told)]

    for status in (200, 503):
        asked = ("p", "r", "fleet", "f-1", "i", "GET", "http://f/", status, START, 0.1)
        logging.record(ServedRequest(*asked))

    assert [(project, kept) for project, _, kept in seen] == [("p", False), ("p", True)]
    assert seen[1][1]()["httpRequest"]["status"] == 503
    assert counts(world) == {("fleet", ""): [1]}
