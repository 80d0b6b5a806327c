"""Which metrics exist: the ones of Cloud Run that are made from requests.

Source: reference/gcp.md, section 2, "Cloud Run metric descriptors".
"""

from dataclasses import dataclass
from typing import Final

RESOURCE_TYPE: Final = "cloud_run_revision"
RESOURCE_LABELS: Final = (
    "project_id",
    "service_name",
    "revision_name",
    "location",
    "configuration_name",
)
REQUEST_COUNT: Final = "run.googleapis.com/request_count"
REQUEST_LATENCIES: Final = "run.googleapis.com/request_latencies"
MAX_CONCURRENCIES: Final = "run.googleapis.com/container/max_request_concurrencies"


@dataclass(frozen=True, slots=True)
class Metric:
    """What is fixed about a metric type."""

    type: str
    kind: str
    value_type: str
    unit: str
    display_name: str
    description: str
    labels: tuple[str, ...]


_REQUEST_LABELS: Final = ("response_code", "response_code_class", "route")
METRICS: Final = {
    metric.type: metric
    for metric in (
        Metric(
            REQUEST_COUNT,
            "DELTA",
            "INT64",
            "1",
            "Request Count",
            "Number of requests reaching the revision. Excludes requests that are not reaching"
            " your container instances (for example, unauthorized requests or when maximum number"
            " of instances is reached). Captured at the end of the request lifecycle.",
            _REQUEST_LABELS,
        ),
        Metric(
            REQUEST_LATENCIES,
            "DELTA",
            "DISTRIBUTION",
            "ms",
            "Request Latency",
            "Distribution of request latency in milliseconds reaching the revision.",
            _REQUEST_LABELS,
        ),
        # Source: a copy of Google's metric list (stored file 65955637902), which gives it the
        # same 60 s and 120 s as the others.
        Metric(
            MAX_CONCURRENCIES,
            "DELTA",
            "DISTRIBUTION",
            "1",
            "Max Concurrent Requests",
            "Distribution of the maximum number of concurrent requests being served by each"
            " container instance over a minute. Filter by 'state' = 'active' only get the"
            " concurrency of active container instances.",
            ("state",),
        ),
    )
}
LABEL_DESCRIPTIONS: Final = {
    "response_code": "Response code of a request.",
    "response_code_class": "Response code class of a request.",
    "route": "Route name that forwards a request.",
    "state": "State of the container instance: active or idle.",
}


def response_code_class(status: int) -> str:
    """Return "2xx" and the like; a status that is none is reported as 5xx."""
    return f"{status // 100}xx" if 100 <= status <= 599 else "5xx"  # noqa: PLR2004
