"""Per-minute quotas, refused as Google refuses them."""

import collections
import datetime as dt

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler


class MinuteQuota:
    """At most `per_minute` calls in any 60 seconds for each key (a project, a project's region).

    Source: reference/gcp.md: 60 Cloud Run writes and 60 log reads a minute by default; 429.
    """

    def __init__(
        self, scheduler: Scheduler, *, metric: str, limit: str, service: str, per_minute: int
    ) -> None:
        self._scheduler = scheduler
        self._metric = metric
        self._limit = limit
        self._service = service
        self.per_minute = per_minute
        self._calls: dict[str, collections.deque[dt.datetime]] = {}

    def take(self, key: str) -> None:
        """Count one call; raises Refused(RESOURCE_EXHAUSTED) when the minute is full."""
        now = self._scheduler.now()
        calls = self._calls.setdefault(key, collections.deque())
        while calls and now - calls[0] >= dt.timedelta(seconds=60):
            calls.popleft()
        if len(calls) >= self.per_minute:
            raise Refused(
                "RESOURCE_EXHAUSTED",
                f"Quota exceeded for quota metric '{self._metric}' and limit '{self._limit}'"
                f" of service '{self._service}' for consumer '{key}'.",
            )
        calls.append(now)
