"""From a condition's message to its value, and what Google refuses on the way.

Source: https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#Condition; the
words of a refusal that is quoted elsewhere stand beside it.
"""

from collections.abc import Sequence
from typing import Any, Final

from google.cloud import monitoring_v3 as v3
from google.protobuf.json_format import MessageToDict

from local_cloud.kit.errors import Refused
from local_cloud.logging.compiled import compiled
from local_cloud.monitoring.aggregation import Aggregation, Shape, check, shape_of
from local_cloud.monitoring.conditions import NO_OP, Absence, LogMatch, Measure, Threshold, Trigger
from local_cloud.monitoring.extractors import extractor
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.slos import BurnRate, Slos
from local_cloud.monitoring.values import NUMERIC

ALIGNMENT_MAX_SECONDS: Final = 90_000
"""Source: reference/gcp.md, section 2: 25 hours for alert policies."""
ABSENCE_MAX_SECONDS: Final = 84_600
"""23 hours 30 minutes. Source: https://cloud.google.com/monitoring/alerts/policies-in-api"""
_COMPARISONS: Final = ("COMPARISON_GT", "COMPARISON_LT")
_KINDS: Final = ("condition_threshold", "condition_absent", "condition_matched_log")
_Condition: Final = v3.AlertPolicy.Condition


class ConditionReader:
    """Reads the conditions of one project's policies."""

    def __init__(
        self,
        monitoring: MonitoringModel,
        slos: Slos,
        project: str,
        denominator_min: float = 0.0,
    ) -> None:
        self._denominator_min = denominator_min
        self._monitoring = monitoring
        self._slos = slos
        self._project = project
        self._step = monitoring.settings.alignment_min_seconds

    def read(self, message: Any, at: str) -> Threshold | Absence | LogMatch:
        """Return a condition. Raises Refused; `at` is where it stands, for its words."""
        kind = message.WhichOneof("condition")
        if kind not in _KINDS:
            raise Refused(
                "INVALID_ARGUMENT",
                f"Field {at} has {kind or 'no condition'}: supported here are {', '.join(_KINDS)}.",
            )
        inside, at = getattr(message, kind), f"{at}.{kind}"
        if kind == "condition_matched_log":
            extractors = {key: extractor(text) for key, text in inside.label_extractors.items()}
            return LogMatch(compiled(inside.filter), extractors)
        if kind == "condition_absent":
            return self._absence(inside, at)
        return self._threshold(inside, at)

    def _absence(self, message: Any, at: str) -> Absence:
        seconds = self._duration(message, at)
        if not 2 * self._step <= seconds <= ABSENCE_MAX_SECONDS:
            raise invalid(f"{at}.duration", f"{seconds}s", f"must be {2 * self._step}s to 84600s")
        measure, _ = self._measure(message.filter, message.aggregations, at)
        return Absence(measure, seconds, _trigger(message, at))

    def _threshold(self, message: Any, at: str) -> Threshold:
        comparison = v3.ComparisonType(message.comparison).name
        if comparison not in _COMPARISONS:
            raise invalid(f"{at}.comparison", comparison, f"must be {' or '.join(_COMPARISONS)}")
        if message.HasField("forecast_options"):
            raise invalid(f"{at}.forecast_options", "a forecast", "is not supported here")
        seconds = self._duration(message, at)
        missing = _Condition.EvaluationMissingData(message.evaluation_missing_data)
        if missing and seconds < 60:  # noqa: PLR2004
            raise invalid(
                f"{at}.evaluation_missing_data",
                missing.name,
                "the duration must be greater than or equal to 60 seconds",
            )
        measure, below = self._sides(message, at)
        return Threshold(
            measure,
            below,
            comparison == "COMPARISON_GT",
            message.threshold_value,
            seconds,
            _trigger(message, at),
            missing.name if missing else NO_OP,
            self._denominator_min,
        )

    def _sides(self, message: Any, at: str) -> tuple[Measure | BurnRate, Measure | None]:
        burn_rate = self._slos.burn_rate(message.filter)
        if burn_rate is not None:
            if message.aggregations or message.denominator_filter:
                raise invalid(
                    f"{at}.aggregations", "an aggregation", "of a burn rate is not supported here"
                )
            return burn_rate, None
        measure, shape = self._measure(message.filter, message.aggregations, at)
        _check_number(shape, at)
        if not message.denominator_filter:
            return measure, None
        below, other = self._measure(
            message.denominator_filter, message.denominator_aggregations, at, "denominator_"
        )
        _check_number(other, at)
        periods = [one.alignment_seconds for one in measure.aggregations]
        if (
            periods != [one.alignment_seconds for one in below.aggregations]
            or shape.labels != other.labels
        ):
            raise invalid(
                f"{at}.denominator_aggregations",
                below.metric.type,
                "aggregations and denominatorAggregations must use the same alignment period and"
                " produce time series that have the same labels",
            )
        return measure, below

    def _measure(
        self, text: str, messages: Sequence[Any], at: str, of: str = ""
    ) -> tuple[Measure, Shape]:
        wanted = self._monitoring.filter(self._project, text)
        if not wanted.names_resource:
            # Source: https://github.com/hashicorp/terraform-provider-google/issues/7179
            raise invalid(
                f"{at}.{of}filter",
                text,
                'must specify a restriction on "resource.type" in the filter; see'
                ' "https://cloud.google.com/monitoring/api/resources" for a list of available'
                " resource types",
            )
        shape, made = shape_of(wanted), []
        for number, message in enumerate(messages):
            aggregation = aggregation_of(message)
            self._check(aggregation, f"{at}.{of}aggregations[{number}]")
            shape = check(aggregation, shape, self._step)
            made.append(aggregation)
        return Measure(wanted, tuple(made)), shape

    def _check(self, aggregation: Aggregation, at: str) -> None:
        seconds = aggregation.alignment_seconds
        if seconds % self._step:
            # Source: https://github.com/hashicorp/terraform-provider-google/pull/10893
            raise invalid(
                f"{at}.alignment_period",
                f"{seconds:g}s",
                f"alignment period must be in multiples of {_minutes(self._step)}",
            )
        if seconds > ALIGNMENT_MAX_SECONDS:
            raise invalid(f"{at}.alignment_period", f"{seconds:g}s", "must be 90000s or less")
        if aggregation.group_by and aggregation.reducer == "REDUCE_NONE":
            # Source: https://github.com/hashicorp/terraform-provider-google/issues/16366
            raise invalid(
                f"{at}.group_by_fields",
                ", ".join(aggregation.group_by),
                "An aggregation cannot have group-by fields without a reducer",
            )

    def _duration(self, message: Any, at: str) -> int:
        nanos = message.duration.ToNanoseconds()
        seconds, rest = divmod(nanos, 10**9)
        if nanos < 0 or rest or seconds % self._step:
            # Words seen in GoogleCloudPlatform/monitoring-dashboard-samples, pull request 179.
            raise invalid(
                f"{at}.duration",
                f"{nanos / 1e9:g}s",
                f"only multiples of {_minutes(self._step)} are supported",
            )
        return int(seconds)


def aggregation_of(message: Any) -> Aggregation:
    """Return a message's aggregation."""
    return Aggregation(
        message.alignment_period.ToNanoseconds() / 1e9,
        str(v3.Aggregation.Aligner(message.per_series_aligner).name),
        str(v3.Aggregation.Reducer(message.cross_series_reducer).name),
        tuple(message.group_by_fields),
    )


def invalid(field: str, value: str, why: str) -> Refused:
    return Refused(
        "INVALID_ARGUMENT", f'Field alert_policy.{field} had an invalid value of "{value}": {why}.'
    )


def _trigger(message: Any, at: str) -> Trigger:
    if not message.HasField("trigger"):
        return Trigger()
    trigger = message.trigger
    if trigger.WhichOneof("type") == "percent":
        if not 0 < trigger.percent <= 100:  # noqa: PLR2004
            raise invalid(f"{at}.trigger.percent", f"{trigger.percent:g}", "must be 1 to 100")
        return Trigger(percent=trigger.percent)
    if trigger.count < 0:
        raise invalid(f"{at}.trigger.count", str(trigger.count), "must not be negative")
    return Trigger(trigger.count or 1)


def _check_number(shape: Shape, at: str) -> None:
    if shape.value_type not in NUMERIC:
        raise invalid(
            f"{at}.aggregations",
            shape.value_type,
            "only a number can be compared with a threshold: align or reduce the series to INT64"
            " or DOUBLE",
        )


def _minutes(step: float) -> str:
    return "1 minute" if step == 60 else f"{step:g}s"  # noqa: PLR2004


def document_of(message: Any) -> dict[str, Any]:
    """Return a message's REST form."""
    found: dict[str, Any] = MessageToDict(message)
    return found
