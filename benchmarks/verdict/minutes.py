"""Ten-second ticks gathered into the minutes that the rivals look at."""

from benchmarks.verdict.ticks import MINUTE, Tick


class Total:
    """A role's requests over some ticks."""

    __slots__ = ("failed", "latency", "requests")

    def __init__(self) -> None:
        self.requests = self.failed = 0
        self.latency: list[int] = []

    def add(self, requests: int, failed: int, latency: list[int]) -> None:
        self.requests += requests
        self.failed += failed
        if self.latency:
            self.latency = [a + b for a, b in zip(self.latency, latency, strict=True)]
        else:
            self.latency = latency


class Minutes:
    """Gives the canary's and stable's totals after every sixth tick, None in between."""

    def __init__(self, *, stable: bool) -> None:
        self._stable = stable
        self._ticks: list[Tick] = []

    def add(self, tick: Tick) -> tuple[Total, Total] | None:
        ticks = self._ticks
        ticks.append(tick)
        if len(ticks) < MINUTE:
            return None
        canary, stable = Total(), Total()
        for one in ticks:
            early = one.earlier
            role = one.canary
            failed = role.errors + role.unreached + (early.canary if early else 0)
            canary.add(role.requests, failed, list(role.latency))
            if self._stable:
                role = one.stable
                failed = role.errors + role.unreached + (early.stable if early else 0)
                stable.add(role.requests, failed, list(role.latency))
        ticks.clear()
        return canary, stable
