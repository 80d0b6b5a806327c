"""What a caller writes: a v1 (Knative) Service document, read, filled with defaults and judged.

Both wires end here: v2 documents are translated to v1 first. Pure.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.run import secret_variables, traffic
from local_cloud.run.resources import (
    REVISION_MAX_SCALE,
    REVISION_MIN_SCALE,
    Container,
    SecretVariable,
    ServiceKey,
    Target,
)

# Set by the platform and sent back by every client that reads, changes and writes.
PLATFORM_ANNOTATIONS: Final = frozenset(
    {
        "serving.knative.dev/creator",
        "serving.knative.dev/lastModifier",
        "run.googleapis.com/ingress-status",
        "run.googleapis.com/operation-id",
        "run.googleapis.com/urls",
    }
)
PLATFORM_LABELS: Final = frozenset({"cloud.googleapis.com/location"})

_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_ANNOTATION: Final = re.compile(
    r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?"
)
_RESERVED_ENV: Final = ("PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION")
_SERVICE_LENGTH_MAX: Final = 49
_REVISION_LENGTH_MAX: Final = 63
_INGRESS: Final = ("all", "internal", "internal-and-cloud-load-balancing")


@dataclass(frozen=True, slots=True)
class Written:
    """A service as somebody wants it. `version` None: whatever is there, is overwritten."""

    version: str | None
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    template: Mapping[str, Any]
    traffic: tuple[Target, ...]

    @property
    def revision_name(self) -> str:
        """The name asked for, or "" to have one made."""
        return str(self.template.get("metadata", {}).get("name", ""))


def read(document: Any, key: ServiceKey, annotations_bytes_max: int) -> Written:
    """Read a v1 Service document. Raises Refused(INVALID_ARGUMENT)."""
    body = _mapping(document, "service")
    if body.get("apiVersion", "serving.knative.dev/v1") != "serving.knative.dev/v1":
        raise _invalid("Invalid value at 'apiVersion': must be serving.knative.dev/v1.")
    if body.get("kind", "Service") != "Service":
        raise _invalid("Invalid value at 'kind': must be Service.")
    metadata = _mapping(body.get("metadata"), "metadata")
    spec = _mapping(body.get("spec"), "spec")
    _check_name(metadata, key)
    annotations = _strings(metadata.get("annotations"), "metadata.annotations")
    _check_annotations(annotations, annotations_bytes_max)
    return Written(
        version=str(metadata.get("resourceVersion") or "") or None,
        labels=_without(_strings(metadata.get("labels"), "metadata.labels"), PLATFORM_LABELS),
        annotations=_without(annotations, PLATFORM_ANNOTATIONS),
        template=read_template(spec.get("template"), key.name),
        traffic=traffic.read(spec.get("traffic")),
    )


def read_template(document: Any, service: str) -> Mapping[str, Any]:
    """Return the template without empty fields and with the platform's defaults."""
    template = _pruned(_mapping(document, "spec.template"))
    metadata = dict(_mapping(template.get("metadata"), "spec.template.metadata"))
    spec = dict(_mapping(template.get("spec"), "spec.template.spec"))
    _check_revision_name(metadata.get("name"), service)
    _strings(metadata.get("labels"), "spec.template.metadata.labels")
    annotations = _strings(metadata.get("annotations"), "spec.template.metadata.annotations")
    for name in (REVISION_MIN_SCALE, REVISION_MAX_SCALE):
        if not annotations.get(name, "1").isdecimal():
            raise _invalid(f"Invalid value at '{name}': must be a whole number.")
    containers = spec.get("containers")
    if not isinstance(containers, list) or not containers:
        raise _invalid("spec.template.spec.containers: must contain at least one container.")
    if len(containers) == 1 and isinstance(containers[0], dict):
        ports = containers[0].get("ports") or [{"name": "http1", "containerPort": 8080}]
        containers = [{**containers[0], "ports": ports}]
    spec["containers"] = containers
    spec.setdefault("containerConcurrency", 80)
    spec.setdefault("timeoutSeconds", 300)
    for name in ("containerConcurrency", "timeoutSeconds"):
        _whole(spec[name], f"spec.template.spec.{name}")
    read_containers(containers)
    return {"metadata": metadata, "spec": spec}


def read_containers(documents: list[Any]) -> tuple[Container, ...]:
    """Read containers; exactly one has a port. Raises Refused(INVALID_ARGUMENT)."""
    containers = tuple(_container(document, i) for i, document in enumerate(documents))
    if sum(container.port is not None for container in containers) != 1:
        raise _invalid(
            "spec.template.spec.containers: Revision template should contain exactly one"
            " container with an exposed port."
        )
    names = [container.name for container in containers]
    if len(set(names)) != len(names):
        raise _invalid("spec.template.spec.containers: container names must be unique.")
    return containers


def _container(document: Any, index: int) -> Container:
    where = f"spec.template.spec.containers[{index}]"
    body = _mapping(document, where)
    image = body.get("image")
    if not isinstance(image, str) or not image:
        raise _invalid(f"{where}.image: should be a non-empty image reference.")
    bare = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    env, secrets = _env(body.get("env", ()), f"{where}.env")
    return Container(
        name=str(body.get("name") or f"{bare}-{index + 1}"),
        image=image,
        command=_words(body.get("command"), f"{where}.command"),
        args=_words(body.get("args"), f"{where}.args"),
        env=env,
        secrets=secrets,
        port=_port(body.get("ports"), f"{where}.ports"),
        startup_probe=_mapping(body.get("startupProbe"), f"{where}.startupProbe"),
    )


def _words(value: Any, where: str) -> tuple[str, ...]:
    words = value or []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise _invalid(f"Invalid value at '{where}'.")
    return tuple(words)


def _port(value: Any, where: str) -> int | None:
    if not value:
        return None
    if not isinstance(value, list) or len(value) != 1:
        raise _invalid(f"{where}: should contain exactly one port.")
    port = _mapping(value[0], where).get("containerPort", 8080)
    return _whole(port, f"{where}[0].containerPort")


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _invalid(f"Invalid value at '{where}': must be a whole number.")
    return value


def _env(entries: Any, where: str) -> tuple[Mapping[str, str], tuple[SecretVariable, ...]]:
    """Return the variables with a value of their own, and those that are secrets."""
    if not isinstance(entries, list | tuple):
        raise _invalid(f"Invalid value at '{where}'.")
    values: dict[str, str] = {}
    secrets: list[SecretVariable] = []
    for index, entry in enumerate(entries):
        variable = _mapping(entry, where)
        if variable.get("valueFrom"):
            secrets.append(secret_variables.read(variable, f"{where}[{index}]"))
        else:
            values[str(variable.get("name", ""))] = str(variable.get("value", ""))
    named = values.keys() | {variable.name for variable in secrets}
    reserved = [name for name in _RESERVED_ENV if name in named]
    if reserved:
        raise _invalid(
            f"{where}: The following reserved env names were provided: {', '.join(reserved)}."
            " These values are automatically set by the system."
        )
    return values, tuple(secrets)


def _check_name(metadata: Mapping[str, Any], key: ServiceKey) -> None:
    name = metadata.get("name", key.name)
    if name != key.name:
        raise _invalid(
            f"The name in the request body '{name}' does not match the name '{key.name}' in the"
            " request path."
        )
    if metadata.get("namespace", key.project) != key.project:
        raise _invalid(
            f"The namespace in the request body '{metadata['namespace']}' does not match the"
            f" namespace '{key.project}' in the request path."
        )
    if not _NAME.fullmatch(key.name) or len(key.name) > _SERVICE_LENGTH_MAX:
        raise _invalid(
            f"metadata.name: '{key.name}' must begin with a letter, use only lower case letters,"
            " digits and hyphens, not end with a hyphen, and be shorter than 50 characters."
        )


def _check_revision_name(name: Any, service: str) -> None:
    """Source: https://github.com/hashicorp/terraform-provider-google/issues/17218."""
    if name is None:
        return
    if not isinstance(name, str) or not name.startswith(f"{service}-"):
        raise _invalid(
            "spec.template.metadata.name: The revision name must be prefixed by the name of the"
            " enclosing Service or Configuration with a trailing -"
        )
    if len(name) > _REVISION_LENGTH_MAX or not _NAME.fullmatch(name):
        raise _invalid(
            f"spec.template.metadata.name: '{name}' must use only lower case letters, digits and"
            f" hyphens and be at most {_REVISION_LENGTH_MAX} characters long."
        )


def _check_annotations(annotations: Mapping[str, str], bytes_max: int) -> None:
    for name in annotations:
        if not _ANNOTATION.fullmatch(name):
            raise _invalid(f"metadata.annotations: Invalid value: '{name}': bad annotation key.")
    # Kubernetes counts keys and values of all annotations together.
    if len(json.dumps(annotations).encode()) > bytes_max:
        raise _invalid(f"metadata.annotations: Too long: must have at most {bytes_max} bytes")
    ingress = annotations.get("run.googleapis.com/ingress", "all")
    if ingress not in _INGRESS:
        raise _invalid(f"Invalid ingress '{ingress}': must be one of {', '.join(_INGRESS)}.")


def _pruned(value: Any) -> Any:
    """Drop what says nothing, so that a template sent back by another client is the same."""
    if isinstance(value, Mapping):
        kept = {name: _pruned(inner) for name, inner in value.items()}
        return {name: inner for name, inner in kept.items() if inner not in (None, {}, [])}
    if isinstance(value, list | tuple):
        return [_pruned(inner) for inner in value]
    return value


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid(f"Invalid value at '{where}'.")
    return value


def _strings(value: Any, where: str) -> dict[str, str]:
    found = dict(_mapping(value, where))
    if not all(isinstance(inner, str) for inner in found.values()):
        raise _invalid(f"Invalid value at '{where}': values must be strings.")
    return found


def _without(values: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


def _invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
