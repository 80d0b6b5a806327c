"""What goes into a check and what comes out of it. Values only."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
Details: TypeAlias = Mapping[str, JSON]
Probe: TypeAlias = Callable[[], Awaitable[Details | None]]


class Unhealthy(Exception):
    """What a probe raises. Its message and details are shown: no secret, no host name in them."""

    def __init__(self, why: str = "", details: Details | None = None) -> None:
        super().__init__(why)
        self.details = details


@dataclass(frozen=True, slots=True)
class Check:
    """A named look at one dependency.

    `probe` returns when all is well, with details to show if it has any; it raises Unhealthy with
    the reason; and it must await, never block: a blocking look belongs in `in_thread`. Only
    critical checks decide readiness. `cache_seconds` counts from the end of a run, for good and
    bad answers alike; with 0, only those who ask during a run share it.
    """

    name: str
    probe: Probe
    timeout_seconds: float = 2.0
    critical: bool = True
    cache_seconds: float = 1.0

    def __post_init__(self) -> None:
        assert self.name
        assert self.timeout_seconds > 0
        assert self.cache_seconds >= 0


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one run. `why` is empty for a healthy one; times are monotonic seconds."""

    name: str
    critical: bool
    why: str
    elapsed_seconds: float
    ended: float
    details: Details = field(default_factory=dict)

    @property
    def healthy(self) -> bool:
        return not self.why
