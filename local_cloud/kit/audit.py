"""Who called what: every API notes principal, method and resource.

Least privilege is then a comparison of two lists: the calls that were seen, and the grants.
"""

import datetime as dt
from dataclasses import dataclass

from local_cloud.kit.scheduler import Scheduler

DEVELOPER = "developer"
"""The principal of a call without a token: the person at the keyboard (gcloud, curl)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One accepted or refused call of an API."""

    at: dt.datetime
    principal: str
    method: str
    """Google's full method name, such as `google.cloud.run.v1.Services.ReplaceService`."""
    resource: str
    """The resource name, such as `projects/p/locations/l/services/s`."""


class Audit:
    """The calls in the order they came, the newest `size_max` of them."""

    def __init__(self, scheduler: Scheduler, size_max: int = 100_000) -> None:
        self._scheduler = scheduler
        self._size_max = size_max
        self.calls: list[Call] = []

    def note(self, caller: str | None, method: str, resource: str) -> None:
        """Note a call before it is judged, so that refused ones are seen as well."""
        self.calls.append(Call(self._scheduler.now(), caller or DEVELOPER, method, resource))
        if len(self.calls) > self._size_max:
            del self.calls[: self._size_max // 10]
