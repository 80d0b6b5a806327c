"""Who may do what: each account of Barq's holds what its calls need, where they need it, no more.

What it calls is known from the local cloud, which notes every call: tests/processes/least_privilege.py
is compared with that audit, and local_cloud/iam.py says which permissions a method needs.
"""

import re
from collections import Counter

import pytest

from local_cloud.iam import PERMISSIONS
from tests.processes.least_privilege import CALLED_BY, IN_RACES, METHODS
from tests.terraform.environments import ENVIRONMENTS, planned
from tests.terraform.grants import (
    LIST,
    Grant,
    all_grants,
    barqs,
    custom_roles,
    grants_of,
    held,
    listed,
    permissions,
)
from tests.terraform.harness import TERRAFORM, plan
from tests.terraform.role_permissions import ROLES, SPARE

BESIDE = {
    # What Google does in an account's name, beside the calls of our code.
    "barq-workflow": {
        "logging.logEntries.create"
    },  # Workflows logs the errors of a workflow's calls.
    "barq-drill": {"logging.logEntries.create"},
    # A build of cloudbuild.yaml: its log, source and tags; and the jobs that migrate.
    "barq-build": {
        "logging.logEntries.create",
        "storage.objects.get",
        "storage.objects.list",
        "artifactregistry.tags.create",
        "artifactregistry.tags.update",
        "run.jobs.get",
        "run.jobs.update",
        "run.jobs.run",
        "run.executions.get",
        "iam.serviceAccounts.actAs",
    },
    # The build of the functions themselves. Source: docs/build-custom-sa of Cloud Run functions.
    "barq-function-build": {
        "logging.logEntries.create",
        "storage.objects.get",
        "storage.objects.list",
        "artifactregistry.repositories.downloadArtifacts",
        "artifactregistry.repositories.uploadArtifacts",
        "artifactregistry.tags.create",
        "artifactregistry.tags.update",
    },
}
PLACES = {
    # Where a permission may be granted, and nowhere wider.
    r"run\.(services|revisions|routes)\.": r"projects/[^/]+/locations/[^/]+/services/[^/]+",
    r"run\.(jobs|executions)\.": r"projects/[^/]+/locations/[^/]+/jobs/[^/]+",
    r"iam\.serviceAccounts\.": r"projects/[^/]+/serviceAccounts/(fleet-(run|migrate)|barq-build)@\S+",
    r"artifactregistry\.": r"projects/[^/]+/locations/[^/]+/repositories/(fleet|barq-functions)",
    r"pubsub\.topics\.publish": r"projects/barq-delivery/topics/barq-events",
    r"secretmanager\.": r"projects/barq-delivery/secrets/barq-[a-z-]+",
    # These have no narrower place; a condition where the service knows one.
    r"storage\.": r"buckets/barq-delivery-barq-functions|projects/barq-delivery if resource\.name\.startsWith.+",
    r"(workflows|cloudbuild)\.": r"projects/barq-delivery",
    r"logging\.logEntries\.create": r"projects/barq-delivery",
    r"logging\.logEntries\.list|monitoring\.": r"projects/barq-(delivery|staging|production)",
}


def needed():
    """Short name of each account -> the permissions that its calls need."""
    found: dict[str, set[str]] = {}
    for table in (METHODS, IN_RACES):
        for account, methods in table.items():
            mine = found.setdefault(account.partition("@")[0], set())
            mine.update(*(PERMISSIONS[method] for method in methods))
    for name, more in BESIDE.items():
        found.setdefault(name, set()).update(more)
    return found


def compared(grants, roles):
    """Return what is granted and not needed, and what is needed and not granted."""
    given, wanted = permissions(grants, roles), needed()
    names = sorted(given.keys() | wanted.keys())
    spare = [
        f"{name} {one}"
        for name in names
        for one in sorted(given.get(name, set()) - wanted.get(name, set()))
    ]
    lacking = [
        f"{name} {one}"
        for name in names
        for one in sorted(wanted.get(name, set()) - given.get(name, set()))
    ]
    return spare, lacking


def misplaced(grants, roles):
    """Return permissions of Barq's accounts that are granted on more than they are about."""
    return sorted(
        f"{barqs(grant.member)} {permission} on {grant.resource}"
        for grant in grants
        if barqs(grant.member)
        for permission in held(grant, roles)
        if not any(
            re.match(kind, permission) and re.fullmatch(place, grant.resource)
            for kind, place in PLACES.items()
        )
    )


def held_twice(environments):
    """Return what more than one environment grants: whichever goes first takes it from the other."""
    count = Counter(grant for grants in environments for grant in grants)
    return sorted(grant for grant, times in count.items() if times > 1)


def test_the_list_of_grants_is_the_one_that_was_looked_at():
    """`make golden` rewrites it. Every line is a right that somebody has."""
    assert listed() == LIST.read_text("utf-8")


def test_each_account_holds_exactly_what_its_calls_need():
    assert compared(all_grants(), custom_roles()) == ([], [])


def test_nothing_is_granted_on_more_than_it_is_about():
    assert misplaced(all_grants(), custom_roles()) == []


@pytest.mark.parametrize("project", ["barq-staging", "barq-production"])
def test_every_account_that_works_in_a_target_may_do_so_in_each(project):
    """A right that is missing in production alone would be missed on the day it matters."""
    staging = _rights_in("barq-staging")
    # The drill is of staging alone: it breaks what it is for.
    if project != "barq-staging":
        staging = {right for right in staging if right[0] != "barq-drill"}

    assert _rights_in(project) == staging
    assert {name for name, _ in staging} >= {
        "barq-deploy",
        "barq-rollback",
        "barq-on-alert",
        "barq-sweep",
    }


def test_no_environment_takes_a_grant_of_another_with_it_when_it_goes():
    assert held_twice(grants_of(planned(name)) for name in ENVIRONMENTS) == []


def test_a_grant_that_two_environments_hold_is_found():
    grants = grants_of(planned("staging"))
    (shared, *_) = grants

    assert held_twice([grants, {shared}]) == [shared]


def test_who_calls_a_function_is_who_was_seen_to():
    found: dict[str, set[str]] = {}
    for grant in all_grants():
        if barqs(grant.member) and "/services/barq-" in grant.resource:
            found.setdefault(barqs(grant.member), set()).add(grant.resource.rpartition("/barq-")[2])
    seen = {
        who.partition("@")[0]: {one.replace("_", "-") for one in called}
        for who, called in CALLED_BY.items()
    }
    # The drill gives back by itself only what Barq should have given back: flow tests have it do so.
    seen["barq-drill"].add("rollback")

    assert found == seen


def test_explain_reads_the_log_of_the_functions_and_of_no_target():
    assert {grant.resource for grant in all_grants() if barqs(grant.member) == "barq-explain"} == {
        "projects/barq-delivery"
    }


def test_what_a_role_has_to_spare_changes_nothing_but_packages_of_its_repository():
    changing = {
        permission
        for role, (spare, _) in SPARE.items()
        for permission in spare
        if not re.search(
            r"\.(get|list|listEffectiveTags|listTagBindings|download|readViaVirtualRepository)$",
            permission,
        )
    }

    assert {one.partition(".")[0] for one in changing} == {"artifactregistry"}
    assert not [one for one in changing if "delete" in one or "Iam" in one]
    assert all(spare < ROLES[role] and why for role, (spare, why) in SPARE.items())


def test_notify_reads_the_secrets_of_its_channels_and_nothing_else():
    module = TERRAFORM / "modules" / "delivery"
    named = str(module / "tests" / "delivery.yaml")
    planned = plan(
        module, {"project": "barq-delivery", "region": "europe-west1", "delivery_file": named}
    )

    grants = {
        (one.type, one["secret_id"], one["role"])
        for one in planned
        if "_iam_" in one.type and "barq-notify@" in str(one.values.get("member"))
    }

    assert grants == {
        (
            "google_secret_manager_secret_iam_member",
            f"barq-{secret}",
            "roles/secretmanager.secretAccessor",
        )
        for secret in ("slack-team", "webhook-on-call", "pagerduty-night", "smtp-url")
    }


ROLLBACK = "serviceAccount:barq-rollback@barq-delivery.iam.gserviceaccount.com"
TOO_MUCH = [
    Grant(ROLLBACK, "roles/artifactregistry.writer", "projects/barq-delivery/locations/europe-west1/repositories/fleet"),
    Grant(ROLLBACK, "roles/run.servicesInvoker", "projects/barq-staging/locations/europe-west1/services/fleet"),
    Grant("serviceAccount:barq-new@barq-delivery.iam.gserviceaccount.com", "roles/logging.logWriter", "projects/barq-delivery"),
]  # fmt: skip


@pytest.mark.parametrize("grant", TOO_MUCH, ids=lambda one: f"{barqs(one.member)} {one.role}")
def test_a_grant_too_many_is_found(grant):
    spare, _ = compared({*all_grants(), grant}, custom_roles())

    assert spare


def test_a_grant_too_few_is_found():
    """Whichever of an account's rights is its only one of that kind."""
    publishes = Grant(
        ROLLBACK, "roles/pubsub.publisher", "projects/barq-delivery/topics/barq-events"
    )

    assert compared(all_grants() - {publishes}, custom_roles()) == (
        [],
        ["barq-rollback pubsub.topics.publish"],
    )


def test_a_permission_too_many_in_a_role_is_found():
    roles = dict(custom_roles())
    roles["projects/barq-production/roles/barqWritesService"] |= {"run.services.delete"}

    spare, lacking = compared(all_grants(), roles)

    assert "barq-rollback run.services.delete" in spare
    assert not lacking


@pytest.mark.parametrize(
    ("role", "resource"),
    [
        ("projects/barq-staging/roles/barqWritesService", "projects/barq-staging"),
        ("projects/barq-staging/roles/barqActsAs", "projects/barq-staging"),
        ("roles/pubsub.publisher", "projects/barq-delivery/topics/barq-builds"),
        ("roles/artifactregistry.reader", "projects/barq-delivery"),
        ("roles/storage.objectViewer", "projects/barq-delivery"),
    ],
)
def test_a_grant_in_a_wider_place_is_found(role, resource):
    assert misplaced({Grant(ROLLBACK, role, resource)}, custom_roles())


def _rights_in(project):
    return {
        (barqs(grant.member), permission)
        for grant in all_grants()
        if barqs(grant.member) and grant.resource.startswith(f"projects/{project}")
        for permission in held(grant, custom_roles())
    }
