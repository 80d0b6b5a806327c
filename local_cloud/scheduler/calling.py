"""One attempt of a job: the request that it sends, and what the answer counts as."""

import datetime as dt
from typing import Final

from local_cloud.kit.errors import HTTP_STATUS, NUMBER
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.tokens import Tokens
from local_cloud.scheduler.values import Job

_REPLACED: Final = ("host", "content-length", "user-agent", "authorization")
_OURS: Final = ("x-google-", "x-appengine-", "x-cloudscheduler")
_SEVERAL: Final = {400: "INVALID_ARGUMENT", 409: "ALREADY_EXISTS", 500: "INTERNAL"}
"""Statuses that more than one code has."""
_CODES: Final = {status: name for name, status in HTTP_STATUS.items()} | _SEVERAL


def request_of(job: Job, due: dt.datetime, tokens: Tokens) -> Outbound:
    """Return the request. Headers that are the service's own replace the user's."""
    target = job.target
    headers = {
        name: value
        for name, value in target.headers.items()
        if name.lower() not in _REPLACED and not name.lower().startswith(_OURS)
    }
    if target.body and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/octet-stream"
    headers |= {
        "User-Agent": "Google-Cloud-Scheduler",
        "X-CloudScheduler": "true",
        "X-CloudScheduler-JobName": job.name.rpartition("/")[2],
        "X-CloudScheduler-ScheduleTime": due.isoformat().replace("+00:00", "Z"),
    }
    if target.oidc is not None:
        audience = target.oidc.audience or target.uri
        token = tokens.id_token(target.oidc.service_account, audience)
        headers["Authorization"] = f"Bearer {token}"
    return Outbound(target.method, target.uri, headers, target.body, job.attempt_seconds_max)


def code_of(answer: Inbound | NoAnswer) -> int:
    """Return the google.rpc.Code of an attempt: 0 for any 2xx."""
    if isinstance(answer, NoAnswer):
        return NUMBER["DEADLINE_EXCEEDED" if answer.kind == "timeout" else "UNAVAILABLE"]
    if 200 <= answer.status <= 299:  # noqa: PLR2004 - the documented range.
        return 0
    return NUMBER[_CODES.get(answer.status, "UNKNOWN")]
