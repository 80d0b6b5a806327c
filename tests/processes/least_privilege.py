"""What each identity of an installation needs: the API methods that it calls, and no others.

Terraform grants by this list. A method that is missing here is one that nobody granted; one that
no story makes an identity call is a grant too many.
"""

from typing import Final

from tests.processes.stage import BUILDER, PERSON, PROJECT

_RUN: Final = "google.cloud.run.v1.Services."
ACCESSES: Final = "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"
READS: Final = f"{_RUN}GetService"
WRITES: Final = f"{_RUN}ReplaceService"
_REVISION: Final = {
    "google.cloud.run.v2.Revisions.GetRevision",
    "google.cloud.run.v1.Revisions.GetRevision",
}
MANIFEST: Final = "Docker-GetManifest"
INVOKES: Final = "google.cloud.run.v1.Routes.Invoke"
PUBLISHES: Final = "google.pubsub.v1.Publisher.Publish"
SERIES: Final = "google.monitoring.v3.MetricService.ListTimeSeries"
DESCRIPTOR: Final = "google.monitoring.v3.MetricService.GetMetricDescriptor"
LOGS: Final = "google.logging.v2.LoggingServiceV2.ListLogEntries"
_EXECUTIONS: Final = "google.cloud.workflows.executions.v1.Executions."
ALIVE: Final = f"{_EXECUTIONS}GetExecution"
WAKES: Final = f"{_EXECUTIONS}SendHttpCallback"
STARTS: Final = f"{_EXECUTIONS}CreateExecution"
CANCELS: Final = f"{_EXECUTIONS}CancelExecution"
_JOBS: Final = "google.cloud.scheduler.v1.CloudScheduler."
RUNS_JOB: Final = f"{_JOBS}RunJob"
LISTS_JOBS: Final = f"{_JOBS}ListJobs"
TRIGGERS: Final = f"{_EXECUTIONS}TriggerPubsubExecution"
_BUILDS: Final = "google.devtools.cloudbuild.v1.CloudBuild."
BUILDS: Final = {f"{_BUILDS}CreateBuild", f"{_BUILDS}GetBuild"}
PUSHES: Final = "Docker-PutManifest"
_SIGNALS: Final = {SERIES, DESCRIPTOR, LOGS}


def account(name: str) -> str:
    return f"{name}@{PROJECT}.iam.gserviceaccount.com"


METHODS: Final[dict[str, set[str]]] = {
    account("barq-plan"): {READS, PUBLISHES},
    account("barq-deploy"): {READS, WRITES, *_REVISION, MANIFEST, ALIVE, PUBLISHES},
    # It invokes only a service that is not public: smoke tests need the same right as users.
    account("barq-verify"): {READS, WRITES, PUBLISHES, INVOKES},
    account("barq-approve"): {READS, WRITES, PUBLISHES, WAKES},
    account("barq-shift-traffic"): {READS, WRITES, *_REVISION, PUBLISHES, WAKES},
    account("barq-check-metrics"): {READS, WRITES, PUBLISHES, *_SIGNALS},
    account("barq-rollback"): {READS, WRITES, PUBLISHES, WAKES},
    account("barq-on-alert"): {READS, WRITES, PUBLISHES, LOGS},
    account("barq-status"): {READS, *_SIGNALS},
    # In the project of the functions alone: their own lines.
    account("barq-explain"): {LOGS},
    account("barq-sweep"): {READS, WRITES, ALIVE, PUBLISHES, WAKES},
    account("barq-scheduler"): {INVOKES},
    account("barq-workflow"): {INVOKES},
    account("barq-push"): {INVOKES},
    account("barq-trigger"): {TRIGGERS},
    # It invokes the service that is drilled as well: it is its user.
    account("barq-drill"): {INVOKES, *BUILDS},
    # As the drill has it build: it derives an image from one of the same repository.
    account("barq-build"): {MANIFEST, PUSHES},
}
"""The identities of ours. `barq-notify` is not here: it calls no API of Google's."""

SERVICES: Final[dict[str, set[str]]] = {
    "depot@depot-production.iam.gserviceaccount.com": {ACCESSES},
}
"""The services that are delivered: for each, Cloud Run reads the secrets in its name."""

IN_RACES: Final[dict[str, set[str]]] = {
    account(f"barq-{name}"): {WAKES} for name in ("deploy", "verify", "check-metrics", "on-alert")
}
"""What they call beside that in races that no story plays and flow tests do: whoever changes a
rollout that another drives, or ends one that somebody waits for, wakes them."""

AGENTS: Final = {
    BUILDER: {PUBLISHES},
    "service-1@gcp-sa-monitoring-notification.iam.gserviceaccount.com": {PUBLISHES},
}
"""Google's own: they announce builds and incidents."""

PEOPLE: Final = {PERSON: {INVOKES, STARTS, CANCELS, READS, WRITES, RUNS_JOB, LISTS_JOBS}}
"""What the stories have a person do: answer, start by hand, cancel, move traffic, ask the clock."""

CALLED_BY: Final = {
    account("barq-workflow"): {
        "plan", "deploy", "verify", "approve", "shift_traffic", "check_metrics", "rollback",
        "status",
    },
    account("barq-push"): {"on_alert", "notify"},
    account("barq-scheduler"): {"sweep"},
    # And `rollback`, should Barq itself not take the image back: see flow tests.
    account("barq-drill"): {"status"},
}  # fmt: skip
"""Which functions each identity invokes. `approve` by the workflow: an answer given by hand."""
