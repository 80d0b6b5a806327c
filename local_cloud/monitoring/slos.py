"""Service level objectives, and how fast their error budget burns.

Only what is counted by requests: ratios of two filters, and latency cuts. Source:
https://cloud.google.com/stackdriver/docs/solutions/slo-monitoring/api/timeseries-selectors
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.aggregation import Aggregation, aggregate
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.series_filter import SeriesFilter
from local_cloud.monitoring.values import NUMERIC

_NAME: Final = re.compile(r"projects/[^/]+/services/[^/]+/serviceLevelObjectives/[^/]+")
_BURN_RATE: Final = re.compile(
    r"\s*select_slo_burn_rate\(\s*\"?([^\",()\s]+)\"?\s*,\s*\"?(\d+)(s|m|h)\"?\s*\)\s*"
)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600}
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Slo:
    """What share of events must be good, and how the good and all of them are counted."""

    name: str
    goal: float
    good: SeriesFilter | None
    bad: SeriesFilter | None
    total: SeriesFilter | None
    """Two of the three, or the first alone with `range_max`."""
    range_max: float | None = None
    """Of a distribution: what is at most this is good."""

    def bad_ratio(
        self, monitoring: MonitoringModel, project: str, start: dt.datetime, end: dt.datetime
    ) -> float | None:
        """Return the share of bad events in (start, end]; None if there was none at all."""

        def count(wanted: SeriesFilter | None) -> float | None:
            if wanted is None:
                return None
            return _count(monitoring, project, wanted, start, end, self.range_max)

        good, bad, total = count(self.good), count(self.bad), count(self.total)
        if self.range_max is not None and self.good is not None:
            total = _count(monitoring, project, self.good, start, end, None)
        if total is None:
            total = (good or 0.0) + (bad or 0.0)
        if total <= 0:
            return None
        return bad / total if bad is not None else 1 - (good or 0.0) / total


@dataclass(frozen=True, slots=True)
class BurnRate:
    """`select_slo_burn_rate`: 1 spends the budget exactly over the objective's period."""

    slo: Slo
    lookback_seconds: int

    @property
    def metric(self) -> Metric | None:
        return None

    def rate(self, monitoring: MonitoringModel, project: str, end: dt.datetime) -> float | None:
        start = end - dt.timedelta(seconds=self.lookback_seconds)
        ratio = self.slo.bad_ratio(monitoring, project, start, end)
        return None if ratio is None else ratio / (1 - self.slo.goal)


class Slos:
    """The objectives of all projects, by name."""

    def __init__(self, monitoring: MonitoringModel) -> None:
        self._monitoring = monitoring
        self._slos: dict[str, Slo] = {}

    def create(self, project: str, name: str, document: Mapping[str, Any]) -> Slo:
        """Add an objective in its REST form. Raises Refused(INVALID_ARGUMENT, NOT_FOUND).

        `project` is whose series it counts: its name may say the project's number instead.
        """
        goal, rolling = document.get("goal"), str(document.get("rollingPeriod", ""))
        problems = []
        if not _NAME.fullmatch(name):
            problems.append(
                f"name is {name!r}: must be projects/P/services/S/serviceLevelObjectives/ID"
            )
        if not isinstance(goal, int | float) or not 0 < goal < 1:
            problems.append(f"goal is {goal!r}: must be between 0 and 1, such as 0.995")
        if "calendarPeriod" not in document:
            days = re.fullmatch(r"([0-9]+)s", rolling)
            if not days or int(days[1]) % _DAY or not 1 <= int(days[1]) // _DAY <= 30:  # noqa: PLR2004
                problems.append(f"rollingPeriod is {rolling!r}: must be 1 to 30 whole days")
        if problems:
            raise Refused("INVALID_ARGUMENT", "; ".join(problems) + ".")
        assert isinstance(goal, int | float)
        indicator = document.get("serviceLevelIndicator", {}).get("requestBased", {})
        made = self._slos[name] = self._read(project, name, float(goal), indicator)
        return made

    def burn_rate(self, text: str) -> BurnRate | None:
        """Read a filter that is a selector; None if it is none. Raises Refused."""
        if not text.lstrip().startswith("select_slo_"):
            return None
        found = _BURN_RATE.fullmatch(text)
        if found is None:
            raise Refused(
                "INVALID_ARGUMENT",
                f"Field filter had an invalid value of {text!r}: supported here is"
                ' select_slo_burn_rate("projects/P/services/S/serviceLevelObjectives/ID",'
                ' "3600s").',
            )
        slo = self._slos.get(found[1])
        if slo is None:
            raise Refused("NOT_FOUND", f"Service level objective {found[1]} does not exist.")
        return BurnRate(slo, int(found[2]) * _SECONDS[found[3]])

    def _read(self, project: str, name: str, goal: float, indicator: Mapping[str, Any]) -> Slo:
        if cut := indicator.get("distributionCut"):
            wanted = self._filter(project, cut.get("distributionFilter", ""), ("DISTRIBUTION",))
            return Slo(name, goal, wanted, None, None, float(cut["range"]["max"]))
        ratio = indicator.get("goodTotalRatio", {})
        texts = [ratio.get(f"{kind}ServiceFilter", "") for kind in ("good", "bad", "total")]
        if sum(bool(text) for text in texts) != 2:  # noqa: PLR2004 - two of three say all.
            raise Refused(
                "INVALID_ARGUMENT",
                f"serviceLevelIndicator of {name}: exactly two of goodServiceFilter,"
                " badServiceFilter and totalServiceFilter must be specified; other indicators than"
                " goodTotalRatio and distributionCut are not supported here.",
            )
        good, bad, total = (
            self._filter(project, text, NUMERIC) if text else None for text in texts
        )
        return Slo(name, goal, good, bad, total)

    def _filter(self, project: str, text: str, types: tuple[str, ...]) -> SeriesFilter:
        wanted = self._monitoring.filter(project, text)
        metric = wanted.metric
        if metric.kind not in ("DELTA", "CUMULATIVE") or metric.value_type not in types:
            raise Refused(
                "INVALID_ARGUMENT",
                f"An indicator counts by {' or '.join(types)} values of kind DELTA or CUMULATIVE:"
                f" {metric.type} is {metric.kind} {metric.value_type}.",
            )
        return wanted


def _count(
    monitoring: MonitoringModel,
    project: str,
    wanted: SeriesFilter,
    start: dt.datetime,
    end: dt.datetime,
    range_max: float | None,
) -> float:
    whole = Aggregation((end - start).total_seconds(), "ALIGN_DELTA", "REDUCE_SUM")
    series = aggregate(monitoring.raw(project, wanted, start, end), whole, end)
    if not series or not series[0].points:
        return 0.0
    value = series[0].points[0].value
    if isinstance(value, Distribution):
        return float(value.count) if range_max is None else value.count_up_to(range_max)
    assert isinstance(value, int | float)
    return float(value)
