"""The gRPC door of Cloud Monitoring: `google.monitoring.v3.MetricService`, read only.

Requests and responses are the plain protobuf messages behind Google's client library: they are
a lot faster than its wrappers. In process, pass `ListTimeSeriesRequest.pb(request)`.
"""

import datetime as dt
import functools
from typing import Any, Final

from google.api import label_pb2, launch_stage_pb2, metric_pb2
from google.cloud import monitoring_v3 as v3

from local_cloud.kit.errors import Refused
from local_cloud.kit.grpc_door import Method
from local_cloud.monitoring.aggregation import Aggregation
from local_cloud.monitoring.descriptors import LABEL_DESCRIPTIONS, Metric
from local_cloud.monitoring.distribution import (
    BOUNDS,
    FINITE_BUCKETS,
    GROWTH_FACTOR,
    SCALE,
    Distribution,
)
from local_cloud.monitoring.model import MonitoringModel, TimeSeriesQuery
from local_cloud.monitoring.values import Point, TimeSeries

_ListRequest: Final = v3.ListTimeSeriesRequest.pb()
_ListResponse: Final = v3.ListTimeSeriesResponse.pb()
_TimeSeries: Final = v3.TimeSeries.pb()
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_HEADERS: Final = int(v3.ListTimeSeriesRequest.TimeSeriesView.HEADERS)


def methods(model: MonitoringModel) -> tuple[Method, ...]:
    """Return the methods of `google.monitoring.v3.MetricService` that are emulated."""

    def list_time_series(request: Any, caller: str | None) -> Any:
        page = model.list_time_series(_query(request), caller)
        answer = _ListResponse(next_page_token=page.next_page_token)
        for one in page.series:
            _fill_series(answer.time_series.add(), one)
        return answer

    def get_metric_descriptor(request: Any, caller: str | None) -> Any:
        metric = model.get_metric(request.name, caller)
        project = request.name.split("/")[1]
        return _descriptor(model, project, metric)

    def list_metric_descriptors(request: Any, caller: str | None) -> Any:
        metrics = model.list_metrics(request.name, request.filter, caller)
        project = request.name.split("/")[1]
        return v3.ListMetricDescriptorsResponse.pb()(
            metric_descriptors=[_descriptor(model, project, metric) for metric in metrics]
        )

    return (
        Method("ListTimeSeries", _ListRequest, _ListResponse, list_time_series),
        Method(
            "GetMetricDescriptor",
            v3.GetMetricDescriptorRequest.pb(),
            metric_pb2.MetricDescriptor,
            get_metric_descriptor,
        ),
        Method(
            "ListMetricDescriptors",
            v3.ListMetricDescriptorsRequest.pb(),
            v3.ListMetricDescriptorsResponse.pb(),
            list_metric_descriptors,
        ),
    )


def _query(request: Any) -> TimeSeriesQuery:
    if request.order_by:
        raise Refused("INVALID_ARGUMENT", "Field orderBy is not supported: must be left blank.")
    if request.HasField("secondary_aggregation"):
        raise Refused("INVALID_ARGUMENT", "Field secondaryAggregation is not supported here.")
    interval = request.interval
    return TimeSeriesQuery(
        name=request.name,
        filter=request.filter,
        start=_instant(interval.start_time) if interval.HasField("start_time") else None,
        end=_instant(interval.end_time) if interval.HasField("end_time") else None,
        aggregation=_aggregation_of(request.aggregation),
        headers_only=request.view == _HEADERS,
        page_size=request.page_size,
        page_token=request.page_token,
    )


def _aggregation_of(message: Any) -> Aggregation:
    return _aggregation(
        message.alignment_period.ToNanoseconds() / 1e9,
        message.per_series_aligner,
        message.cross_series_reducer,
        tuple(message.group_by_fields),
    )


@functools.lru_cache(maxsize=64)
def _aggregation(
    seconds: float, aligner: int, reducer: int, group_by: tuple[str, ...]
) -> Aggregation:
    try:
        return Aggregation(
            alignment_seconds=seconds,
            aligner=str(v3.Aggregation.Aligner(aligner).name),
            reducer=str(v3.Aggregation.Reducer(reducer).name),
            group_by=group_by,
        )
    except ValueError:
        raise Refused(
            "INVALID_ARGUMENT", "Field aggregation has an aligner or reducer that is not known."
        ) from None


def _instant(timestamp: Any) -> dt.datetime:
    try:
        instant: dt.datetime = timestamp.ToDatetime(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise Refused("INVALID_ARGUMENT", "Field interval is out of range.") from None
    return instant


def _fill_series(message: Any, series: TimeSeries) -> None:
    head = _head(
        series.metric_type,
        tuple(series.metric_labels.items()),
        tuple(series.resource_labels.items()),
        series.metric_kind,
        series.value_type,
        series.unit,
        series.resource_type,
    )
    message.CopyFrom(head)
    for point in series.points:
        _add_point(message.points.add(), point)


@functools.lru_cache(maxsize=512)
def _head(
    metric_type: str,
    metric_labels: tuple[tuple[str, str], ...],
    resource_labels: tuple[tuple[str, str], ...],
    kind: str,
    value_type: str,
    unit: str,
    resource_type: str,
) -> Any:
    """Return a series without its points: the same in most answers."""
    return _TimeSeries(
        metric={"type": metric_type, "labels": dict(metric_labels)},
        resource={"type": resource_type, "labels": dict(resource_labels)},
        metric_kind=kind,
        value_type=value_type,
        unit=unit,
    )


def _write_instant(message: Any, instant: dt.datetime) -> None:
    """Write a Timestamp. `FromDatetime` goes by way of the calendar."""
    since = instant - _EPOCH
    message.seconds = since.days * 86_400 + since.seconds
    message.nanos = since.microseconds * 1000


def _add_point(message: Any, point: Point) -> None:
    _write_instant(message.interval.start_time, point.start)
    _write_instant(message.interval.end_time, point.end)
    if isinstance(point.value, Distribution):
        _fill(message.value.distribution_value, point.value)
    elif isinstance(point.value, bool):
        message.value.bool_value = point.value
    elif isinstance(point.value, str):
        message.value.string_value = point.value
    elif isinstance(point.value, float):
        message.value.double_value = point.value
    else:
        message.value.int64_value = point.value


def _fill(message: Any, value: Distribution) -> None:
    message.count = value.count
    message.mean = value.mean
    message.sum_of_squared_deviation = value.sum_of_squared_deviation
    if value.bounds is BOUNDS:
        layout = message.bucket_options.exponential_buckets
        layout.num_finite_buckets = FINITE_BUCKETS
        layout.growth_factor = GROWTH_FACTOR
        layout.scale = SCALE
    else:
        message.bucket_options.explicit_buckets.bounds.extend(value.bounds)
    message.bucket_counts.extend(value.bucket_counts())


def _descriptor(model: MonitoringModel, project: str, metric: Metric) -> Any:
    """Return a descriptor whose metadata says how late points are: clients must read it."""
    message = metric_pb2.MetricDescriptor(
        name=f"projects/{project}/metricDescriptors/{metric.type}",
        type=metric.type,
        labels=[
            label_pb2.LabelDescriptor(
                key=key,
                description=LABEL_DESCRIPTIONS.get(key, ""),
                value_type="INT64" if key in metric.whole_labels else "STRING",
            )
            for key in metric.labels
        ],
        metric_kind=metric.kind,
        value_type=metric.value_type,
        unit=metric.unit,
        description=metric.description,
        display_name=metric.display_name,
        launch_stage=launch_stage_pb2.LaunchStage.GA,
        monitored_resource_types=metric.resources,
    )
    metadata = message.metadata
    metadata.launch_stage = launch_stage_pb2.LaunchStage.GA
    metadata.sample_period.FromTimedelta(dt.timedelta(seconds=model.settings.sample_period_seconds))
    metadata.ingest_delay.FromTimedelta(model.delay(metric))
    return message
