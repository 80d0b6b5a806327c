"""What one run of the simulation is: plain data, drawn from a seed. Not: how it is played.

A scenario is a list of happenings. Each has a number that stays its own when others are left
out, and draws what it needs from that number alone, so that dropping one changes no other.
"""

import json
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_cloud.cloud import CloudSettings
from local_cloud.logging.model import LoggingSettings
from local_cloud.monitoring.model import MonitoringSettings
from local_cloud.run.settings import RunSettings

IMAGE = "europe-west1-docker.pkg.dev/barq-build/shop/api"


@dataclass(frozen=True)
class Happens:
    """One thing that happens: a row of `workload` or of `faults`, `at` seconds after the start."""

    number: int
    kind: str
    at: float
    args: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        told = " ".join(f"{key}={value}" for key, value in self.args.items())
        return f"{self.kind} {told}".strip()


@dataclass(frozen=True)
class Platform:
    """The platform's ways: where the real one has a delay, or nobody knows."""

    latency_seconds: float = 0.02
    """Of a call of a function, there and back."""
    served_seconds: float = 0.0
    reconcile_seconds: float = 0.0
    metadata_bumps: bool = False
    """Whether a write of annotations alone raises the generation."""
    metrics_seconds: float = 120.0
    log_seconds: float = 0.1
    ready_seconds: float = 3.0

    def settings(self) -> CloudSettings:
        return CloudSettings(
            run=RunSettings(
                served_split_seconds=self.served_seconds,
                reconcile_seconds=self.reconcile_seconds,
                annotations_bump_generation=self.metadata_bumps,
            ),
            monitoring=MonitoringSettings(ingest_delay_seconds=self.metrics_seconds),
            logging=LoggingSettings(receive_delay_seconds=self.log_seconds),
        )


@dataclass(frozen=True)
class Scenario:
    """Everything that a run needs; equal scenarios run equally."""

    seed: int
    targets: Mapping[str, Mapping[str, Any]]
    """Settings of delivery.yaml by target, in the order of delivery."""
    rps: int
    first: bool
    """Whether a real image serves at the start; else it is the installer's placeholder."""
    platform: Platform
    happenings: tuple[Happens, ...]
    seconds: float
    """When the last thing has happened and the last fault has ended."""

    @property
    def delivery(self) -> str:
        """Return delivery.yaml, as JSON, which is YAML as well."""
        return self.with_lines(())

    def with_lines(self, stopped: Collection[str]) -> str:
        """Return delivery.yaml with the lines of some targets stopped."""
        targets: dict[str, dict[str, Any]] = {
            name: {
                "project": f"shop-{name}",
                "region": "europe-west1",
                "service": "api",
                **settings,
            }
            for name, settings in self.targets.items()
        }
        for name in stopped:
            targets[name]["stop_the_line"] = "checkout is down"
        service = {
            "image": IMAGE,
            "branches": ["main"],
            "notifications": [{"webhook": "team"}],
            "targets": targets,
        }
        return json.dumps({"services": {"api": service}})

    def only(self, numbers: Collection[int]) -> "Scenario":
        """Return the scenario with none but these happenings."""
        kept = tuple(one for one in self.happenings if one.number in numbers)
        return replace(self, happenings=kept)

    def rng_of(self, happens: Happens) -> random.Random:
        """Return a happening's own chance."""
        return random.Random(f"{self.seed}/{happens.number}/{happens.kind}")
