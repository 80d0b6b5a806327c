"""For each rule the last value that is right, and the first that is not: type, place, good, bad.

A place with no name is the whole resource. Rules whose good and bad cannot be told apart by one value
have a whole block here.
"""

from typing import Any

ACCOUNT = "projects/barq-delivery/serviceAccounts/barq-deploy@barq-delivery.iam.gserviceaccount.com"
EMAIL = "barq-deploy@barq-delivery.iam.gserviceaccount.com"
ALIGNED = {
    "per_series_aligner": "ALIGN_RATE",
    "cross_series_reducer": "REDUCE_SUM",
    "alignment_period": "60s",
}


def policy(*conditions: dict[str, Any], limited: bool = False) -> dict[str, Any]:
    kinds = ("condition_threshold", "condition_absent", "condition_matched_log")
    strategy = [{"notification_rate_limit": [{"period": "300s"}]}] if limited else []
    return {
        "conditions": [{**{kind: [] for kind in kinds}, **one} for one in conditions],
        "alert_strategy": strategy,
    }


def threshold(**aggregation: Any) -> dict[str, Any]:
    return {
        "condition_threshold": [
            {"aggregations": [{**ALIGNED, **aggregation}], "denominator_aggregations": []}
        ]
    }


def ratio(below: str) -> dict[str, Any]:
    above = threshold()["condition_threshold"][0]
    lower = {**ALIGNED, "alignment_period": below}
    return {"condition_threshold": [{**above, "denominator_aggregations": [lower]}]}


LOGS = {"condition_matched_log": [{"filter": "severity=ERROR"}]}
LATEST = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "revision": None}
BY_NAME = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "fleet-00001"}
PUBLISHED = {"attribute": "type", "value": "google.cloud.pubsub.topic.v1.messagePublished"}

ACCESS = [
    ("google_service_account", "account_id", "barq-x", "barq-"),
    ("google_service_account", "account_id", "a" + 29 * "b", "a" + 30 * "b"),
    ("google_service_account", "account_id", "barq-plan", "barq_plan"),
    ("google_service_account", "display_name", 100 * "x", 101 * "x"),
    ("google_service_account", "description", 256 * "x", 257 * "x"),
    ("google_service_account_iam_member", "service_account_id", ACCOUNT, EMAIL),
    ("google_project_iam_custom_role", "role_id", "barqDeploy", "barq-deploy"),
    ("google_project_iam_custom_role", "title", 100 * "x", 101 * "x"),
    ("google_project_iam_custom_role", "description", 300 * "x", 301 * "x"),
    ("google_project_iam_custom_role", "permissions", ["run.services.get"], ["run.get"]),
    ("google_project_iam_custom_role", "stage", "GA", "READY"),
    ("google_pubsub_topic_iam_member", "member", f"serviceAccount:{EMAIL}", EMAIL),
    ("google_pubsub_topic_iam_member", "member", "user:a@example.com", "user:a"),
    ("google_pubsub_topic_iam_binding", "members", ["allUsers"], ["everybody"]),
    ("google_project_iam_member", "role", "roles/logging.logWriter", "logging.logWriter"),
    ("google_project_iam_member", "role", "roles/logging.logWriter", "roles/logging.writer"),
    ("google_project_iam_member", "role", "projects/barq-x/roles/barqDeploy", "barqDeploy"),
    ("google_pubsub_topic", "labels", {"app": "barq"}, {"App": "barq"}),
    ("google_pubsub_topic", "labels", {"app": "barq_2-x"}, {"app": "Barq"}),
    (
        "google_pubsub_topic",
        "labels",
        {f"a{n}": "" for n in range(64)},
        {f"a{n}": "" for n in range(65)},
    ),
    ("google_monitoring_alert_policy", "user_labels", {"service": "fleet"}, {"service": "a.b"}),
    ("google_pubsub_topic", "project", "barq-staging", "123456789012"),
    ("google_project_service", "service", "run.googleapis.com", "run"),
    ("google_iam_workload_identity_pool", "workload_identity_pool_id", "github", "gcp-github"),
    (
        "google_iam_workload_identity_pool_provider",
        "workload_identity_pool_provider_id",
        "github",
        "git",
    ),
    (
        "google_iam_workload_identity_pool_provider",
        "oidc.issuer_uri",
        "https://token.actions.githubusercontent.com",
        "token.actions.githubusercontent.com",
    ),
    ("google_iam_workload_identity_pool_provider", "", {"oidc": [{}]}, {}),
    ("random_password", "length", 24, 0),
    ("random_id", "byte_length", 4, 0),
    ("time_sleep", "create_duration", "60s", "60"),
    ("time_sleep", "destroy_duration", "1m", "a minute"),
]

DELIVERY = [
    ("google_pubsub_topic", "name", "barq-builds", "ab"),
    ("google_pubsub_topic", "name", "gog-x", "goog-x"),
    ("google_pubsub_topic", "message_retention_duration", "600s", "599s"),
    ("google_pubsub_subscription", "ack_deadline_seconds", 600, 601),
    ("google_pubsub_subscription", "ack_deadline_seconds", 10, 9),
    ("google_pubsub_subscription", "message_retention_duration", "2678400s", "2678401s"),
    ("google_pubsub_subscription", "retry_policy.minimum_backoff", "0s", "1m"),
    ("google_pubsub_subscription", "retry_policy.maximum_backoff", "600s", "601s"),
    ("google_pubsub_subscription", "dead_letter_policy.max_delivery_attempts", 5, 4),
    ("google_pubsub_subscription", "dead_letter_policy.max_delivery_attempts", 100, 101),
    (
        "google_pubsub_subscription",
        "dead_letter_policy.dead_letter_topic",
        "projects/barq-x/topics/barq-dead-letters",
        "barq-dead-letters",
    ),
    ("google_pubsub_subscription", "expiration_policy.ttl", "", "3600s"),
    ("google_pubsub_subscription", "expiration_policy.ttl", "86400s", "never"),
    ("google_pubsub_subscription", "filter", 256 * "x", 257 * "x"),
    ("google_pubsub_subscription", "push_config.push_endpoint", "https://x.run.app", "http://x"),
    (
        "google_pubsub_subscription",
        "",
        {"push_config": [{}]},
        {"push_config": [{}], "bigquery_config": [{}]},
    ),
    ("google_cloudfunctions2_function", "name", "barq-plan", "barq_plan"),
    ("google_cloudfunctions2_function", "build_config.runtime", "python312", "python-3.12"),
    ("google_cloudfunctions2_function", "build_config.service_account", ACCOUNT, EMAIL),
    (
        "google_cloudfunctions2_function",
        "build_config",
        [{"automatic_update_policy": [{}]}],
        [{"automatic_update_policy": [{}], "on_deploy_update_policy": [{}]}],
    ),
    ("google_cloudfunctions2_function", "service_config.timeout_seconds", 3600, 3601),
    ("google_cloudfunctions2_function", "service_config.available_memory", "512Mi", "512MB"),
    (
        "google_cloudfunctions2_function",
        "service_config.max_instance_request_concurrency",
        1000,
        1001,
    ),
    (
        "google_cloudfunctions2_function",
        "service_config.ingress_settings",
        "ALLOW_INTERNAL_ONLY",
        "INTERNAL_ONLY",
    ),
    (
        "google_cloudfunctions2_function",
        "service_config.vpc_connector_egress_settings",
        "ALL_TRAFFIC",
        "ALL",
    ),
    (
        "google_cloudfunctions2_function",
        "service_config.environment_variables",
        {"EVENTS_TOPIC": "x"},
        {"GOOGLE_TOPIC": "x"},
    ),
    (
        "google_cloudfunctions2_function",
        "event_trigger.retry_policy",
        "RETRY_POLICY_RETRY",
        "RETRY",
    ),
    ("google_workflows_workflow", "name", "rollout", "rollout-"),
    ("google_workflows_workflow", "source_contents", 131072 * "x", 131073 * "x"),
    (
        "google_workflows_workflow",
        "user_env_vars",
        {f"A{n}": "" for n in range(20)},
        {f"A{n}": "" for n in range(21)},
    ),
    ("google_workflows_workflow", "user_env_vars", {"BARQ": 4096 * "x"}, {"BARQ": 4097 * "x"}),
    ("google_workflows_workflow", "user_env_vars", {"BARQ": ""}, {"GOOGLE_X": ""}),
    ("google_workflows_workflow", "call_log_level", "LOG_ERRORS_ONLY", "ERRORS"),
    (
        "google_workflows_workflow",
        "execution_history_level",
        "EXECUTION_HISTORY_BASIC",
        "BASIC",
    ),
    ("google_workflows_workflow", "", {"name": "a"}, {"name": "a", "name_prefix": "b"}),
    ("google_eventarc_trigger", "name", "barq-builds", "Builds"),
    ("google_eventarc_trigger", "destination", [{"workflow": "x"}], [{}]),
    (
        "google_eventarc_trigger",
        "destination.workflow",
        "projects/p/locations/r/workflows/rollout",
        "rollout",
    ),
    (
        "google_eventarc_trigger",
        "",
        {"matching_criteria": [PUBLISHED]},
        {"matching_criteria": [PUBLISHED, {"attribute": "topic", "value": "x"}]},
    ),
    ("google_cloud_scheduler_job", "", {"http_target": [{}]}, {}),
    ("google_cloud_scheduler_job", "attempt_deadline", "15s", "14s"),
    ("google_cloud_scheduler_job", "retry_config.retry_count", 5, 6),
    ("google_cloud_scheduler_job", "retry_config", [{"retry_count": 0}], [{"retry_count": None}]),
    (
        "google_cloud_scheduler_job",
        "http_target",
        [{"oidc_token": [{}]}],
        [{"oidc_token": [{}], "oauth_token": [{}]}],
    ),
    ("google_cloud_scheduler_job", "http_target.body", "e30=", "{}"),
    ("google_cloud_scheduler_job", "name", "barq-sweep", "barq sweep"),
    ("google_cloud_scheduler_job", "schedule", "* * * * *", "* * * *"),
    ("google_cloud_scheduler_job", "http_target.http_method", "POST", "post"),
    ("google_cloudbuild_trigger", "", {"filename": "x", "github": [{}]}, {"filename": "x"}),
    ("google_cloudbuild_trigger", "", {"filename": "x", "github": [{}]}, {"github": [{}]}),
    ("google_cloudbuild_trigger", "name", "barq-fleet", "barq_fleet"),
    ("google_cloudbuild_trigger", "github", [{"push": [{}]}], [{}]),
    ("google_cloudbuild_trigger", "github.push", [{"branch": "^main$"}], [{}]),
    ("google_cloudbuild_trigger", "repository_event_config.push", [{"tag": "x"}], [{}]),
    ("google_cloudbuild_trigger", "developer_connect_event_config.push", [{"tag": "x"}], [{}]),
    ("google_cloudbuild_trigger", "service_account", ACCOUNT, EMAIL),
    (
        "google_cloudbuild_trigger",
        "include_build_logs",
        "INCLUDE_BUILD_LOGS_WITH_STATUS",
        "YES",
    ),
    ("google_cloudbuild_trigger", "substitutions", {"_SERVICE": "x"}, {"SERVICE": "x"}),
    ("google_artifact_registry_repository", "repository_id", "fleet", "Fleet"),
    ("google_artifact_registry_repository", "format", "DOCKER", "docker"),
    (
        "google_artifact_registry_repository",
        "cleanup_policies",
        [{"condition": [{}]}],
        [{"condition": [{}], "most_recent_versions": [{}]}],
    ),
    ("google_artifact_registry_repository", "cleanup_policies.action", "KEEP", "keep"),
    (
        "google_artifact_registry_repository",
        "cleanup_policies.condition.tag_state",
        "UNTAGGED",
        "NONE",
    ),
    (
        "google_artifact_registry_repository",
        "cleanup_policies.condition.older_than",
        "30d",
        "30 days",
    ),
    (
        "google_artifact_registry_repository",
        "vulnerability_scanning_config.enablement_config",
        "INHERITED",
        "ENABLED",
    ),
    ("google_secret_manager_secret", "", {"ttl": "1s"}, {"ttl": "1s", "expire_time": "x"}),
    ("google_secret_manager_secret", "secret_id", "barq-smtp-url", "barq.smtp"),
    ("google_secret_manager_secret", "replication", [{"auto": [{}]}], [{}]),
    ("google_secret_manager_secret_version", "", {"secret_data": "x"}, {}),
    ("google_secret_manager_secret_version", "secret", "projects/p/secrets/x", "x"),
    ("google_storage_bucket", "name", "barq-source", "barq-google-source"),
    ("google_storage_bucket", "public_access_prevention", "enforced", "yes"),
    ("google_storage_bucket", "lifecycle_rule.action.type", "Delete", "delete"),
    ("google_storage_bucket_object", "", {"source": "x"}, {"source": "x", "content": "y"}),
]
