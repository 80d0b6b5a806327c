"""Rules for Cloud SQL."""

from typing import Any

from tests.terraform.rules.access import LABEL
from tests.terraform.rules.kit import (
    at_least_one,
    at_most_one,
    between,
    each,
    one_of,
    pattern,
    rules,
    whole,
)

SOURCE = "hashicorp/google, google/services/sql/resource_sql_database_instance.go"
API = "https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances"
USERS = "hashicorp/google, google/services/sql/resource_sql_user.go"
NAME = pattern(r"[a-z](?:[-a-z0-9]{0,96}[a-z0-9])?", "1 to 98 of a-z, 0-9 and -, first a letter")


def _tier_fits_edition(settings: Any) -> bool:
    enterprise: bool = settings["tier"].startswith(("db-custom-", "db-f1-", "db-g1-"))
    return enterprise is (settings["edition"] == "ENTERPRISE")


def _log_fits_edition(settings: Any) -> bool:
    days = [one["transaction_log_retention_days"] or 7 for one in settings["backup_configuration"]]
    return settings["edition"] == "ENTERPRISE_PLUS" or all(int(one) <= 7 for one in days)


def _name_fits_type(user: Any) -> bool:
    """A service account's user is its e-mail without the last part."""
    account = user.get("type") == "CLOUD_IAM_SERVICE_ACCOUNT"
    return not (account and user["name"].endswith(".gserviceaccount.com"))


RULES = (
    *rules(
        "google_sql_database_instance",
        SOURCE,
        {
            "settings.edition": one_of("ENTERPRISE", "ENTERPRISE_PLUS"),
            "settings.availability_type": one_of("REGIONAL", "ZONAL"),
            "settings.activation_policy": one_of("ALWAYS", "NEVER", "ON_DEMAND"),
            "settings.disk_type": one_of("PD_SSD", "PD_HDD", "HYPERDISK_BALANCED"),
            "settings.disk_size": between(10, 65536),
            "settings.ip_configuration": each(at_least_one("ipv4_enabled", "private_network")),
            "settings.ip_configuration.ssl_mode": one_of(
                "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
                "ENCRYPTED_ONLY",
                "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
            ),
            "settings.connector_enforcement": one_of("NOT_REQUIRED", "REQUIRED"),
            "settings.maintenance_window.day": between(1, 7),
            "settings.maintenance_window.hour": between(0, 23),
            "settings.maintenance_window.update_track": one_of("canary", "stable", "week5"),
            "settings.insights_config.query_string_length": between(256, 4500),
            "settings.insights_config.query_plans_per_minute": between(0, 20),
            "settings.backup_configuration.start_time": pattern(
                r"(?:[01]\d|2[0-3]):[0-5]\d", "HH:MM"
            ),
        },
    ),
    *rules(
        "google_sql_database_instance",
        API,
        {
            "name": NAME,
            "database_version": pattern(r"POSTGRES_\d{1,2}", "such as POSTGRES_16"),
            # From POSTGRES_16 on the default edition does not have the small tiers.
            "settings": [
                each(whole(_tier_fits_edition, "db-custom-... has edition ENTERPRISE")),
                each(whole(_log_fits_edition, "edition ENTERPRISE keeps logs for 7 days at most")),
            ],
            "settings.tier": pattern(
                r"db-custom-\d+-\d+|db-f1-micro|db-g1-small|db-perf-optimized-N-\d+",
                "such as db-custom-2-7680",
            ),
            "settings.backup_configuration.transaction_log_retention_days": between(1, 35),
            "settings.backup_configuration.backup_retention_settings.retained_backups": between(
                1, 365
            ),
            "settings.user_labels": LABEL,
        },
    ),
    *rules(
        "google_sql_user",
        USERS,
        {
            "": [
                at_most_one("password", "password_wo"),
                whole(_name_fits_type, "a service account's user ends in .iam"),
            ],
            "type": one_of(
                "BUILT_IN", "CLOUD_IAM_USER", "CLOUD_IAM_SERVICE_ACCOUNT", "CLOUD_IAM_GROUP"
            ),
        },
    ),
)
