"""v2 JSON of services and revisions, as json_format of the official clients reads it.

Source: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
"""

from collections.abc import Mapping
from typing import Any, Final

from local_cloud.run import documents, secret_variables, status
from local_cloud.run.resources import (
    DEFAULT_URL_DISABLED,
    INGRESS,
    INVOKER_IAM_DISABLED,
    REVISION_MAX_SCALE,
    REVISION_MIN_SCALE,
    SERVICE_MIN_SCALE,
    SESSION_AFFINITY,
    Condition,
    Revision,
    ServedTarget,
    Service,
    Target,
)

LATEST: Final = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION: Final = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
INGRESS_NAMES: Final = {
    "all": "INGRESS_TRAFFIC_ALL",
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal-and-cloud-load-balancing": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}
_RESERVED: Final = (
    "run.googleapis.com",
    "cloud.googleapis.com",
    "serving.knative.dev",
    "autoscaling.knative.dev",
)
_STATES: Final = {
    "True": "CONDITION_SUCCEEDED",
    "False": "CONDITION_FAILED",
    "Unknown": "CONDITION_RECONCILING",
}
# Reasons of v1 that v2 gives another field: https://cloud.google.com/run/docs/reference/rest/v2/Condition
_REASONS: Final = {
    "ContainerMissing": "CONTAINER_MISSING",
    "RevisionMissing": "REVISION_FAILED",
    secret_variables.CHECK_FAILED: "SECRETS_ACCESS_CHECK_FAILED",
}
_REVISION_REASONS: Final = {
    "HealthCheckContainerError": "HEALTH_CHECK_CONTAINER_ERROR",
    "Retired": "RETIRED",
}


def reserved(name: str) -> bool:
    """Whether v2 keeps an annotation or label to the platform, and so never shows it."""
    prefix, slash, _ = name.partition("/")
    return bool(slash) and prefix.endswith(_RESERVED)


def of_service(service: Service) -> dict[str, Any]:
    key = service.key
    conditions = {name: of_condition(c) for name, c in service.conditions.items()}
    found: dict[str, Any] = {
        "name": key.resource,
        "uid": service.uid,
        "generation": str(service.generation),
        **writable(service),
        "createTime": documents.instant(service.created),
        "updateTime": documents.instant(service.updated),
        "creator": service.creator,
        "lastModifier": service.modifier,
        "launchStage": "GA",
        "observedGeneration": str(service.observed_generation),
        "latestCreatedRevision": f"{key.resource}/revisions/{service.latest_created}",
        "trafficStatuses": [_served(target) for target in service.served],
        "conditions": [c for name, c in conditions.items() if name != "Ready"],
        "reconciling": service.reconciling,
        "etag": f'"{documents.version(service)}"',
    }
    if "Ready" in conditions:
        found["terminalCondition"] = conditions["Ready"]
    if service.latest_ready:
        found["latestReadyRevision"] = f"{key.resource}/revisions/{service.latest_ready}"
    if not service.default_url_disabled:
        found |= {"uri": service.url, "urls": [service.url]}
    return found


def writable(service: Service) -> dict[str, Any]:
    """Return the fields that a PATCH may carry, as they are now."""
    found: dict[str, Any] = {
        "labels": _own(service.labels),
        "annotations": _own(service.annotations),
        "ingress": INGRESS_NAMES[service.annotations.get(INGRESS, "all")],
        "template": _template(service.template),
        "traffic": [_target(target) for target in service.traffic],
        "invokerIamDisabled": service.annotations.get(INVOKER_IAM_DISABLED) == "true",
        "defaultUriDisabled": service.annotations.get(DEFAULT_URL_DISABLED) == "true",
    }
    if SERVICE_MIN_SCALE in service.annotations:
        found["scaling"] = {"minInstanceCount": int(service.annotations[SERVICE_MIN_SCALE])}
    return found


def of_revision(revision: Revision, *, addressed: bool) -> dict[str, Any]:
    """Return a revision. `addressed`: it has traffic or a tag."""
    key = revision.key
    template = _template(revision.template)
    template.pop("revision", None)
    conditions = status.of_revision(revision, addressed=addressed)
    return {
        **template,
        "name": f"{key.resource}/revisions/{revision.name}",
        "uid": revision.uid,
        "generation": "1",
        "createTime": documents.instant(revision.created),
        "updateTime": documents.instant(revision.settled or revision.created),
        "launchStage": "GA",
        "service": key.name,
        "serviceAccount": revision.service_account,
        "reconciling": revision.state == "pending",
        "conditions": [of_condition(c, revision=True) for c in conditions.values()],
        "observedGeneration": "1",
        "logUri": documents.LOG_URL.format(project=key.project, name=revision.name),
        "containerStatuses": [
            {"name": name, "imageDigest": digest}
            for name, digest in documents.container_digests(revision)
        ],
        "creator": revision.creator,
        "etag": f'"{revision.uid}-{revision.state}"',
    }


def of_condition(condition: Condition, *, revision: bool = False) -> dict[str, Any]:
    found: dict[str, Any] = {"type": condition.type, "state": _STATES[condition.status]}
    if condition.message:
        found["message"] = condition.message
    if condition.changed is not None:
        found["lastTransitionTime"] = documents.instant(condition.changed)
    if condition.status != "False":
        return found
    found["severity"] = (condition.severity or "Error").upper()
    if revision and condition.reason in _REVISION_REASONS:
        found["revisionReason"] = _REVISION_REASONS[condition.reason]
    elif condition.reason in _REVISION_REASONS:
        found["reason"] = "REVISION_FAILED"
    else:
        found["reason"] = _REASONS.get(condition.reason, "UNKNOWN")
    return found


def _template(stored: Mapping[str, Any]) -> dict[str, Any]:
    copied = documents.template(stored)
    metadata, spec = copied.get("metadata", {}), copied["spec"]
    annotations = metadata.get("annotations", {})
    found: dict[str, Any] = {
        "labels": _own(metadata.get("labels", {})),
        "annotations": _own(annotations),
        "containers": secret_variables.v2_containers(spec["containers"]),
        "timeout": f"{spec['timeoutSeconds']}s",
        "maxInstanceRequestConcurrency": spec["containerConcurrency"],
        "scaling": {},
    }
    if "name" in metadata:
        found["revision"] = metadata["name"]
    if "serviceAccountName" in spec:
        found["serviceAccount"] = spec["serviceAccountName"]
    if annotations.get(SESSION_AFFINITY) == "true":
        found["sessionAffinity"] = True
    if "volumes" in spec:
        found["volumes"] = spec["volumes"]
    for name, field in ((REVISION_MIN_SCALE, "minInstanceCount"),
                        (REVISION_MAX_SCALE, "maxInstanceCount")):  # fmt: skip
        if name in annotations:
            found["scaling"][field] = int(annotations[name])
    return found


def _target(target: Target) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": REVISION if target.revision else LATEST}
    if target.revision:
        entry["revision"] = target.revision
    return _with_share(entry, target.percent, target.tag)


def _served(target: ServedTarget) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": LATEST if target.latest else REVISION}
    if not target.latest:
        entry["revision"] = target.revision
    if target.url:
        entry["uri"] = target.url
    return _with_share(entry, target.percent, target.tag)


def _with_share(entry: dict[str, Any], percent: int | None, tag: str | None) -> dict[str, Any]:
    # Zero is the default in proto3, so it is left out as the real service does.
    if percent:
        entry["percent"] = percent
    if tag:
        entry["tag"] = tag
    return entry


def _own(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if not reserved(name)}
