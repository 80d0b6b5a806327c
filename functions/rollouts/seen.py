"""What was seen of a Cloud Run service and its revisions at one read. Not: how it is read."""

from dataclasses import dataclass, field
from typing import Any, Literal

from rollouts.policy import ServiceRef
from rollouts.record import Record
from rollouts.traffic import Split, shares, show_shares


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """One consistent read of a service."""

    ref: ServiceRef
    generation: int
    split: Split
    """The traffic as asked for (spec)."""
    served: Split
    """The traffic as the platform says it stands (status), with tag URLs."""
    latest_ready: str | None
    record: Record
    container: str
    """Name of the ingress container in the template; may be empty when there is one alone."""
    image: str
    """The ingress container's image in the template."""
    url: str
    """The service's own URL: the audience of every ID token for it."""
    unreachable: str = ""
    """Why tag URLs cannot be reached by design, such as internal ingress; empty if they can."""
    fingerprint: str = ""
    """Of the spec: template and traffic as asked for. Empty where no record asks for it."""
    session_affinity: bool = False
    """Whether the template keeps a client with its instance: then the share of requests is not
    the share that was set, and no comparison of the two revisions holds."""
    raw: Any = field(default=None, compare=False, repr=False)
    """The adapter's own: what the next write starts from."""

    @property
    def shares(self) -> dict[str, int]:
        return shares(self.split, self.latest_ready)

    @property
    def served_shares(self) -> dict[str, int]:
        return shares(self.served, self.latest_ready)

    def unexplained(self) -> str:
        """Say what someone else changed since the record was written; empty if nothing.

        The write that carried the record may itself have raised the generation by one; if it
        left the spec alone, the spec tells that from another's write. An older whole object
        written back carries its record along, and only the generation, which never falls, gives
        it away.
        """
        rollout = self.record.rollout
        if rollout is None:
            return ""
        if self.shares != rollout.shares:
            return (
                f"traffic is {show_shares(self.shares)}, where Barq left"
                f" {show_shares(rollout.shares)}"
            )
        beyond = self.generation - self.record.generation
        if beyond > 1:
            return (
                f"the service was written by someone else: it is at generation"
                f" {self.generation}, and Barq last wrote on {self.record.generation}"
            )
        if beyond and self.record.spec and self.fingerprint != self.record.spec:
            return (
                "the service was written by someone else: its template or tags are not those that"
                f" Barq last saw, at generation {self.record.generation}"
            )
        return ""


Readiness = Literal["pending", "ready", "failed"]


@dataclass(frozen=True, slots=True)
class RevisionSeen:
    """One revision."""

    name: str
    readiness: Readiness
    reason: str
    """The platform's own words when it failed or is still pending; may be empty."""
    image: str
    """The ingress container's image as asked for."""
    resolved: str | None
    """The digest that it resolved to; for an image index the platform's child, not the index."""


@dataclass(frozen=True, slots=True)
class NewRevision:
    """A revision to be made from the service's present template."""

    name: str
    image: str
    """By digest; replaces the ingress container's image, nothing else."""


@dataclass(frozen=True, slots=True)
class Change:
    """One write: record, traffic and template change together or not at all."""

    record: Record
    split: Split | None = None
    """None leaves traffic as it was read."""
    template: NewRevision | None = None


def image_served(seen: ServiceSeen) -> str:
    """Return the image, by digest, of the one revision that has everything.

    Empty if several have a share, or if no rollout on record promoted that revision: then Barq
    does not know what it runs.
    """
    known = [one for one in (seen.record.rollout, seen.record.promoted) if one and one.digest]
    for one in known:
        if one.state == "promoted" and seen.served_shares == {one.canary: 100}:
            return f"{one.repository}@{one.digest}"
    return ""


def left_with_a_share(seen: ServiceSeen) -> int:
    """Return what a rollout kept that Barq itself stopped, and that is nobody's will; else 0.

    A person's stop stands as it is, and so does what anybody has written since.
    """
    rollout = seen.record.rollout
    if rollout is None or rollout.state != "stopped" or rollout.ended_by != "barq":
        return 0
    return 0 if seen.unexplained() else seen.shares.get(rollout.canary, 0)


def hides(seen: ServiceSeen, change: Change) -> bool:
    """Whether a write that only notes something would explain away what somebody else wrote.

    An approval, a place in the queue, a page: who writes it does not ask whether traffic or
    template were touched, and who drives the rollout, or sweeps after it, must still see it.
    """
    before, after = seen.record.rollout, change.record.rollout
    if before is None or after is None or after.id != before.id or change.split is not None:
        return False
    ends = after.ended and not before.ended  # Who ends it takes the service as it is.
    return not ends and bool(seen.unexplained())
