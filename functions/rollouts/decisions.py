"""What a handler decided on one read of the world: what to write, say and answer."""

from dataclasses import dataclass, replace

from rollouts.actions import Action
from rollouts.notices import Notice
from rollouts.record import KEPT_MAX, Record, RefusedDigest, Rollout
from rollouts.seen import Change


@dataclass(frozen=True, slots=True)
class Decision:
    """`change` is written by compare-and-swap; on a conflict the decision is made anew.

    Notices are told after the write; without one only what `notices.UNWRITTEN` names.
    """

    action: Action
    change: Change | None = None
    notices: tuple[Notice, ...] = ()


def with_rollout(record: Record, rollout: Rollout) -> Record:
    """Return the record with the rollout in its new state."""
    return replace(record, rollout=rollout)


def with_refusal(record: Record, refused: RefusedDigest) -> Record:
    """Return the record with one more refused digest; the oldest beyond the limit go."""
    others = tuple(one for one in record.refused if one.digest != refused.digest)
    return replace(record, refused=(*others, refused)[-KEPT_MAX:])
