"""v1 (Knative) JSON of services and revisions, and a first document to deploy.

Source: https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
"""

import base64
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local_cloud.run import status
from local_cloud.run.resources import INGRESS, Condition, Revision, ServedTarget, Service, Target

API_VERSION = "serving.knative.dev/v1"
LOG_URL = "https://console.cloud.google.com/logs/viewer?project={project}&resource={name}"


def service_document(  # noqa: PLR0913 - keywords, each an optional field.
    name: str,
    image: str,
    *,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    service_account: str | None = None,
    annotations: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    revision: str | None = None,
    traffic: Sequence[Mapping[str, Any]] | None = None,
    startup_path: str | None = None,
    instances_min: int = 0,
    sidecars: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a v1 Service as one would write it for `gcloud run services replace`.

    `startup_path`: the startup probe asks there over HTTP; otherwise it only connects.
    `secrets`: variable -> the secret whose newest version it is.
    `sidecars` are whole v1 containers without ports.
    """
    container: dict[str, Any] = {"image": image, "ports": [{"containerPort": 8080}]}
    variables: list[dict[str, Any]] = [
        *({"name": k, "value": v} for k, v in sorted((env or {}).items())),
        *(
            {"name": k, "valueFrom": {"secretKeyRef": {"name": v, "key": "latest"}}}
            for k, v in sorted((secrets or {}).items())
        ),
    ]
    if variables:
        container["env"] = variables
    if startup_path:
        container["startupProbe"] = {"httpGet": {"path": startup_path}, "periodSeconds": 1,
                                     "failureThreshold": 30}  # fmt: skip
    template: dict[str, Any] = {"metadata": {}, "spec": {"containers": [container, *sidecars]}}
    if revision:
        template["metadata"]["name"] = revision
    if instances_min:
        minimum = {"autoscaling.knative.dev/minScale": str(instances_min)}
        template["metadata"]["annotations"] = minimum
    if service_account:
        template["spec"]["serviceAccountName"] = service_account
    metadata = {"name": name, "annotations": dict(annotations or {}), "labels": dict(labels or {})}
    spec: dict[str, Any] = {"template": template}
    if traffic is not None:
        spec["traffic"] = [dict(entry) for entry in traffic]
    return {"apiVersion": API_VERSION, "kind": "Service", "metadata": metadata, "spec": spec}


def version(service: Service) -> str:
    """Return the `resourceVersion`: opaque, so that nobody compares it as a number."""
    return base64.urlsafe_b64encode(service.version.to_bytes(8, "big")).decode().rstrip("=")


def of_service(service: Service) -> dict[str, Any]:
    """Return the whole document, as GET answers it and as PUT takes it back."""
    key = service.key
    annotations = {
        **service.annotations,
        "serving.knative.dev/creator": service.creator,
        "serving.knative.dev/lastModifier": service.modifier,
        "run.googleapis.com/ingress-status": service.annotations.get(INGRESS, "all"),
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "Service",
        "metadata": {
            "name": key.name,
            "namespace": key.project,
            "selfLink": f"/apis/{API_VERSION}/namespaces/{key.project}/services/{key.name}",
            "uid": service.uid,
            "resourceVersion": version(service),
            "generation": service.generation,
            "creationTimestamp": instant(service.created),
            "labels": {**service.labels, "cloud.googleapis.com/location": key.region},
            "annotations": {INGRESS: "all", **annotations},
        },
        "spec": {
            "template": template(service.template),
            "traffic": [of_target(target) for target in service.traffic],
        },
        "status": _status(service),
    }


def of_revision(revision: Revision, *, addressed: bool) -> dict[str, Any]:
    """Return a revision. `addressed`: it has traffic or a tag."""
    key = revision.key
    metadata = revision.template["metadata"]
    digests = [
        {"name": name, "imageDigest": digest} for name, digest in container_digests(revision)
    ]
    conditions = status.of_revision(revision, addressed=addressed)
    found: dict[str, Any] = {
        "observedGeneration": 1,
        "conditions": [of_condition(condition) for condition in conditions.values()],
        "logUrl": LOG_URL.format(project=key.project, name=revision.name),
        "serviceName": key.name,
        "containerStatuses": digests,
    }
    # Source: reference/gcp.md section 1: empty as soon as there is a sidecar.
    if len(revision.containers) == 1 and digests:
        found["imageDigest"] = digests[0]["imageDigest"]
    return {
        "apiVersion": API_VERSION,
        "kind": "Revision",
        "metadata": {
            "name": revision.name,
            "namespace": key.project,
            "selfLink": f"/apis/{API_VERSION}/namespaces/{key.project}/revisions/{revision.name}",
            "uid": revision.uid,
            "resourceVersion": str(revision.order),
            "generation": 1,
            "creationTimestamp": instant(revision.created),
            "labels": {
                **metadata.get("labels", {}),
                "serving.knative.dev/configuration": key.name,
                "serving.knative.dev/configurationGeneration": str(revision.generation),
                "serving.knative.dev/service": key.name,
                "cloud.googleapis.com/location": key.region,
            },
            "annotations": {
                **metadata.get("annotations", {}),
                "serving.knative.dev/creator": revision.creator,
            },
        },
        "spec": {
            **template(revision.template)["spec"],
            "serviceAccountName": revision.service_account,
        },
        "status": found,
    }


def of_target(target: Target) -> dict[str, Any]:
    """Return a traffic entry as it was given."""
    entry: dict[str, Any] = (
        {"revisionName": target.revision} if target.revision else {"latestRevision": True}
    )
    if target.percent is not None:
        entry["percent"] = target.percent
    if target.tag:
        entry["tag"] = target.tag
    return entry


def of_condition(condition: Condition) -> dict[str, Any]:
    found = {"type": condition.type, "status": condition.status}
    for name in ("reason", "message", "severity"):
        if getattr(condition, name):
            found[name] = getattr(condition, name)
    if condition.changed is not None:
        found["lastTransitionTime"] = instant(condition.changed)
    return found


def list_of(kind: str, items: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": f"{kind}List", "metadata": {}, "items": list(items)}


def template(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template without an empty `metadata`, the caller's to change."""
    return {name: _copied(value) for name, value in stored.items() if value}


def _copied(value: Any) -> Any:
    """Copy what JSON has."""
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value


def instant(when: dt.datetime) -> str:
    return f"{when.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def container_digests(revision: Revision) -> list[tuple[str, str]]:
    """Return container names with resolved references, as far as images were found."""
    return [
        (c.name, _digest(revision, c.name, c.image))
        for c in revision.containers
        if c.name in revision.images
    ]


def _status(service: Service) -> dict[str, Any]:
    found: dict[str, Any] = {
        "observedGeneration": service.observed_generation,
        "conditions": [of_condition(condition) for condition in service.conditions.values()],
        "latestCreatedRevisionName": service.latest_created,
        "traffic": [_served(target) for target in service.served],
    }
    if service.latest_ready:
        found["latestReadyRevisionName"] = service.latest_ready
    if not service.default_url_disabled:
        found["url"] = service.url
        found["address"] = {"url": service.url}
    return found


def _served(target: ServedTarget) -> dict[str, Any]:
    entry: dict[str, Any] = {"revisionName": target.revision}
    if target.percent is not None:
        entry["percent"] = target.percent
    if target.latest:
        entry["latestRevision"] = True
    if target.tag:
        entry["tag"] = target.tag
    if target.url:
        entry["url"] = target.url
    return entry


def _digest(revision: Revision, container: str, image: str) -> str:
    """Return `repository@sha256:...` of the image that really runs: of an index, its child."""
    repository = image.partition("@")[0]
    if ":" in repository.rpartition("/")[2]:
        repository = repository.rpartition(":")[0]
    return f"{repository}@{revision.images[container].digest}"
