"""A line for each request: doors that tell what they were asked and how it ended."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.workflows.alone.shown import seconds

Tell = Callable[[str], None]


class Method(Protocol):
    """A method of a gRPC service: `kit.grpc_door.Method`, which only `serve` may import."""

    name: str
    call: Callable[[Any, str | None], Any]


class ToldRouter(Router):
    """Passes requests on to another router, and tells of each."""

    def __init__(self, router: Router, tell: Tell) -> None:
        super().__init__()
        self._router = router
        self._tell = tell

    def handle(self, request: ApiRequest) -> ApiResponse | None:
        began = time.perf_counter()
        answer = self._router.handle(request)
        if answer is not None or request.method != "HEAD":  # A HEAD comes again, as a GET.
            status = 404 if answer is None else answer.status
            elapsed = time.perf_counter() - began
            self._tell(f"{request.method} {request.path} {status} ({seconds(elapsed)})")
        return answer


def told_methods(service: str, methods: Sequence[Any], tell: Tell) -> tuple[Any, ...]:
    """Return a gRPC service's methods that tell of each call."""
    return tuple(replace(one, call=_told(service, one, tell)) for one in methods)


def _told(service: str, method: Method, tell: Tell) -> Callable[[Any, str | None], Any]:
    call = method.call
    name = f"{service.rpartition('.')[2]}.{method.name}"

    def told(request: Any, caller: str | None) -> Any:
        began = time.perf_counter()
        outcome = "INTERNAL"
        try:
            answer = call(request, caller)
            outcome = "OK"
        except Refused as refusal:
            outcome = refusal.code
            raise
        finally:
            tell(f"gRPC {name} {outcome} ({seconds(time.perf_counter() - began)})")
        return answer

    return told
