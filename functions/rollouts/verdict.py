"""What the evidence says: the word, the sentence, and the numbers that both stand on."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from rollouts.flat import flat

Kind = Literal["pass", "fail", "inconclusive", "no_data"]
Cause = Literal["", "errors", "latency", "full", "limit", "hang", "shared"]
SHOWN_MAX: Final = 1e12
"""Evidence beyond this is shown as this: nobody needs more."""
DOUBT: Final = 10.0
"""Evidence from which on a canary is in doubt: it is not given more, and nobody is asked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """E-values: 1 says nothing, less speaks for the canary, `threshold` rolls it back.

    `total` is 0.7 errors + 0.2 latency + 0.1 full. The chance that a canary which is no worse
    than stable ever reaches a value v is at most 1 / v, however often one looks.
    """

    errors: float = 1.0
    """5xx, canary against stable. At most 1 while `floor` is under 10."""
    latency: float = 1.0
    """Requests slower than stable's own quantiles, canary against stable."""
    full: float = 1.0
    """Errors at 100 %, against what stable did before the rollout."""
    total: float = 1.0
    threshold: float = 100.0
    floor: float = 1.0
    """Evidence that the canary's error ratio is worth acting on at all."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a verdict stands on: the present step, in counts."""

    step: int
    percent: int
    canary_requests: int
    """Visible ones only."""
    canary_errors: int
    """All that are known, also those that no visible total covers yet."""
    stable_requests: int
    stable_errors: int
    canary_p95_ms: float | None
    """Of visible requests without the 5xx, from after `warm_up` on; None without any."""
    watched_seconds: float
    """How much of the step is known: by the log, or by totals where the log is silent."""
    window_seconds: float
    canary_errors_uncounted: int = 0
    """Of `canary_errors`, those that no visible total covers yet."""
    stable_errors_uncounted: int = 0
    visible_seconds: float = 0.0
    """How much of the step its totals cover."""
    canary_ratio: tuple[float, float] | None = None
    """95 % interval of the canary's error ratio, of visible requests; None without any."""
    stable_ratio: tuple[float, float] | None = None
    requests_a_second: float | None = None
    """Of the whole service, when last visible."""
    unreached: tuple[int, int] = (0, 0)
    """Requests of canary and stable that the platform answered, set apart from errors."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the evidence says, in a word, a sentence and numbers."""

    kind: Kind
    because: str
    numbers: Numbers
    missing_requests: int = 0
    """How many more requests would settle it; 0 when that is not what is missing."""
    missing_seconds: float | None = None
    """How long that takes at the present rate of requests; None when nobody can tell."""
    settled: bool = True
    """For no_data: waiting longer would show nothing new."""
    cause: Cause = ""
    """What a fail stands on, or a doubt; empty where something is only missing."""
    page: str = ""
    """What a person should know now; empty if nothing. Stable may be as bad as the canary."""
    evidence: Evidence = Evidence()

    def as_json(self) -> dict[str, Any]:
        numbers = flat(self.numbers)
        for name in ("canary_ratio", "stable_ratio", "unreached"):
            numbers[name] = list(numbers[name]) if numbers[name] else numbers[name]
        return flat(self) | {"numbers": numbers, "evidence": flat(self.evidence)}
