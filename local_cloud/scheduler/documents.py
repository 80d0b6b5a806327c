"""Jobs as API v1 shows them, and as it is given them. JSON only.

Source: https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

import base64
import binascii
import copy
import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.pubsub.values import rfc3339
from local_cloud.scheduler.checks import invalid
from local_cloud.scheduler.values import HttpTarget, Job, LiveJob, OidcToken, Retry

OUTPUT_ONLY: Final = ("userUpdateTime", "state", "status", "scheduleTime", "lastAttemptTime")
_FIELDS: Final[Mapping[str, Sequence[str]]] = {
    "job": (
        "name", "description", "httpTarget", "schedule", "timeZone", "retryConfig",
        "attemptDeadline", "pubsubTarget", "appEngineHttpTarget", "satisfiesPzs", *OUTPUT_ONLY,
    ),
    "job.http_target": ("uri", "httpMethod", "headers", "body", "oidcToken", "oauthToken"),
    "job.http_target.oidc_token": ("serviceAccountEmail", "audience"),
    "job.retry_config": (
        "retryCount", "maxRetryDuration", "minBackoffDuration", "maxBackoffDuration",
        "maxDoublings",
    ),
}  # fmt: skip
_DURATION: Final = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)s")
_MASK: Final = re.compile(r"_([a-z])")


def job_document(live: LiveJob) -> dict[str, Any]:
    """Return a job as a GET answers it."""
    job, retry = live.job, live.job.retry
    document: dict[str, Any] = {
        "name": job.name,
        "description": job.description,
        "httpTarget": _target_document(job.target),
        "userUpdateTime": rfc3339(live.updated),
        "state": live.state,
        "schedule": job.schedule,
        "timeZone": job.time_zone,
        "retryConfig": {
            "retryCount": retry.count,
            "maxRetryDuration": _duration(retry.duration_seconds_max),
            "minBackoffDuration": _duration(retry.backoff_seconds_min),
            "maxBackoffDuration": _duration(retry.backoff_seconds_max),
            "maxDoublings": retry.doublings_max,
        },
        "attemptDeadline": _duration(job.attempt_seconds_max),
    }
    if not retry.count:
        del document["retryConfig"]["retryCount"]
    for name, instant in (("scheduleTime", live.due), ("lastAttemptTime", live.attempted)):
        if instant is not None:
            document[name] = rfc3339(instant)
    if live.status is not None:
        document["status"] = {"code": live.status} if live.status else {}
    return {name: value for name, value in document.items() if value != ""}


def read_job(document: Any, name: str) -> Job:
    """Read a job that a caller sends. `name` is what the document must have, if any at all."""
    _known(document, "job")
    for target in ("pubsubTarget", "appEngineHttpTarget"):
        if target in document:
            raise Refused("UNIMPLEMENTED", f"Job.{target} is not emulated by the local cloud.")
    if "httpTarget" not in document:
        raise invalid("Job.target must be set.")
    return Job(
        name=_text(document, "name") or name,
        schedule=_text(document, "schedule"),
        target=_read_target(document["httpTarget"]),
        time_zone=_text(document, "timeZone") or "Etc/UTC",
        description=_text(document, "description"),
        retry=_read_retry(document.get("retryConfig") or {}),
        attempt_seconds_max=_seconds(document, "attemptDeadline", 180.0),
    )


def merged(present: Mapping[str, Any], patch: Mapping[str, Any], mask: str) -> dict[str, Any]:
    """Return a job's document with the fields of a mask taken from a patch; without one, all."""
    paths = [_camel(path) for path in mask.split(",") if path]
    if not paths:
        return {**_writable(present), **_writable(patch), "name": present["name"]}
    document = copy.deepcopy(_writable(present))
    for path in paths:
        *parents, leaf = path.split(".")
        into, source = document, patch
        for parent in parents:
            into, source = into.setdefault(parent, {}), source.get(parent, {})
        if leaf in source:
            into[leaf] = source[leaf]
        else:
            into.pop(leaf, None)
    return document


def _writable(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in OUTPUT_ONLY}


def _target_document(target: HttpTarget) -> dict[str, Any]:
    document: dict[str, Any] = {
        "uri": target.uri,
        "httpMethod": target.method,
        "headers": {**target.headers, "User-Agent": "Google-Cloud-Scheduler"},
    }
    if target.body:
        document["body"] = base64.b64encode(target.body).decode()
    if target.oidc is not None:
        document["oidcToken"] = {
            "serviceAccountEmail": target.oidc.service_account,
            "audience": target.oidc.audience or target.uri,
        }
    return document


def _read_target(document: Any) -> HttpTarget:
    _known(document, "job.http_target")
    if "oauthToken" in document:
        raise Refused("UNIMPLEMENTED", "HttpTarget.oauth_token is not emulated by the local cloud.")
    headers = document.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(one, str) for one in headers.values()):
        raise invalid("Invalid value at 'job.http_target.headers' (Map).")
    try:
        body = base64.b64decode(_text(document, "body"), validate=True)
    except binascii.Error:
        raise invalid("Invalid value at 'job.http_target.body' (TYPE_BYTES).") from None
    oidc = document.get("oidcToken")
    if oidc is not None:
        _known(oidc, "job.http_target.oidc_token")
        oidc = OidcToken(_text(oidc, "serviceAccountEmail"), _text(oidc, "audience"))
    own = {name: value for name, value in headers.items() if name.lower() != "user-agent"}
    method = _text(document, "httpMethod") or "POST"
    return HttpTarget(_text(document, "uri"), method, own, body, oidc)


def _read_retry(document: Any) -> Retry:
    _known(document, "job.retry_config")
    default = Retry()
    return Retry(
        _whole(document, "retryCount", default.count),
        _seconds(document, "maxRetryDuration", default.duration_seconds_max),
        _seconds(document, "minBackoffDuration", default.backoff_seconds_min),
        _seconds(document, "maxBackoffDuration", default.backoff_seconds_max),
        _whole(document, "maxDoublings", default.doublings_max),
    )


def _known(document: Any, where: str) -> None:
    if not isinstance(document, dict):
        raise invalid(f"Invalid value at '{where}': expected an object.")
    for name in document:
        if name not in _FIELDS[where]:
            raise invalid(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{where}':"
                " Cannot find field."
            )


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name) or ""
    if not isinstance(value, str):
        raise invalid(f"Invalid value at '{name}' (TYPE_STRING), {value}")
    return value


def _whole(document: Mapping[str, Any], name: str, default: int) -> int:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise invalid(f"Invalid value at '{name}' (TYPE_INT32), {value}")
    return value


def _seconds(document: Mapping[str, Any], name: str, default: float) -> float:
    text = document.get(name, _duration(default))
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise invalid(f"Invalid value at '{name}' (type.googleapis.com/google.protobuf.Duration)")
    return float(found.group(1))


def _duration(seconds: float) -> str:
    return (
        f"{dt.timedelta(seconds=seconds).total_seconds():g}s" if seconds % 1 else f"{seconds:.0f}s"
    )


def _camel(path: str) -> str:
    return _MASK.sub(lambda found: found.group(1).upper(), path)
