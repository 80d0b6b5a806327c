"""Alert policies as values: what a condition measures, and what Google refuses in a policy.

Source: reference/gcp.md, section 3.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.aggregation import Aggregation, TimeSeries
from local_cloud.monitoring.descriptors import REQUEST_COUNT, REQUEST_LATENCIES, RESOURCE_TYPE
from local_cloud.monitoring.model import MonitoringModel, TimeSeriesQuery

GROUP_LABELS: Final = ("service_name", "revision_name", "location")
"""What conditions group by: without these a reader cannot tell which revision is bad."""
GROUP_BY: Final = tuple(f"resource.label.{label}" for label in GROUP_LABELS)
SEVERITIES: Final = ("", "CRITICAL", "ERROR", "WARNING")
ALIGNMENT_MAX_SECONDS: Final = 90_000
"""Source: reference/gcp.md, section 2: 25 hours for alert policies."""
Group = tuple[str, ...]
"""The values of GROUP_LABELS."""


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

    @property
    def metric_type(self) -> str:
        return REQUEST_COUNT

    @property
    def threshold(self) -> float:
        return self.threshold_ratio

    def values(self, measured: "Measurement") -> dict[Group, float]:
        """Return the ratio by group; a group without requests has none."""
        every = measured.sums(self.all)
        bad = measured.sums(self.bad)
        return {
            group: bad.get(group, 0) / count
            for group, count in every.items()
            if count >= max(self.requests_min, 1)
        }

    def as_json(self, policy: "AlertPolicy") -> dict[str, Any]:
        aggregations = [_aggregation(policy, "ALIGN_DELTA", "REDUCE_SUM")]
        return {
            "filter": policy.filter_of(self.metric_type, self.bad),
            "aggregations": aggregations,
            "denominatorFilter": policy.filter_of(self.metric_type, self.all),
            "denominatorAggregations": aggregations,
        }


@dataclass(frozen=True, slots=True)
class LatencyPercentile:
    """A percentile (50, 95 or 99) of the requests' latency, above a threshold in ms."""

    threshold_ms: float
    percentile: int = 95

    @property
    def metric_type(self) -> str:
        return REQUEST_LATENCIES

    @property
    def threshold(self) -> float:
        return self.threshold_ms

    def values(self, measured: "Measurement") -> dict[Group, float]:
        """Return the percentile by group; a group without requests has none."""
        return measured.percentiles(self.percentile)

    def as_json(self, policy: "AlertPolicy") -> dict[str, Any]:
        reducer = f"REDUCE_PERCENTILE_{self.percentile}"
        return {
            "filter": policy.filter_of(self.metric_type, ""),
            "aggregations": [_aggregation(policy, "ALIGN_DELTA", reducer)],
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

    def filter_of(self, metric_type: str, part: str) -> str:
        """Return a whole filter of this policy's series."""
        terms = [f'metric.type="{metric_type}"', f'resource.type="{RESOURCE_TYPE}"']
        terms += [f"({text})" for text in (self.filter, part) if text]
        return " AND ".join(terms)

    def condition_json(self) -> dict[str, Any]:
        """Return the `condition` of a notification."""
        return {
            "name": f"{self.name}/conditions/{self.condition_id}",
            "displayName": self.display_name,
            "conditionThreshold": {
                **self.condition.as_json(self),
                "comparison": "COMPARISON_GT",
                "thresholdValue": self.condition.threshold,
                "duration": f"{self.duration_seconds}s",
                "trigger": {"count": 1},
            },
        }


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a policy's condition may ask at one instant."""

    monitoring: MonitoringModel
    policy: AlertPolicy
    end: dt.datetime

    def sums(self, part: str) -> dict[Group, float]:
        """Return request counts by group over the alignment period that ends at `end`."""
        return self._read(REQUEST_COUNT, part, "REDUCE_SUM")

    def percentiles(self, percentile: int) -> dict[Group, float]:
        """Return a percentile of the latencies by group, in ms."""
        return self._read(REQUEST_LATENCIES, "", f"REDUCE_PERCENTILE_{percentile}")

    def _read(self, metric_type: str, part: str, reducer: str) -> dict[Group, float]:
        seconds = self.policy.alignment_seconds
        series = self.monitoring.query(
            TimeSeriesQuery(
                f"projects/{self.policy.project}",
                self.policy.filter_of(metric_type, part),
                self.end - dt.timedelta(seconds=seconds),
                self.end,
                Aggregation(seconds, "ALIGN_DELTA", reducer, GROUP_BY),
            )
        )
        return {_group(one): _number(one) for one in series}


def check(policy: AlertPolicy, monitoring: MonitoringModel) -> None:
    """Raise Refused(INVALID_ARGUMENT) for a policy that Google would refuse."""
    step = monitoring.settings.alignment_min_seconds
    problems = []
    if not policy.display_name:
        problems.append("displayName is empty")
    if policy.duration_seconds % step or policy.duration_seconds < 0:
        problems.append(f"duration is {policy.duration_seconds}s: must be a multiple of {step}s")
    if policy.alignment_seconds > ALIGNMENT_MAX_SECONDS:
        problems.append(f"alignmentPeriod is {policy.alignment_seconds}s: must be 90000s or less")
    if policy.severity not in SEVERITIES:
        problems.append(f"severity is {policy.severity!r}: CRITICAL, ERROR or WARNING")
    if not re.fullmatch(r"projects/[^/]+/topics/[^/]+", policy.topic):
        problems.append(f"topic is {policy.topic!r}: must be projects/PROJECT/topics/TOPIC")
    for key, value in policy.user_labels.items():
        # Source: reference/gcp.md, section 3: lower-case letters, digits, _ and -; 63 characters.
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key) or not re.fullmatch(
            r"[a-z0-9_-]{0,63}", value
        ):
            problems.append(f"userLabels has {key!r}: {value!r}: a-z, 0-9, _ and - only")
    if problems:
        raise Refused("INVALID_ARGUMENT", "; ".join(problems) + ".")
    # Filters, percentile and alignment are refused where they are used: use them once.
    policy.condition.values(Measurement(monitoring, policy, monitoring.visible_until()))


def _aggregation(policy: AlertPolicy, aligner: str, reducer: str) -> dict[str, Any]:
    return {
        "alignmentPeriod": f"{policy.alignment_seconds}s",
        "perSeriesAligner": aligner,
        "crossSeriesReducer": reducer,
        "groupByFields": list(GROUP_BY),
    }


def _group(series: TimeSeries) -> Group:
    return tuple(series.resource_labels.get(label, "") for label in GROUP_LABELS)


def _number(series: TimeSeries) -> float:
    value = series.points[0].value
    assert isinstance(value, int | float)
    return value
