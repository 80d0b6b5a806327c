"""Which failed requests count as lost through Barq.

The rule: every request to the service that failed, unless it was the canary's own doing. That is:
the canary answered it with a failure of its own; or the canary's process was killed while the
request was in it; or the request came to the canary while that process was dead. A failure of
stable's counts always, and so does a request that found nobody to take it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from local_cloud.kit.traffic import ServedRequest

FAILED_FROM: Final = 500


@dataclass
class Dead:
    """When a revision had no process that answers. Half-open; `until` None: to this moment."""

    revision: str
    since: dt.datetime
    until: dt.datetime | None = None

    def has(self, request: ServedRequest) -> bool:
        if request.revision != self.revision or request.ended < self.since:
            return False
        return self.until is None or request.began < self.until


@dataclass
class Counted:
    """The requests of one case."""

    canary: str = ""
    served: list[ServedRequest] = field(default_factory=list)
    """As the proxy saw them."""
    deaths: list[Dead] = field(default_factory=list)
    callers_failed: int = 0
    """What the callers saw: no answer, or one of 500 and above."""

    def note(self, request: ServedRequest) -> None:
        """Note a request that has ended; an answer of a revision's tells that it lives."""
        self.served.append(request)
        if request.text:
            return
        for dead in self.deaths:
            revived = dead.revision == request.revision and request.began > dead.since
            if revived and dead.until is None:
                dead.until = request.ended

    @property
    def failed(self) -> list[ServedRequest]:
        return [one for one in self.served if one.status >= FAILED_FROM]

    @property
    def lost(self) -> int:
        """Lost through Barq. What the callers missed and the proxy never saw counts too."""
        unseen = max(0, self.callers_failed - len(self.failed))
        return unseen + sum(not excused(one, self.canary, self.deaths) for one in self.failed)


def excused(request: ServedRequest, canary: str, deaths: Sequence[Dead]) -> bool:
    """Whether a failed request is the canary's own doing."""
    if request.revision != canary:
        return False
    answered_itself = request.reached and not request.text
    return answered_itself or any(dead.has(request) for dead in deaths)
