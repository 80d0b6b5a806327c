"""Alert policies in a short form: the two conditions that installations of Barq here have.

Each is written out as the policy that Google's API takes, and looked at as any other.
Source: reference/gcp.md, section 3.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.monitoring.descriptors import REQUEST_COUNT, REQUEST_LATENCIES
from local_cloud.monitoring.resources import RESOURCE_TYPE

GROUP_LABELS: Final = ("service_name", "revision_name", "location")
"""What conditions group by: without these a reader cannot tell which revision is bad."""
GROUP_BY: Final = tuple(f"resource.label.{label}" for label in GROUP_LABELS)


@dataclass(frozen=True, slots=True)
class ErrorRatio:
    """Requests that match `bad` over those that match `all`, above a threshold (0.0..1.0).

    `bad` and `all` are filters on labels, joined by AND to the policy's own.
    """

    threshold_ratio: float
    bad: str = 'metric.labels.response_code_class="5xx"'
    all: str = ""
    requests_min: int = 1
    """Below this many requests there is no ratio. Google has no such setting."""

    def as_json(self, policy: "AlertPolicy") -> dict[str, Any]:
        aggregations = [_aggregation(policy, "ALIGN_DELTA", "REDUCE_SUM")]
        return {
            "filter": policy.filter_of(REQUEST_COUNT, self.bad),
            "aggregations": aggregations,
            "denominatorFilter": policy.filter_of(REQUEST_COUNT, self.all),
            "denominatorAggregations": aggregations,
            "thresholdValue": self.threshold_ratio,
        }


@dataclass(frozen=True, slots=True)
class LatencyPercentile:
    """A percentile (50, 95 or 99) of the requests' latency, above a threshold in ms."""

    threshold_ms: float
    percentile: int = 95

    def as_json(self, policy: "AlertPolicy") -> dict[str, Any]:
        reducer = f"REDUCE_PERCENTILE_{self.percentile}"
        return {
            "filter": policy.filter_of(REQUEST_LATENCIES, ""),
            "aggregations": [_aggregation(policy, "ALIGN_DELTA", reducer)],
            "thresholdValue": self.threshold_ms,
        }


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """One policy with one condition and one Pub/Sub channel."""

    display_name: str
    project: str
    topic: str
    """`projects/P/topics/T`."""
    condition: ErrorRatio | LatencyPercentile
    filter: str = ""
    """Which revisions, such as `resource.labels.service_name="api"`; empty: all."""
    alignment_seconds: int = 60
    duration_seconds: int = 0
    """How long the value must stay above the threshold before an incident opens."""
    user_labels: Mapping[str, str] = field(default_factory=dict)
    """Arrive as `policy_user_labels`: where to put routing data."""
    severity: str = ""
    documentation: str = ""
    notify_closed: bool = True
    """Whether `notificationPrompts` has CLOSED beside OPENED."""
    name: str = ""
    """`projects/P/alertPolicies/ID`; given by create()."""
    condition_id: str = ""

    @property
    def requests_min(self) -> int:
        return self.condition.requests_min if isinstance(self.condition, ErrorRatio) else 0

    def filter_of(self, metric_type: str, part: str) -> str:
        """Return a whole filter of this policy's series."""
        terms = [f'metric.type="{metric_type}"', f'resource.type="{RESOURCE_TYPE}"']
        terms += [f"({text})" for text in (self.filter, part) if text]
        return " AND ".join(terms)

    def as_json(self, channel: str) -> dict[str, Any]:
        """Return the policy that Google's API takes, for a notification channel's name."""
        condition = {
            "displayName": self.display_name,
            "conditionThreshold": {
                **self.condition.as_json(self),
                "comparison": "COMPARISON_GT",
                "duration": f"{self.duration_seconds}s",
                "trigger": {"count": 1},
            },
        }
        prompts = ["OPENED", "CLOSED"] if self.notify_closed else ["OPENED"]
        made: dict[str, Any] = {
            "displayName": self.display_name,
            "combiner": "OR",
            "conditions": [condition],
            "notificationChannels": [channel],
            "alertStrategy": {"notificationPrompts": prompts},
            "userLabels": dict(self.user_labels),
        }
        if self.severity:
            made["severity"] = self.severity
        if self.documentation:
            made["documentation"] = {"content": self.documentation, "mimeType": "text/markdown"}
        return made


def _aggregation(policy: AlertPolicy, aligner: str, reducer: str) -> dict[str, Any]:
    return {
        "alignmentPeriod": f"{policy.alignment_seconds}s",
        "perSeriesAligner": aligner,
        "crossSeriesReducer": reducer,
        "groupByFields": list(GROUP_BY),
    }
