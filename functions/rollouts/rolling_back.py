"""How stable gets everything: one read, this decision, one write. Final for its rollout."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rollouts import retelling
from rollouts.actions import Hold, Outcome, Stop
from rollouts.deadline import words_of
from rollouts.deciding import stop_for
from rollouts.decisions import Decision, with_refusal, with_rollout
from rollouts.notices import Notice
from rollouts.record import Record, RefusedDigest, Rollout
from rollouts.second_push import with_past
from rollouts.seen import Change, ServiceSeen
from rollouts.stopping import foreign_stop, not_meant
from rollouts.traffic import split_of

SERVED_WITHIN = dt.timedelta(seconds=60)
"""A written split that is not the served one after this long is a page for a person."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Why stable shall get everything, and on whose word."""

    because: str
    refuse: bool
    """Whether the digest is refused from now on."""
    by: str = ""
    """Empty: Barq decided."""
    by_hand: bool = False
    """A person said so in as many words: traffic that someone moved does not hinder it."""
    execution: str = ""
    """The driving execution that asks; empty for an alert or a person."""
    rollout: str = ""
    """The id of the rollout that a person meant; empty: whichever is on record."""
    decision: Mapping[str, Any] | None = None
    """The decision that led here, in short, for those who are told."""


def roll_back(seen: ServiceSeen, ask: Ask, now: dt.datetime) -> Decision:
    """Decide about a rollback. Repeating it changes nothing and looks whether it arrived."""
    rollout = seen.record.rollout
    if rollout is None:
        # For its driver this is no good end: the record that it wrote is gone.
        outcome: Outcome = "stopped" if ask.execution and not ask.by_hand else "unchanged"
        return Decision(Stop(outcome, f"{seen.ref} has no rollout to roll back"))
    other = not_meant(rollout, ask.rollout)
    if other:
        return Decision(other)
    if ask.execution and rollout.execution != ask.execution and not ask.by_hand:
        because = f"rollout {rollout.id} is driven by {rollout.execution}; nothing was changed"
        return Decision(Stop("superseded", because))
    if rollout.state == "rolled_back":
        if ask.by_hand and seen.shares != rollout.shares:
            return _given_back_again(seen, rollout, ask, now)
        found = arrived(seen, rollout, now)
        # A person's execution asks again by itself until stable is served everything.
        told = () if ask.by_hand else retelling.end(rollout)
        return replace(found, notices=(*told, *found.notices))
    if rollout.state in ("stopped", "superseded") and not ask.by_hand:
        return Decision(stop_for(rollout))
    if rollout.state == "promoted" and ask.execution and not ask.by_hand:
        return Decision(stop_for(rollout))
    if seen.shares != rollout.shares and not ask.by_hand:
        if rollout.ended:  # Promoted once, and a person has moved traffic since.
            return Decision(Stop("unchanged", f"{seen.unexplained()}; nothing was changed"))
        return foreign_stop(seen, rollout, seen.unexplained(), now)
    return _rolled_back(seen, rollout, ask, now)


def take_back(seen: ServiceSeen, ask: Ask, now: dt.datetime) -> Decision:
    """Take back the rollout promoted before the present one, on an alert during its watch.

    The present one goes with it: it began beside a revision that is not stable any more.
    """
    promoted, present = seen.record.promoted, seen.record.rollout
    assert promoted is not None
    assert present is not None
    assert promoted.canary == present.stable
    if seen.shares != present.shares:
        return Decision(Stop("unchanged", f"{seen.unexplained()}; nothing was changed"))
    before = with_past(seen.record, present.id)
    alone = replace(seen, record=replace(before, rollout=promoted, promoted=None))
    decision = _rolled_back(alone, promoted, ask, now)
    if present.ended:
        return decision
    because = f"{promoted.canary}, beside which it began, was taken back"
    over = replace(present, state="superseded", because=because, ended_at=now, ended_by="barq")
    percent = seen.shares.get(present.canary, 0)
    left = Notice("rollout.superseded", now, over, because, percent, 0)
    return replace(decision, notices=(left, *decision.notices))


def arrived(seen: ServiceSeen, rollout: Rollout, now: dt.datetime) -> Decision:
    """Look whether stable is served everything, after a rollback. A 200 is not yet traffic."""
    if seen.served_shares == {rollout.stable: 100} or seen.shares != rollout.shares:
        return Decision(stop_for(rollout))
    ended = rollout.ended_at or now
    if now - ended < SERVED_WITHIN:
        because = f"{rollout.stable} is written to have 100 %, and is not served it yet"
        return Decision(Hold(2, because, "traffic", ended + SERVED_WITHIN))
    because = (
        f"{rollout.stable} was written to have 100 % at the rollback and is still not served it;"
        " look at the service now"
    )
    percent = seen.served_shares.get(rollout.canary, 0)
    notice = Notice("traffic.stuck", now, rollout, because, percent, percent)
    return Decision(Stop("rolled_back", because), None, (notice,))


def _given_back_again(seen: ServiceSeen, rollout: Rollout, ask: Ask, now: dt.datetime) -> Decision:
    """Take away what someone gave a rolled back canary since; the rollout stays as it ended."""
    after = replace(rollout, ended_at=now)
    return _to_stable(seen, with_rollout(seen.record, after), after, ask, now)


def _whose(rollout: Rollout, ask: Ask) -> str:
    """Return whose word it is: a driver that does what a person said no to asks by itself."""
    approval = rollout.deadline_approval or rollout.approval
    denied = approval and approval.decision == "denied" and words_of(approval) == ask.because
    return approval.by if approval and denied and not ask.by else ask.by


def _rolled_back(seen: ServiceSeen, rollout: Rollout, ask: Ask, now: dt.datetime) -> Decision:
    ask = replace(ask, by=_whose(rollout, ask))
    after = replace(
        rollout,
        state="rolled_back",
        because=ask.because,
        verdict=ask.because,
        ended_at=now,
        ended_by=ask.by or "barq",
    )
    record = with_rollout(seen.record, after)
    if ask.refuse and rollout.digest:
        refused = RefusedDigest(rollout.digest, rollout.id, now, ask.because[:200])
        record = with_refusal(record, refused)
    return _to_stable(seen, record, after, ask, now)


def _to_stable(
    seen: ServiceSeen, record: Record, rollout: Rollout, ask: Ask, now: dt.datetime
) -> Decision:
    """Give stable everything, and say so. The next look asks whether it arrived."""
    percent = seen.shares.get(rollout.canary, 0)
    notice = Notice(
        "rollout.rolled_back", now, rollout, ask.because, percent, 0, ask.by, ask.decision
    )
    change = Change(record, split_of({rollout.stable: 100}, seen.split))
    hold = Hold(1, f"{rollout.stable} gets 100 %: {ask.because}", "traffic", now + SERVED_WITHIN)
    return Decision(hold, change, (notice,))
