"""Per-minute quotas, refused as Google refuses them."""

import collections
import datetime as dt
from dataclasses import dataclass
from typing import Any

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import Scheduler


@dataclass(frozen=True, slots=True)
class QuotaName:
    """What Google's ErrorInfo calls a quota of a project."""

    metric: str
    limit: str


class MinuteQuota:
    """At most `per_minute` calls in any 60 seconds for each key (a project, a project's region).

    Source: reference/gcp.md: 60 Cloud Run writes and 60 log reads a minute by default; 429.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        *,
        metric: str,
        limit: str,
        service: str,
        per_minute: int,
        name: QuotaName | None = None,
    ) -> None:
        self._scheduler = scheduler
        self._metric = metric
        self._limit = limit
        self._service = service
        self.per_minute = per_minute
        self._name = name
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
                details=[self._error_info(self._name, key)] if self._name else [],
            )
        calls.append(now)

    def _error_info(self, name: QuotaName, key: str) -> dict[str, Any]:
        """Return the detail of Google's 429. Source: github.com/snarfed/bridgy-fed/issues/620."""
        return {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "RATE_LIMIT_EXCEEDED",
            "domain": "googleapis.com",
            "metadata": {
                "consumer": f"projects/{key.rpartition(':')[2]}",
                "quota_limit": name.limit,
                "quota_limit_value": str(self.per_minute),
                "quota_location": "global",
                "quota_metric": name.metric,
                "service": self._service,
            },
        }
