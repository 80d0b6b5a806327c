"""Secret Manager, in process: secrets with numbered versions, and `latest`.

Source: google/cloud/secretmanager/v1/service.proto. Not here: IAM, rotation, expiry, aliases,
regional secrets, keys of one's own.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler
from local_cloud.secrets.values import Secret, State, Version

_API: Final = "google.cloud.secretmanager.v1.SecretManagerService."
_PARENT: Final = re.compile(r"projects/[A-Za-z0-9.:-]+")
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_CHANGES: Final[Mapping[State, str]] = {
    "ENABLED": _API + "EnableSecretVersion",
    "DISABLED": _API + "DisableSecretVersion",
    "DESTROYED": _API + "DestroySecretVersion",
}
BYTES_MAX: Final = 65_536
LATEST: Final = "latest"


class SecretManagerModel:
    """All secrets of one cloud. Every method raises Refused."""

    def __init__(self, scheduler: Scheduler, audit: Audit) -> None:
        self._scheduler = scheduler
        self._audit = audit
        self._secrets: dict[str, Secret] = {}

    def create(
        self,
        parent: str,
        identity: str,
        replication: Mapping[str, Any],
        labels: Mapping[str, str] | None = None,
        *,
        caller: str | None = None,
    ) -> Secret:
        """Create a secret without versions in `projects/P`."""
        name = f"{parent}/secrets/{identity}"
        self._audit.note(caller, _API + "CreateSecret", name)
        if not _PARENT.fullmatch(parent) or not _ID.fullmatch(identity):
            raise invalid(f"The provided Secret ID [{identity}] does not match the expected format "
                          f"[[a-zA-Z_0-9]+]")  # fmt: skip
        if not replication:
            raise invalid("Field [secret.replication] is required.")
        if name in self._secrets:
            raise Refused("ALREADY_EXISTS", f"Secret [{name}] already exists.")
        created = Secret(name, self._scheduler.now(), replication, labels or {})
        self._secrets[name] = created
        return created

    def get(self, name: str, *, caller: str | None = None) -> Secret:
        self._audit.note(caller, _API + "GetSecret", name)
        return self._found(name)

    def secrets(self, parent: str, *, caller: str | None = None) -> list[Secret]:
        """Return the secrets of `projects/P`, newest first."""
        self._audit.note(caller, _API + "ListSecrets", parent)
        found = [one for name, one in self._secrets.items() if name.startswith(f"{parent}/")]
        return found[::-1]

    def delete(self, name: str, *, caller: str | None = None) -> None:
        """Delete a secret with all its versions."""
        self._audit.note(caller, _API + "DeleteSecret", name)
        del self._secrets[self._found(name).name]

    def add(
        self, name: str, data: bytes, *, checked: bool = False, caller: str | None = None
    ) -> tuple[Secret, Version]:
        """Add a version, which is `latest` from now on. `checked`: its checksum was given."""
        self._audit.note(caller, _API + "AddSecretVersion", name)
        secret = self._found(name)
        if not data:
            raise invalid("Secret Payload cannot be empty.")
        if len(data) > BYTES_MAX:
            raise invalid(f"The secret payload must be at most {BYTES_MAX} bytes.")
        version = Version(len(secret.versions) + 1, self._scheduler.now(), data, checked)
        secret.versions.append(version)
        return secret, version

    def versions(self, name: str, *, caller: str | None = None) -> tuple[Secret, list[Version]]:
        """Return a secret's versions, newest first."""
        self._audit.note(caller, _API + "ListSecretVersions", name)
        secret = self._found(name)
        return secret, secret.versions[::-1]

    def version(
        self, name: str, version: str, *, caller: str | None = None
    ) -> tuple[Secret, Version]:
        """Return a version by its number or as `latest`, whatever its state."""
        self._audit.note(caller, _API + "GetSecretVersion", f"{name}/versions/{version}")
        return self._version(name, version)

    def access(
        self, name: str, version: str = LATEST, *, caller: str | None = None
    ) -> tuple[Secret, Version]:
        """Return a version with its content. `latest` is the newest, also if it is disabled."""
        self._audit.note(caller, _API + "AccessSecretVersion", f"{name}/versions/{version}")
        secret, found = self._version(name, version)
        if found.state != "ENABLED":
            raise _in_state(secret, found)
        return secret, found

    def set_state(
        self, name: str, version: str, state: State, *, caller: str | None = None
    ) -> tuple[Secret, Version]:
        """Disable, enable or destroy a version; destroying is for ever."""
        self._audit.note(caller, _CHANGES[state], f"{name}/versions/{version}")
        secret, found = self._version(name, version)
        if found.state == "DESTROYED":
            raise _in_state(secret, found)
        found.state = state
        if state == "DESTROYED":
            found.data, found.destroyed = b"", self._scheduler.now()
        return secret, found

    def _found(self, name: str) -> Secret:
        if name not in self._secrets:
            raise Refused("NOT_FOUND", f"Secret [{name}] not found.")
        return self._secrets[name]

    def _version(self, name: str, version: str) -> tuple[Secret, Version]:
        secret = self._secrets.get(name)
        if secret is None or not secret.versions:
            raise Refused("NOT_FOUND", f"Secret [{name}] not found or has no versions.")
        if version == LATEST:
            return secret, secret.versions[-1]
        found = [one for one in secret.versions if str(one.number) == version]
        if not found:
            raise Refused("NOT_FOUND", f"Secret Version [{name}/versions/{version}] not found.")
        return secret, found[0]


def _in_state(secret: Secret, version: Version) -> Refused:
    return Refused(
        "FAILED_PRECONDITION",
        f"Secret Version [{secret.version_name(version)}] is in {version.state} state.",
    )


def invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
