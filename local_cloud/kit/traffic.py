"""One served request, as the proxy saw it: what metrics and request logs are made of."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """A request to a Cloud Run service that has ended.

    `revision` is a bare name. `instance_id` is None when the request never reached a container
    (refused caller, no instance): such a request is in the log and in no metric.
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

    @property
    def ended(self) -> dt.datetime:
        return self.began + dt.timedelta(seconds=self.latency_seconds)
