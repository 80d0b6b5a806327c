"""What Cloud Scheduler refuses to keep. Source: job.proto and target.proto of its API v1."""

import re
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.scheduler.cron import parse_cron
from local_cloud.scheduler.values import HttpTarget, Job

METHODS: Final = ("POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
_WITH_BODY: Final = ("POST", "PUT", "PATCH")
_LOCATION: Final = re.compile(r"projects/([A-Za-z0-9.:-]+)/locations/([a-z0-9-]+)")
_NAME: Final = re.compile(_LOCATION.pattern + r"/jobs/([A-Za-z0-9_-]{1,500})")
_DESCRIPTION_MAX: Final = 500
_URI_MAX: Final = 2083
_HEADERS_BYTES_MAX: Final = 80 * 1024
_BODY_BYTES_MAX: Final = 1024 * 1024
_RETRIES_MAX: Final = 5
_ATTEMPT_SECONDS: Final = (15.0, 1800.0)
_ACCOUNT: Final = re.compile(r"[^@\s]+@(?P<project>[a-z0-9-]+)\.iam\.gserviceaccount\.com")


def location(name: str) -> None:
    """Refuse what is no location."""
    if not _LOCATION.fullmatch(name):
        raise invalid(f"Invalid resource field value in the request: {name}.")


def job(wanted: Job) -> None:
    """Refuse a job that the service would not keep."""
    if not _NAME.fullmatch(wanted.name):
        raise invalid(f"Job name must be formatted as {_NAME.pattern!r}: {wanted.name}.")
    if len(wanted.description) > _DESCRIPTION_MAX:
        raise invalid(f"Job.description must not be longer than {_DESCRIPTION_MAX} characters.")
    parse_cron(wanted.schedule, wanted.time_zone)
    _target(wanted.target, wanted.name.split("/")[1])
    _retry(wanted)
    low, high = _ATTEMPT_SECONDS
    if not low <= wanted.attempt_seconds_max <= high:
        raise invalid("Job.attempt_deadline must be between 15 seconds and 30 minutes.")


def _target(target: HttpTarget, project: str) -> None:
    if not target.uri.startswith(("http://", "https://")) or len(target.uri) > _URI_MAX:
        raise invalid("HttpTarget.uri must start with 'http://' or 'https://'.")
    if target.method not in METHODS:
        raise invalid(f"Invalid value at 'job.http_target.http_method': {target.method!r}.")
    if target.body and target.method not in _WITH_BODY:
        raise invalid("HttpTarget.body is only allowed for the methods POST, PUT and PATCH.")
    if len(target.body) > _BODY_BYTES_MAX:
        raise invalid("The job is larger than 1 MB.")
    if sum(len(k) + len(v) for k, v in target.headers.items()) >= _HEADERS_BYTES_MAX:
        raise invalid("HttpTarget.headers must be smaller than 80 KB.")
    if target.oidc is None:
        return
    account = _ACCOUNT.fullmatch(target.oidc.service_account)
    if account is None and not target.oidc.service_account.endswith("gserviceaccount.com"):
        raise invalid("OidcToken.service_account_email is no service account.")
    if account is not None and account["project"] != project:
        raise Refused(
            "PERMISSION_DENIED",
            "The principal (user or service account) lacks IAM permission"
            ' "iam.serviceAccounts.actAs": the service account must be in the job\'s project.',
        )


def _retry(wanted: Job) -> None:
    retry = wanted.retry
    if not 0 <= retry.count <= _RETRIES_MAX:
        raise invalid(f"RetryConfig.retry_count must be between 0 and {_RETRIES_MAX}.")
    if min(retry.duration_seconds_max, retry.backoff_seconds_min, retry.doublings_max) < 0:
        raise invalid("RetryConfig must not have negative values.")
    if retry.backoff_seconds_max < retry.backoff_seconds_min:
        raise invalid("RetryConfig.max_backoff_duration must be at least min_backoff_duration.")


def invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
