"""What really happened in ten seconds of a rollout. Not: who may see it, and when."""

from collections.abc import Sequence
from typing import Final, NamedTuple

TICK_SECONDS: Final = 10
STEP_TICKS: Final = 30
"""A step is watched for 300 s."""
HOLD_TICKS: Final = 30
"""A rule may hold a step for 300 s more; then the rollout goes on, as if a person had said so."""
MINUTE: Final = 6
"""Ticks in a minute."""


class Counts(NamedTuple):
    """One role's requests that ended in a tick."""

    requests: int
    errors: int
    """5xx that reached a container."""
    unreached: int
    """Answered by the platform; also among `requests`."""
    latency: Sequence[int]
    """By bucket, without any of the failed ones."""
    in_flight: float

    @property
    def failed(self) -> int:
        """What a rule sees that tells no kinds of failure apart."""
        return self.errors + self.unreached


class Earlier(NamedTuple):
    """Errors of a tick that began under an earlier share."""

    step: int
    percent: int
    canary: int
    stable: int


class Tick(NamedTuple):
    """Ten seconds, as nobody but the benchmark knows them."""

    at: int
    """Ticks since the first shift."""
    step: int
    percent: int
    canary: Counts
    stable: Counts
    bad: int
    """Requests that the canary spoiled."""
    truth: float = 0.0
    """Log likelihood ratio of the canary's outcomes: as they are, to those of a healthy one."""
    which_arm: float = 0.0
    """The same of the roles of bad requests alone."""
    earlier: Earlier | None = None
