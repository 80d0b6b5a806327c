"""Jobs: what is called, and when. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["ENABLED", "PAUSED"]


@dataclass(frozen=True, slots=True)
class OidcToken:
    """The ID token that goes along."""

    service_account: str
    audience: str = ""
    """Empty: the target's URI, whole."""


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """Where the request goes."""

    uri: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    oidc: OidcToken | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """What follows on a failed attempt. Source: google/cloud/scheduler/v1/job.proto."""

    count: int = 0
    duration_seconds_max: float = 0.0
    """From the first attempt on; 0 is no limit."""
    backoff_seconds_min: float = 5.0
    backoff_seconds_max: float = 3600.0
    doublings_max: int = 5

    def backoff_seconds(self, attempt: int) -> float:
        """Return the wait after a failed attempt, counted from 1.

        It doubles so many times, then grows by as much as the last doubling gave.
        """
        assert attempt >= 1
        doubled = self.backoff_seconds_min * float(2 ** min(attempt - 1, self.doublings_max))
        further = max(0, attempt - 1 - self.doublings_max)
        return min(self.backoff_seconds_max, doubled * (1 + further))


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `name` is `projects/P/locations/R/jobs/J`."""

    name: str
    schedule: str
    target: HttpTarget
    time_zone: str = "Etc/UTC"
    description: str = ""
    retry: Retry = Retry()
    attempt_seconds_max: float = 180.0
    """The attempt's deadline."""


@dataclass(slots=True)
class LiveJob:
    """A job that was made, and what became of it so far."""

    job: Job
    updated: dt.datetime
    state: State = "ENABLED"
    due: dt.datetime | None = None
    """The next attempt, by schedule or retry; None while paused."""
    attempted: dt.datetime | None = None
    status: int | None = None
    """google.rpc.Code of the last attempt; None before the first."""


@dataclass(frozen=True, slots=True)
class SchedulerSettings:
    """What the service does to its jobs."""

    twice_ratio: float = 0.0
    """Which part of the attempts is sent twice: a job runs at least once, in rare cases more.
    Source: https://cloud.google.com/scheduler/docs/overview"""
