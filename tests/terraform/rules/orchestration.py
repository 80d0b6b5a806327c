"""Rules for workflows, triggers and the clock."""

from typing import Any

from tests.terraform.rules.kit import (
    Check,
    at_least_one,
    at_most_one,
    between,
    each,
    exactly,
    longest,
    one_of,
    pairs,
    pattern,
    rules,
    seconds,
    whole,
)

WORKFLOW = "https://cloud.google.com/workflows/docs/reference/rest/v1/projects.locations.workflows"
EVENTARC = "https://cloud.google.com/eventarc/docs/reference/rest/v1/projects.locations.triggers"
SCHEDULER = "hashicorp/google, google/services/cloudscheduler/resource_cloud_scheduler_job.go"
JOBS = "https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs"
PUBLISHED = "google.cloud.pubsub.topic.v1.messagePublished"


def _matched_by_type_alone(trigger: Any) -> bool:
    criteria = trigger["matching_criteria"]
    published = any(one["value"] == PUBLISHED for one in criteria)
    return not published or len(criteria) == 1


RULES = (
    *rules(
        "google_workflows_workflow",
        WORKFLOW,
        {
            "": at_most_one("name", "name_prefix"),
            "name": pattern(
                r"[a-zA-Z](?:[-_a-zA-Z0-9]{0,62}[a-zA-Z0-9])?",
                "1 to 64 letters, digits, _ and -, first a letter",
            ),
            "source_contents": Check(
                lambda text: len(text.encode()) <= 128 * 1024, "128 KiB at most"
            ),
            "user_env_vars": [
                longest(20),
                pairs(
                    pattern(r"(?!GOOGLE|WORKFLOWS)[A-Za-z_]\w*", "no GOOGLE or WORKFLOWS first"),
                    Check(lambda text: len(text.encode()) <= 4096, "4 KiB at most"),
                ),
            ],
            "call_log_level": one_of("LOG_ALL_CALLS", "LOG_ERRORS_ONLY", "LOG_NONE"),
            "execution_history_level": one_of(
                "EXECUTION_HISTORY_BASIC", "EXECUTION_HISTORY_DETAILED"
            ),
        },
    ),
    *rules(
        "google_eventarc_trigger",
        EVENTARC,
        {
            "": whole(_matched_by_type_alone, "a Pub/Sub event is matched by its type alone"),
            "name": pattern(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", "1 to 63 of a-z, 0-9 and -"),
            "destination": each(
                exactly(1, "cloud_run_service", "gke", "http_endpoint", "workflow")
            ),
            "destination.workflow": pattern(
                r"projects/[^/]+/locations/[^/]+/workflows/[^/]+", "the workflow's id"
            ),
        },
    ),
    *rules(
        "google_cloud_scheduler_job",
        SCHEDULER,
        {
            "": exactly(1, "pubsub_target", "http_target", "app_engine_http_target"),
            "attempt_deadline": seconds(15, 1800),
            "retry_config.retry_count": between(0, 5),
            "retry_config": each(
                at_least_one(
                    "retry_count",
                    "max_retry_duration",
                    "min_backoff_duration",
                    "max_backoff_duration",
                    "max_doublings",
                )
            ),
            "http_target": each(at_most_one("oidc_token", "oauth_token")),
            "http_target.body": pattern(r"[A-Za-z0-9+/]*={0,2}", "base64"),
        },
    ),
    *rules(
        "google_cloud_scheduler_job",
        JOBS,
        {
            "name": pattern(r"[-_a-zA-Z0-9]{1,500}", "letters, digits, _ and -"),
            "schedule": pattern(r"\S+(?: \S+){4}", "five fields, such as * * * * *"),
            "http_target.http_method": one_of(
                "POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"
            ),
        },
    ),
)
