"""Environment variables whose value is a secret: read, translated between v1 and v2, resolved.

Source: https://cloud.google.com/run/docs/configuring/services/secrets: checked at deployment,
read again at each start of an instance. A secret of another project is not emulated.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from local_cloud.kit.errors import Refused
from local_cloud.run.resources import Container, Revision, SecretVariable

CHECK_FAILED: Final = "SecretsAccessCheckFailed"
LATEST: Final = "latest"


class Wanted(NamedTuple):
    """Which version of which secret, and who asks for it."""

    project: str
    secret: str
    version: str
    account: str


ReadSecret = Callable[[Wanted], bytes]
"""Raises Refused."""


def no_secrets(wanted: Wanted) -> bytes:
    """Stand for a Secret Manager that has nothing."""
    raise Refused(
        "NOT_FOUND", f"Secret [projects/{wanted.project}/secrets/{wanted.secret}] not found."
    )


def read(variable: Mapping[str, Any], where: str) -> SecretVariable:
    """Read a v1 entry with `valueFrom`. Raises Refused."""
    if variable.get("value"):
        raise _invalid(f"{where}: value and value_from must not both be set.")
    source = variable["valueFrom"]
    reference = source.get("secretKeyRef") if isinstance(source, Mapping) else None
    if not isinstance(reference, Mapping):
        raise _invalid(f"{where}.value_from: must have a secret_key_ref.")
    secret, version = reference.get("name"), reference.get("key")
    for name, value in (("name", secret), ("key", version)):
        if not isinstance(value, str) or not value:
            raise _invalid(f"{where}.value_from.secret_key_ref.{name}: should be non-empty.")
    return SecretVariable(str(variable.get("name", "")), str(secret), str(version), where)


def v1_containers(containers: Any, project: str) -> Any:
    """Return v2 containers as v1 writes them."""
    return _translated(containers, lambda entry: _entry_v1(entry, project))


def v2_containers(containers: Any) -> Any:
    """Return v1 containers as v2 shows them."""
    return _translated(containers, _entry_v2)


def problems(revision: Revision, read_secret: ReadSecret) -> str:
    """Return why the revision cannot have its secrets, a line for each; "" if it can."""
    lines = []
    for container in revision.containers:
        for variable in container.secrets:
            try:
                _value(revision, variable, read_secret)
            except Refused as refusal:
                where = f"{variable.where}.value_from.secret_key_ref.name"
                lines.append(f"{where}: {_words(revision, variable, refusal)}")
    return "\n".join(lines)


def resolved(revision: Revision, container: Container, read_secret: ReadSecret) -> dict[str, str]:
    """Return the variables with what the secrets hold now. Raises Refused."""
    return {one.name: _value(revision, one, read_secret) for one in container.secrets}


def _value(revision: Revision, variable: SecretVariable, read_secret: ReadSecret) -> str:
    account = revision.service_account
    wanted = Wanted(revision.key.project, variable.secret, variable.version, account)
    try:
        text = read_secret(wanted).decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Refused("INVALID_ARGUMENT", f"Secret {variable.secret} is no text for a variable.")
    return text


def _words(revision: Revision, variable: SecretVariable, refusal: Refused) -> str:
    if refusal.code != "NOT_FOUND":
        return refusal.message
    name = f"projects/{revision.key.project}/secrets/{variable.secret}"
    return f"Secret {name}/versions/{variable.version} was not found"


def _translated(containers: Any, entry_of: Callable[[Any], Any]) -> Any:
    """Translate the variables; what is no list of objects is left for the reader to judge."""
    if not isinstance(containers, list):
        return containers
    return [
        {**one, "env": [entry_of(entry) for entry in one["env"]]}
        if isinstance(one, Mapping) and isinstance(one.get("env"), list)
        else one
        for one in containers
    ]


def _entry_v1(entry: Any, project: str) -> Any:
    if not isinstance(entry, Mapping) or not entry.get("valueSource"):
        return entry
    source = entry["valueSource"]
    reference = source.get("secretKeyRef") if isinstance(source, Mapping) else None
    reference = reference if isinstance(reference, Mapping) else {}
    secret = str(reference.get("secret") or "").removeprefix(f"projects/{project}/secrets/")
    key_ref = {"name": secret, "key": reference.get("version") or LATEST}
    others = {name: value for name, value in entry.items() if name != "valueSource"}
    return {**others, "valueFrom": {"secretKeyRef": key_ref}}


def _entry_v2(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    if "valueFrom" not in entry:
        return entry
    reference = entry["valueFrom"]["secretKeyRef"]
    key_ref = {"secret": reference["name"], "version": reference["key"]}
    return {"name": entry["name"], "valueSource": {"secretKeyRef": key_ref}}


def _invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
