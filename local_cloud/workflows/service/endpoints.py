"""Where requests to Google's hosts go instead: to the doors of a local cloud.

Only a request to a host that the settings name is turned elsewhere, with the token that it has
anyway; no other request, and no token, is touched.
"""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from local_cloud.kit.http import Inbound, NoAnswer, Outbound, Sender

_REGIONAL: Final = re.compile(
    r"(?P<location>[a-z]+-[a-z]+[0-9]+|us|eu)-(?P<host>[a-z]+\.googleapis\.com)"
)
_PORTS: Final = {"http": (None, 80), "https": (None, 443)}


def rewritten(url: str, endpoints: Mapping[str, str]) -> str:
    """Return where a request to `url` goes.

    A host that is not named itself, and is a location's of one that is, goes there too:
    `europe-west1-run.googleapis.com` as `{location}-run.googleapis.com`, whose base URL may hold
    `{location}`, or else as `run.googleapis.com`.
    """
    if not endpoints:
        return url
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    base = _base(host, endpoints)
    if base is None or port not in _PORTS.get(parts.scheme.lower(), ()):
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{base.rstrip('/')}{parts.path or '/'}{query}"


def _base(host: str, endpoints: Mapping[str, str]) -> str | None:
    if host in endpoints:
        return endpoints[host]
    found = _REGIONAL.fullmatch(host)
    if found is None:
        return None
    base = endpoints.get(f"{{location}}-{found['host']}", endpoints.get(found["host"]))
    return None if base is None else base.replace("{location}", found["location"])


class Directed:
    """Implements `kit.http.Sender` by another one, and `rewritten`."""

    def __init__(self, sender: Sender, endpoints: Mapping[str, str]) -> None:
        self._sender = sender
        self._endpoints = endpoints

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        url = rewritten(request.url, self._endpoints)
        self._sender.send(dataclasses.replace(request, url=url), done)
