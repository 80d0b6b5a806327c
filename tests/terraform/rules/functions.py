"""Rules for Cloud Run functions."""

from tests.terraform.rules.kit import (
    at_most_one,
    between,
    each,
    one_of,
    pairs,
    pattern,
    rules,
)

SOURCE = "https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions"

RULES = rules(
    "google_cloudfunctions2_function",
    SOURCE,
    {
        "name": pattern(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", "1 to 63 of a-z, 0-9 and -"),
        "build_config.runtime": pattern(r"python3\d{1,2}", "a Python, such as python312"),
        "build_config.service_account": pattern(
            r"projects/[^/]+/serviceAccounts/[^/@]+@\S+", "projects/PROJECT/serviceAccounts/EMAIL"
        ),
        "build_config": each(at_most_one("automatic_update_policy", "on_deploy_update_policy")),
        "service_config.timeout_seconds": between(1, 3600),
        "service_config.available_memory": pattern(
            r"\d+(?:k|M|G|Mi|Gi)", "a Kubernetes quantity, such as 512Mi"
        ),
        "service_config.max_instance_request_concurrency": between(1, 1000),
        "service_config.ingress_settings": one_of(
            "ALLOW_ALL", "ALLOW_INTERNAL_ONLY", "ALLOW_INTERNAL_AND_GCLB"
        ),
        "service_config.vpc_connector_egress_settings": one_of(
            "VPC_CONNECTOR_EGRESS_SETTINGS_UNSPECIFIED", "PRIVATE_RANGES_ONLY", "ALL_TRAFFIC"
        ),
        "service_config.environment_variables": pairs(
            pattern(
                r"(?!X_GOOGLE_|GOOGLE_)[a-zA-Z_][a-zA-Z0-9_]*",
                "letters, digits and _, no digit first, not X_GOOGLE_ or GOOGLE_",
            )
        ),
        "event_trigger.retry_policy": one_of(
            "RETRY_POLICY_UNSPECIFIED", "RETRY_POLICY_DO_NOT_RETRY", "RETRY_POLICY_RETRY"
        ),
    },
)
