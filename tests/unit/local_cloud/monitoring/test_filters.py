"""Monitoring filters: what they mean, and that nothing but Refused ever comes out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.filters import parse, predicate
from local_cloud.monitoring.series_filter import series_filter

COUNT = 'metric.type="run.googleapis.com/request_count"'
FACTS = {
    "project": "p",
    "resource.type": "cloud_run_revision",
    "resource.labels.service_name": "fleet",
    "resource.labels.revision_name": "fleet-2",
    "resource.labels.location": "europe-west1",
    "metric.labels.response_code": "503",
    "metric.labels.response_code_class": "5xx",
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
        '(resource.labels.revision_name="fleet-1" OR resource.labels.revision_name="fleet-2")',
    ],
)
def test_the_series_matches(text):
    assert series_filter(f"{COUNT} AND {text}").matches(FACTS)


@pytest.mark.parametrize(
    "text",
    [
        'resource.labels.service_name = "Fleet"',
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
        (f'{COUNT} resource.type="x"', "AND or OR joins"),
        (f'{COUNT} AND project="p" OR project="q"', "put parentheses"),
        (f"{COUNT} AND NOT project=p", "a comparison starts with"),
        (f"{COUNT} AND metric.labels.response_code >= 500", "supported are"),
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


def test_a_metric_that_does_not_exist_is_not_found():
    with pytest.raises(Refused, match="NOT_FOUND: Cannot find metric"):
        series_filter('metric.type="run.googleapis.com/requests"')


PIECES = [
    *(COUNT, "resource.type", "resource.labels.location", "metric.label.route", "project"),
    *("=", "!=", ">", ":", "(", ")", ",", "AND", "OR", "NOT", '"', "'", '"a"', '"[a"', '"\\', "5"),
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
