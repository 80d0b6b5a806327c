"""The predefined roles that Barq's Terraform grants. Their names are checked nowhere before an apply.

Each was looked up in a copy of Google's list. A role that is not here is a misspelling, or is to be
looked up and added. None is a basic one (owner, editor, viewer) or lets its holder grant roles.
Source: https://cloud.google.com/iam/docs/roles-permissions, as in
https://github.com/iann0036/iam-dataset/tree/main/gcp/roles
"""

PREDEFINED = frozenset(
    {
        "roles/artifactregistry.reader",
        "roles/artifactregistry.writer",
        "roles/eventarc.serviceAgent",
        "roles/iam.serviceAccountTokenCreator",
        "roles/logging.logWriter",
        "roles/pubsub.publisher",
        "roles/pubsub.subscriber",
        "roles/run.servicesInvoker",
        "roles/secretmanager.secretAccessor",
        "roles/storage.objectViewer",
        "roles/workflows.invoker",
        "roles/workflows.viewer",
    }
)
