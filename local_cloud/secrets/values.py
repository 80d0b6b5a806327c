"""Secrets and their versions. Values only."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ENABLED", "DISABLED", "DESTROYED"]


@dataclass(slots=True)
class Version:
    """One version. Its content never changes; destroyed, it has none."""

    number: int
    created: dt.datetime
    data: bytes = field(repr=False)
    checked: bool = False
    """Whether who added it gave a checksum: gcloud wants to be told."""
    state: State = "ENABLED"
    destroyed: dt.datetime | None = None


@dataclass(slots=True)
class Secret:
    """A secret. `name` is `projects/P/secrets/S`."""

    name: str
    created: dt.datetime
    replication: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    """By number, from 1 on."""

    def version_name(self, version: Version) -> str:
        return f"{self.name}/versions/{version.number}"
