"""Rules for alert policies, uptime checks, channels, dashboards, log metrics and sinks. SLOs: `slo.py`."""

from collections.abc import Iterator
from typing import Any

from tests.terraform.rules.kit import (
    JSON,
    Check,
    at_least_one,
    between,
    each,
    exactly,
    longest,
    one_of,
    pattern,
    rules,
    seconds,
    whole,
)

FOLDER = "hashicorp/google, google/services/monitoring/"
POLICY = "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies"
METRIC = "https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics"
SINK = "https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks"
MINUTES = seconds(0, 23 * 3600 + 1800, step=60)
PERCENTILES = ("99", "95", "50", "05")
ALIGNERS = one_of(
    *(f"ALIGN_{one}" for one in ("NONE", "DELTA", "RATE", "INTERPOLATE", "NEXT_OLDER")),
    *(f"ALIGN_{one}" for one in ("MIN", "MAX", "MEAN", "COUNT", "SUM", "STDDEV")),
    *(f"ALIGN_{one}" for one in ("COUNT_TRUE", "COUNT_FALSE", "FRACTION_TRUE")),
    *(f"ALIGN_PERCENTILE_{one}" for one in PERCENTILES),
    "ALIGN_PERCENT_CHANGE",
)
REDUCERS = one_of(
    *(f"REDUCE_{one}" for one in ("NONE", "MEAN", "MIN", "MAX", "SUM", "STDDEV", "COUNT")),
    *(f"REDUCE_{one}" for one in ("COUNT_TRUE", "COUNT_FALSE", "FRACTION_TRUE")),
    *(f"REDUCE_PERCENTILE_{one}" for one in PERCENTILES),
)
KINDS = (
    "condition_absent",
    "condition_matched_log",
    "condition_monitoring_query_language",
    "condition_prometheus_query_language",
    "condition_sql",
    "condition_threshold",
)


def _aggregations(policy: Any) -> Iterator[Any]:
    for condition in policy["conditions"]:
        for kind in ("condition_threshold", "condition_absent"):
            for one in condition[kind] or []:
                yield from one["aggregations"] or []
                yield from one.get("denominator_aggregations") or []


def _aligned_before_reduced(policy: Any) -> bool:
    return all(
        one["per_series_aligner"] not in (None, "ALIGN_NONE") and one["alignment_period"]
        for one in _aggregations(policy)
        if one["cross_series_reducer"] not in (None, "REDUCE_NONE")
    )


def _aligner_has_a_period(policy: Any) -> bool:
    return all(
        one["alignment_period"]
        for one in _aggregations(policy)
        if one["per_series_aligner"] not in (None, "ALIGN_NONE")
    )


def _ratio_has_one_period(policy: Any) -> bool:
    for condition in policy["conditions"]:
        for one in condition["condition_threshold"] or []:
            above, below = one["aggregations"] or [], one["denominator_aggregations"] or []
            if below and [a["alignment_period"] for a in above] != [
                b["alignment_period"] for b in below
            ]:
                return False
    return True


def _rate_limited_if_and_only_if_on_logs(policy: Any) -> bool:
    on_logs = any(condition["condition_matched_log"] for condition in policy["conditions"])
    limited = any(one["notification_rate_limit"] for one in policy["alert_strategy"] or [])
    return on_logs == limited


def _alone_on_logs(policy: Any) -> bool:
    on_logs = any(condition["condition_matched_log"] for condition in policy["conditions"])
    return not on_logs or len(policy["conditions"]) == 1


def _has_its_labels(channel: Any) -> bool:
    labels = channel["labels"] or {}
    needed = {"email": "email_address", "pubsub": "topic", "slack": "channel_name"}
    if channel["type"] == "pubsub" and not labels.get("topic", "").startswith("projects/"):
        return False
    return channel["type"] not in needed or needed[channel["type"]] in labels


_THRESHOLD = "conditions.condition_threshold"
_POLICIES = (
    *rules(
        "google_monitoring_alert_policy",
        FOLDER + "resource_monitoring_alert_policy.go",
        {
            "combiner": one_of("AND", "OR", "AND_WITH_MATCHING_RESOURCE"),
            f"{_THRESHOLD}.evaluation_missing_data": one_of(
                "EVALUATION_MISSING_DATA_INACTIVE",
                "EVALUATION_MISSING_DATA_ACTIVE",
                "EVALUATION_MISSING_DATA_NO_OP",
            ),
            **{
                f"{place}.{name}": check
                for place in (
                    f"{_THRESHOLD}.aggregations",
                    f"{_THRESHOLD}.denominator_aggregations",
                    "conditions.condition_absent.aggregations",
                )
                for name, check in (
                    ("per_series_aligner", ALIGNERS),
                    ("cross_series_reducer", REDUCERS),
                    ("alignment_period", seconds(60, 2 * 365 * 24 * 3600, step=60)),
                )
            },
            "documentation": each(at_least_one("content", "mime_type")),
        },
    ),
    *rules(
        "google_monitoring_alert_policy",
        POLICY,
        {
            "": [
                whole(_aligned_before_reduced, "a reducer needs an aligner and a period"),
                whole(_aligner_has_a_period, "an aligner needs a period"),
                whole(_ratio_has_one_period, "numerator and denominator have one period"),
                whole(
                    _rate_limited_if_and_only_if_on_logs,
                    "notification_rate_limit with a condition on logs, and only with it",
                ),
                whole(_alone_on_logs, "a condition on logs stands alone"),
            ],
            "conditions": [longest(6), each(exactly(1, *KINDS))],
            "display_name": longest(512),
            # The provider takes all six comparisons; the API only these.
            f"{_THRESHOLD}.comparison": one_of("COMPARISON_GT", "COMPARISON_LT"),
            f"{_THRESHOLD}.duration": MINUTES,
            f"{_THRESHOLD}.filter": longest(2048),
            f"{_THRESHOLD}.denominator_filter": longest(2048),
            "conditions.condition_absent.duration": seconds(60, 23 * 3600 + 1800, step=60),
            "conditions.condition_prometheus_query_language.evaluation_interval": seconds(
                30, 24 * 3600, step=30
            ),
            "conditions.condition_prometheus_query_language.duration": seconds(0, 24 * 3600),
            "alert_strategy.auto_close": seconds(1800, 7 * 24 * 3600),
            "alert_strategy.notification_prompts": each(one_of("OPENED", "CLOSED")),
            "alert_strategy.notification_rate_limit.period": seconds(60, 48 * 3600),
            "documentation.content": [
                longest(8192),
                Check(lambda text: len(text.encode()) <= 10240, "10,240 bytes at most"),
            ],
            "documentation.mime_type": one_of("text/markdown"),
            "documentation.links": longest(3),
            "documentation.links.display_name": longest(63),
            "notification_channels": [
                longest(16),
                each(
                    pattern(
                        r"projects/[^/]+/notificationChannels/[^/]+",
                        "a channel's name, projects/PROJECT/notificationChannels/ID",
                    )
                ),
            ],
            "severity": one_of("CRITICAL", "ERROR", "WARNING"),
        },
    ),
)

_CHECKS = (
    *rules(
        "google_monitoring_uptime_check_config",
        FOLDER + "resource_monitoring_uptime_check_config.go",
        {
            "": [
                exactly(1, "monitored_resource", "resource_group", "synthetic_monitor"),
                exactly(1, "http_check", "tcp_check", "synthetic_monitor"),
            ],
            "period": one_of("60s", "300s", "600s", "900s"),
            "timeout": seconds(1, 60),
            "checker_type": one_of("STATIC_IP_CHECKERS", "VPC_CHECKERS"),
            "content_matchers": longest(1),
            "content_matchers.content": Check(
                lambda text: 0 < len(text.encode()) <= 1024, "1 to 1024 bytes"
            ),
            "content_matchers.matcher": one_of(
                "CONTAINS_STRING",
                "NOT_CONTAINS_STRING",
                "MATCHES_REGEX",
                "NOT_MATCHES_REGEX",
                "MATCHES_JSON_PATH",
                "NOT_MATCHES_JSON_PATH",
            ),
            "http_check": each(
                at_least_one("auth_info", "port", "headers", "path", "use_ssl", "mask_headers")
            ),
            "http_check.request_method": one_of("METHOD_UNSPECIFIED", "GET", "POST"),
            "http_check.accepted_response_status_codes.status_class": one_of(
                *(f"STATUS_CLASS_{one}" for one in ("1XX", "2XX", "3XX", "4XX", "5XX", "ANY"))
            ),
            "http_check.service_agent_authentication.type": one_of("OIDC_TOKEN"),
        },
    ),
    *rules(
        "google_monitoring_uptime_check_config",
        "https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.uptimeCheckConfigs",
        {
            "selected_regions": Check(lambda regions: len(regions) in (0, 3, 4, 5, 6), "3 or more"),
            "monitored_resource": each(
                whole(
                    lambda one: (
                        one["type"] != "uptime_url" or set(one["labels"]) == {"project_id", "host"}
                    ),
                    "uptime_url has the labels project_id and host",
                )
            ),
        },
    ),
    *rules(
        "google_monitoring_notification_channel",
        FOLDER + "resource_monitoring_notification_channel.go",
        {
            "sensitive_labels": each(exactly(1, "auth_token", "password", "service_key")),
            "labels": Check(
                lambda labels: not {"auth_token", "password", "service_key"} & set(labels),
                "no secret: auth_token, password and service_key stand in sensitive_labels",
            ),
            "display_name": longest(512),
            "description": longest(1024),
        },
    ),
    *rules(
        "google_monitoring_notification_channel",
        "https://cloud.google.com/monitoring/alerts/using-channels-api",
        {
            "": whole(
                _has_its_labels,
                "email has email_address, slack channel_name, pubsub topic: projects/P/topics/T",
            ),
            "type": one_of("email", "pubsub", "slack", "pagerduty", "webhook_tokenauth"),
        },
    ),
    *rules("google_monitoring_dashboard", FOLDER, {"dashboard_json": JSON}),
)

_LOGS = (
    *rules(
        "google_logging_metric",
        METRIC,
        {
            "name": pattern(r"[-A-Za-z0-9_.,+!*'()%][-A-Za-z0-9_.,+!*'()%/]{0,99}", "1 to 100"),
            "description": longest(8000),
            "filter": longest(20000),
            "metric_descriptor.metric_kind": one_of("DELTA", "GAUGE", "CUMULATIVE"),
            "metric_descriptor.value_type": one_of(
                "BOOL", "INT64", "DOUBLE", "STRING", "DISTRIBUTION", "MONEY"
            ),
            "metric_descriptor.labels.key": pattern(r"[a-z][a-zA-Z0-9_]{0,99}", "as log_level"),
            "metric_descriptor.labels.value_type": one_of("BOOL", "INT64", "STRING"),
            "": whole(
                lambda one: (
                    {each["key"] for d in one["metric_descriptor"] or [] for each in d["labels"]}
                    == set(one["label_extractors"] or {})
                ),
                "each label has an extractor, and each extractor a label",
            ),
        },
    ),
    *rules(
        "google_logging_project_sink",
        SINK,
        {
            "name": pattern(r"[-_.a-zA-Z0-9]{1,100}", "1 to 100 letters, digits, _, - and ."),
            "destination": pattern(
                r"(?:pubsub|storage|bigquery|logging)\.googleapis\.com/\S+",
                "pubsub.googleapis.com/projects/PROJECT/topics/NAME or a like address",
            ),
        },
    ),
    *rules("google_logging_project_bucket_config", SINK, {"retention_days": between(1, 3650)}),
)

RULES = (*_POLICIES, *_CHECKS, *_LOGS)
