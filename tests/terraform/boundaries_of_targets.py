"""As `boundaries.py`, for what stands in the targets: services, databases, networks, monitoring."""

from typing import Any

from tests.terraform.boundaries import ALIGNED, BY_NAME, LATEST, LOGS, policy, ratio, threshold

POLICY = "google_monitoring_alert_policy"
CHECK = "google_monitoring_uptime_check_config"
CHANNEL_TYPE = "google_monitoring_notification_channel"
THRESHOLD = "conditions.condition_threshold"
SERVICE = "google_cloud_run_v2_service"
JOB = "google_cloud_run_v2_job"
SQL = "google_sql_database_instance"
CHANNEL = "projects/p/notificationChannels/1"
CONTAINER = "template.containers"

MONITORING = [
    (POLICY, "", policy(threshold()), policy(threshold(alignment_period=None))),
    (
        POLICY,
        "",
        policy(threshold()),
        policy(threshold(per_series_aligner=None, alignment_period=None)),
    ),
    (
        POLICY,
        "",
        policy(threshold(cross_series_reducer=None)),
        policy(threshold(cross_series_reducer=None, alignment_period=None)),
    ),
    (POLICY, "", policy(ratio("60s")), policy(ratio("120s"))),
    (POLICY, "", policy(LOGS, limited=True), policy(LOGS)),
    (POLICY, "", policy(threshold()), policy(threshold(), limited=True)),
    (POLICY, "", policy(LOGS, limited=True), policy(LOGS, threshold(), limited=True)),
    (POLICY, "combiner", "OR", "or"),
    (POLICY, "conditions", [threshold()] * 6, [threshold()] * 7),
    (POLICY, "conditions", [threshold()], [{**threshold(), **LOGS}]),
    (POLICY, "display_name", 512 * "x", 513 * "x"),
    (POLICY, f"{THRESHOLD}.comparison", "COMPARISON_GT", "COMPARISON_GE"),
    (POLICY, f"{THRESHOLD}.duration", "300s", "90s"),
    (POLICY, f"{THRESHOLD}.filter", 2048 * "x", 2049 * "x"),
    (POLICY, f"{THRESHOLD}.denominator_filter", 2048 * "x", 2049 * "x"),
    (
        POLICY,
        f"{THRESHOLD}.evaluation_missing_data",
        "EVALUATION_MISSING_DATA_INACTIVE",
        "INACTIVE",
    ),
    *(
        (POLICY, f"{place}.{name}", good, bad)
        for place in (
            f"{THRESHOLD}.aggregations",
            f"{THRESHOLD}.denominator_aggregations",
            "conditions.condition_absent.aggregations",
        )
        for name, good, bad in (
            ("per_series_aligner", "ALIGN_PERCENTILE_95", "ALIGN_PERCENTILE_90"),
            ("cross_series_reducer", ALIGNED["cross_series_reducer"], "REDUCE_RATE"),
            ("alignment_period", "60s", "30s"),
        )
    ),
    (POLICY, "conditions.condition_absent.duration", "60s", "0s"),
    (
        POLICY,
        "conditions.condition_prometheus_query_language.evaluation_interval",
        "30s",
        "20s",
    ),
    (POLICY, "conditions.condition_prometheus_query_language.duration", "0s", "0"),
    (POLICY, "alert_strategy.auto_close", "1800s", "1740s"),
    (POLICY, "alert_strategy.notification_prompts", ["OPENED"], ["ACKED"]),
    (POLICY, "alert_strategy.notification_rate_limit.period", "60s", "59s"),
    (POLICY, "documentation", [{"content": "x"}], [{}]),
    (POLICY, "documentation.content", 8192 * "x", 8193 * "x"),
    (POLICY, "documentation.content", 5120 * "é", 5121 * "é"),
    (POLICY, "documentation.mime_type", "text/markdown", "text/plain"),
    (POLICY, "documentation.links", 3 * [{}], 4 * [{}]),
    (POLICY, "documentation.links.display_name", 63 * "x", 64 * "x"),
    (POLICY, "notification_channels", [CHANNEL] * 16, [CHANNEL] * 17),
    (POLICY, "notification_channels", [CHANNEL], ["slack"]),
    (POLICY, "severity", "CRITICAL", "HIGH"),
    (CHECK, "", {"monitored_resource": [{}], "http_check": [{}]}, {"http_check": [{}]}),
    (CHECK, "", {"monitored_resource": [{}], "http_check": [{}]}, {"monitored_resource": [{}]}),
    (CHECK, "period", "60s", "120s"),
    (CHECK, "timeout", "60s", "61s"),
    (CHECK, "checker_type", "STATIC_IP_CHECKERS", "PUBLIC"),
    (CHECK, "content_matchers", [{}], [{}, {}]),
    (CHECK, "content_matchers.content", "alive", ""),
    (CHECK, "content_matchers.matcher", "CONTAINS_STRING", "CONTAINS"),
    (CHECK, "http_check", [{"path": "/"}], [{}]),
    (CHECK, "http_check.request_method", "GET", "HEAD"),
    (
        CHECK,
        "http_check.accepted_response_status_codes.status_class",
        "STATUS_CLASS_2XX",
        "2XX",
    ),
    (CHECK, "http_check.service_agent_authentication.type", "OIDC_TOKEN", "OIDC"),
    (CHECK, "selected_regions", ["EUROPE", "USA", "ASIA_PACIFIC"], ["EUROPE"]),
    (
        CHECK,
        "monitored_resource",
        [{"type": "uptime_url", "labels": {"project_id": "p", "host": "h"}}],
        [{"type": "uptime_url", "labels": {"host": "h"}}],
    ),
    (
        CHANNEL_TYPE,
        "sensitive_labels",
        [{"auth_token": "x"}],
        [{"auth_token": "x", "service_key": "y"}],
    ),
    (
        CHANNEL_TYPE,
        "labels",
        {"channel_name": "#x"},
        {"auth_token": "x"},
    ),
    (CHANNEL_TYPE, "display_name", 512 * "x", 513 * "x"),
    (CHANNEL_TYPE, "description", 1024 * "x", 1025 * "x"),
    (CHANNEL_TYPE, "type", "email", "mail"),
    *(
        (CHANNEL_TYPE, "", {"type": kind, "labels": good}, {"type": kind, "labels": bad})
        for kind, good, bad in (
            ("email", {"email_address": "team@example.com"}, {}),
            ("pubsub", {"topic": "projects/p/topics/t"}, {"topic": "t"}),
            ("slack", {"channel_name": "#x"}, None),
        )
    ),
    ("google_monitoring_dashboard", "dashboard_json", "{}", "{"),
    ("google_logging_metric", "name", "fleet/errors", "/fleet"),
    ("google_logging_metric", "description", 8000 * "x", 8001 * "x"),
    ("google_logging_metric", "filter", 20000 * "x", 20001 * "x"),
    ("google_logging_metric", "metric_descriptor.metric_kind", "DELTA", "COUNTER"),
    ("google_logging_metric", "metric_descriptor.value_type", "INT64", "INT"),
    ("google_logging_metric", "metric_descriptor.labels.key", "revision", "1st"),
    ("google_logging_metric", "metric_descriptor.labels.value_type", "STRING", "TEXT"),
    (
        "google_logging_metric",
        "",
        {"metric_descriptor": [{"labels": [{"key": "a"}]}], "label_extractors": {"a": "x"}},
        {"metric_descriptor": [{"labels": [{"key": "a"}]}], "label_extractors": {}},
    ),
    ("google_logging_project_sink", "name", "barq-errors", "barq errors"),
    (
        "google_logging_project_sink",
        "destination",
        "pubsub.googleapis.com/projects/p/topics/t",
        "projects/p/topics/t",
    ),
    ("google_logging_project_bucket_config", "retention_days", 30, 0),
    (
        "google_monitoring_slo",
        "",
        {"basic_sli": [{}], "rolling_period_days": 28},
        {"rolling_period_days": 28},
    ),
    (
        "google_monitoring_slo",
        "",
        {"basic_sli": [{}], "rolling_period_days": 28},
        {"basic_sli": [{}]},
    ),
    ("google_monitoring_slo", "goal", 0.999, 1),
    ("google_monitoring_slo", "calendar_period", "MONTH", "YEAR"),
    ("google_monitoring_slo", "rolling_period_days", 30, 31),
    ("google_monitoring_slo", "slo_id", "availability", "the availability"),
    ("google_monitoring_slo", "basic_sli", [{"latency": [{}]}], [{}]),
    ("google_monitoring_slo", "request_based_sli", [{"distribution_cut": [{}]}], [{}]),
    (
        "google_monitoring_slo",
        "request_based_sli.good_total_ratio",
        [{"good_service_filter": "x", "total_service_filter": "y"}],
        [{"good_service_filter": "x"}],
    ),
    ("google_monitoring_slo", "request_based_sli.distribution_cut.range", [{"max": 1}], [{}]),
    ("google_monitoring_slo", "windows_based_sli", [{"metric_mean_in_range": [{}]}], [{}]),
    ("google_monitoring_slo", "windows_based_sli.window_period", "60s", "90s"),
    ("google_monitoring_custom_service", "service_id", "fleet", "Fleet"),
]

RUN = [
    (SERVICE, "name", "a" + 48 * "b", "a" + 49 * "b"),
    (SERVICE, "ingress", "INGRESS_TRAFFIC_ALL", "ALL"),
    (SERVICE, "launch_stage", "GA", "STABLE"),
    (SERVICE, "template.execution_environment", "EXECUTION_ENVIRONMENT_GEN2", "GEN2"),
    (SERVICE, "template.labels", {"app": "barq"}, {"App": "barq"}),
    (JOB, "template.labels", {"app": "barq"}, {"App": "barq"}),
    (SERVICE, "template.timeout", "3600s", "3601s"),
    (SERVICE, "template.max_instance_request_concurrency", 1000, 1001),
    (SERVICE, "template.scaling.max_instance_count", 1, 0),
    (SERVICE, "template.scaling.min_instance_count", 0, -1),
    (SERVICE, "scaling.scaling_mode", "AUTOMATIC", "AUTO"),
    (
        SERVICE,
        "template.vpc_access",
        [{"network_interfaces": [{}]}],
        [{"network_interfaces": [{}], "connector": "x"}],
    ),
    (SERVICE, "template.vpc_access.egress", "PRIVATE_RANGES_ONLY", "PRIVATE"),
    (SERVICE, "traffic", [LATEST], [{**LATEST, "revision": "fleet-00001"}]),
    (SERVICE, "traffic", [BY_NAME], [{**BY_NAME, "revision": None}]),
    (SERVICE, "traffic.type", LATEST["type"], "LATEST"),
    (SERVICE, "traffic.percent", 100, 101),
    (
        SERVICE,
        "",
        {"traffic": [{"percent": 90}, {"percent": 10}]},
        {"traffic": [{"percent": 90}, {"percent": 9}]},
    ),
    (SERVICE, f"{CONTAINER}.env", [{"value": "x"}], [{"value": "x", "value_source": [{}]}]),
    (SERVICE, f"{CONTAINER}.env.name", "DATABASE_URL", "PORT"),
    (SERVICE, f"{CONTAINER}.image", "x", ""),
    (
        SERVICE,
        f"{CONTAINER}.resources.limits",
        {"cpu": "2", "memory": "2Gi"},
        {"cpu": "4", "memory": "1Gi"},
    ),
    (SERVICE, f"{CONTAINER}.resources.limits", {"cpu": "1"}, {}),
    (SERVICE, f"{CONTAINER}.ports.container_port", 8080, 0),
    *(
        (SERVICE, f"{CONTAINER}.{probe}{name}", good, bad)
        for probe, longest in (("startup_probe", 240), ("liveness_probe", 3600))
        for name, good, bad in (
            (".initial_delay_seconds", 240, 241),
            (".period_seconds", longest, longest + 1),
            (".timeout_seconds", longest, longest + 1),
            (".failure_threshold", 1, 0),
            ("", [{"http_get": [{}]}], [{"http_get": [{}], "grpc": [{}]}]),
            (
                "",
                [{"timeout_seconds": 5, "period_seconds": 5}],
                [{"timeout_seconds": 6, "period_seconds": 5}],
            ),
        )
    ),
    (JOB, "name", "fleet-migrate", "fleet_migrate"),
    (JOB, "launch_stage", "GA", "STABLE"),
    (JOB, "template.task_count", 1, 0),
    (JOB, "template.template.max_retries", 0, 11),
    (JOB, "template.template.timeout", "600s", "10m"),
    (
        JOB,
        "template.template.vpc_access",
        [{"connector": "x"}],
        [{"connector": "x", "network_interfaces": [{}]}],
    ),
    (JOB, "template.template.vpc_access.egress", "ALL_TRAFFIC", "ALL"),
    (JOB, "template.template.containers.env", [{"value": "x"}], [{"value": "", "value_source": 1}]),
    (JOB, "template.template.containers.env.name", "DATABASE_URL", "K_SERVICE"),
    (JOB, "template.template.containers.image", "x", ""),
    (
        JOB,
        "template.template.containers.resources.limits",
        {"cpu": "1", "memory": "512Mi"},
        {"cpu": "1", "memory": "8Gi"},
    ),
]

NETWORK = [
    ("google_compute_network", "name", "barq", "Barq"),
    ("google_compute_network", "routing_mode", "REGIONAL", "LOCAL"),
    ("google_compute_subnetwork", "ip_cidr_range", "10.0.0.0/26", "10.0.0.1/26"),
    ("google_compute_subnetwork", "purpose", "PRIVATE", "ANY"),
    (
        "google_compute_subnetwork",
        "log_config.aggregation_interval",
        "INTERVAL_10_MIN",
        "INTERVAL_2_MIN",
    ),
    ("google_compute_subnetwork", "log_config.flow_sampling", "0.5", 50),
    ("google_compute_subnetwork", "log_config.metadata", "EXCLUDE_ALL_METADATA", "NONE"),
    ("google_compute_subnetwork", "private_ipv6_google_access", "DISABLE_GOOGLE_ACCESS", "no"),
    ("google_compute_firewall", "", {"deny": [{}]}, {}),
    ("google_compute_firewall", "direction", "INGRESS", "IN"),
    ("google_compute_firewall", "priority", 65535, 65536),
    ("google_compute_firewall", "allow.protocol", "tcp", "http"),
    ("google_compute_firewall", "deny.protocol", "all", "any"),
    ("google_compute_firewall", "log_config.metadata", "INCLUDE_ALL_METADATA", "ALL"),
    ("google_compute_global_address", "address_type", "INTERNAL", "PRIVATE"),
    ("google_compute_global_address", "ip_version", "IPV4", "4"),
    ("google_compute_global_address", "purpose", "VPC_PEERING", "PEERING"),
    ("google_compute_global_address", "prefix_length", 20, 30),
    (
        "google_compute_managed_ssl_certificate",
        "managed.domains",
        ["fleet.example.com"] * 100,
        ["fleet.example.com"] * 101,
    ),
    (
        "google_compute_managed_ssl_certificate",
        "managed.domains",
        ["fleet.example.com"],
        ["*.example.com"],
    ),
    (
        "google_compute_region_network_endpoint_group",
        "",
        {"cloud_run": [{}]},
        {"cloud_run": [{}], "app_engine": [{}]},
    ),
    (
        "google_compute_region_network_endpoint_group",
        "network_endpoint_type",
        "SERVERLESS",
        "CLOUD_RUN",
    ),
    (
        "google_compute_region_network_endpoint_group",
        "cloud_run",
        [{"service": "fleet"}],
        [{"service": "fleet", "url_mask": "x"}],
    ),
    (
        "google_compute_backend_service",
        "load_balancing_scheme",
        "EXTERNAL_MANAGED",
        "MANAGED",
    ),
    ("google_compute_backend_service", "protocol", "HTTPS", "https"),
    ("google_compute_backend_service", "log_config.sample_rate", 1, 100),
    (
        "google_compute_global_forwarding_rule",
        "load_balancing_scheme",
        "EXTERNAL_MANAGED",
        "MANAGED",
    ),
    ("google_compute_global_forwarding_rule", "ip_protocol", "TCP", "HTTPS"),
    ("google_compute_global_forwarding_rule", "port_range", "443", "https"),
    ("google_compute_url_map", "", {"default_service": "x"}, {}),
    ("google_compute_router_nat", "nat_ip_allocate_option", "AUTO_ONLY", "AUTO"),
    (
        "google_compute_router_nat",
        "source_subnetwork_ip_ranges_to_nat",
        "ALL_SUBNETWORKS_ALL_IP_RANGES",
        "ALL",
    ),
]

ENTERPRISE = {"tier": "db-custom-2-7680", "edition": "ENTERPRISE", "backup_configuration": []}


def keeping(days: int) -> dict[str, Any]:
    return {**ENTERPRISE, "backup_configuration": [{"transaction_log_retention_days": days}]}


DATABASE = [
    (SQL, "settings.edition", "ENTERPRISE", "STANDARD"),
    (SQL, "settings.availability_type", "REGIONAL", "HA"),
    (SQL, "settings.activation_policy", "ALWAYS", "ON"),
    (SQL, "settings.disk_type", "PD_SSD", "SSD"),
    (SQL, "settings.disk_size", 10, 9),
    (SQL, "settings.ip_configuration", [{"private_network": "x"}], [{}]),
    (SQL, "settings.ip_configuration.ssl_mode", "ENCRYPTED_ONLY", "REQUIRED"),
    (SQL, "settings.connector_enforcement", "REQUIRED", "YES"),
    (SQL, "settings.maintenance_window.day", 7, 8),
    (SQL, "settings.maintenance_window.hour", 0, 24),
    (SQL, "settings.maintenance_window.update_track", "stable", "STABLE"),
    (SQL, "settings.insights_config.query_string_length", 4500, 4501),
    (SQL, "settings.insights_config.query_plans_per_minute", 20, 21),
    (SQL, "settings.backup_configuration.start_time", "23:59", "24:00"),
    (SQL, "name", "fleet", "Fleet"),
    (SQL, "database_version", "POSTGRES_16", "POSTGRESQL_16"),
    (SQL, "settings", [ENTERPRISE], [{**ENTERPRISE, "edition": None}]),
    (SQL, "settings", [keeping(7)], [keeping(8)]),
    (SQL, "settings.tier", "db-custom-2-7680", "db-custom-2"),
    (SQL, "settings.backup_configuration.transaction_log_retention_days", 35, 36),
    (
        SQL,
        "settings.backup_configuration.backup_retention_settings.retained_backups",
        365,
        366,
    ),
    (SQL, "settings.user_labels", {"app": "barq"}, {"App": "barq"}),
    ("google_sql_user", "", {"password": "x"}, {"password": "x", "password_wo": "y"}),
    (
        "google_sql_user",
        "",
        {"type": "CLOUD_IAM_SERVICE_ACCOUNT", "name": "fleet@p.iam"},
        {"type": "CLOUD_IAM_SERVICE_ACCOUNT", "name": "fleet@p.iam.gserviceaccount.com"},
    ),
    ("google_sql_user", "type", "BUILT_IN", "LOCAL"),
]

TARGETS = [*MONITORING, *RUN, *NETWORK, *DATABASE]
