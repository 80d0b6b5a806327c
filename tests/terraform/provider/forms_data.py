"""What data sources answer. Every project exists, and has a number that depends on its id alone."""

import json
from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.archives import digests
from tests.terraform.provider.values import digits


def _number(value: Mapping[str, Any]) -> str:
    return digits(f"project {value['project_id']}", 12)


def _account(value: Mapping[str, Any]) -> str:
    account = str(value["account_id"])
    if "@" in account:
        return account.rsplit("/", 1)[-1]
    return f"{account}@{value['project']}.iam.gserviceaccount.com"


def _policy(value: Mapping[str, Any]) -> str:
    bindings = [
        {"members": sorted(one["members"]), "role": one["role"]} for one in value.get("binding", [])
    ]
    return json.dumps({"bindings": sorted(bindings, key=lambda one: one["role"])})


FORMS: dict[str, dict[str, Any]] = {
    "archive_file": digests(),
    "google_project": {
        "number": _number,
        "name": "{project_id}",
        "id": "projects/{project_id}",
    },
    "google_iam_policy": {"policy_data": _policy, "id": "policy"},
    "google_compute_default_service_account": {
        "email": "{project_number}-compute@developer.gserviceaccount.com",
        "member": "serviceAccount:{project_number}-compute@developer.gserviceaccount.com",
    },
    "google_storage_project_service_account": {
        "email_address": "service-{project_number}@gs-project-accounts.iam.gserviceaccount.com",
        "member": "serviceAccount:service-{project_number}@"
        "gs-project-accounts.iam.gserviceaccount.com",
        "id": "service-{project_number}@gs-project-accounts.iam.gserviceaccount.com",
    },
    "google_service_account": {
        "email": _account,
        "member": lambda v: f"serviceAccount:{_account(v)}",
        "name": lambda v: f"projects/{v['project']}/serviceAccounts/{_account(v)}",
        "id": lambda v: f"projects/{v['project']}/serviceAccounts/{_account(v)}",
    },
    "google_secret_manager_secret": {
        "name": "projects/{project_number}/secrets/{secret_id}",
        "id": "projects/{project}/secrets/{secret_id}",
    },
    "google_secret_manager_secret_version": {
        "secret_data": "the secret of {secret}",
        "version": "1",
        "name": "projects/{project_number}/secrets/{secret}/versions/1",
        "id": "projects/{project_number}/secrets/{secret}/versions/1",
    },
    "google_pubsub_topic": {"id": "projects/{project}/topics/{name}"},
    "google_artifact_registry_repository": {
        "name": "{repository_id}",
        "id": "projects/{project}/locations/{location}/repositories/{repository_id}",
        "registry_uri": "{location}-docker.pkg.dev/{project}/{repository_id}",
        "format": "DOCKER",
    },
    "google_compute_network": {
        "id": "projects/{project}/global/networks/{name}",
        "self_link": "https://www.googleapis.com/compute/v1/projects/{project}/global/"
        "networks/{name}",
    },
}
