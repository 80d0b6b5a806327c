"""Requests as the proxy saw them: what metrics and request logs are made of."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple


class ServedRequest(NamedTuple):
    """A request to a Cloud Run service that has ended.

    `revision` is a bare name. `instance_id` is None when the request never got as far as an
    instance (refused caller, none free): such a request is in the log and in no metric.
    """

    project: str
    region: str
    service: str
    revision: str
    instance_id: str | None
    method: str
    url: str
    status: int
    began: dt.datetime
    latency_seconds: float
    request_bytes: int = 0
    response_bytes: int = 0
    user_agent: str = ""
    remote_ip: str = "127.0.0.1"
    text: str = ""
    """What the platform itself says of the request; empty when a container answered."""
    started: bool = True
    """False: it waited for an instance that never came up, so that no container saw it."""

    @property
    def ended(self) -> dt.datetime:
        return self.began + dt.timedelta(seconds=self.latency_seconds)

    @property
    def reached(self) -> bool:
        """Whether a container got it: only such a request is in a metric."""
        return self.instance_id is not None and self.started


@dataclass(frozen=True, slots=True)
class OpenRequests:
    """How many requests a revision's instance has open from `at` on, until it is told again.

    A request that has not ended is in no other record: this alone tells of one that hangs.
    """

    project: str
    region: str
    service: str
    revision: str
    open: int
    at: dt.datetime
