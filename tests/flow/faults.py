"""What goes wrong between the parts: functions that do not answer, APIs that refuse, lost answers."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from local_cloud.kit.http import Inbound, NoAnswer


@dataclass
class ApiFault:
    """Calls of functions to Google's APIs that go wrong, until an instant or so many times."""

    method: str
    path: str
    status: int | None
    """What is answered instead; None: the call is done, and its answer gets lost."""
    function: str = ""
    """Empty: whoever calls."""
    times: int = 1_000_000
    until: dt.datetime | None = None
    hits: int = 0

    def fits(self, function: str, method: str, path: str, now: dt.datetime) -> bool:
        return (
            self.function in ("", function)
            and self.method == method
            and self.path in path
            and self.hits < self.times
            and (self.until is None or now < self.until)
        )


@dataclass
class Faults:
    """Every fault there is now. Nothing goes wrong by itself."""

    now: Callable[[], dt.datetime]
    down: dict[str, tuple[dt.datetime, Inbound | NoAnswer]] = field(default_factory=dict)
    answers_lost: dict[str, int] = field(default_factory=dict)
    """By function: how many of its next answers never reach the workflow."""
    delivered_twice_after: float | None = None
    """Seconds after which every request to a function arrives once more."""
    monitoring_down: bool = False
    apis: list[ApiFault] = field(default_factory=list)
    resolves_to: dict[str, str] = field(default_factory=dict)
    """Announced digest -> what the platform says that it resolved to."""

    def function_down(
        self, *names: str, minutes: float, answer: Inbound | NoAnswer | None = None
    ) -> None:
        """Have functions answer 503, as the platform words it, for so long."""
        words = answer or Inbound(503, (("Content-Type", "text/html"),), b"<h1>Unavailable</h1>")
        until = self.now() + dt.timedelta(minutes=minutes)
        self.down.update(dict.fromkeys(names, (until, words)))

    def api(
        self, method: str, path: str, status: int | None, *, seconds: float = 0.0, **given: object
    ) -> ApiFault:
        until = self.now() + dt.timedelta(seconds=seconds) if seconds else None
        fault = ApiFault(method, path, status, until=until, **given)  # type: ignore[arg-type]
        self.apis.append(fault)
        return fault

    def of_function(self, name: str) -> Inbound | NoAnswer | None:
        until, answer = self.down.get(name, (self.now(), NoAnswer("broken", "")))
        return answer if self.now() < until else None

    def loses_answer_of(self, name: str) -> bool:
        left = self.answers_lost.get(name, 0)
        self.answers_lost[name] = max(0, left - 1)
        return left > 0

    def around(
        self, function: str, method: str, path: str, call: Callable[[], requests.Response]
    ) -> requests.Response:
        """Make one call of an API, or what becomes of it."""
        for fault in self.apis:
            if not fault.fits(function, method, path, self.now()):
                continue
            fault.hits += 1
            if fault.status is None:
                call()
                raise requests.ReadTimeout("the answer got lost")
            refused = requests.Response()
            refused.status_code = fault.status
            refused._content = b'{"error": {"status": "PLANTED", "message": "planted"}}'
            return refused
        return call()
