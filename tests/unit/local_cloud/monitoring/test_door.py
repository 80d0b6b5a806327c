"""The gRPC door: messages in process, and Google's own client over loopback."""

import asyncio
import datetime as dt
import json
import random
import threading

import grpc
import pytest
from google.api import metric_pb2
from google.api_core.exceptions import InvalidArgument, NotFound
from google.cloud import monitoring_v3 as v3
from google.cloud.monitoring_v3.services.alert_policy_service.transports import (
    AlertPolicyServiceGrpcTransport,
)
from google.cloud.monitoring_v3.services.metric_service.transports import (
    MetricServiceGrpcTransport,
)
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.grpc_door import add_service
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.kit.traffic import OpenRequests, ServedRequest
from local_cloud.monitoring import alert_door
from local_cloud.monitoring.alerts import AlertPolicies
from local_cloud.monitoring.distribution import BOUNDS
from local_cloud.monitoring.door import methods
from local_cloud.monitoring.model import DEMO, MonitoringModel
from tests.unit.local_cloud.monitoring.general import policy, threshold

START = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
COUNT = 'metric.type="run.googleapis.com/request_count"'
LATENCIES = 'metric.type="run.googleapis.com/request_latencies"'
OPEN = 'metric.type="run.googleapis.com/container/max_request_concurrencies"'


def model_with_traffic(settings=None):
    scheduler = VirtualScheduler(START)
    model = MonitoringModel(scheduler, Audit(scheduler), settings)
    for status, count, latency in [(200, 9, 0.1), (500, 1, 2.0)]:
        request = ServedRequest(
            "p", "r", "fleet", "fleet-1", "i", "GET", "http://fleet/", status, START, latency
        )
        model.record(request, count)
    model.note_open(OpenRequests("p", "r", "fleet", "fleet-1", 12, START))
    model.note_open(OpenRequests("p", "r", "fleet", "fleet-1", 0, START))
    scheduler.run_for(600)
    return model


def request_of(text=COUNT, **more):
    interval = {"start_time": START, "end_time": START + dt.timedelta(seconds=600)}
    return v3.ListTimeSeriesRequest(
        {"name": "projects/p", "filter": text, "interval": interval, **more}
    )


def call(model, name, request):
    (method,) = [method for method in methods(model) if method.name == name]
    return method.call(type(request).pb(request), None)


def aggregation(aligner, reducer="REDUCE_NONE", seconds=600):
    return {
        "alignment_period": dt.timedelta(seconds=seconds),
        "per_series_aligner": aligner,
        "cross_series_reducer": reducer,
    }


def test_a_distribution_says_its_layout_and_leaves_out_the_empty_end():
    request = request_of(LATENCIES, aggregation=aggregation("ALIGN_SUM", "REDUCE_SUM"))

    answer = call(model_with_traffic(), "ListTimeSeries", request)

    value = answer.time_series[0].points[0].value.distribution_value
    layout = value.bucket_options.exponential_buckets
    assert value.count == 10
    assert value.mean == pytest.approx(290)
    assert value.sum_of_squared_deviation == pytest.approx(9 * 190**2 + 1710**2)
    assert list(value.bucket_counts).count(0) == len(value.bucket_counts) - 2
    assert len(value.bucket_counts) < layout.num_finite_buckets
    upper = layout.scale * layout.growth_factor ** (len(value.bucket_counts) - 1)
    assert upper == pytest.approx(min(bound for bound in BOUNDS if bound > 2000))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"order_by": "x"}, "orderBy"),
        ({"secondary_aggregation": aggregation("ALIGN_SUM")}, "secondaryAggregation"),
        ({"aggregation": {"per_series_aligner": 77}}, "not known"),
        ({"interval": {"end_time": START}}, "interval"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(change, says):
    with pytest.raises(Refused, match="INVALID_ARGUMENT") as refusal:
        call(model_with_traffic(), "ListTimeSeries", request_of(**change))
    assert says in refusal.value.message


SECONDS = st.integers(-(2**40), 2**40) | st.just(int(START.timestamp()) + 600)
AGGREGATIONS = st.fixed_dictionaries(
    {},
    optional={
        "alignment_period": st.fixed_dictionaries({"seconds": SECONDS, "nanos": st.integers(0, 9)}),
        "per_series_aligner": st.integers(0, 30),
        "cross_series_reducer": st.integers(0, 30),
        "group_by_fields": st.lists(st.sampled_from(["metric.label.route", "project", "x"])),
    },
)
REQUESTS = st.fixed_dictionaries(
    {"filter": st.sampled_from([COUNT, LATENCIES])},
    optional={
        "name": st.sampled_from(["projects/p", "p", ""]),
        "interval": st.fixed_dictionaries(
            {},
            optional={
                "start_time": st.fixed_dictionaries({"seconds": SECONDS}),
                "end_time": st.fixed_dictionaries({"seconds": SECONDS}),
            },
        ),
        "aggregation": AGGREGATIONS,
        "view": st.integers(0, 3),
        "page_size": st.integers(-(2**31), 2**31 - 1),
        "page_token": st.text(max_size=4),
    },
)
TRAFFIC = model_with_traffic()


@given(REQUESTS)
def test_whatever_request_arrives_only_refused_escapes(fields):
    message = v3.ListTimeSeriesRequest.pb()(**({"name": "projects/p"} | fields))
    code = "OK"
    try:
        methods(TRAFFIC)[0].call(message, None).SerializeToString()
    except Refused as refusal:
        code = refusal.code
    assert code in ("OK", "INVALID_ARGUMENT")


@pytest.mark.parametrize(("settings", "period", "delay"), [(None, 60, 120), (DEMO, 1, 0)])
def test_the_descriptor_says_how_late_points_are(settings, period, delay):
    name = "projects/p/metricDescriptors/run.googleapis.com/request_count"

    descriptor = call(
        model_with_traffic(settings),
        "GetMetricDescriptor",
        v3.GetMetricDescriptorRequest(name=name),
    )

    assert descriptor.name == name
    assert descriptor.metadata.sample_period.seconds == period
    assert descriptor.metadata.ingest_delay.seconds == delay
    assert descriptor.metric_kind == metric_pb2.MetricDescriptor.MetricKind.DELTA


def test_the_most_open_requests_are_described_as_the_others_are():
    name = "projects/p/metricDescriptors/run.googleapis.com/container/max_request_concurrencies"

    descriptor = call(
        model_with_traffic(), "GetMetricDescriptor", v3.GetMetricDescriptorRequest(name=name)
    )

    assert descriptor.value_type == metric_pb2.MetricDescriptor.ValueType.DISTRIBUTION
    assert [label.key for label in descriptor.labels] == ["state"]
    assert descriptor.metadata.sample_period.seconds == 60
    assert descriptor.metadata.ingest_delay.seconds == 120


class _NoTokens:
    def access_token(self, email):
        raise NotImplementedError

    def id_token(self, email, audience):
        raise NotImplementedError

    def caller(self, authorization):
        return None

    def invoker(self, authorization, audiences):
        raise NotImplementedError


@pytest.fixture
def channel():
    """A channel to a server of both services, on a free loopback port in another thread."""
    loop = asyncio.new_event_loop()
    started = threading.Event()
    port = 0
    done = asyncio.Event()

    async def serve():
        nonlocal port
        server = grpc.aio.server()
        service = "google.monitoring.v3.MetricService"
        model = model_with_traffic()
        add_service(server, service, methods(model), _NoTokens())
        scheduler = VirtualScheduler(START)
        alerts = AlertPolicies(scheduler, model, lambda *told: None, random.Random(1))
        of_alerts = alert_door.methods(alerts, Audit(scheduler))
        add_service(server, alert_door.SERVICE, of_alerts, _NoTokens())
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        started.set()
        await done.wait()
        await server.stop(None)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert started.wait(10)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    yield channel
    channel.close()
    loop.call_soon_threadsafe(done.set)
    thread.join()
    loop.close()


@pytest.mark.processes
def test_googles_clients_read_series_descriptors_policies_and_refusals(channel):
    client = v3.MetricServiceClient(transport=MetricServiceGrpcTransport(channel=channel))
    request = request_of(
        aggregation=aggregation("ALIGN_DELTA", "REDUCE_SUM")
        | {"group_by_fields": ["metric.label.response_code_class"]},
        page_size=1,
    )

    series = list(client.list_time_series(request))

    counts = {s.metric.labels["response_code_class"]: s.points[0].value.int64_value for s in series}
    assert counts == {"2xx": 9, "5xx": 1}
    assert dict(series[0].resource.labels) == {"project_id": "p"}
    assert series[0].resource.type == "cloud_run_revision"
    name = "projects/p/metricDescriptors/run.googleapis.com/request_latencies"
    descriptor = client.get_metric_descriptor(name=name)
    assert descriptor.metadata.ingest_delay.seconds == 120
    (most_open,) = client.list_time_series(request_of(OPEN))
    assert most_open.metric.labels["state"] == "active"
    assert most_open.points[0].value.distribution_value.mean == 12
    listed = {one.type for one in client.list_metric_descriptors(name="projects/p")}
    assert descriptor.type in listed
    assert "cloudsql.googleapis.com/database/cpu/utilization" in listed
    with pytest.raises(InvalidArgument, match="single metric type"):
        client.list_time_series(request_of('resource.type="cloud_run_revision"'))
    with pytest.raises(NotFound):
        client.get_metric_descriptor(name=name + "x")
    policies = v3.AlertPolicyServiceClient(
        transport=AlertPolicyServiceGrpcTransport(channel=channel)
    )
    condition = threshold()["conditionThreshold"]["filter"]
    wanted = v3.AlertPolicy.from_json(json.dumps(policy(notificationChannels=[])))
    made = policies.create_alert_policy(name="projects/p", alert_policy=wanted)
    assert made.conditions[0].condition_threshold.filter == condition
    assert [one.name for one in policies.list_alert_policies(name="projects/p")] == [made.name]
    policies.delete_alert_policy(name=made.name)
    with pytest.raises(NotFound, match="does not exist"):
        policies.get_alert_policy(name=made.name)
