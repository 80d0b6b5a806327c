"""Sends models' HTTP requests to functions of the same process, in virtual time."""

from collections.abc import Callable, Mapping

from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.redirects import followed
from local_cloud.kit.scheduler import Scheduler

Route = Callable[[Outbound], Inbound | NoAnswer]


class VirtualSender:
    """Implements `kit.http.Sender` without sockets.

    `routes` are by URL prefix; the longest that fits wins, and a URL that none fits is never
    connected. `latency` gives the seconds of each exchange, half of them there and half back:
    a request that is answered too late for its timeout was acted on all the same.
    """

    def __init__(
        self, scheduler: Scheduler, routes: Mapping[str, Route], latency: Callable[[], float]
    ) -> None:
        self._scheduler = scheduler
        self.routes = dict(routes)
        self._latency = latency

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        route = self._route(request.url)
        if route is None:
            nobody = NoAnswer("never_connected", f"nobody listens at {request.url}")
            self._scheduler.call_later(0, lambda: done(nobody))
            return
        seconds = self._latency()
        self._scheduler.call_later(seconds / 2, lambda: self._arrive(request, route, seconds, done))

    def _arrive(
        self,
        request: Outbound,
        route: Route,
        seconds: float,
        done: Callable[[Inbound | NoAnswer], None],
    ) -> None:
        answer = route(request)
        left = seconds / 2
        if seconds > request.timeout_seconds:
            answer = NoAnswer("timeout", f"no whole answer within {request.timeout_seconds:g} s")
            left = max(0.0, request.timeout_seconds - seconds / 2)
        target = followed(request, answer)
        if isinstance(target, Outbound):
            again = target
            self._scheduler.call_later(left, lambda: self.send(again, done))
            return
        last = target or answer
        self._scheduler.call_later(left, lambda: done(last))

    def _route(self, url: str) -> Route | None:
        if url in self.routes:
            return self.routes[url]
        fitting = [prefix for prefix in self.routes if _fits(prefix, url)]
        return self.routes[max(fitting, key=len)] if fitting else None


def _fits(prefix: str, url: str) -> bool:
    """Whether a URL lies under a prefix; `http://a` is no prefix of `http://ab`."""
    rest = url.removeprefix(prefix)
    return url.startswith(prefix) and (prefix.endswith("/") or rest[:1] in ("", "/", "?"))
