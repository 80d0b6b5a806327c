"""The forms of computed attributes of what Barq is made of. Networks: `forms_network.py`."""

import json
from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.values import UNKNOWN, digits, letters, wholly_known


def in_project(collection: str, name: str = "name") -> str:
    return f"projects/{{project}}/{collection}/{{{name}}}"


def located(collection: str, name: str = "name", place: str = "location") -> str:
    return f"projects/{{project}}/locations/{{{place}}}/{collection}/{{{name}}}"


def _id_of(*names: str) -> Any:
    """Digits that stand for what Google numbers; they depend on the attributes named."""

    def number(value: Mapping[str, Any]) -> str:
        seen = {name: value[name] for name in names}
        return digits(json.dumps(seen, sort_keys=True, default=str), 18)

    return number


def _channel(value: Mapping[str, Any]) -> Any:
    labels = value.get("labels", {})
    if not wholly_known(labels):
        return UNKNOWN
    return f"projects/{value['project']}/notificationChannels/{_channel_number(value)}"


_channel_number = _id_of("type", "display_name", "project")


def _numbered(collection: str, *names: str) -> Any:
    number = _id_of(*names, "project")
    return lambda value: f"projects/{value['project']}/{collection}/{number(value)}"


def _slug(value: Mapping[str, Any]) -> str:
    words = "".join(c if c.isalnum() else "-" for c in value["display_name"].lower())
    return f"{words}-{letters(words + value['project'], 8)}"


FUNCTION_URI = "https://{name}-{project_number}.{location}.run.app"

FORMS: dict[str, dict[str, Any]] = {
    "google_artifact_registry_repository": {
        "name": "{repository_id}",
        "id": located("repositories", "repository_id"),
        "registry_uri": lambda v: (
            f"{v['location']}-{v['format'].lower()}.pkg.dev/{v['project']}/{v['repository_id']}"
        ),
    },
    "google_cloud_run_v2_service": {
        "id": located("services"),
        "uri": FUNCTION_URI,
        "urls": lambda v: [FUNCTION_URI.format_map(v)],
        "uid": lambda v: letters(f"{v['project']}/{v['name']}", 32),
    },
    "google_cloud_run_v2_job": {"id": located("jobs")},
    "google_cloud_scheduler_job": {"id": located("jobs", place="region"), "state": "ENABLED"},
    "google_cloudbuild_trigger": {
        "trigger_id": lambda v: letters(f"{v['project']} {v['name']}", 32),
        "id": lambda v: (
            f"projects/{v['project']}/locations/{v['location']}/triggers/{v['trigger_id']}"
        ),
    },
    "google_cloudfunctions2_function": {
        "id": located("functions"),
        "url": "https://{location}-{project}.cloudfunctions.net/{name}",
        "state": "ACTIVE",
        "environment": "GEN_2",
        "service_config.uri": FUNCTION_URI,
        "service_config.gcf_uri": "https://{location}-{project}.cloudfunctions.net/{name}",
        "service_config.service": located("services"),
    },
    "google_eventarc_channel": {"id": located("channels"), "state": "ACTIVE"},
    "google_eventarc_trigger": {
        "id": located("triggers"),
        "transport.pubsub.subscription": (
            "projects/{project}/subscriptions/eventarc-{location}-{name}-sub"
        ),
    },
    "google_iam_workload_identity_pool": {
        "name": "projects/{project_number}/locations/global/workloadIdentityPools/"
        "{workload_identity_pool_id}",
        "id": "projects/{project}/locations/global/workloadIdentityPools/"
        "{workload_identity_pool_id}",
        "state": "ACTIVE",
    },
    "google_iam_workload_identity_pool_provider": {
        "name": "projects/{project_number}/locations/global/workloadIdentityPools/"
        "{workload_identity_pool_id}/providers/{workload_identity_pool_provider_id}",
        "id": "projects/{project}/locations/global/workloadIdentityPools/"
        "{workload_identity_pool_id}/providers/{workload_identity_pool_provider_id}",
        "state": "ACTIVE",
    },
    "google_kms_crypto_key": {"id": "{key_ring}/cryptoKeys/{name}"},
    "google_kms_key_ring": {"id": located("keyRings")},
    "google_logging_metric": {"id": "{name}"},
    "google_logging_project_exclusion": {"id": in_project("exclusions")},
    "google_logging_project_sink": {
        "id": in_project("sinks"),
        "writer_identity": "serviceAccount:service-{project_number}@"
        "gcp-sa-logging.iam.gserviceaccount.com",
    },
    "google_monitoring_alert_policy": {
        "name": _numbered("alertPolicies", "display_name"),
        "id": _numbered("alertPolicies", "display_name"),
    },
    "google_monitoring_custom_service": {
        "name": "projects/{project_number}/services/{service_id}",
        "id": "projects/{project_number}/services/{service_id}",
    },
    "google_monitoring_dashboard": {
        "id": lambda v: (
            f"projects/{v['project_number']}/dashboards/"
            f"{letters(v['project'] + json.loads(v['dashboard_json'])['displayName'], 32)}"
        ),
    },
    "google_monitoring_notification_channel": {"name": _channel, "id": _channel},
    "google_monitoring_service": {"name": "projects/{project_number}/services/{service_id}"},
    "google_monitoring_slo": {
        "name": "projects/{project_number}/services/{service}/serviceLevelObjectives/{slo_id}",
        "id": "projects/{project_number}/services/{service}/serviceLevelObjectives/{slo_id}",
    },
    "google_monitoring_uptime_check_config": {
        "uptime_check_id": _slug,
        "name": lambda v: f"projects/{v['project']}/uptimeCheckConfigs/{_slug(v)}",
        "id": lambda v: f"projects/{v['project']}/uptimeCheckConfigs/{_slug(v)}",
    },
    "google_project_iam_custom_role": {
        "name": in_project("roles", "role_id"),
        "id": in_project("roles", "role_id"),
        "deleted": lambda _: False,
    },
    "google_project_service": {"id": "{project}/{service}"},
    "google_pubsub_schema": {"id": in_project("schemas")},
    "google_pubsub_subscription": {"id": in_project("subscriptions")},
    "google_pubsub_topic": {"id": in_project("topics")},
    "google_secret_manager_secret": {
        "name": "projects/{project_number}/secrets/{secret_id}",
        "id": in_project("secrets", "secret_id"),
    },
    "google_secret_manager_secret_version": {
        "version": "1",
        "name": "{secret}/versions/1",
        "id": "{secret}/versions/1",
    },
    "google_service_account": {
        "email": "{account_id}@{project}.iam.gserviceaccount.com",
        "member": "serviceAccount:{account_id}@{project}.iam.gserviceaccount.com",
        "name": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
        "id": "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com",
        "unique_id": lambda v: digits(f"{v['project']} {v['account_id']}", 21),
    },
    "google_sql_database": {"id": "projects/{project}/instances/{instance}/databases/{name}"},
    "google_sql_database_instance": {
        "id": in_project("instances"),
        "connection_name": "{project}:{region}:{name}",
        "private_ip_address": lambda v: f"10.100.0.{3 + int(digits(v['name'], 2))}",
        "first_ip_address": lambda v: v["private_ip_address"],
        "self_link": "https://sqladmin.googleapis.com/sql/v1beta4/projects/{project}/"
        "instances/{name}",
    },
    "google_sql_user": {"id": "{name}//{instance}"},
    "google_storage_bucket": {
        "id": "{name}",
        "url": "gs://{name}",
        "self_link": "https://www.googleapis.com/storage/v1/b/{name}",
    },
    "google_storage_bucket_object": {
        "output_name": "{name}",
        "id": "{bucket}-{name}",
        "generation": lambda v: int(digits(f"{v['bucket']} {v['name']}", 16)),
    },
    "google_workflows_workflow": {
        "id": located("workflows", place="region"),
        "revision_id": "000001-000",
        "state": "ACTIVE",
    },
}
