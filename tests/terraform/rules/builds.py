"""Rules for build triggers, image registries, secrets and buckets."""

from tests.terraform.rules.kit import (
    at_least_one,
    at_most_one,
    each,
    exactly,
    one_of,
    pairs,
    pattern,
    rules,
)

BUILD = "hashicorp/google, google/services/cloudbuild/resource_cloudbuild_trigger.go"
VARIABLES = "https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values"
REGISTRY = (
    "https://cloud.google.com/artifact-registry/docs/reference/rest/v1/"
    "projects.locations.repositories"
)
SECRET = "https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets"
BUCKET = "https://cloud.google.com/storage/docs/buckets#naming"
BRANCH_OR_TAG = each(exactly(1, "branch", "tag"))

RULES = (
    *rules(
        "google_cloudbuild_trigger",
        BUILD,
        {
            "": [
                at_least_one(
                    "trigger_template",
                    "github",
                    "bitbucket_server_trigger_config",
                    "pubsub_config",
                    "webhook_config",
                    "source_to_build",
                    "repository_event_config",
                    "developer_connect_event_config",
                ),
                exactly(1, "filename", "build", "git_file_source"),
            ],
            "name": pattern(
                r"[a-zA-Z0-9](?:[-a-zA-Z0-9]{0,62}[a-zA-Z0-9])?", "1 to 64 letters, digits and -"
            ),
            "github": each(exactly(1, "push", "pull_request")),
            "github.push": BRANCH_OR_TAG,
            "repository_event_config.push": BRANCH_OR_TAG,
            "developer_connect_event_config.push": BRANCH_OR_TAG,
            "service_account": pattern(
                r"projects/[^/]+/serviceAccounts/[^/@]+@\S+",
                "projects/PROJECT/serviceAccounts/EMAIL: the account's name, not its e-mail",
            ),
            "include_build_logs": one_of("INCLUDE_BUILD_LOGS_WITH_STATUS"),
        },
    ),
    *rules(
        "google_cloudbuild_trigger",
        VARIABLES,
        {"substitutions": pairs(pattern(r"_[A-Z0-9_]+", "_ first, then A-Z, 0-9 and _"))},
    ),
    *rules(
        "google_artifact_registry_repository",
        REGISTRY,
        {
            "repository_id": pattern(
                r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", "1 to 63 of a-z, 0-9 and -, first a letter"
            ),
            "format": one_of("DOCKER", "PYTHON", "GENERIC"),
            "cleanup_policies": each(at_most_one("condition", "most_recent_versions")),
            "cleanup_policies.action": one_of("DELETE", "KEEP"),
            "cleanup_policies.condition.tag_state": one_of("TAGGED", "UNTAGGED", "ANY"),
            "cleanup_policies.condition.older_than": pattern(r"\d+[smhd]", "such as 30d"),
            "vulnerability_scanning_config.enablement_config": one_of("INHERITED", "DISABLED"),
        },
    ),
    *rules(
        "google_secret_manager_secret",
        SECRET,
        {
            "": at_most_one("expire_time", "ttl"),
            "secret_id": pattern(r"[-_a-zA-Z0-9]{1,255}", "1 to 255 letters, digits, _ and -"),
            "replication": each(exactly(1, "auto", "user_managed")),
        },
    ),
    *rules(
        "google_secret_manager_secret_version",
        SECRET + ".versions",
        {
            "": exactly(1, "secret_data", "secret_data_wo"),
            "secret": pattern(
                r"projects/[^/]+/secrets/[^/]+", "the secret's id, projects/PROJECT/secrets/ID"
            ),
        },
    ),
    *rules(
        "google_storage_bucket",
        BUCKET,
        {
            "name": pattern(
                r"(?!goog)(?!.*google)[a-z0-9][-_a-z0-9]{1,61}[a-z0-9]",
                "3 to 63 of a-z, 0-9, - and _, without the word google",
            ),
            "public_access_prevention": one_of("enforced", "inherited"),
            "lifecycle_rule.action.type": one_of(
                "Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"
            ),
        },
    ),
    *rules(
        "google_storage_bucket_object",
        "hashicorp/google, google/services/storage/resource_storage_bucket_object.go",
        {"": exactly(1, "source", "content")},
    ),
)
