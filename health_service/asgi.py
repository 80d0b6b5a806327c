"""The few ASGI words that the layers share. No framework is imported: faults and logs need none."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from health_service.health.answers import Message, Receive, Scope, Send

__all__ = ["ASGIApp", "Message", "Receive", "Scope", "Send", "is_health_path", "send_json"]

ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH_PREFIX = "/health"


def is_health_path(path: str) -> bool:
    """Whether `path` is one of the health routes: `/healthy` is not."""
    return path == HEALTH_PREFIX or path.startswith(HEALTH_PREFIX + "/")


async def send_json(send: Send, status: int, document: dict[str, Any]) -> None:
    """Answer a request with JSON."""
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
