"""The predefined roles that Barq's Terraform may grant. Their names are checked nowhere before an apply.

Each was looked up in a copy of Google's list. A role that is not here is a misspelling, or is to be
looked up and added. None here is basic (owner, editor, viewer), and none may change who has access.
Source: https://cloud.google.com/iam/docs/roles-permissions
"""

PREDEFINED = frozenset(
    {
        "roles/artifactregistry.reader",
        "roles/artifactregistry.writer",
        "roles/cloudbuild.builds.builder",
        "roles/cloudbuild.builds.editor",
        "roles/cloudsql.client",
        "roles/cloudsql.instanceUser",
        "roles/containeranalysis.notes.attacher",
        "roles/containeranalysis.occurrences.editor",
        "roles/containeranalysis.occurrences.viewer",
        "roles/eventarc.eventReceiver",
        "roles/eventarc.serviceAgent",
        "roles/iam.serviceAccountTokenCreator",
        "roles/iam.serviceAccountUser",
        "roles/iam.workloadIdentityUser",
        "roles/logging.bucketWriter",
        "roles/logging.logWriter",
        "roles/logging.viewer",
        "roles/monitoring.metricWriter",
        "roles/monitoring.notificationServiceAgent",
        "roles/monitoring.viewer",
        "roles/pubsub.publisher",
        "roles/pubsub.subscriber",
        "roles/pubsub.viewer",
        "roles/run.builder",
        "roles/run.invoker",
        "roles/run.servicesInvoker",
        "roles/run.viewer",
        "roles/secretmanager.secretAccessor",
        "roles/secretmanager.viewer",
        "roles/serviceusage.serviceUsageConsumer",
        "roles/storage.objectAdmin",
        "roles/storage.objectCreator",
        "roles/storage.objectUser",
        "roles/storage.objectViewer",
        "roles/workflows.invoker",
        "roles/workflows.viewer",
    }
)
