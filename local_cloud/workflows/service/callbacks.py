"""Callback endpoints and their slot: one request may wait for one that awaits it.

Source: reference/workflows.md 3, events.
"""

import datetime as dt
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest
from local_cloud.workflows.engine.effects import CallbackRequest
from local_cloud.workflows.stdlib.http import canonical, decoded_body


@dataclass(slots=True)
class Endpoint:
    """One endpoint of an execution. `waiters` are the ids of effects that await it."""

    callback_id: str
    method: str
    url: str
    pending: CallbackRequest | None = None
    waiters: deque[int] = field(default_factory=deque)

    def offer(self, request: CallbackRequest) -> int | None:
        """Take a request: return the effect to resume with it, or keep it and return None.

        Raises Refused(RESOURCE_EXHAUSTED) while another one waits to be taken.
        """
        if self.waiters:
            return self.waiters.popleft()
        if self.pending is not None:
            raise Refused(
                "RESOURCE_EXHAUSTED",
                "A request to this callback endpoint is already waiting to be processed.",
            )
        self.pending = request
        return None

    def take(self) -> CallbackRequest | None:
        taken, self.pending = self.pending, None
        return taken

    def as_json(self, execution_name: str) -> dict[str, Any]:
        return {
            "name": f"{execution_name}/callbacks/{self.callback_id}",
            "method": self.method,
            "availablePayloads": [self.callback_id] if self.pending else [],
            "waiters": str(len(self.waiters)),
        }


def request_map(request: ApiRequest, url: str, now: dt.datetime) -> CallbackRequest:
    """Return the map that `events.await_callback` gives."""
    headers = {
        canonical(name): value
        for name, value in sorted(request.headers.items())
        if name != "authorization"
    }
    body = decoded_body(request.body, headers.get("Content-Type", ""))
    query = {
        name: values[0] if len(values) == 1 else list(values)
        for name, values in sorted(request.query.items())
    }
    return CallbackRequest(
        {
            "http_request": {
                "body": body if request.body else None,
                "headers": headers,
                "method": request.method,
                "query": query,
                "url": urlsplit(url).path,
            },
            "received_time": now.strftime("%Y-%m-%d %H:%M:%S.%f000 +0000 UTC"),
            "type": "HTTP",
        }
    )
