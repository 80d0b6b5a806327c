"""What is measured: canaries that fail, and what tells of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
REGION: Final = "europe-west1"
PER_SECOND: Final = 20.0


@dataclass(frozen=True, slots=True)
class Case:
    """A canary on a service, and in a project, of its own."""

    name: str
    fails: str
    """What it does, for the table."""
    signal: str
    error_ratio: float
    excluded: bool = False
    """An exclusion filter keeps failed requests out of the request log."""
    crowded: bool = False
    """Others use up the project's reads of the log."""

    @property
    def alone(self) -> bool:
        """Whether Monitoring alone tells."""
        return self.excluded or self.crowded

    @property
    def project(self) -> str:
        return f"{self.name}-production"

    @property
    def image(self) -> str:
        return f"{REGION}-docker.pkg.dev/builds/{self.name}/health-service"


CASES: Final = {
    case.name: case
    for case in (
        Case("every", "every request", "request log and Monitoring", 1.0),
        Case("half", "half of the requests", "request log and Monitoring", 0.5),
        Case("twentieth", "5 % of the requests", "request log and Monitoring", 0.05),
        Case("excluded", "every request", "Monitoring alone: excluded from the log", 1.0,
             excluded=True),
        Case("crowded", "every request", "Monitoring alone: the log answers 429", 1.0,
             crowded=True),
    )
}  # fmt: skip


def delivery(cases: Sequence[Case]) -> dict[str, Any]:
    """Return docs/examples/delivery.yaml with each case's service in place of its own."""
    file = ROOT / "docs/examples/delivery.yaml"
    shipped: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    [service] = shipped["services"].values()
    policy = {
        name: value
        for name, value in service["targets"]["production"].items()
        if name != "approval"
    }
    return {
        "services": {
            case.name: {
                **service,
                "image": case.image,
                "targets": {
                    "production": {**policy, "project": case.project, "service": case.name}
                },
            }
            for case in cases
        }
    }


def exclusions(cases: Sequence[Case]) -> tuple[str, ...]:
    """Return the filters of the log's sink."""
    return tuple(
        f'resource.labels.service_name="{case.name}" AND httpRequest.status>=500'
        for case in cases
        if case.excluded
    )
