"""Who called what: every API notes principal, method and resource.

Least privilege is then a comparison of two lists: the calls that were seen, and the grants.
"""

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

from local_cloud.kit.scheduler import Scheduler

DEVELOPER = "developer"
"""The principal of a call without a token: the person at the keyboard (gcloud, curl)."""


class Call(NamedTuple):
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
        self.on_call: list[Callable[[Call], None]] = []
        """Told of each call as it comes, before it has any effect."""

    def note(self, caller: str | None, method: str, resource: str) -> None:
        """Note a call before it is judged, so that refused ones are seen as well."""
        call = Call(self._scheduler.now(), caller or DEVELOPER, method, resource)
        self.calls.append(call)
        for tell in self.on_call:
            tell(call)
        if len(self.calls) > self._size_max:
            del self.calls[: self._size_max // 10]
