"""What is killed, and when. A row of the table each; a service stands for a course of a rollout."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import yaml

ROOT: Final = Path(__file__).parents[2]
REGION: Final = "europe-west1"
PROJECT: Final = "barq-delivery"
PER_SECOND: Final = 100.0

READ: Final = "Services.GetService"
WRITE: Final = "Services.ReplaceService"
LOOK: Final = "ListTimeSeries"
LOG: Final = "ListLogEntries"
BAD: Final[Mapping[str, str]] = {"FAULT_ERROR_RATIO": "1.0"}
SLOW: Final[Mapping[str, str]] = {"FAULT_LATENCY_MS": "100"}
"""So that requests are inside whenever the process is killed."""
SWEEP_SECONDS: Final = 2.0
"""Between two calls of `sweep`; Cloud Scheduler's is a minute."""

Ending = Literal["promoted", "rolled_back", "nothing"]


@dataclass(frozen=True, slots=True)
class Moment:
    """When: as a function of Barq makes an API call about the service, or as a state is reached.

    A call's kill comes before the API has answered: what the call asks for still happens.
    """

    by: str = ""
    """The function that calls; empty: the state alone."""
    call: str = ""
    """The end of the method's name."""
    percent: int | None = None
    """The canary's written share; None is any."""
    state: str = ""
    """The rollout's state on record; empty is any. `asked`: verified, and waiting for a person."""
    after_seconds: float = 0.0
    """Later than the state was seen."""


BEFORE: Final = Moment()
"""Before the image is announced."""


@dataclass(frozen=True, slots=True)
class Case:
    """One kill."""

    victim: str
    """A function, `canary` or `engine`."""
    when: str
    """For the table."""
    moment: Moment
    ends: tuple[Ending, ...] = ("promoted",)
    service: str = "quick"
    """Which course: a name of `COURSES`."""
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    kills: int = 1
    """How often, each time as soon as the victim is there again."""
    by_person: bool = False
    """Whether the victim is called by hand, not by the workflow."""


_EASY: Final = {
    "min_requests": 10,
    "slowdown_tolerated": "off",
    "max_errors": [5, 10],
    "max_error_ratio": 0.05,
}
_ASKS: Final = {"approval": {"by": "manual", "expires": "30m"}}
COURSES: Final[dict[str, dict[str, Any]]] = {
    # From push to promoted in seconds, by way of a person.
    "quick": {**_ASKS, "steps": [10, 50, 100], "window": "2s", "check_every": "1s"},
    # Nobody looks for ten minutes: only an alert can see the canary fail.
    "alert": {"steps": [10, 50, 100], "window": "10m", "check_every": "10m", "deadline": "2h"},
    # Those that stay where they are until the engine is killed.
    "asked": {**_ASKS, "steps": [10, 50, 100], "window": "2s", "check_every": "1s"},
    "at-10": {"steps": [10, 50, 100], "window": "10m", "check_every": "2s", "deadline": "2h"},
    "at-50": {"steps": [10, 50, 100], "window": ["2s", "10m"], "check_every": "2s",
              "deadline": "2h"},
    "at-100": {"steps": [10, 50, 100], "window": ["2s", "2s", "10m"], "check_every": "2s",
               "deadline": "2h"},
    "deploying": {"steps": [10, 50, 100], "window": "2s", "check_every": "1s"},
    "swept": {"steps": [10, 50, 100], "window": "10m", "check_every": "2s", "deadline": "2h"},
    "going-back": {"steps": [10, 50, 100], "window": "2s", "check_every": "1s"},
}  # fmt: skip
WEBHOOK: Final = "TEAM"


def image_of(service: str) -> str:
    return f"{REGION}-docker.pkg.dev/builds/{service}/health-service"


def delivery(services: Mapping[str, str]) -> dict[str, Any]:
    """Return the delivery file: service -> its course, each in a project of its own."""
    return {
        "services": {
            name: {
                "image": image_of(name),
                "notifications": [{"webhook": WEBHOOK.lower(), "events": ["rollout.rolled_back"]}],
                "targets": {
                    "production": {
                        "deadline": "30m",
                        **COURSES[course],
                        "project": f"{name}-production",
                        "region": REGION,
                        "service": name,
                        "verify": {"every": "1s", "attempts": 30},
                        "analysis": _EASY,
                    }
                },
            }
            for name, course in services.items()
        }
    }


def write_delivery(path: Path, services: Mapping[str, str]) -> None:
    path.write_text(yaml.safe_dump(delivery(services), sort_keys=False), "utf-8")
