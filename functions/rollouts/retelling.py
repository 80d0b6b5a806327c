"""The last change of a rollout, told once more: whoever wrote it may have died before telling it.

A call that comes again finds its change done. It tells the same event, under the same id, so
that readers can drop the one that is too many; one that nobody told would be lost for good.
"""

from rollouts.deadline import words_of
from rollouts.notices import Kind, Notice
from rollouts.record import ApprovalGiven, Rollout

_END: dict[str, Kind] = {
    "promoted": "rollout.promoted",
    "rolled_back": "rollout.rolled_back",
    "stopped": "rollout.stopped",
}


def last_shift(rollout: Rollout) -> tuple[Notice, ...]:
    """Return the notice of the last shift."""
    *before, last = rollout.shifts
    was = before[-1].percent if before else 0
    notice = Notice("traffic.shifted", last.at, rollout, rollout.because, was, last.percent)
    return (notice,)


def end(rollout: Rollout, left: int | None = None) -> tuple[Notice, ...]:
    """Return the notice of a rollout's end; none if it has not ended, or was superseded.

    What took its place was another's write. `left` is the canary's share at a stop, which may
    not be the one that it was given.
    """
    kind = _END.get(rollout.state)
    if kind is None or rollout.ended_at is None:
        return ()
    kept = rollout.percent if left is None else left
    after = 0 if rollout.state == "rolled_back" else kept
    by = "" if rollout.ended_by == "barq" else rollout.ended_by
    return (Notice(kind, rollout.ended_at, rollout, rollout.because, rollout.percent, after, by),)


def begun(rollout: Rollout) -> tuple[Notice, ...]:
    """Return the notice of a claim."""
    notice = Notice("rollout.started", rollout.claimed_at, rollout, rollout.because, 0, 0)
    return (notice,)


def question(rollout: Rollout, approval: ApprovalGiven, because: str) -> tuple[Notice, ...]:
    """Return the notice of what a person was asked before the first shift."""
    return (Notice("approval.requested", approval.asked_at, rollout, because, 0, 0),)


def answer(rollout: Rollout, approval: ApprovalGiven) -> tuple[Notice, ...]:
    """Return the notice of what a person answered."""
    assert approval.at is not None
    kind: Kind = "approval.given" if approval.decision == "approved" else "approval.denied"
    # The share of that moment, not of today's: it is part of the event's id.
    before = [one.percent for one in rollout.shifts if one.at < approval.at]
    percent = before[-1] if before else 0
    words = words_of(approval)
    return (Notice(kind, approval.at, rollout, words, percent, percent, approval.by),)
