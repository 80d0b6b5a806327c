"""A function at work, as the simulation sees it, and the clock of its instance."""

import dataclasses
import datetime as dt
import functools
import json
from dataclasses import dataclass
from typing import Any

from local_cloud.kit.http import Outbound
from tests.flow.invariants import Invariants
from tests.flow.ports import FlowClock


@dataclass
class Acting:
    """A function at work: what it was asked, and which answers of Google's it got meanwhile."""

    name: str
    request: Outbound
    began: dt.datetime
    woke: str = ""
    """The callbacks that it called."""
    must_wake: list[str] = dataclasses.field(default_factory=list)
    """The callbacks of those who waited for what it changed."""
    read_failed: bool = False
    """Whether the last call for a service went wrong."""
    wrote: str = ""
    """The target that it wrote, or tried to."""
    skew: dt.timedelta | None = None

    @functools.cached_property
    def body(self) -> dict[str, Any]:
        try:
            document = json.loads(self.request.body or b"{}")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


class Unasked(Invariants):
    """The simulation has rules of its own, which no handler can catch."""

    def attach(self) -> None:
        """Nothing is asked here."""


class Skewed(FlowClock):
    """A function's clock, which may jump."""

    def __init__(self, cloud: Any, simulated: Any, name: str) -> None:
        super().__init__(cloud)
        self._simulated = simulated
        self._name = name

    def now(self) -> dt.datetime:
        acting = self._simulated.acting
        if acting is None:
            return super().now()
        if acting.skew is None:  # An instance's clock is the same all through a call.
            faults = self._simulated.striking
            struck = faults.strike("clock_jumps", self._name) if faults.active else None
            acting.skew = dt.timedelta(seconds=struck.args["by"] if struck else 0)
        skew: dt.timedelta = acting.skew
        return super().now() + skew
