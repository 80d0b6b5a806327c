"""The Cloud Run service as Admin API v1 writes it: JSON to values, and a change into JSON.

Pure. Source: https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rollouts.errors import Refused
from rollouts.flat import copied
from rollouts.policy import ServiceRef
from rollouts.record import Record
from rollouts.record_json import parse_record, show_record
from rollouts.seen import Change, ServiceSeen
from rollouts.traffic import Entry, Split

RECORD: Final = "rollout.barq.dev/record"
SUMMARY: Final = "rollout.barq.dev/summary"
INGRESS: Final = "run.googleapis.com/ingress"
DEFAULT_URL_DISABLED: Final = "run.googleapis.com/default-url-disabled"
SESSION_AFFINITY: Final = "run.googleapis.com/sessionAffinity"
"""On the template. Source: https://cloud.google.com/run/docs/configuring/session-affinity"""
USER_IMAGE: Final = "client.knative.dev/user-image"
"""What gcloud shows as the image, by the name that a person gave. It would tell of the old one."""
_SUMMARY_MAX: Final = 300


def seen_of(ref: ServiceRef, raw: Mapping[str, Any]) -> ServiceSeen:
    """Return what a GET answered. Raises BadRecord, and Refused for a template of no one image."""
    metadata, spec, status = raw["metadata"], raw["spec"], raw.get("status", {})
    annotations = metadata.get("annotations", {})
    container = ingress_container(spec["template"]["spec"].get("containers", ()), str(ref))
    record = parse_record(annotations.get(RECORD))
    return ServiceSeen(
        ref=ref,
        generation=int(metadata.get("generation", 0)),
        split=_asked(spec.get("traffic", ())),
        served=tuple(_served(entry) for entry in status.get("traffic", ())),
        latest_ready=status.get("latestReadyRevisionName") or None,
        record=record,
        container=str(container.get("name", "")),
        image=str(container.get("image", "")),
        url=str(status.get("url", "")),
        unreachable=unreachable(annotations),
        fingerprint=fingerprint(spec) if record.spec else "",
        session_affinity=_template_annotations(raw).get(SESSION_AFFINITY) == "true",
        raw=raw,
    )


def apply(
    raw: Mapping[str, Any], change: Change, generation: int, known: Record | None = None
) -> dict[str, Any]:
    """Return what a PUT sends: `raw` with the change in it, and everything foreign as it was.

    `known` is the record whose generation and spec stay noted instead of those that were read.
    `metadata.resourceVersion` stays as it was read: the service refuses the whole write if it
    moved on. The status is left out, the platform writes it.
    """
    body: dict[str, Any] = copied({key: raw[key] for key in raw if key != "status"})
    annotations = body["metadata"].setdefault("annotations", {})
    kept = change.split is None and change.template is None
    spec = fingerprint(raw["spec"]) if kept else ""
    on = (generation, spec) if known is None else (known.generation, known.spec)
    record = replace(change.record, generation=on[0], spec=on[1])
    annotations[RECORD] = show_record(record)
    annotations[SUMMARY] = summary(record)
    if change.split is not None:
        body["spec"]["traffic"] = [_written(entry) for entry in change.split]
    if change.template is not None:
        template = body["spec"]["template"]
        template.setdefault("metadata", {})["name"] = change.template.name
        where = str(body["metadata"].get("name", ""))
        ingress_container(template["spec"]["containers"], where)["image"] = change.template.image
        for described in (annotations, template["metadata"].get("annotations") or {}):
            if USER_IMAGE in described:
                described[USER_IMAGE] = change.template.image
    return body


def fingerprint(spec: Mapping[str, Any]) -> str:
    """Return 12 hex digits that change whenever anything in the spec does.

    Only specs as the platform answered them are compared, so what it fills in by itself is in
    both of them.
    """
    text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def ingress_container(containers: Sequence[Any], where: str) -> Any:
    """Return the container that gets the requests: the one with ports, or the only one.

    Source: https://cloud.google.com/run/docs/deploying#sidecars
    """
    if len(containers) == 1:
        return containers[0]
    found = [one for one in containers if one.get("ports")]
    if len(found) != 1:
        raise Refused(
            f"{where} was not read: {len(found)} of its {len(containers)} containers have ports,"
            " and exactly one gets the requests"
        )
    return found[0]


def unreachable(annotations: Mapping[str, str]) -> str:
    """Say why no tag URL can be reached and what to set; empty if one can."""
    way_out = "set verify.paths: [] for this target in delivery.yaml"
    ingress = annotations.get(INGRESS) or "all"
    if ingress != "all":
        return (
            f"smoke tests cannot reach a tag URL: the service's ingress is {ingress}; {way_out},"
            " or the service's ingress to all"
        )
    if annotations.get(DEFAULT_URL_DISABLED) == "true":
        return (
            "smoke tests cannot reach a tag URL: the service's default URL is disabled;"
            f" {way_out}, or enable the default URL"
        )
    return ""


def _template_annotations(raw: Mapping[str, Any]) -> Mapping[str, str]:
    metadata = raw["spec"]["template"].get("metadata") or {}
    return metadata.get("annotations") or {}


def summary(record: Record) -> str:
    """Return a line for a person who looks at the service: state, share, last verdict."""
    rollout = record.rollout
    if rollout is None:
        return "no rollout yet"
    percent = rollout.shares.get(rollout.canary, 0)
    last = rollout.because if rollout.ended else rollout.verdict or rollout.because
    line = f"{rollout.state}: {rollout.canary} at {percent} %" + (f"; {last}" if last else "")
    return line if len(line) <= _SUMMARY_MAX else line[: _SUMMARY_MAX - 3] + "..."


def _asked(entries: Sequence[Mapping[str, Any]]) -> Split:
    # No traffic at all means what is written out here. Source: reference/gcp.md, section 1.
    return tuple(_entry(entry) for entry in entries) or (Entry(None, 100),)


def _entry(entry: Mapping[str, Any]) -> Entry:
    revision = None if entry.get("latestRevision") else entry.get("revisionName") or None
    return Entry(revision, int(entry.get("percent") or 0), entry.get("tag") or None)


def _served(entry: Mapping[str, Any]) -> Entry:
    # The platform names LATEST's revision here as well, and that one serves.
    revision = entry.get("revisionName") or None
    percent = int(entry.get("percent") or 0)
    return Entry(revision, percent, entry.get("tag") or None, entry.get("url") or None)


def _written(entry: Entry) -> dict[str, Any]:
    assert entry.revision is not None, "LATEST never stands in a split that Barq writes"
    written: dict[str, Any] = {"revisionName": entry.revision, "percent": entry.percent}
    if entry.tag is not None:
        written["tag"] = entry.tag
    return written
