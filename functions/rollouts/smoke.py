"""What a round of smoke tests came to. Not: how requests are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rollouts.policy import Smoke


@dataclass(frozen=True, slots=True)
class Tested:
    """One path's answer."""

    path: str
    status: int | None
    """None: there was no answer; `error` says why."""
    latency: timedelta
    error: str = ""


def wrong_with(tested: Tested, smoke: Smoke) -> str:
    """Say what is wrong with an answer; empty if nothing."""
    latency_ms = tested.latency.total_seconds() * 1000
    allowed_ms = smoke.latency_max.total_seconds() * 1000
    if tested.status is None:
        return f"{tested.path} gave no answer ({tested.error})"
    if tested.status != smoke.status:
        return f"{tested.path} answered {tested.status}, not {smoke.status}"
    if latency_ms > allowed_ms:
        return f"{tested.path} took {latency_ms:.0f} ms, more than {allowed_ms:.0f} ms"
    return ""


def failures(round_of: Sequence[Tested], smoke: Smoke) -> str:
    """Say all that is wrong with a round; empty if it passed."""
    return "; ".join(filter(None, (wrong_with(one, smoke) for one in round_of)))


def failed_paths(round_of: Sequence[Tested], smoke: Smoke) -> tuple[str, ...]:
    """Return the paths whose answer is wrong, in order."""
    return tuple(one.path for one in round_of if wrong_with(one, smoke))


def passed_line(round_of: Sequence[Tested]) -> str:
    """Describe a passed round in a line."""
    if not round_of:
        return "no smoke test is set"
    slowest = max(one.latency for one in round_of).total_seconds() * 1000
    paths = ", ".join(one.path for one in round_of)
    return f"smoke tests passed: {paths}, slowest {slowest:.0f} ms"
