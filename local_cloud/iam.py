"""Grants as values, what each API call needs, and so what each principal needs.

Not an access check: the emulated APIs let every known caller in (invoking a private service is
the exception) and note who called what. `needed` turns those notes into permissions, to be
compared with what Terraform grants.

Source: reference/gcp.md section 7 (permission contents: iam-dataset), and
https://cloud.google.com/iam/docs/permissions-reference
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from local_cloud.kit.audit import Call

INVOKE: Final = "run.routes.invoke"
ALL_USERS: Final = "allUsers"
_ANY_ACCOUNT: Final = "allAuthenticatedUsers"

# A change of a service also acts as its runtime account and reads its image, even when it only
# moves traffic (reference/gcp.md, finding 5).
_AS_RUNTIME = ("iam.serviceAccounts.actAs", "artifactregistry.repositories.downloadArtifacts")
_RUN_READS = {
    "Services.GetService": ("run.services.get",),
    "Services.ListServices": ("run.services.list",),
    "Services.DeleteService": ("run.services.delete",),
    "Services.CreateService": ("run.services.create", *_AS_RUNTIME),
    "Services.GetIamPolicy": ("run.services.getIamPolicy",),
    "Services.SetIamPolicy": ("run.services.setIamPolicy",),
    "Revisions.GetRevision": ("run.revisions.get",),
    "Revisions.ListRevisions": ("run.revisions.list",),
    "Revisions.DeleteRevision": ("run.revisions.delete",),
}
_RUN_WRITE = ("run.services.update", "run.services.get", *_AS_RUNTIME)
_BY_SERVICE: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "google.cloud.run.v1": {
        **_RUN_READS,
        "Services.ReplaceService": _RUN_WRITE,
        "Routes.Invoke": (INVOKE,),
    },
    "google.cloud.run.v2": {**_RUN_READS, "Services.UpdateService": _RUN_WRITE},
    "google.monitoring.v3": {
        "MetricService.ListTimeSeries": ("monitoring.timeSeries.list",),
        "MetricService.GetMetricDescriptor": ("monitoring.metricDescriptors.get",),
        "MetricService.ListMetricDescriptors": ("monitoring.metricDescriptors.list",),
        "AlertPolicyService.CreateAlertPolicy": ("monitoring.alertPolicies.create",),
        "AlertPolicyService.GetAlertPolicy": ("monitoring.alertPolicies.get",),
        "AlertPolicyService.ListAlertPolicies": ("monitoring.alertPolicies.list",),
        "AlertPolicyService.UpdateAlertPolicy": ("monitoring.alertPolicies.update",),
        "AlertPolicyService.DeleteAlertPolicy": ("monitoring.alertPolicies.delete",),
    },
    "google.logging.v2": {
        "LoggingServiceV2.ListLogEntries": ("logging.logEntries.list",),
        "LoggingServiceV2.WriteLogEntries": ("logging.logEntries.create",),
    },
    "google.pubsub.v1": {
        "Publisher.Publish": ("pubsub.topics.publish",),
        "Publisher.CreateTopic": ("pubsub.topics.create",),
        "Publisher.GetTopic": ("pubsub.topics.get",),
        "Publisher.ListTopics": ("pubsub.topics.list",),
        "Publisher.ListTopicSubscriptions": ("pubsub.topics.get",),
        "Publisher.UpdateTopic": ("pubsub.topics.update",),
        "Publisher.DeleteTopic": ("pubsub.topics.delete",),
        "Subscriber.CreateSubscription": (
            "pubsub.subscriptions.create",
            "pubsub.topics.attachSubscription",
        ),
        "Subscriber.GetSubscription": ("pubsub.subscriptions.get",),
        "Subscriber.ListSubscriptions": ("pubsub.subscriptions.list",),
        "Subscriber.UpdateSubscription": ("pubsub.subscriptions.update",),
        "Subscriber.ModifyPushConfig": ("pubsub.subscriptions.update",),
        "Subscriber.DeleteSubscription": ("pubsub.subscriptions.delete",),
        "Subscriber.Pull": ("pubsub.subscriptions.consume",),
        "Subscriber.StreamingPull": ("pubsub.subscriptions.consume",),
        "Subscriber.Acknowledge": ("pubsub.subscriptions.consume",),
        "Subscriber.ModifyAckDeadline": ("pubsub.subscriptions.consume",),
    },
    "google.cloud.eventarc.v1": {
        "Eventarc.CreateTrigger": ("eventarc.triggers.create", "iam.serviceAccounts.actAs"),
        "Eventarc.GetTrigger": ("eventarc.triggers.get",),
        "Eventarc.ListTriggers": ("eventarc.triggers.list",),
        "Eventarc.DeleteTrigger": ("eventarc.triggers.delete",),
    },
    "google.cloud.scheduler.v1": {
        "CloudScheduler.CreateJob": ("cloudscheduler.jobs.create", "iam.serviceAccounts.actAs"),
        "CloudScheduler.GetJob": ("cloudscheduler.jobs.get",),
        "CloudScheduler.ListJobs": ("cloudscheduler.jobs.list",),
        "CloudScheduler.UpdateJob": ("cloudscheduler.jobs.update", "iam.serviceAccounts.actAs"),
        "CloudScheduler.DeleteJob": ("cloudscheduler.jobs.delete",),
        "CloudScheduler.PauseJob": ("cloudscheduler.jobs.pause",),
        "CloudScheduler.ResumeJob": ("cloudscheduler.jobs.enable",),
        "CloudScheduler.RunJob": ("cloudscheduler.jobs.run",),
    },
    # A build acts as its account.
    "google.devtools.cloudbuild.v1": {
        "CloudBuild.CreateBuild": ("cloudbuild.builds.create", "iam.serviceAccounts.actAs"),
        "CloudBuild.GetBuild": ("cloudbuild.builds.get",),
        "CloudBuild.ListBuilds": ("cloudbuild.builds.list",),
    },
    "google.cloud.secretmanager.v1": {
        "SecretManagerService.CreateSecret": ("secretmanager.secrets.create",),
        "SecretManagerService.GetSecret": ("secretmanager.secrets.get",),
        "SecretManagerService.ListSecrets": ("secretmanager.secrets.list",),
        "SecretManagerService.DeleteSecret": ("secretmanager.secrets.delete",),
        "SecretManagerService.AddSecretVersion": ("secretmanager.versions.add",),
        "SecretManagerService.GetSecretVersion": ("secretmanager.versions.get",),
        "SecretManagerService.ListSecretVersions": ("secretmanager.versions.list",),
        "SecretManagerService.AccessSecretVersion": ("secretmanager.versions.access",),
        "SecretManagerService.EnableSecretVersion": ("secretmanager.versions.enable",),
        "SecretManagerService.DisableSecretVersion": ("secretmanager.versions.disable",),
        "SecretManagerService.DestroySecretVersion": ("secretmanager.versions.destroy",),
    },
    "google.cloud.workflows.v1": {
        "Workflows.GetWorkflow": ("workflows.workflows.get",),
        "Workflows.ListWorkflows": ("workflows.workflows.list",),
        "Workflows.CreateWorkflow": ("workflows.workflows.create", "iam.serviceAccounts.actAs"),
        "Workflows.UpdateWorkflow": ("workflows.workflows.update", "iam.serviceAccounts.actAs"),
        "Workflows.DeleteWorkflow": ("workflows.workflows.delete",),
        "Workflows.ListWorkflowRevisions": ("workflows.workflows.listRevision",),
    },
    # The name is every API's; of those here only Workflows serves operations.
    "google.longrunning": {
        "Operations.GetOperation": ("workflows.operations.get",),
        "Operations.ListOperations": ("workflows.operations.list",),
        "Operations.DeleteOperation": ("workflows.operations.delete",),  # A guess.
    },
    "google.cloud.location": {
        "Locations.GetLocation": ("workflows.locations.get",),
        "Locations.ListLocations": ("workflows.locations.list",),
    },
    "google.cloud.workflows.executions.v1": {
        "Executions.CreateExecution": ("workflows.executions.create",),
        "Executions.GetExecution": ("workflows.executions.get",),
        "Executions.ListExecutions": ("workflows.executions.list",),
        "Executions.CancelExecution": ("workflows.executions.cancel",),
        "Executions.ListCallbacks": ("workflows.callbacks.list",),
        "Executions.SendHttpCallback": ("workflows.callbacks.send",),
        "Executions.ExportData": ("workflows.executions.get",),  # A guess.
        "Executions.TriggerPubsubExecution": ("workflows.executions.create",),
        "ExecutionHistory.GetStepEntry": ("workflows.stepEntries.get",),
        "ExecutionHistory.ListStepEntries": ("workflows.stepEntries.list",),
        "ExecutionHistory.DeleteExecutionHistory": ("workflows.stepEntries.delete",),  # A guess.
    },
}
PERMISSIONS: Final = {
    f"{service}.{method}": frozenset(permissions)
    for service, methods in _BY_SERVICE.items()
    for method, permissions in methods.items()
} | {
    # The registry's own names, as its audit log has them: no service before the method.
    "Docker-GetManifest": frozenset({"artifactregistry.repositories.downloadArtifacts"}),
    "Docker-HeadManifest": frozenset({"artifactregistry.repositories.downloadArtifacts"}),
    "Docker-PutManifest": frozenset({"artifactregistry.repositories.uploadArtifacts"}),
}
"""The permissions that each method asks of its caller, by Google's full method name."""

ROLES: Final = {
    "roles/run.invoker": frozenset({INVOKE}),
    "roles/run.servicesInvoker": frozenset({INVOKE}),
    "roles/iam.serviceAccountUser": frozenset({"iam.serviceAccounts.actAs"}),
    "roles/artifactregistry.reader": frozenset({"artifactregistry.repositories.downloadArtifacts"}),
    "roles/secretmanager.secretAccessor": frozenset({"secretmanager.versions.access"}),
    "roles/pubsub.publisher": frozenset({"pubsub.topics.publish"}),
    "roles/logging.logWriter": frozenset({"logging.logEntries.create"}),
    "roles/logging.viewer": frozenset({"logging.logEntries.list"}),
    "roles/monitoring.viewer": frozenset(
        {
            "monitoring.timeSeries.list",
            "monitoring.metricDescriptors.get",
            "monitoring.metricDescriptors.list",
            "monitoring.alertPolicies.get",
            "monitoring.alertPolicies.list",
        }
    ),
    "roles/run.viewer": frozenset(
        {
            "run.services.get",
            "run.services.list",
            "run.services.getIamPolicy",
            "run.revisions.get",
            "run.revisions.list",
        }
    ),
    "roles/workflows.invoker": frozenset(
        {
            "workflows.executions.create",
            "workflows.executions.get",
            "workflows.executions.list",
            "workflows.executions.cancel",
            "workflows.callbacks.list",
            "workflows.callbacks.send",
            "workflows.stepEntries.list",
        }
    ),
}
"""Of each role, only the permissions that some method in PERMISSIONS asks for."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One member may do one thing on one resource and all that lies under it."""

    member: str
    """An e-mail without a prefix, `allUsers` or `allAuthenticatedUsers`."""
    permission: str
    resource: str


class Grants:
    """All grants of a local cloud."""

    def __init__(self) -> None:
        self.all: set[Grant] = set()

    def allow(self, member: str, permission_or_role: str, resource: str) -> None:
        """Grant a permission, or each of a role. Raises KeyError for a role not in ROLES.

        `member` is written as IAM writes it (`serviceAccount:x@y`) or as a bare e-mail.
        """
        is_role = permission_or_role.startswith("roles/")
        permissions = ROLES[permission_or_role] if is_role else {permission_or_role}
        email = member.rpartition(":")[2]
        self.all |= {Grant(email, permission, resource) for permission in permissions}

    def may(self, email: str | None, permission: str, resource: str) -> bool:
        """Whether a caller has a permission on a resource; None is a caller without a token."""
        members = {ALL_USERS} if email is None else {ALL_USERS, _ANY_ACCOUNT, email}
        return any(
            grant.member in members
            and grant.permission == permission
            and _covers(grant.resource, resource)
            for grant in self.all
        )

    def invokers(self, service: str) -> frozenset[str]:
        """Return who may call a service, by its resource name."""
        return frozenset(
            grant.member
            for grant in self.all
            if grant.permission == INVOKE and _covers(grant.resource, service)
        )

    def of(self, email: str) -> frozenset[str]:
        """Return the permissions that a member has anywhere."""
        return frozenset(grant.permission for grant in self.all if grant.member == email)


def needed(calls: Iterable[Call]) -> dict[str, set[str]]:
    """Return the permissions that each principal's calls asked for.

    Raises KeyError for a method that PERMISSIONS does not know: a new call must be granted
    somewhere, so it must be written down here first.
    """
    permissions: dict[str, set[str]] = {}
    for call in calls:
        permissions.setdefault(call.principal, set()).update(PERMISSIONS[call.method])
    return permissions


def _covers(granted: str, resource: str) -> bool:
    return resource == granted or resource.startswith(f"{granted}/")
