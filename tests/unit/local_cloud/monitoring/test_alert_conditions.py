"""Conditions in Google's own form: when each opens an incident, and when it is over."""

import datetime as dt

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.traffic import ServedRequest
from tests.unit.local_cloud.monitoring.general import (
    CHANNEL,
    CPU,
    MAIL,
    MEMORY,
    START,
    World,
    threshold,
)

OPEN, CLOSED = ("open", "p:fleet"), ("closed", "p:fleet")


@pytest.fixture
def world():
    return World()


def test_a_series_above_its_threshold_has_an_incident_until_it_is_not(world):
    world.create()

    world.minutes(6, fleet=0.9, other=0.1)
    assert world.states() == [OPEN]

    world.minutes(6, fleet=0.5, other=0.1)
    assert world.states() == [OPEN, CLOSED]


def test_each_series_has_an_incident_of_its_own(world):
    world.create()

    world.minutes(6, fleet=0.9, other=0.9)

    assert sorted(world.states()) == [OPEN, ("open", "p:other")]


@pytest.mark.parametrize(
    ("comparison", "share", "fires"),
    [
        ("COMPARISON_GT", 0.81, True),
        ("COMPARISON_GT", 0.8, False),
        ("COMPARISON_LT", 0.79, True),
        ("COMPARISON_LT", 0.8, False),
    ],
)
def test_the_threshold_itself_is_on_the_good_side(world, comparison, share, fires):
    world.create(threshold(comparison=comparison))

    world.minutes(6, fleet=share)

    assert bool(world.states()) == fires
    if fires:
        side = "above" if comparison == "COMPARISON_GT" else "below"
        summary = world.published[0][1]["incident"]["summary"]
        assert f"is {side} the threshold of 0.800 with a value of {share:.3f}" in summary


def test_a_mean_of_longer_periods_slides_by_the_minute(world):
    aggregation = threshold()["conditionThreshold"]["aggregations"][0]
    world.create(threshold(aggregations=[aggregation | {"alignmentPeriod": "300s"}]))

    world.minutes(5, fleet=0.7)
    world.minutes(3, fleet=1.0)
    assert world.states() == []
    world.minutes(2, fleet=1.0)

    assert world.states() == [OPEN]


@pytest.mark.parametrize(("count", "bad", "fires"), [(2, 1, False), (2, 2, True), (None, 1, True)])
def test_a_trigger_counts_series(world, count, bad, fires):
    world.create(threshold(trigger={"count": count} if count else None))

    world.minutes(6, **{f"db{number}": 0.9 if number < bad else 0.1 for number in range(4)})

    assert len(world.states()) == (bad if fires else 0)


@pytest.mark.parametrize(("bad", "fires"), [(1, False), (2, True)])
def test_a_trigger_may_be_a_percentage_of_all_series(world, bad, fires):
    world.create(threshold(trigger={"percent": 50}))

    world.minutes(6, **{f"db{number}": 0.9 if number < bad else 0.1 for number in range(4)})

    assert bool(world.states()) == fires


def test_with_and_all_conditions_must_be_met_even_on_other_resources(world):
    world.create(threshold(CPU), threshold(MEMORY), combiner="AND")

    world.minutes(6, CPU, fleet=0.9)
    assert world.states() == []
    for _ in range(6):
        world.write(MEMORY, "other", 0.9)
        world.minutes(1, CPU, fleet=0.9)

    # Each series of each condition has an incident then.
    assert sorted(world.states()) == [OPEN, ("open", "p:other")]


def test_with_matching_resources_one_of_them_must_meet_all_conditions(world):
    world.create(threshold(CPU), threshold(MEMORY), combiner="AND_WITH_MATCHING_RESOURCE")

    for _ in range(6):
        world.write(MEMORY, "other", 0.9)
        world.minutes(1, CPU, fleet=0.9)
    assert world.states() == []
    for _ in range(6):
        world.write(MEMORY, "fleet", 0.9)
        world.minutes(1, CPU, fleet=0.9)

    assert world.states() == [OPEN, OPEN]


@pytest.mark.parametrize(
    ("missing", "after"),
    [
        (None, [OPEN]),
        ("EVALUATION_MISSING_DATA_NO_OP", [OPEN]),
        ("EVALUATION_MISSING_DATA_ACTIVE", [OPEN]),
        ("EVALUATION_MISSING_DATA_INACTIVE", [OPEN, CLOSED]),
    ],
)
def test_missing_data_ends_an_incident_only_if_the_policy_says_so(world, missing, after):
    world.create(threshold(duration="60s", evaluationMissingData=missing))
    world.minutes(6, fleet=0.9)

    world.scheduler.run_for(600)

    assert world.states() == after


@pytest.mark.parametrize(
    ("missing", "fires"), [("ACTIVE", True), ("INACTIVE", False), ("NO_OP", False)]
)
def test_missing_data_begins_an_incident_only_if_the_policy_says_so(world, missing, fires):
    missing = f"EVALUATION_MISSING_DATA_{missing}"
    world.create(threshold(duration="120s", evaluationMissingData=missing))
    world.minutes(6, fleet=0.1)

    world.scheduler.run_for(600)

    assert bool(world.states()) == fires


def test_an_incident_without_data_is_closed_after_the_policys_own_time(world):
    world.create(alertStrategy={"autoClose": "1800s"})
    world.minutes(6, fleet=0.9)

    world.scheduler.run_for(1700)
    assert world.states() == [OPEN]
    world.scheduler.run_for(600)

    assert world.states() == [OPEN, CLOSED]


def test_a_ratio_divides_series_that_have_the_same_labels(world):
    """Where the denominator is 0 there is no ratio; without a numerator it is 0."""
    below = threshold(MEMORY)["conditionThreshold"]
    world.create(
        threshold(denominatorFilter=below["filter"], denominatorAggregations=below["aggregations"])
    )

    for _ in range(6):
        world.write(MEMORY, "fleet", 0.5)
        world.write(MEMORY, "other", 0.0)
        world.write(MEMORY, "third", 0.5)
        world.minutes(1, fleet=0.45, other=0.9)

    assert world.states() == [OPEN]
    incident = world.published[0][1]["incident"]
    assert incident["observed_value"] == "0.900"
    assert incident["summary"].startswith("The ratio for p Cloud SQL Database labels")


def absent(**changes):
    inside = threshold()["conditionThreshold"]
    kept = {key: inside[key] for key in ("filter", "aggregations")}
    return {"displayName": "silent", "conditionAbsent": kept | {"duration": "300s"} | changes}


def test_a_series_that_stops_is_absent_after_the_duration_and_over_with_its_next_point(world):
    world.create(absent())
    world.minutes(10, fleet=0.1)

    # Its last point, of minute 9, is seen from minute 12 on: 165 s late, and looked at each minute.
    world.scheduler.run_for(420 - 1)
    assert world.states() == []
    world.scheduler.run_for(1)
    assert world.states() == [OPEN]
    world.minutes(6, fleet=0.1)

    assert world.states() == [OPEN, CLOSED]
    assert world.published[0][1]["incident"]["summary"].endswith("is absent.")


def test_a_series_that_never_was_is_not_absent(world):
    world.create(absent())

    world.scheduler.run_for(3600)

    assert world.states() == []


LOG = {
    "displayName": "a page",
    "conditionMatchedLog": {
        "filter": 'severity>=ERROR AND jsonPayload.event="page.sent"',
        "labelExtractors": {"event": "EXTRACT(jsonPayload.event)"},
    },
}
EACH_5_MINUTES = {"notificationRateLimit": {"period": "300s"}}


def test_a_line_opens_an_incident_at_once_and_says_what_was_extracted(world):
    told = {"content": "${log.extracted_label.event} of ${resource.label.service_name}, ${no.no}"}
    world.create(LOG, alertStrategy=EACH_5_MINUTES, documentation=told)

    world.line("page.sent", severity="WARNING")
    world.line("rollout.started")
    assert world.published == []
    world.line("page.sent")

    ((_, document),) = world.published
    incident = document["incident"]
    assert incident["resource"]["labels"]["revision_name"] == "fleet-2"
    assert incident["metric"] == {"type": "", "displayName": "", "labels": {"event": "page.sent"}}
    assert incident["documentation"]["content"] == "page.sent of fleet, ${no.no}"
    assert "observed_value" not in incident


def test_lines_are_told_no_more_often_than_the_limit_and_their_end_is_not_told(world):
    world.create(LOG, alertStrategy=EACH_5_MINUTES | {"autoClose": "1800s"})

    for _ in range(11):
        world.line("page.sent")
        world.scheduler.run_for(60)
    assert [state for state, _ in world.states()] == ["open"] * 3
    assert len({told["incident"]["incident_id"] for _, told in world.published}) == 1
    world.scheduler.run_for(3600)

    assert [state for state, _ in world.states()] == ["open"] * 3
    assert world.alerts.open_incidents() == ()


def test_a_line_that_is_not_stored_is_none(world):
    world.create(LOG, alertStrategy=EACH_5_MINUTES)

    world.line("page.sent", kept=False)

    assert world.published == []


def test_lines_of_two_services_are_two_incidents(world):
    world.create(LOG, alertStrategy=EACH_5_MINUTES)

    for service in ("fleet", "other", "fleet"):
        world.line("page.sent", service_name=service)

    assert len(world.alerts.open_incidents()) == len(world.published) == 2


def test_a_disabled_policy_opens_nothing(world):
    world.create(enabled=False)
    world.create(LOG, alertStrategy=EACH_5_MINUTES, enabled=False)

    world.minutes(6, fleet=0.9)
    world.line("page.sent")

    assert world.published == []


def test_every_channel_is_told_and_only_a_topic_is_published_to(world):
    world.create(notificationChannels=[CHANNEL, MAIL])

    world.minutes(6, fleet=0.9)

    assert [channel.name for channel, _ in world.told] == [CHANNEL, MAIL]
    assert len(world.published) == 1


def test_a_channel_may_be_told_again_while_an_incident_is_open(world):
    again = {"notificationChannelNames": [MAIL], "renotifyInterval": "1800s"}
    world.create(
        notificationChannels=[CHANNEL, MAIL],
        alertStrategy={"notificationChannelStrategy": [again]},
    )

    world.minutes(65, fleet=0.9)

    assert [channel.name for channel, _ in world.told] == [CHANNEL, MAIL, MAIL, MAIL]


def test_a_burn_rate_compares_the_errors_with_what_the_objective_allows(world):
    name = "projects/p/services/fleet/serviceLevelObjectives/availability"
    count = 'metric.type="run.googleapis.com/request_count"'
    ratio = {
        "totalServiceFilter": count,
        "badServiceFilter": f'{count} AND metric.labels.response_code_class="5xx"',
    }
    world.alerts.slos.create("p", name, slo(ratio))
    selected = f'select_slo_burn_rate("{name}", "3600s")'
    world.create(threshold(filter=selected, aggregations=None, thresholdValue=10))

    serve(world, 10, bad=90)
    assert world.states() == []
    serve(world, 10, bad=130)

    assert world.states() == [("open", "")]
    assert float(world.published[0][1]["incident"]["observed_value"]) > 10


def test_a_latency_objective_counts_what_is_within_its_range(world):
    cut = {
        "distributionFilter": 'metric.type="run.googleapis.com/request_latencies"',
        "range": {"max": 1000},
    }
    slo_made = world.alerts.slos.create(
        "p",
        "projects/p/services/fleet/serviceLevelObjectives/latency",
        {
            "goal": 0.9,
            "rollingPeriod": "2592000s",
            "serviceLevelIndicator": {"requestBased": {"distributionCut": cut}},
        },
    )
    serve(world, 1, bad=25, latency=9.0)
    world.scheduler.run_for(600)
    now = world.scheduler.now()

    assert slo_made.bad_ratio(world.monitoring, "p", START, now) == pytest.approx(0.025)
    assert slo_made.bad_ratio(world.monitoring, "p", now, now + dt.timedelta(hours=1)) is None


def slo(ratio, **changes):
    return {
        "goal": 0.99,
        "rollingPeriod": "2592000s",
        "serviceLevelIndicator": {"requestBased": {"goodTotalRatio": ratio}},
    } | changes


def serve(world, minutes, bad, latency=0.1):
    """A thousand requests a minute; so many fail, and take so long."""
    for _ in range(minutes):
        now = world.scheduler.now()
        for status, count, taken in [(200, 1000 - bad, 0.1), (500, bad, latency)]:
            began = now - dt.timedelta(seconds=taken)
            served = ("p", "r", "fleet", "f-1", "i", "GET", "http://f/", status, began, taken)
            world.monitoring.record(ServedRequest(*served), count)
        world.scheduler.run_for(60)


COUNT = 'metric.type="run.googleapis.com/request_count"'


@pytest.mark.parametrize(
    ("name", "document", "says"),
    [
        ("fleet", slo({}), "serviceLevelObjectives/ID"),
        ("", slo({"goodServiceFilter": COUNT}), "exactly two"),
        ("", slo({"goodServiceFilter": COUNT, "totalServiceFilter": COUNT}, goal=1), "goal is 1"),
        ("", slo({}, rollingPeriod="3600s"), "whole days"),
        (
            "",
            slo({"goodServiceFilter": 'metric.type="x"', "totalServiceFilter": COUNT}),
            "Cannot find metric",
        ),
        (
            "",
            slo(
                {
                    "goodServiceFilter": f'metric.type="{CPU}"',
                    "totalServiceFilter": f'metric.type="{CPU}"',
                }
            ),
            "is GAUGE DOUBLE",
        ),
    ],
)
def test_an_objective_that_cannot_be_is_refused(world, name, document, says):
    name = name or "projects/p/services/fleet/serviceLevelObjectives/a"

    with pytest.raises(Refused) as refusal:
        world.alerts.slos.create("p", name, document)

    assert says in refusal.value.message
