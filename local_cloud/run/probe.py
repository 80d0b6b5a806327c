"""The startup probe: whether a container answers on its port yet."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any, Final

_HTTP_OK: Final = range(200, 400)
_TIMEOUT_SECONDS_MAX: Final = 10


def path(startup_probe: Mapping[str, Any]) -> str | None:
    """Return where the probe asks over HTTP; None: it only connects."""
    action = startup_probe.get("httpGet")
    if not isinstance(action, Mapping):
        return None
    return str(action.get("path") or "/")


def allowed_seconds(startup_probe: Mapping[str, Any], default: float) -> float:
    """Return how long a container may take: the probe's own arithmetic, or `default`."""
    if not startup_probe:
        return default
    period = float(startup_probe.get("periodSeconds") or 10)
    failures = float(startup_probe.get("failureThreshold") or 3)
    return float(startup_probe.get("initialDelaySeconds") or 0) + period * failures


async def answers(port: int, http_path: str | None) -> bool:
    """Try once; any error is a no."""
    with contextlib.suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        async with asyncio.timeout(_TIMEOUT_SECONDS_MAX):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return http_path is None or await _gets(reader, writer, http_path)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    return False


async def _gets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, http_path: str) -> bool:
    writer.write(
        f"GET {http_path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Google-Cloud-Run-Probe\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    status_line = await reader.readline()
    return int(status_line.split()[1]) in _HTTP_OK if status_line else False
