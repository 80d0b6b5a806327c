"""What one rollout came to, from instants that the cloud and the functions recorded. UTC."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Reaction:
    """One bad canary, from its first bad request to its end."""

    case: str
    history_seconds: float
    """How long the service had its users before the first shift."""
    shifted_at: dt.datetime
    first_bad_at: dt.datetime
    """The `timestamp` of the request log's first entry: when the request began."""
    served_at: dt.datetime
    """When stable was seen with 100 % of the served split."""
    bad: int
    """Failed requests in all, those that were under way at the rollback included."""
    lost: int
    """Requests without an answer of a revision."""
    back: Mapping[str, Any]
    """The event of the rollback."""
    looks: tuple[Mapping[str, Any], ...]
    """What functions logged about the rollout: decision records and handled requests."""

    @property
    def seconds(self) -> float:
        """From the first bad request to the served rollback."""
        return (self.served_at - self.first_bad_at).total_seconds()

    @property
    def decision(self) -> Mapping[str, Any]:
        """What led to the rollback, in short."""
        found: Mapping[str, Any] = self.back["data"]["decision"]
        return found

    @property
    def decided_at(self) -> dt.datetime:
        """The instant of the look that decided."""
        [record] = [one for one in self.records if one["id"] == self.decision["id"]]
        return dt.datetime.fromisoformat(record["at"])

    @property
    def written_at(self) -> dt.datetime:
        """The instant of the rollback's decision on a fresh read; its write follows at once."""
        return dt.datetime.fromisoformat(self.back["time"])

    @property
    def waited_seconds(self) -> float:
        """From when the last judged interval could be known to the look that judged it."""
        intervals = [one for record in self.records for one in record["intervals"]]
        known = max(one["known_at"] for one in intervals if one.get("known_at"))
        return (self.decided_at - dt.datetime.fromisoformat(known)).total_seconds()

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """The decision records, one or more a look."""
        return [one for one in self.looks if one["event"] == "verdict.reached"]

    @property
    def looks_taken(self) -> int:
        return len({one["at"] for one in self.records})
