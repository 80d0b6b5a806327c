"""Where faults strike: between workflow, functions and Google's APIs. What strikes is `faults`."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import requests

from local_cloud.kit.http import Inbound, NoAnswer
from tests.flow.faults import Faults

UNAVAILABLE = Inbound(503, (("Content-Type", "text/html"),), b"<h1>Service Unavailable</h1>")


class Crashed(BaseException):
    """The function's instance dies: nothing in it may catch this."""


class ApiRow(NamedTuple):
    """How calls of an API go wrong."""

    method: str
    """Empty: any."""
    path: str
    """A part of it."""
    how: str
    """refuse, lose (the answer, after the effect), crash_before, crash_after, drop, twice, ..."""
    status: int = 503


@dataclass
class Active:
    """A fault that strikes now: with a chance each time, for a while, so many times at most."""

    name: str
    until: dt.datetime
    chance: float = 1.0
    function: str = ""
    """Empty: whichever."""
    times: int = 1_000_000
    args: Mapping[str, Any] = field(default_factory=dict)


class Striking(Faults):
    """Every fault there is now, each counting how often it really struck."""

    def __init__(
        self,
        now: Callable[[], dt.datetime],
        rng: random.Random,
        api_rows: Mapping[str, ApiRow],
        tell: Callable[[str], None],
    ) -> None:
        super().__init__(now)
        self.hits: Counter[str] = Counter()
        self.active: list[Active] = []
        self.read_metrics_at: dt.datetime | None = None
        """When Monitoring last answered."""
        self.meddle: Callable[[str], None] = lambda _path: None
        """Has somebody else write the service of a path."""
        self.watch: Callable[[str, str, str, int], None] = lambda *_: None
        """Is told of each call of an API: function, method, path, status (0: no answer)."""
        self._last: dt.datetime | None = None
        self._rng = rng
        self._api_rows = api_rows
        self._tell = tell
        self._before: dict[str, requests.Response] = {}

    def begin(self, active: Active) -> None:
        self.active.append(active)

    def cease(self) -> None:
        self.active.clear()

    def strike(self, name: str, function: str = "") -> Active | None:
        """Return the fault of that name if it strikes this time, and count it."""
        for one in self.active:
            if one.name != name or one.function not in ("", function) or one.times <= 0:
                continue
            if self.now() >= one.until:
                self.active.remove(one)
                return None
            if one.chance < 1.0 and self._rng.random() >= one.chance:
                return None
            one.times -= 1
            self.count(name, function)
            return one
        return None

    def struck_since(self, instant: dt.datetime) -> bool:
        return self._last is not None and self._last >= instant

    def count(self, name: str, words: str = "") -> None:
        self.hits[name] += 1
        self._last = self.now()
        self._tell(f"    fault {name} {words}".rstrip())

    # Between workflow, Pub/Sub and functions.

    def of_function(self, name: str) -> Inbound | NoAnswer | None:
        if not self.active:
            return None
        if self.strike("function_down", name):
            return UNAVAILABLE
        if self.strike("call_dropped", name):
            return NoAnswer("broken", "the request got lost")
        return None

    def loses_answer_of(self, name: str) -> bool:
        return bool(self.active) and self.strike("answer_lost", name) is not None

    @property
    def delivered_twice_after(self) -> float | None:
        struck = self.strike("call_twice") if self.active else None
        return float(struck.args["after"]) if struck else None

    @delivered_twice_after.setter
    def delivered_twice_after(self, _value: float | None) -> None:
        """Is a fault here."""

    @property
    def monitoring_down(self) -> bool:
        if self.active and self.strike("metrics_down"):
            return True
        self.read_metrics_at = self.now()
        return False

    @monitoring_down.setter
    def monitoring_down(self, _value: bool) -> None:
        """Is a fault here."""

    # Between functions and Google's APIs.

    def around(
        self, function: str, method: str, path: str, call: Callable[[], requests.Response]
    ) -> requests.Response:
        status = 0
        try:
            answer = self._around(function, method, path, call)
            status = answer.status_code
        finally:
            self.watch(function, method, path, status)
        return answer

    def _around(
        self, function: str, method: str, path: str, call: Callable[[], requests.Response]
    ) -> requests.Response:
        for one in list(self.active):
            row = self._api_rows.get(one.name)
            if row and row.method in ("", method) and row.path in path:
                struck = self.strike(one.name, function)
                if struck:
                    return self._gone_wrong(row, path, call)
        answer = call()
        if method == "GET" and "/services/" in path:
            self._before[path] = answer
        return answer

    def _gone_wrong(
        self, row: ApiRow, path: str, call: Callable[[], requests.Response]
    ) -> requests.Response:
        match row.how:
            case "refuse":
                return _answer(row.status)
            case "never_sent":
                raise requests.ConnectTimeout("planted")
            case "crash_before":
                raise Crashed(row.path)
            case "drop":
                return _answer(200)
            case "stale":
                return self._before[path] if path in self._before else call()
            case "meddle":
                self.meddle(path)
        answered = call()
        return _after(row, answered, call)


def _after(
    row: ApiRow, answered: requests.Response, call: Callable[[], requests.Response]
) -> requests.Response:
    """Return what becomes of an answer after the call had its effect."""
    match row.how:
        case "refuse_after":
            return _answer(row.status)
        case "lose":
            raise requests.ReadTimeout("planted")
        case "crash_after":
            raise Crashed(row.path)
        case "twice":
            return call()
    assert row.how == "meddle", row.how
    return answered


def _answer(status: int) -> requests.Response:
    told = requests.Response()
    told.status_code = status
    told._content = b"{}" if status == 200 else b'{"error": {"status": "", "message": "planted"}}'
    return told
