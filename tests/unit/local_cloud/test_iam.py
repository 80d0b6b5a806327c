"""What calls need and what grants give are two lists that can be compared."""

import ast
import datetime as dt
import re
from pathlib import Path

import pytest

import local_cloud
from local_cloud.iam import INVOKE, PERMISSIONS, ROLES, Grants, needed
from local_cloud.kit.audit import Audit
from local_cloud.kit.scheduler import VirtualScheduler

SHIFT = "shift@p.iam.gserviceaccount.com"
PROJECT = "projects/p"
SERVICE = "projects/p/locations/r/services/fleet"


@pytest.fixture
def audit() -> Audit:
    return Audit(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))


def test_replacing_a_service_needs_to_act_as_its_account_and_to_read_its_image(audit):
    audit.note(SHIFT, "google.cloud.run.v1.Services.ReplaceService", SERVICE)

    assert needed(audit.calls) == {
        SHIFT: {
            "run.services.update",
            "run.services.get",
            "iam.serviceAccounts.actAs",
            "artifactregistry.repositories.downloadArtifacts",
        }
    }


def test_calls_of_several_principals_are_kept_apart_and_added_up(audit):
    audit.note(SHIFT, "google.cloud.run.v2.Services.GetService", SERVICE)
    audit.note(SHIFT, "google.pubsub.v1.Publisher.Publish", "projects/p/topics/events")
    audit.note(None, "google.logging.v2.LoggingServiceV2.ListLogEntries", PROJECT)

    assert needed(audit.calls) == {
        SHIFT: {"run.services.get", "pubsub.topics.publish"},
        "developer": {"logging.logEntries.list"},
    }


def test_a_method_that_is_not_written_down_is_an_error_not_a_permission_less_call(audit):
    audit.note(SHIFT, "google.cloud.run.v1.Services.Unheard", SERVICE)

    with pytest.raises(KeyError, match="Unheard"):
        needed(audit.calls)


@pytest.mark.parametrize(
    ("method", "permission"),
    [
        ("google.monitoring.v3.MetricService.ListTimeSeries", "monitoring.timeSeries.list"),
        (
            "google.monitoring.v3.MetricService.GetMetricDescriptor",
            "monitoring.metricDescriptors.get",
        ),
        (
            "google.cloud.workflows.executions.v1.Executions.SendHttpCallback",
            "workflows.callbacks.send",
        ),
        (
            "google.cloud.workflows.executions.v1.Executions.GetExecution",
            "workflows.executions.get",
        ),
        ("Docker-GetManifest", "artifactregistry.repositories.downloadArtifacts"),
    ],
)
def test_a_method_needs_the_permission_of_the_reference(method, permission):
    assert PERMISSIONS[method] == {permission}


def noted_methods() -> set[str]:
    """Return the last words of all methods that the models' sources note."""
    words = set()
    for path in Path(local_cloud.__path__[0]).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr.strip("_") != "note":
                continue
            for part in ast.walk(node):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    words.update(re.findall(r"(?:^|[.-])((?:[A-Z][a-z0-9]+){2,})$", part.value))
    return words


def test_every_method_that_a_model_notes_is_written_down():
    known = {re.split(r"[.-]", method)[-1] for method in PERMISSIONS}

    noted = noted_methods()

    assert {"ReplaceService", "ListTimeSeries", "GetManifest"} <= noted
    assert noted - known == set()


def test_every_permission_of_a_role_is_one_that_some_method_asks_for():
    asked = frozenset().union(*PERMISSIONS.values())

    assert {role: permissions - asked for role, permissions in ROLES.items()} == {
        role: frozenset() for role in ROLES
    }


def test_a_role_grants_its_permissions_on_the_resource_and_below():
    grants = Grants()
    grants.allow(f"serviceAccount:{SHIFT}", "roles/run.viewer", PROJECT)

    assert grants.may(SHIFT, "run.services.get", SERVICE)
    assert grants.of(SHIFT) == ROLES["roles/run.viewer"]
    assert not grants.may(SHIFT, "run.services.get", "projects/p2/locations/r/services/fleet")
    assert not grants.may(SHIFT, "run.services.update", SERVICE)


def test_an_unknown_role_is_an_error():
    with pytest.raises(KeyError, match=r"roles/run\.owner"):
        Grants().allow(SHIFT, "roles/run.owner", PROJECT)


def test_the_invokers_of_a_service_are_those_granted_on_it_or_above_it():
    grants = Grants()
    grants.allow(SHIFT, "roles/run.servicesInvoker", SERVICE)
    grants.allow("user:boss@example.com", INVOKE, PROJECT)
    grants.allow("other@p.iam.gserviceaccount.com", "roles/run.invoker", f"{SERVICE}-2")

    assert grants.invokers(SERVICE) == {SHIFT, "boss@example.com"}


def test_a_service_for_all_users_lets_a_caller_without_a_token_in():
    grants = Grants()
    grants.allow("allUsers", "roles/run.invoker", SERVICE)

    assert grants.may(None, INVOKE, SERVICE)
    assert grants.may(SHIFT, INVOKE, SERVICE)


def test_a_service_for_all_authenticated_users_keeps_a_caller_without_a_token_out():
    grants = Grants()
    grants.allow("allAuthenticatedUsers", "roles/run.invoker", SERVICE)

    assert not grants.may(None, INVOKE, SERVICE)
    assert grants.may(SHIFT, INVOKE, SERVICE)
