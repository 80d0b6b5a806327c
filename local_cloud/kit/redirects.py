"""Which request a redirect asks for: the rules of Go's HTTP client.

Source: https://pkg.go.dev/net/http#Client: 301, 302 and 303 become a GET without a body, 307 and
308 stay what they were; credentials do not go to another host.
"""

import dataclasses
from typing import Final
from urllib.parse import urljoin, urlsplit

from local_cloud.kit.http import Inbound, NoAnswer, Outbound

_BECOME_GET: Final = (301, 302, 303)
_STAY: Final = (307, 308)
_CREDENTIALS: Final = frozenset({"authorization", "cookie", "cookie2", "www-authenticate"})
_OF_A_BODY: Final = frozenset({"content-type", "content-encoding", "content-language"})


def followed(request: Outbound, answer: Inbound | NoAnswer) -> Outbound | NoAnswer | None:
    """Return the request to send next, with one redirect less; None: `answer` is the last one.

    NoAnswer("broken") when no more redirects may be followed.
    """
    target = _target(request, answer)
    if target is None or request.redirects_max == 0:
        return None
    if request.redirects_max < 0:
        return NoAnswer("broken", "too many redirects")
    assert isinstance(answer, Inbound)
    becomes_get = answer.status in _BECOME_GET and request.method not in ("GET", "HEAD")
    dropped = _OF_A_BODY if becomes_get or answer.status in _BECOME_GET else frozenset()
    if not _may_know(urlsplit(request.url).hostname, urlsplit(target).hostname):
        dropped = dropped | _CREDENTIALS
    return dataclasses.replace(
        request,
        method="GET" if becomes_get else request.method,
        url=target,
        headers={k: v for k, v in request.headers.items() if k.lower() not in dropped},
        body=request.body if answer.status in _STAY else b"",
        # Beyond the last one there is a marker: 0 would mean that redirects are answers.
        redirects_max=request.redirects_max - 1 or -1,
    )


def _target(request: Outbound, answer: Inbound | NoAnswer) -> str | None:
    """Return where an answer points to; None if it is no redirect, or says nothing of where."""
    if isinstance(answer, NoAnswer) or answer.status not in (*_BECOME_GET, *_STAY):
        return None
    for name, value in answer.headers:
        if name.lower() == "location" and value:
            try:
                return urljoin(request.url, value.strip())
            except ValueError:
                return value
    return None


def _may_know(before: str | None, after: str | None) -> bool:
    """Whether credentials for one host may go to the other: the same, or one below it."""
    return before is not None and after is not None and f".{after}".endswith(f".{before}")
