"""Requests counted by series and sample period, bounded in memory."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from local_cloud.kit.traffic import OpenRequests, ServedRequest
from local_cloud.monitoring.descriptors import response_code_class
from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.filters import Facts
from local_cloud.monitoring.resources import RESOURCE_TYPE


@dataclass(slots=True)
class Series:
    """What one revision did, of one kind, by sample period."""

    project: str
    resource_labels: dict[str, str]
    metric_labels: dict[str, str]
    cells: dict[int, Distribution] = field(default_factory=dict)
    """By period number; the period `n` is [n, n+1) times its length, UTC."""
    facts: Facts = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = {
            "project": self.project,
            "resource.type": RESOURCE_TYPE,
            **{f"resource.labels.{key}": value for key, value in self.resource_labels.items()},
            **{f"metric.labels.{key}": value for key, value in self.metric_labels.items()},
        }

    def between(self, first: int, last: int) -> Iterator[tuple[int, Distribution]]:
        """Yield the periods first..last (both included) that had requests, newest first."""
        if last - first < len(self.cells):
            candidates = range(last, first - 1, -1)
            yield from ((n, self.cells[n]) for n in candidates if n in self.cells)
        else:
            for n in sorted(self.cells, reverse=True):
                if first <= n <= last:
                    yield n, self.cells[n]


class Store:
    """The requests that ended, a series for each status, with their latencies in ms.

    Memory is bounded by `kept_periods` a series; idle series are forgotten.
    """

    def __init__(self, period_seconds: int, kept_periods: int) -> None:
        self.period_seconds = period_seconds
        self._kept = kept_periods
        self._series: dict[tuple[str, str, str, str, int], Series] = {}

    def add(self, served: ServedRequest, count: int) -> None:
        key = (served.project, served.region, served.service, served.revision, served.status)
        series = self._series.get(key)
        period = self.period(served.ended)
        if series is None:
            self._forget_idle(period)
            series = self._series[key] = _series(served)
        cell = series.cells.get(period)
        if cell is None:
            cell = series.cells[period] = Distribution()
            drop_before(series, period - self._kept)
        cell.add(served.latency_seconds * 1000, count)

    def of(self, project: str) -> Iterator[Series]:
        """Yield a project's series in a fixed order: that of their first request."""
        return (series for series in self._series.values() if series.project == project)

    def period(self, instant: dt.datetime) -> int:
        return int(instant.timestamp() // self.period_seconds)

    def __len__(self) -> int:
        """Return how many periods of how many series are kept."""
        return sum(len(series.cells) for series in self._series.values())

    def _forget_idle(self, period: int) -> None:
        for key, series in list(self._series.items()):
            drop_before(series, period - self._kept)
            if not series.cells:
                del self._series[key]


def drop_before(series: Series, first: int) -> None:
    # Periods were added in the order of time; one that came late waits for those before it.
    while series.cells and (oldest := next(iter(series.cells))) < first:
        del series.cells[oldest]


def _series(served: ServedRequest) -> Series:
    return Series(
        served.project,
        resource_labels(served),
        {
            "response_code": str(served.status),
            "response_code_class": response_code_class(served.status),
            "route": served.service,
        },
    )


def resource_labels(seen: ServedRequest | OpenRequests) -> dict[str, str]:
    return {
        "project_id": seen.project,
        "service_name": seen.service,
        "revision_name": seen.revision,
        "location": seen.region,
        "configuration_name": seen.service,
    }
