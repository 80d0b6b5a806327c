"""Rules for identities, grants, projects' services and labels."""

from tests.terraform.roles import PREDEFINED
from tests.terraform.rules.kit import (
    Check,
    between,
    each,
    exactly,
    longest,
    one_of,
    pairs,
    pattern,
    rules,
)

PROVIDER = "hashicorp/google, google/verify/validation.go"
ACCOUNTS = "https://cloud.google.com/iam/docs/service-accounts-create"
ROLES = "https://cloud.google.com/iam/docs/creating-custom-roles"
PRINCIPALS = "https://cloud.google.com/iam/docs/principal-identifiers"
LABELS = "https://cloud.google.com/resource-manager/docs/labels-overview#requirements"
POOLS = "https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers"
SERVICES = "https://cloud.google.com/service-usage/docs/enable-disable"
GRANT = r"google_.*_iam_(?:member|binding)"

PROJECT = r"[a-z][-a-z0-9]{4,28}[a-z0-9]"
EMAIL = r"[^@\s:]+@[^@\s:]+\.[^@\s:]+"
MEMBER = pattern(
    "allUsers|allAuthenticatedUsers"
    rf"|(?:user|group|serviceAccount):{EMAIL}"
    r"|domain:[^@\s:]+\.[^@\s:]+"
    r"|principal(?:Set)?://iam\.googleapis\.com/\S+",
    "KIND:NAME, such as serviceAccount:EMAIL",
)
ROLE = pattern(
    rf"roles/\S+|projects/{PROJECT}/roles/[a-zA-Z0-9_.]{{3,64}}",
    "roles/NAME or a custom role's whole name, projects/PROJECT/roles/NAME",
)
KNOWN_ROLE = Check(
    lambda role: not role.startswith("roles/") or role in PREDEFINED,
    "a role that stands in tests/terraform/roles.py: another may be misspelled",
)
ACCOUNT_NAME = pattern(
    rf"projects/(?:{PROJECT}|-)/serviceAccounts/"
    r"(?:[a-z][-a-z0-9]{4,28}[a-z0-9]@[-a-z0-9.]{1,63}\.iam\.gserviceaccount\.com"
    r"|\d{1,20}-compute@developer\.gserviceaccount\.com"
    r"|[-a-z0-9.:]+@[a-z]+\.gserviceaccount\.com)",
    "projects/PROJECT/serviceAccounts/EMAIL: the account's name, not its e-mail",
)
LABEL = pairs(
    pattern(r"[a-z][-_a-z0-9]{0,62}", "1 to 63 of a-z, 0-9, _ and -, first a letter"),
    pattern(r"[-_a-z0-9]{0,63}", "up to 63 of a-z, 0-9, _ and -"),
)
POOL_ID = pattern(
    r"(?!gcp-)[a-z0-9][-a-z0-9]{2,30}[a-z0-9]", "4 to 32 of a-z, 0-9 and -, not gcp- first"
)
GO_DURATION = pattern(r"\d+(?:\.\d+)?(?:ms|s|m|h)", "a duration, such as 60s")

RULES = (
    *rules(
        "google_service_account",
        PROVIDER,
        {
            "account_id": pattern(
                r"[a-z][-a-z0-9]{4,28}[a-z0-9]",
                "6 to 30 of a-z, 0-9 and -, first a letter, last no hyphen, such as barq-deploy",
            )
        },
    ),
    *rules(
        "google_service_account",
        ACCOUNTS,
        {"description": longest(256), "display_name": longest(100)},
    ),
    *rules(
        "google_service_account_iam_(?:member|binding)",
        PROVIDER,
        {"service_account_id": ACCOUNT_NAME},
    ),
    *rules(
        "google_project_iam_custom_role",
        ROLES,
        {
            "role_id": pattern(
                r"[a-zA-Z0-9_.]{3,64}", "3 to 64 letters, digits, _ and ., such as barqDeploy"
            ),
            "title": longest(100),
            "description": longest(300),
            "permissions": each(
                pattern(r"[a-z]+(?:\.[a-zA-Z]+){2}", "service.resource.verb, as run.services.get")
            ),
            "stage": one_of("ALPHA", "BETA", "GA", "DEPRECATED", "DISABLED", "EAP"),
        },
    ),
    *rules(
        GRANT, PRINCIPALS, {"member": MEMBER, "members": each(MEMBER), "role": [ROLE, KNOWN_ROLE]}
    ),
    # The labels of a notification channel are its settings.
    *rules(
        r"google_(?!monitoring_notification_channel).*", LABELS, {"labels": [LABEL, longest(64)]}
    ),
    *rules("google_.*", LABELS, {"user_labels": LABEL}),
    *rules(
        "google_.*",
        PROVIDER,
        {"project": pattern(PROJECT, "6 to 30 of a-z, 0-9 and -, such as barq-staging")},
    ),
    *rules(
        "google_project_service",
        SERVICES,
        {
            "service": pattern(
                r"[a-z][-a-z0-9]*\.googleapis\.com", "an API's name, such as run.googleapis.com"
            )
        },
    ),
    *rules(
        "google_iam_workload_identity_pool(?:_provider)?",
        POOLS,
        {"workload_identity_pool_id": POOL_ID, "workload_identity_pool_provider_id": POOL_ID},
    ),
    *rules(
        "google_iam_workload_identity_pool_provider",
        POOLS,
        {
            "": exactly(1, "aws", "oidc", "saml", "x509"),
            "oidc.issuer_uri": pattern(r"https://\S+", "an https address"),
        },
    ),
    *rules("random_password", "hashicorp/random", {"length": between(1, 1024)}),
    *rules("random_id", "hashicorp/random", {"byte_length": between(1, 1024)}),
    *rules(
        "time_sleep",
        "hashicorp/time",
        {"create_duration": GO_DURATION, "destroy_duration": GO_DURATION},
    ),
)
