"""Every filter of Terraform: it parses, and the metric and labels that it names exist."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.logging.compiled import compiled
from tests.terraform.applied import Applied
from tests.terraform.monitored import below, board, own_plan, service_plan
from tests.terraform.plans import Plan

TERRAFORM = Path(__file__).parents[2] / "terraform"
WATCHING = ("alert_policy", "dashboard", "slo")
PLANS = [service_plan, own_plan]


def boards(planned):
    for shown in planned.of("google_monitoring_dashboard"):
        yield board(planned, shown.address.rpartition(".")[2])


def of_log(planned):
    """The filters of the log's language."""
    yield from (one["filter"] for one in planned.of("google_logging_metric"))
    for policy in planned.of("google_monitoring_alert_policy"):
        for matched in below(policy["conditions"], "condition_matched_log"):
            yield from below(matched, "filter")
    for shown in boards(planned):
        for panel in below(shown, "logsPanel"):
            yield panel["filter"]


def of_series(planned):
    """The filters of Monitoring's, but for those on objectives."""
    logs = set(of_log(planned))
    for policy in planned.of("google_monitoring_alert_policy"):
        for key in ("filter", "denominator_filter"):
            found = below(policy["conditions"], key)
            yield from (text for text in found if text and text not in logs)
    for objective in planned.of("google_monitoring_slo"):
        for key in ("good", "bad", "total"):
            found = below(objective["request_based_sli"], f"{key}_service_filter")
            yield from (text for text in found if text)
        yield from below(objective["request_based_sli"], "distribution_filter")
    for shown in boards(planned):
        for key in ("timeSeriesFilter", "numerator", "denominator"):
            yield from (one["filter"] for one in below(shown, key))


@pytest.mark.parametrize("made", PLANS)
def test_every_filter_finds_its_metric_and_its_labels(made):
    world = Applied(made(), {})
    texts = [text for text in of_series(made()) if not text.startswith("select_slo_")]

    assert texts
    for text in texts:
        project = next(iter(made().of("google_monitoring_alert_policy")))["project"]
        assert world.monitoring.filter(project, text).names_resource


@pytest.mark.parametrize("made", PLANS)
def test_every_filter_of_the_log_parses(made):
    texts = list(of_log(made()))

    assert texts
    for text in texts:
        assert compiled(text).matches({}) is False


def test_no_other_folder_makes_what_watches():
    """Or its filters would be in none of these tests."""
    makes = re.compile(rf'resource "google_(?:monitoring_(?:{"|".join(WATCHING)})|logging_metric)"')
    folders = {
        str(path.parent.relative_to(TERRAFORM))
        for path in TERRAFORM.rglob("*.tf")
        if makes.search(path.read_text())
    }

    assert folders == {"modules/monitoring", "modules/own_alerts"}


def broken(planned, was, becomes):
    """The plan with a text replaced everywhere in its alert policies."""

    def changed(value):
        if isinstance(value, str):
            return value.replace(was, becomes)
        if isinstance(value, list):
            return [changed(one) for one in value]
        if isinstance(value, dict):
            return {key: changed(one) for key, one in value.items()}
        return value

    resources = {
        address: replace(one, values=changed(dict(one.values)))
        if one.type == "google_monitoring_alert_policy"
        else one
        for address, one in planned.resources.items()
    }
    return Plan(resources, planned.data, planned.outputs)


@pytest.mark.parametrize(
    ("made", "was", "becomes", "says"),
    [
        (service_plan, "run.googleapis.com/request_count", "run.googleapis.com/requests", "Cannot"),
        (service_plan, "user/fleet-europe", "user/flet-europe", "Cannot find metric"),
        (service_plan, "response_code_class", "response_code_clas", "valid combination"),
        (service_plan, 'resource.labels.location="', 'resource.labels.region="', "valid comb"),
        (service_plan, 'resource.type="uptime_url"', 'resource.type="gce_instance"', "valid comb"),
        (service_plan, ' AND resource.type="uptime_url"', "", "must specify a restriction"),
        (service_plan, "ALIGN_NEXT_OLDER", "ALIGN_MEAN", "The aligner cannot be applied"),
        (service_plan, "REDUCE_PERCENTILE_95", "REDUCE_COUNT_TRUE", "The reducer cannot"),
        (service_plan, "REDUCE_PERCENTILE_95", "REDUCE_SUM", "only a number can be compared"),
        (service_plan, "resource.label.database_id", "resource.label.database", "groupByFields"),
        (service_plan, "ALIGN_MAX", "ALIGN_MAXIMUM", "Invalid JSON payload"),
        (service_plan, "COMPARISON_GT", "COMPARISON_GE", "comparison"),
        (service_plan, "180s", "170s", "multiples of 1 minute"),
        (service_plan, "1800s", "900s", "auto_close"),
        (service_plan, "Objectives/availability", "Objectives/available", "does not exist"),
        (own_plan, "subscription/oldest_", "subscription/eldest_", "Cannot find metric"),
        (own_plan, "finished_execution_count", "failed_execution_count", "Cannot find metric"),
        (own_plan, "metric.label.status", "metric.label.code", "groupByFields"),
        (own_plan, "EXTRACT(jsonPayload.event)", "EXTRACT jsonPayload.event", "Extractor"),
        (own_plan, "severity>=ERROR", "severity>>ERROR", "Unparseable filter"),
        (own_plan, "600s", "60s", "must be 120s to 84600s"),
    ],
)
def test_what_monitoring_would_refuse_is_refused(made, was, becomes, says):
    planned = broken(made(), was, becomes)
    assert planned.resources != made().resources

    with pytest.raises(Refused) as refusal:
        Applied(planned, {})

    assert says in refusal.value.message
