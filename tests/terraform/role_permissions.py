"""What the predefined roles hold that Barq's own accounts are granted, whole.

Source: the roles' files in https://github.com/iann0036/iam-dataset/tree/main/gcp/roles, of
2026-08-22; each copies the role's own list of Google's.
"""

from typing import Final

_LISTS_PROJECTS = {"resourcemanager.projects.get", "resourcemanager.projects.list"}
_READS_ARTIFACTS = {
    "artifactregistry.dockerimages.get",
    "artifactregistry.dockerimages.list",
    "artifactregistry.files.get",
    "artifactregistry.files.list",
    "artifactregistry.locations.get",
    "artifactregistry.locations.list",
    "artifactregistry.mavenartifacts.get",
    "artifactregistry.mavenartifacts.list",
    "artifactregistry.npmpackages.get",
    "artifactregistry.npmpackages.list",
    "artifactregistry.packages.get",
    "artifactregistry.packages.list",
    "artifactregistry.projectsettings.get",
    "artifactregistry.pythonpackages.get",
    "artifactregistry.pythonpackages.list",
    "artifactregistry.repositories.downloadArtifacts",
    "artifactregistry.repositories.get",
    "artifactregistry.repositories.list",
    "artifactregistry.repositories.listEffectiveTags",
    "artifactregistry.repositories.listTagBindings",
    "artifactregistry.repositories.readViaVirtualRepository",
    "artifactregistry.tags.get",
    "artifactregistry.tags.list",
    "artifactregistry.versions.get",
    "artifactregistry.versions.list",
}
_WRITES_ARTIFACTS = {
    "artifactregistry.aptartifacts.create",
    "artifactregistry.files.download",
    "artifactregistry.files.update",
    "artifactregistry.kfpartifacts.create",
    "artifactregistry.packages.update",
    "artifactregistry.repositories.uploadArtifacts",
    "artifactregistry.tags.create",
    "artifactregistry.tags.update",
    "artifactregistry.yumartifacts.create",
}

ROLES: Final[dict[str, frozenset[str]]] = {
    "roles/artifactregistry.reader": frozenset(_READS_ARTIFACTS),
    "roles/artifactregistry.writer": frozenset(_READS_ARTIFACTS | _WRITES_ARTIFACTS),
    "roles/logging.logWriter": frozenset({"logging.logEntries.create"}),
    "roles/pubsub.publisher": frozenset({"pubsub.topics.publish"}),
    "roles/run.servicesInvoker": frozenset({"run.routes.invoke"}),
    "roles/secretmanager.secretAccessor": frozenset(
        {"secretmanager.versions.access", *_LISTS_PROJECTS}
    ),
    "roles/storage.objectViewer": frozenset(
        {
            "storage.folders.get",
            "storage.folders.list",
            "storage.managedFolders.get",
            "storage.managedFolders.list",
            "storage.objects.get",
            "storage.objects.list",
            *_LISTS_PROJECTS,
        }
    ),
}

SPARE: Final[dict[str, tuple[frozenset[str], str]]] = {
    "roles/artifactregistry.reader": (
        frozenset(_READS_ARTIFACTS - {"artifactregistry.repositories.downloadArtifacts"}),
        "a role of ours would have to stand in the registry's project, perhaps another team's",
    ),
    "roles/artifactregistry.writer": (
        frozenset(
            (_READS_ARTIFACTS | _WRITES_ARTIFACTS)
            - {
                "artifactregistry.repositories.downloadArtifacts",
                "artifactregistry.repositories.uploadArtifacts",
                "artifactregistry.tags.create",
                "artifactregistry.tags.update",
            }
        ),
        "as above; nothing in it deletes",
    ),
    "roles/secretmanager.secretAccessor": (
        frozenset(_LISTS_PROJECTS),
        "on a secret they mean nothing",
    ),
    "roles/storage.objectViewer": (
        frozenset(
            {
                "storage.folders.get",
                "storage.folders.list",
                "storage.managedFolders.get",
                "storage.managedFolders.list",
                *_LISTS_PROJECTS,
            }
        ),
        "folders are names of objects; a condition holds the role to the buckets of sources",
    ),
}
"""Of a role, what nobody asks for, and why the role is granted all the same."""
