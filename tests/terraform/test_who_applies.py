"""The roles that whoever applies needs: the READMEs list one for each type of resource, and no other."""

import re

import pytest

from tests.terraform.blocks import blocks_of
from tests.terraform.harness import TERRAFORM

ADMIN_OF = {
    # The longest beginning of a resource's type counts. Source: each product's page of roles, below
    # https://cloud.google.com/iam/docs/roles-permissions
    "google_artifact_registry_": "artifactregistry.admin",
    "google_cloud_run_v2_": "run.admin",
    "google_cloud_scheduler_job": "cloudscheduler.admin",
    "google_cloudbuild_trigger": "cloudbuild.builds.editor",
    "google_cloudbuildv2_repository": "cloudbuild.connectionAdmin",
    "google_cloudfunctions2_function": "cloudfunctions.developer",
    "google_compute_": "compute.loadBalancerAdmin",
    "google_compute_firewall": "compute.securityAdmin",
    "google_compute_global_address": "compute.networkAdmin",
    "google_compute_network": "compute.networkAdmin",
    "google_compute_subnetwork": "compute.networkAdmin",
    "google_eventarc_trigger": "eventarc.developer",
    "google_iam_workload_identity_pool": "iam.workloadIdentityPoolAdmin",
    "google_logging_metric": "logging.configWriter",
    "google_monitoring_": "monitoring.admin",
    "google_project_iam_custom_role": "iam.roleAdmin",
    "google_project_iam_member": "resourcemanager.projectIamAdmin",
    "google_project_service": "serviceusage.serviceUsageAdmin",
    "google_pubsub_": "pubsub.admin",
    "google_secret_manager_": "secretmanager.admin",
    "google_service_account": "iam.serviceAccountAdmin",
    "google_service_networking_connection": "compute.networkAdmin",
    "google_sql_": "cloudsql.admin",
    "google_storage_": "storage.admin",
    "google_workflows_workflow": "workflows.editor",
    "random_": "",
    "time_": "",
}
ALWAYS = {
    "roles/iam.serviceAccountUser",  # What is made runs as an account.
    "roles/storage.objectUser",  # The state.
}
PLACES = {
    "delivery": (
        "README.md",
        ("environments/delivery", "modules/delivery", "modules/registry", "modules/own_alerts", "modules/channels"),
    ),
    "targets": (
        "modules/environment/README.md",
        tuple(f"modules/{one}" for one in ("environment", "network", "database", "service", "target", "monitoring", "channels")),
    ),
}  # fmt: skip


def role_for(kind: str) -> str:
    """The role that makes resources of a type; empty: none is needed."""
    begin = max((one for one in ADMIN_OF if kind.startswith(one)), key=len)
    return ADMIN_OF[begin] and f"roles/{ADMIN_OF[begin]}"


@pytest.mark.parametrize("who", PLACES)
def test_every_role_that_applying_needs_is_listed_and_no_other(who):
    page, folders = PLACES[who]
    kinds = {
        block.labels[0] for folder in folders for block in blocks_of(TERRAFORM / folder, "resource")
    }
    rows = [line for line in _of_who_applies(page).splitlines() if line.startswith("|")]
    listed = set(re.findall(r"`(roles/[\w.]+)`", "\n".join(rows)))

    needed = {role_for(kind) for kind in kinds} - {""}

    assert needed - set(re.findall(r"`(roles/[\w.]+)`", _of_who_applies(page))) == set()
    assert listed - needed <= ALWAYS
    assert "roles/iam.serviceAccountUser" in listed


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("google_compute_network", "roles/compute.networkAdmin"),
        ("google_compute_url_map", "roles/compute.loadBalancerAdmin"),
        ("google_project_iam_custom_role", "roles/iam.roleAdmin"),
        ("time_sleep", ""),
    ],
)
def test_the_longest_beginning_counts(kind, role):
    assert role_for(kind) == role


def _of_who_applies(page: str) -> str:
    text = (TERRAFORM / page).read_text("utf-8")
    found = re.search(
        r"^(## Who applies|\*\*Who applies\*\*)(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found, f"{page} does not say who applies"
    return found[2]
