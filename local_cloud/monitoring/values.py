"""Points and series: what metrics are made of, whatever wrote them."""

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from local_cloud.monitoring.distribution import Distribution
from local_cloud.monitoring.resources import RESOURCE_TYPE

Value = bool | int | float | str | Distribution
NUMERIC: Final = ("INT64", "DOUBLE")
"""Value types that are numbers."""


class Point(NamedTuple):
    """A value over (start, end]; start == end for a GAUGE."""

    start: dt.datetime
    end: dt.datetime
    value: Value


class TimeSeries(NamedTuple):
    """One series of an answer; points newest first."""

    metric_type: str
    metric_labels: Mapping[str, str]
    resource_labels: Mapping[str, str]
    metric_kind: str
    value_type: str
    unit: str
    points: tuple[Point, ...]
    resource_type: str = RESOURCE_TYPE
