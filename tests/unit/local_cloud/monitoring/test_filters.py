"""Monitoring filters: what they mean, and that nothing but Refused ever comes out of them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.catalogue import METRICS
from local_cloud.monitoring.descriptors import REQUEST_COUNT
from local_cloud.monitoring.filters import parse, predicate
from local_cloud.monitoring.series_filter import compile_filter, series_filter

COUNT = 'metric.type="run.googleapis.com/request_count"'
FACTS = {
    "project": "p",
    "resource.type": "cloud_run_revision",
    "resource.labels.service_name": "fleet",
    "resource.labels.revision_name": "fleet-2",
    "resource.labels.location": "europe-west1",
    "metric.labels.response_code": "503",
    "metric.labels.response_code_class": "5xx",
    "metadata.user_labels.team": "fleet",
}


@pytest.mark.parametrize(
    "text",
    [
        'resource.type="cloud_run_revision"',
        "resource.type = cloud_run_revision",
        "resource.label.service_name = 'fleet'",
        'resource.labels.service_name = "fl\\eet"',
        'metric.label.response_code_class != "2xx"',
        'resource.labels.revision_name = starts_with("fleet-")',
        'resource.labels.revision_name = ends_with("-2")',
        'resource.labels.revision_name = has_substring("eet")',
        'resource.labels.revision_name = one_of("fleet-1", "fleet-2")',
        'resource.labels.revision_name != one_of("fleet-1")',
        'metric.labels.response_code = monitoring.regex.full_match("5[0-9]+")',
        'project = "p"',
        'NOT project = "q"',
        'NOT (project = "q" OR project = "r")',
        'resource.type="cloud_run_revision" resource.label."service_name"="fleet"',
        'resource.type=one_of("cloud_run_revision")',
        'metadata.user_labels."team" = "fleet"',
        "metadata.user_labels.team = fleet",
        '(resource.labels.revision_name="fleet-1" OR resource.labels.revision_name="fleet-2")',
    ],
)
def test_the_series_matches(text):
    assert series_filter(f"{COUNT} AND {text}").matches(FACTS)


@pytest.mark.parametrize(
    "text",
    [
        'resource.labels.service_name = "Fleet"',
        'NOT resource.labels.service_name = "fleet"',
        'metadata.system_labels.region = "europe-west1"',
        'resource.labels.service_name != "fleet"',
        'resource.labels.revision_name = starts_with("2")',
        'metric.labels.response_code = monitoring.regex.full_match("50")',
        'resource.labels.location = "europe-west1" AND metric.labels.response_code = "200"',
    ],
)
def test_the_series_does_not_match(text):
    assert not series_filter(f"{COUNT} AND {text}").matches(FACTS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "must name a metric.type"),
        ('resource.type="cloud_run_revision"', "a single metric type"),
        (f'{COUNT} AND metric.type="run.googleapis.com/request_latencies"', "a single metric type"),
        (f'({COUNT} OR resource.type="x")', "a single metric type"),
        ('metric.type = starts_with("run.googleapis.com/")', "a single metric type"),
        ('metric.type != "run.googleapis.com/request_count"', "a single metric type"),
        (f'{COUNT} AND resource.type="gce_instance"', "valid combination"),
        (f'{COUNT} AND resource.labels.zone="a"', "valid combination"),
        (f'{COUNT} AND metric.labels.colour="red"', "valid combination"),
        (f'{COUNT} "x"', "AND or OR joins"),
        (f'{COUNT} AND project="p" OR project="q"', "put parentheses"),
        (f"NOT {COUNT}", "a single metric type"),
        (f"{COUNT} AND NOT NOT", "a comparison starts with"),
        (f"{COUNT} AND metric.labels.response_code >= 500", "only labels of type INT64"),
        (f"{COUNT} AND metric.labels.response_code >= 5xx", "compares with a whole number"),
        (f'{COUNT} resource.type="gce_instance"', "valid combination"),
        (f'{COUNT} resource.label."zone"="a"', "valid combination"),
        (f'{COUNT} AND resource.type=one_of("cloud_run_revision", "x")', "valid combination"),
        (f"{COUNT} AND metric.labels.response_code : 5", "supported are"),
        (f"{COUNT} AND group.id=7", "a comparison starts with"),
        (f"{COUNT} AND project=one_of(", "double quotes"),
        (f'{COUNT} AND project=starts_with("a", "b")', "expected"),
        (f'{COUNT} AND project=monitoring.regex.full_match("(")', "not a regular expression"),
        (f'{COUNT} AND project=monitoring.regex.full_match("(?!a)")', "look-around"),
        ("(" * 100, "nested deeper"),
        ("x" * 3000, "longer than 2048"),
    ],
)
def test_what_is_not_supported_is_refused_with_the_reason(text, says):
    with pytest.raises(Refused, match=r"^INVALID_ARGUMENT") as refusal:
        series_filter(text)
    assert says in refusal.value.message


@pytest.mark.parametrize(
    "name", ["run.googleapis.com/requests", "cloudscheduler.googleapis.com/job/attempt_count"]
)
def test_a_metric_that_does_not_exist_is_not_found_in_googles_words(name):
    with pytest.raises(Refused, match=r"NOT_FOUND: Cannot find metric\(s\) that match type"):
        series_filter(f'metric.type="{name}"')


@pytest.mark.parametrize(
    ("text", "found"),
    [(">= 500", True), ("> 503", False), ("< 504", True), ("<= 502", False), ("= 503", True)],
)
def test_a_label_of_whole_numbers_has_an_order(text, found):
    metric = replace(METRICS[REQUEST_COUNT], whole_labels=("response_code",))

    wanted = compile_filter(f"{COUNT} AND metric.labels.response_code {text}", lambda _: metric)

    assert wanted.matches(FACTS) is found
    assert not wanted.matches({"metric.labels.response_code": "none"})


def test_the_resource_type_decides_which_labels_there_are():
    """Without it, any label of a resource that the metric is written for is one."""
    metric = 'metric.type="monitoring.googleapis.com/uptime_check/check_passed"'

    series_filter(f'{metric} AND resource.labels.host="h" AND resource.labels.location="l"')
    series_filter(f'{metric} AND resource.type="uptime_url" AND resource.labels.host="h"')
    series_filter(f'{metric} AND NOT resource.type="uptime_url" AND resource.labels.location="l"')
    with pytest.raises(Refused, match="valid combination"):
        series_filter(f'{metric} AND resource.type="uptime_url" AND resource.labels.location="l"')


PIECES = [
    *(COUNT, "resource.type", "resource.labels.location", "metric.label.route", "project"),
    *(
        "=",
        "!=",
        ">",
        ">=",
        "metadata.user_labels.",
        'resource.label."location"',
        ":",
        "(",
        ")",
        ",",
        "AND",
        "OR",
        "NOT",
        '"',
        "'",
        '"a"',
        '"[a"',
        '"\\',
        "5",
    ),
    *("starts_with", "one_of", "monitoring.regex.full_match", "\n", "."),
]


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=14),
    st.sampled_from(["", " "]),
)
def test_whatever_filter_arrives_only_refused_escapes(pieces, between):
    code = "OK"
    for prefix in ("", f"{COUNT} AND "):
        text = prefix + between.join(pieces)
        try:
            assert predicate(parse(text))(FACTS) in (True, False)
            assert series_filter(text).matches(FACTS) in (True, False)
        except Refused as refusal:
            code = refusal.code
        assert code in ("OK", "INVALID_ARGUMENT", "NOT_FOUND")
