"""Monitored resource types and their labels: those that Barq's Terraform may name.

Source: https://cloud.google.com/monitoring/api/resources and reference/gcp.md, section 2. Those of
a workflow are from general knowledge: filters in public repositories use only the last two.
"""

from typing import Final, NamedTuple

RESOURCE_TYPE: Final = "cloud_run_revision"
RESOURCE_LABELS: Final = (
    "project_id",
    "service_name",
    "revision_name",
    "location",
    "configuration_name",
)


class ResourceType(NamedTuple):
    display_name: str
    labels: tuple[str, ...]


RESOURCES: Final = {
    RESOURCE_TYPE: ResourceType("Cloud Run Revision", RESOURCE_LABELS),
    "cloud_run_job": ResourceType("Cloud Run Job", ("project_id", "job_name", "location")),
    "cloudsql_database": ResourceType(
        "Cloud SQL Database", ("project_id", "database_id", "region")
    ),
    "uptime_url": ResourceType("Uptime Check URL", ("project_id", "host")),
    "pubsub_topic": ResourceType("Cloud Pub/Sub Topic", ("project_id", "topic_id")),
    "pubsub_subscription": ResourceType(
        "Cloud Pub/Sub Subscription", ("project_id", "subscription_id")
    ),
    "workflows.googleapis.com/Workflow": ResourceType(
        "Workflow", ("resource_container", "location", "workflow_id")
    ),
    "cloud_scheduler_job": ResourceType(
        "Cloud Scheduler Job", ("project_id", "location", "job_id")
    ),
    "cloud_function": ResourceType("Cloud Function", ("project_id", "function_name", "region")),
    "build": ResourceType("Cloud Build", ("project_id", "build_id", "build_trigger_id")),
    "global": ResourceType("Global", ("project_id",)),
}
