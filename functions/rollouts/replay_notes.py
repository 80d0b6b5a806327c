"""What a replay cannot say, and what its reader should know. Not: the replay (`backtesting`)."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from rollouts.comparison import ALONE, alone
from rollouts.durations import show_duration
from rollouts.recorded_counts import MINUTE, Minute, Recording

GRAIN: Final = (
    "minutes are judged whole here, and their totals 2 minutes later; Barq itself knows of an"
    " error within seconds"
)
UNLIKE: Final = (0.5, 1.5)
"""Served over configured share, beyond which a step was not recorded at its share."""
UNLIKE_MIN: Final = 100
"""Fewer requests than this tell nothing of the share."""


@dataclass
class Walked:
    """What was recorded while a replay was in one step."""

    percent: int
    canary: int = 0
    stable: int = 0
    told: bool = False
    """Whether the file tells the share that was set."""
    others: set[int] = field(default_factory=set)
    """Recorded shares that are not this step's."""

    def take(self, minute: Minute, percent: int) -> None:
        """Take a minute that is judged at a share."""
        self.canary += minute.arms["canary"].requests or 0
        self.stable += minute.arms["stable"].requests or 0
        self.told |= minute.percent is not None
        if percent != self.percent:
            self.others.add(percent)


def notes_of(history: int, walked: Iterable[Walked]) -> list[str]:
    """Return the notes of every replay; `history` minutes of stable's past were used."""
    notes = [_past(history), *map(_unlike, walked), GRAIN]
    return [one for one in notes if one]


def went_on(recording: Recording, now: dt.datetime) -> str:
    """Say what the recorded canary did after it was taken back here; empty if nothing."""
    after = [one for one in recording.minutes if one.start >= now]
    if not after:
        return ""
    errors = sum(one.arms["canary"].errors for one in after)
    long = show_duration(len(after) * MINUTE)
    return f"the recorded canary went on for another {long}, with {errors:,} failed requests"


def _past(history: int) -> str:
    if history:
        return f"stable's past as used: {history} minutes before the rollout"
    return (
        "the file has no minute of stable before the rollout: at 100 % one request in ten may fail,"
        " as of a service without any history"
    )


def _unlike(step: Walked) -> str:
    """Say where the recorded share is not the policy's."""
    if step.others:
        shares = ", ".join(f"{one} %" for one in sorted(step.others))
        return (
            f"at {step.percent} %: recorded at {shares}, and judged at that; more or fewer"
            " requests than these are not invented"
        )
    both = step.canary + step.stable
    least, most = UNLIKE[0] * step.percent, UNLIKE[1] * step.percent
    served = 100 * step.canary / max(both, 1)
    if both < UNLIKE_MIN or (least <= served <= most and not _stays(step)):
        return ""
    seen = (
        f"at {step.percent} %: the canary had {served:.1f} % of the recorded requests, so the file"
    )
    if step.told:
        return f"{seen} tells of a share that is not its own percent: do not rely on this step"
    return f"{seen} tells of another share: do not rely on this step; a column percent would help"


def _stays(step: Walked) -> bool:
    """Whether stable has requests where the canary has all of them."""
    return alone(step.percent) and step.stable > (1 - ALONE) * (step.canary + step.stable)
