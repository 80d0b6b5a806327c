"""Callback endpoints and their slot: one request may wait for one that awaits it.

Source: reference/workflows.md 3, events.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest
from local_cloud.workflows.engine.effects import CallbackRequest
from local_cloud.workflows.language import choices
from local_cloud.workflows.stdlib.bodies import canonical, decoded_body


@dataclass(slots=True)
class Endpoint:
    """One endpoint of an execution. `waiters` are the ids of effects that await it."""

    callback_id: str
    method: str
    url: str
    pending: CallbackRequest | None = None
    waiters: list[int] = field(default_factory=list)

    def offer(self, request: CallbackRequest) -> int | None:
        """Take a request: return the effect to resume with it, or keep it and return None.

        Raises Refused(RESOURCE_EXHAUSTED) while another one waits to be taken.
        """
        if self.waiters:
            return self.waiters.pop(0)
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


def request_map(
    request: ApiRequest, url: str, now: dt.datetime, chosen: choices.Choices = choices.DEFAULT
) -> CallbackRequest:
    """Return the map that `events.await_callback` gives. Without a body it is null: a guess."""
    headers = {
        canonical(name): value
        for name, value in sorted(request.headers.items())
        if name != "authorization"
    }
    body = decoded_body(request.body, headers.get("Content-Type", ""), chosen)
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
            "received_time": _received(now),
            "type": "HTTP",
        }
    )


def _received(now: dt.datetime) -> str:
    """Return a time as Go prints it, in UTC and without its reading of the process's own clock."""
    utc = now.astimezone(dt.UTC)
    fraction = f".{utc.microsecond:06}".rstrip("0").rstrip(".")
    return f"{utc:%Y-%m-%d %H:%M:%S}{fraction} +0000 UTC"


class WrongMethod(Refused):
    """405, which Google's codes have none for."""

    def http_status(self) -> int:
        return 405


def check_method(endpoint: Endpoint, method: str, chosen: choices.Choices) -> None:
    """Raise Refused for a request with another method than the endpoint's.

    Whether that is 404 or 405 is open (reference section 10 item 12).
    """
    if method == endpoint.method:
        return
    if chosen.callback_wrong_method == "405":
        raise WrongMethod(
            "UNIMPLEMENTED", f"The callback endpoint only takes {endpoint.method} requests."
        )
    raise Refused("NOT_FOUND", f"Callback '{endpoint.callback_id}' was not found")
