"""What a caller writes in v2: a Service with a mask, translated to the v1 document. Pure.

What the local cloud does not have (VPC access, encryption keys, ...) is refused, never dropped.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.run import secret_variables
from local_cloud.run import v2_documents as v2
from local_cloud.run.resources import (
    DEFAULT_URL_DISABLED,
    INGRESS,
    INVOKER_IAM_DISABLED,
    REVISION_MAX_SCALE,
    REVISION_MIN_SCALE,
    SERVICE_MIN_SCALE,
    SESSION_AFFINITY,
    Service,
    ServiceKey,
)

_WRITABLE: Final = frozenset(
    {"labels", "annotations", "ingress", "template", "traffic", "scaling", "invokerIamDisabled",
     "defaultUriDisabled"}
)  # fmt: skip
# Output only, or without any effect here.
_IGNORED: Final = frozenset(
    {"name", "uid", "generation", "createTime", "updateTime", "deleteTime", "expireTime",
     "creator", "lastModifier", "client", "clientVersion", "launchStage", "observedGeneration",
     "terminalCondition", "conditions", "latestReadyRevision", "latestCreatedRevision",
     "trafficStatuses", "uri", "urls", "reconciling", "etag", "satisfiesPzs"}
)  # fmt: skip
_TEMPLATE: Final = frozenset(
    {"revision", "labels", "annotations", "scaling", "timeout", "serviceAccount", "containers",
     "volumes", "maxInstanceRequestConcurrency", "sessionAffinity"}
)  # fmt: skip
# The numbers of the enums: the official client sends `enum-encoding=int`.
_INGRESS: Final = {1: "all", 2: "internal", 3: "internal-and-cloud-load-balancing"}
_TYPES: Final = {1: v2.LATEST, 2: v2.REVISION}


def masked(body: Any, mask: str, now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the writable fields after a PATCH of `now` with `body`.

    An empty mask means the whole object: what `body` leaves out is gone.
    Source: reference/gcp.md, finding 3.
    """
    wanted = _object(body, "service")
    unknown = [n for n in wanted if n not in _WRITABLE | _IGNORED and wanted[n] not in _NOTHING]
    if unknown:
        raise Refused("UNIMPLEMENTED", f"service.{unknown[0]} is not part of the local cloud.")
    if mask in ("", "*"):
        return {name: value for name, value in wanted.items() if name in _WRITABLE}
    merged = dict(now)
    for path in mask.split(","):
        names = [_camel(name) for name in path.strip().split(".")]
        if names[0] in _IGNORED:
            continue
        if names[0] not in _WRITABLE:
            raise Refused("INVALID_ARGUMENT", f"Invalid update_mask path '{path}'.")
        _copy(wanted, merged, names, path)
    return merged


def as_v1(fields: Mapping[str, Any], key: ServiceKey, service: Service | None) -> dict[str, Any]:
    """Return the v1 document of writable v2 fields; keeps what v2 cannot say from `service`."""
    template = service.template if service else {}
    return {
        "metadata": {
            "name": key.name,
            "labels": _own(fields.get("labels"), "labels"),
            "annotations": {
                **_kept(service.annotations if service else {}, _SERVICE_MAPPED),
                **_own(fields.get("annotations"), "annotations"),
                **_service_annotations(fields),
            },
        },
        "spec": {
            "template": _template(_object(fields.get("template"), "template"), template, key),
            "traffic": [_target(entry) for entry in _list(fields.get("traffic"), "traffic")],
        },
    }


_NOTHING: Final[tuple[Any, ...]] = (None, {}, [], "", 0, False)
_SERVICE_MAPPED: Final = (INGRESS, DEFAULT_URL_DISABLED, INVOKER_IAM_DISABLED, SERVICE_MIN_SCALE)
_SCALING: Final = {REVISION_MIN_SCALE: "minInstanceCount", REVISION_MAX_SCALE: "maxInstanceCount"}
_TEMPLATE_MAPPED: Final = (*_SCALING, SESSION_AFFINITY)


def _service_annotations(fields: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    ingress = _enum(fields.get("ingress"), _INGRESS, {n: k for k, n in v2.INGRESS_NAMES.items()})
    if ingress and ingress != "all":
        found[INGRESS] = ingress
    if fields.get("defaultUriDisabled"):
        found[DEFAULT_URL_DISABLED] = "true"
    if fields.get("invokerIamDisabled"):
        found[INVOKER_IAM_DISABLED] = "true"
    minimum = _object(fields.get("scaling"), "scaling").get("minInstanceCount")
    if minimum:
        found[SERVICE_MIN_SCALE] = str(minimum)
    return found


def _template(
    wanted: Mapping[str, Any], stored: Mapping[str, Any], key: ServiceKey
) -> dict[str, Any]:
    unknown = [n for n in wanted if n not in _TEMPLATE and wanted[n] not in _NOTHING]
    if unknown:
        raise Refused("UNIMPLEMENTED", f"template.{unknown[0]} is not part of the local cloud.")
    scaling = _object(wanted.get("scaling"), "template.scaling")
    annotations = {
        **_kept(stored.get("metadata", {}).get("annotations", {}), _TEMPLATE_MAPPED),
        **_own(wanted.get("annotations"), "template.annotations"),
    }
    for name, field in _SCALING.items():
        if scaling.get(field):
            annotations[name] = str(scaling[field])
    if wanted.get("sessionAffinity"):
        annotations[SESSION_AFFINITY] = "true"
    metadata = {
        "name": wanted.get("revision") or None,
        "labels": _own(wanted.get("labels"), "template.labels"),
        "annotations": annotations,
    }
    spec = {
        "containers": secret_variables.v1_containers(wanted.get("containers"), key.project),
        "volumes": wanted.get("volumes"),
        "serviceAccountName": wanted.get("serviceAccount") or None,
        "timeoutSeconds": _seconds(wanted.get("timeout")),
        "containerConcurrency": wanted.get("maxInstanceRequestConcurrency") or 80,
    }
    return {"metadata": metadata, "spec": spec}


def _target(document: Any) -> dict[str, Any]:
    entry = _object(document, "traffic")
    kind = _enum(entry.get("type"), _TYPES, {v2.LATEST: v2.LATEST, v2.REVISION: v2.REVISION})
    if kind is None:
        raise Refused("INVALID_ARGUMENT", "service.traffic: type is required.")
    found: dict[str, Any] = {"percent": entry.get("percent", 0)}
    if kind == v2.LATEST:
        found["latestRevision"] = True
    if entry.get("revision"):
        found["revisionName"] = entry["revision"]
    if entry.get("tag"):
        found["tag"] = entry["tag"]
    return found


def _copy(source: Any, target: dict[str, Any], names: list[str], path: str) -> None:
    name, rest = names[0], names[1:]
    value = source.get(name) if isinstance(source, Mapping) else None
    if not rest:
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value
        return
    inner = target.get(name, {})
    if not isinstance(inner, Mapping):
        raise Refused("INVALID_ARGUMENT", f"Invalid update_mask path '{path}'.")
    target[name] = dict(inner)
    _copy(value, target[name], rest, path)


def _own(value: Any, where: str) -> dict[str, Any]:
    """Read labels or annotations; the platform's own prefixes are refused in v2."""
    found = dict(_object(value, where))
    for name in found:
        if v2.reserved(name):
            raise Refused("INVALID_ARGUMENT", f"service.{where}: '{name}' is a system name.")
    return found


def _kept(stored: Mapping[str, str], mapped: tuple[str, ...]) -> dict[str, str]:
    return {n: value for n, value in stored.items() if v2.reserved(n) and n not in mapped}


def _seconds(value: Any) -> int:
    if value in (None, ""):
        return 300
    found = re.fullmatch(r"(\d+)(\.0+)?s", str(value))
    if not found:
        raise Refused("INVALID_ARGUMENT", f"Invalid value at 'service.template.timeout': {value}.")
    return int(found[1])


def _enum(value: Any, by_number: Mapping[int, str], by_name: Mapping[str, str]) -> str | None:
    if value in (None, 0, "") or str(value).endswith("_UNSPECIFIED"):
        return None
    found = by_number.get(value) if isinstance(value, int) else by_name.get(str(value))
    if found is None:
        raise Refused("INVALID_ARGUMENT", f"Invalid enum value {value!r}.")
    return found


def _object(value: Any, where: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Refused("INVALID_ARGUMENT", f"Invalid value at '{where}'.")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise Refused("INVALID_ARGUMENT", f"Invalid value at '{where}'.")
    return value or []


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)
