"""Which metrics exist, and what is fixed about each. Not: metrics made from logs (log_metrics.py).

Source: reference/gcp.md, section 2.
"""

from dataclasses import dataclass
from typing import Final

from local_cloud.monitoring.resources import RESOURCE_LABELS, RESOURCE_TYPE

__all__ = ["RESOURCE_LABELS", "RESOURCE_TYPE"]
REQUEST_COUNT: Final = "run.googleapis.com/request_count"
REQUEST_LATENCIES: Final = "run.googleapis.com/request_latencies"
MAX_CONCURRENCIES: Final = "run.googleapis.com/container/max_request_concurrencies"
RUN_DELAY_SECONDS: Final = 120.0
"""Source: reference/gcp.md, section 2: "data is not visible for up to 120 seconds"."""


# A metric is itself and no other: compared by identity, it is a key that costs nothing.
@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """What is fixed about a metric type."""

    type: str
    kind: str
    value_type: str
    unit: str
    display_name: str
    description: str
    labels: tuple[str, ...]
    resources: tuple[str, ...] = (RESOURCE_TYPE,)
    """Types of the resources that it is written for."""
    ingest_delay_seconds: float = RUN_DELAY_SECONDS
    whole_labels: tuple[str, ...] = ()
    """The labels whose values are whole numbers (INT64): only these are compared by > and <."""


LABEL_DESCRIPTIONS: Final = {
    "response_code": "Response code of a request.",
    "response_code_class": "Response code class of a request.",
    "route": "Route name that forwards a request.",
    "state": "State of the container instance: active or idle.",
}


def response_code_class(status: int) -> str:
    """Return "2xx" and the like; a status that is none is reported as 5xx."""
    return f"{status // 100}xx" if 100 <= status <= 599 else "5xx"  # noqa: PLR2004
