"""How a rollout stops without moving traffic: by a person's word, or because of one's hand."""

import datetime as dt
from dataclasses import replace

from rollouts import retelling
from rollouts.actions import Stop
from rollouts.deciding import stop_for
from rollouts.decisions import Decision, with_rollout
from rollouts.notices import Notice
from rollouts.record import Rollout
from rollouts.requests import NO_ROLLOUT, Driver, StepRequest
from rollouts.seen import Change, ServiceSeen


def driven(seen: ServiceSeen, driver: Driver) -> Rollout | Stop:
    """Return the rollout that this execution drives and that has not ended, or why there is none.

    One execution drives a rollout; every other is told to stop, and succeeds.
    """
    rollout = seen.record.rollout
    if rollout is None:
        return Stop("stopped", f"no rollout is under way on {seen.ref}; nothing was changed")
    if rollout.execution != driver.execution:
        return Stop(
            "superseded",
            f"rollout {rollout.id} on {seen.ref} is driven by {rollout.execution};"
            " nothing was changed",
        )
    return stop_for(rollout) if rollout.ended else rollout


def undisturbed(seen: ServiceSeen, driver: Driver, now: dt.datetime) -> Rollout | Decision:
    """Return the rollout that this execution drives, if nobody else changed the service since.

    Otherwise the decision that ends it: every step that writes begins with this question.
    """
    rollout = driven(seen, driver)
    if isinstance(rollout, Stop):
        return Decision(rollout)
    foreign = seen.unexplained()
    return foreign_stop(seen, rollout, foreign, now) if foreign else rollout


def not_meant(rollout: Rollout, meant: str) -> Stop | None:
    """Say that another rollout is on record than the one that a person meant; None if it is that.

    A person's word is good for one rollout. Delivered twice or late it must not hit the next.
    """
    if meant in ("", rollout.id):
        return None
    past = (
        f"rollout {meant} is over"
        if meant != NO_ROLLOUT
        else "no rollout was there when it was asked"
    )
    because = f"{past}; {rollout.id}, which came after it, was left alone"
    return Stop("superseded", because)


def foreign_stop(
    seen: ServiceSeen, rollout: Rollout, difference: str, now: dt.datetime
) -> Decision:
    """Stop, because someone else changed the service. What they wrote stays as it is."""
    because = f"{difference}; the rollout stops and overwrites nothing"
    return _stopped(seen, rollout, because, "barq", now)


def stop_by_hand(seen: ServiceSeen, request: StepRequest, now: dt.datetime) -> Decision:
    """Stop at a person's word. Traffic stays where it is, and the record says who and why."""
    rollout = seen.record.rollout
    if rollout is None or rollout.ended:
        mine = rollout is not None and rollout.state == "stopped" and rollout.id == request.rollout
        again = (
            retelling.end(rollout, seen.shares.get(rollout.canary, 0)) if mine and rollout else ()
        )
        return Decision(Stop("unchanged", f"no rollout is under way on {seen.ref}"), None, again)
    other = not_meant(rollout, request.rollout)
    if other:
        return Decision(other)
    by = request.by or "a person"
    return _stopped(seen, rollout, f"stopped by {by}: {request.reason}", by, now)


def _stopped(
    seen: ServiceSeen, rollout: Rollout, because: str, by: str, now: dt.datetime
) -> Decision:
    ended = replace(rollout, state="stopped", because=because, ended_at=now, ended_by=by)
    percent = seen.shares.get(rollout.canary, 0)
    notice = Notice("rollout.stopped", now, ended, because, percent, percent, by)
    return Decision(Stop("stopped", because), Change(with_rollout(seen.record, ended)), (notice,))
