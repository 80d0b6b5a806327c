"""The metrics of Cloud SQL, uptime checks, Pub/Sub, Workflows and Logging: points are written.

Cloud Scheduler publishes no metric: an alert about a job needs its log or what it calls.
Source: reference/gcp.md, section 2, and a copy of Google's metric list (stored file 65955637902).
Labels that the copy does not have: https://cloud.google.com/monitoring/api/metrics_gcp
"""

from typing import Final

from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.resources import RESOURCES

_SQL_DELAY_SECONDS: Final = 165.0
_SHARE: Final = "10^2.%"
_CHECK_LABELS: Final = ("check_id", "checked_resource_id", "checker_location")
_CHECKED: Final = ("uptime_url", "cloud_run_revision")


def _sql(name: str, kind: str, value_type: str, unit: str, text: str, *labels: str) -> Metric:
    return Metric(
        f"cloudsql.googleapis.com/database/{name}",
        kind,
        value_type,
        unit,
        text,
        f"{text}.",
        labels,
        ("cloudsql_database",),
        _SQL_DELAY_SECONDS,
    )


def _uptime(name: str, value_type: str, unit: str, text: str, *labels: str) -> Metric:
    return Metric(
        f"monitoring.googleapis.com/uptime_check/{name}",
        "GAUGE",
        value_type,
        unit,
        text,
        f"{text}.",
        (*_CHECK_LABELS, *labels),
        _CHECKED,
    )


def _pubsub(what: str, kind: str, unit: str, text: str, *labels: str) -> Metric:
    of = what.partition("/")[0]
    return Metric(
        f"pubsub.googleapis.com/{what}",
        kind,
        "INT64",
        unit,
        text,
        f"{text}.",
        labels,
        (f"pubsub_{of}",),
    )


def _workflow(name: str, value_type: str, unit: str, text: str, *labels: str) -> Metric:
    return Metric(
        f"workflows.googleapis.com/{name}",
        "DELTA",
        value_type,
        unit,
        text,
        f"{text}.",
        labels,
        ("workflows.googleapis.com/Workflow",),
    )


_SQL: Final = (
    _sql("up", "GAUGE", "INT64", "1", "Server up"),
    _sql("cpu/utilization", "GAUGE", "DOUBLE", _SHARE, "CPU utilization"),
    _sql("memory/utilization", "GAUGE", "DOUBLE", "1", "Memory utilization"),
    _sql("memory/usage", "GAUGE", "INT64", "By", "Memory usage"),
    _sql("disk/utilization", "GAUGE", "DOUBLE", "1", "Disk utilization"),
    _sql("disk/bytes_used", "GAUGE", "INT64", "By", "Bytes used"),
    _sql("postgresql/num_backends", "GAUGE", "INT64", "1", "PostgreSQL Connections", "database"),
    _sql(
        "postgresql/num_backends_by_state",
        "GAUGE",
        "INT64",
        "1",
        "Connections by state",
        *("database", "state"),
    ),
    _sql(
        "postgresql/transaction_count",
        "DELTA",
        "INT64",
        "1",
        "Number of transactions",
        *("database", "transaction_type"),
    ),
    _sql("postgresql/deadlock_count", "DELTA", "INT64", "1", "Number of deadlocks", "database"),
    # Of MySQL and SQL Server alone: it exists, and never has a point for PostgreSQL.
    _sql("network/connections", "GAUGE", "INT64", "1", "Connections"),
)
_UPTIME: Final = (
    _uptime("check_passed", "BOOL", "", "Check passed"),
    _uptime("request_latency", "DOUBLE", "ms", "Request latency"),
    _uptime("content_mismatch", "BOOL", "", "Content mismatch"),
    _uptime("http_status", "INT64", "1", "HTTP response status"),
    _uptime("time_until_ssl_cert_expires", "DOUBLE", "d", "Time until SSL certificate expires"),
)
_PUBSUB: Final = (
    _pubsub("subscription/num_undelivered_messages", "GAUGE", "1", "Unacked messages"),
    _pubsub("subscription/oldest_unacked_message_age", "GAUGE", "s", "Oldest unacked message age"),
    _pubsub("subscription/num_outstanding_messages", "GAUGE", "1", "Outstanding push messages"),
    _pubsub("subscription/dead_letter_message_count", "DELTA", "1", "Dead letter message count"),
    _pubsub("subscription/ack_message_count", "DELTA", "1", "Ack message count", "delivery_type"),
    _pubsub("subscription/expired_ack_deadlines_count", "DELTA", "1", "Expired ack deadlines"),
    _pubsub(
        "subscription/push_request_count",
        "DELTA",
        "1",
        "Push requests",
        *("response_class", "response_code"),
    ),
    _pubsub(
        "topic/send_request_count",
        "DELTA",
        "1",
        "Publish requests",
        *("response_class", "response_code"),
    ),
)
_WORKFLOWS: Final = (
    _workflow("started_execution_count", "INT64", "1", "Started executions", "revision_id"),
    _workflow(
        "finished_execution_count",
        "INT64",
        "1",
        "Finished executions",
        *("status", "revision_id"),
    ),
    _workflow(
        "execution_times", "DISTRIBUTION", "s", "Execution times", *("status", "revision_id")
    ),
)
_LOGGING: Final = (
    Metric(
        "logging.googleapis.com/log_entry_count",
        "DELTA",
        "INT64",
        "1",
        "Log entries",
        "Number of log entries.",
        ("log", "severity"),
        tuple(RESOURCES),
    ),
)
OTHER_METRICS: Final = (*_SQL, *_UPTIME, *_PUBSUB, *_WORKFLOWS, *_LOGGING)
