"""Every series of both dashboards: its filter parses, its metric exists, its aggregation fits."""

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.aggregation import Aggregation, check, shape_of
from local_cloud.monitoring.catalogue import Catalogue
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.series_filter import compile_filter
from tests.terraform.monitored import SERVICE, below, board, service_plan

PROJECT = SERVICE["project"]


def catalogue():
    """Google's metrics, and the one that the module makes of the log."""
    made = service_plan().one("google_logging_metric")
    (described,) = made["metric_descriptor"]
    found = Catalogue()
    found.add(
        PROJECT,
        Metric(
            f"logging.googleapis.com/user/{made['name']}",
            described["metric_kind"],
            described["value_type"],
            described["unit"],
            described["display_name"],
            made["description"],
            (),
            ("cloud_run_revision",),
        ),
    )
    return found


def asked(name):
    """Every filter of a dashboard, with how it is aggregated."""
    shown = board(service_plan(), name)
    for key in ("timeSeriesFilter", "numerator", "denominator"):
        for one in below(shown, key):
            yield one["filter"], one["aggregation"]


def shape(text, aggregated):
    """Return what comes of it; raises Refused as Monitoring would refuse it."""
    wanted = compile_filter(text, catalogue().finder(PROJECT))
    aggregation = Aggregation(
        float(aggregated["alignmentPeriod"].removesuffix("s")),
        aggregated["perSeriesAligner"],
        aggregated["crossSeriesReducer"],
        tuple(aggregated.get("groupByFields", ())),
    )
    return check(aggregation, shape_of(wanted), 60)


@pytest.mark.parametrize(("name", "count"), [("main", 20), ("deployment", 6)])
def test_every_series_is_one_that_monitoring_has(name, count):
    found = [shape(text, aggregated) for text, aggregated in asked(name)]

    assert len(found) == count
    # A line is drawn of numbers: a distribution or a truth is no line.
    assert {one.value_type for one in found} <= {"INT64", "DOUBLE"}


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("request_count", "request_counts"),
        ("response_code_class", "response_code_type"),
        ("service_name", "service"),
        ("ALIGN_SUM", "ALIGN_FRACTION_TRUE"),
        ("REDUCE_SUM", "REDUCE_COUNT_FALSE"),
    ],
)
def test_what_monitoring_would_refuse_is_found(was, becomes):
    (text, aggregated) = next(one for one in asked("main") if "response_code_class" in one[0])

    with pytest.raises(Refused):
        shape(
            text.replace(was, becomes),
            {key: value.replace(was, becomes) for key, value in aggregated.items()},
        )
