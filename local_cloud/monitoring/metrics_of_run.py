"""The metrics of Cloud Run. Only those made from requests have points of their own here.

Source: reference/gcp.md, section 2, "Cloud Run metric descriptors", and a copy of Google's metric
list (stored file 65955637902). That CPU and memory are DELTA, like all other distributions, is seen
in Google's own dashboard, which aligns them by ALIGN_DELTA:
https://github.com/GoogleCloudPlatform/monitoring-dashboard-samples (google-cloud-run)
"""

from typing import Final

from local_cloud.monitoring.descriptors import (
    MAX_CONCURRENCIES,
    REQUEST_COUNT,
    REQUEST_LATENCIES,
    Metric,
)

_REQUEST_LABELS: Final = ("response_code", "response_code_class", "route")
_CONTAINER: Final = "run.googleapis.com/container/"


def _count(name: str, title: str, text: str, *labels: str, unit: str = "1") -> Metric:
    return Metric(_CONTAINER + name, "DELTA", "INT64", unit, title, text, labels)


def _distribution(name: str, title: str, text: str, unit: str, *labels: str) -> Metric:
    return Metric(_CONTAINER + name, "DELTA", "DISTRIBUTION", unit, title, text, labels)


RUN_METRICS: Final = (
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
    Metric(
        f"{_CONTAINER}instance_count",
        "GAUGE",
        "INT64",
        "1",
        "Instance Count",
        "Number of container instances that exist, broken down by state.",
        ("state",),
    ),
    Metric(
        f"{_CONTAINER}billable_instance_time",
        "DELTA",
        "DOUBLE",
        "s",
        "Billable Instance Time",
        "Billable time aggregated across all container instances.",
        (),
    ),
    _distribution(
        "startup_latencies",
        "Container Startup Latency",
        "Distribution of time spent starting a new container instance in milliseconds.",
        "ms",
    ),
    _distribution(
        "cpu/utilizations",
        "Container CPU Utilization",
        "Container CPU utilization distribution across all container instances.",
        "10^2.%",
        "container_name",
    ),
    _distribution(
        "memory/utilizations",
        "Container Memory Utilization",
        "Container memory utilization distribution across all container instances.",
        "10^2.%",
        "container_name",
    ),
    _distribution(
        "probe_latencies",
        "Probe Latency",
        "Distribution of time spent running a probe before success or failure.",
        "ms",
        *("probe_action", "container_name", "is_healthy", "is_default", "probe_type"),
    ),
    _count(
        "completed_probe_count",
        "Completed Probe Count",
        "Number of completed health check probes and their results.",
        *("probe_action", "container_name", "is_healthy", "is_default", "probe_type"),
    ),
    _count(
        "network/received_bytes_count",
        "Received Bytes",
        "Incoming socket and HTTP request traffic, in bytes.",
        "kind",
        unit="By",
    ),
    _count(
        "network/sent_bytes_count",
        "Sent Bytes",
        "Outgoing socket and HTTP response traffic, in bytes.",
        "kind",
        unit="By",
    ),
    Metric(
        "run.googleapis.com/job/completed_execution_count",
        "DELTA",
        "INT64",
        "1",
        "Completed Executions",
        "Number of completed job executions and their result.",
        ("result",),
        ("cloud_run_job",),
    ),
)
