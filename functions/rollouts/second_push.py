"""A second delivery while a rollout is under way: it takes its place, waits for it, or goes.

The setting `second_push` of the target says which. Not: whether the newcomer is wanted at all.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rollouts.actions import Hold, Stop
from rollouts.decisions import Decision
from rollouts.images import short
from rollouts.instants import show_instant
from rollouts.notices import Notice
from rollouts.policy import SecondPush
from rollouts.record import KEPT_MAX, Record, Rollout, Waiting
from rollouts.requests import DeployRequest
from rollouts.seen import Change, ServiceSeen

TURN_SECONDS: Final = 120
"""How often who waits looks again, should the wake-up at the end of the present one get lost."""


def meet(
    seen: ServiceSeen,
    present: Rollout,
    request: DeployRequest,
    own: str,
    way: SecondPush,
    now: dt.datetime,
) -> Decision | None:
    """Decide what a newcomer does beside a rollout whose driver lives; None: it takes its place."""
    same = _already_on_its_way(present, request)
    if same:
        return Decision(Stop("stopped", same), None, left_aside(seen, request, same, now))
    if way == "supersede":
        return None
    if way == "queue":
        return _queue(seen, present, request, own, now)
    because = f"{_under_way(present)}; second_push is reject, and nothing was changed"
    return Decision(Stop("stopped", because), None, left_aside(seen, request, because, now))


def left_aside(
    seen: ServiceSeen, request: DeployRequest, because: str, now: dt.datetime
) -> tuple[Notice, ...]:
    """Tell that a build began nothing; not to the build whose rollout this is, told twice."""
    present = seen.record.rollout
    if present is None or not request.automatic or request.build.id in seen.record.acted_on:
        return ()
    percent = seen.shares.get(present.canary, 0)
    said = f"build {request.build.id}: {because}"
    return (Notice("delivery.ignored", now, present, said, percent, percent),)


def over(record: Record, own: str) -> str:
    """Say that this delivery had its turn, or lost it; empty if it may begin."""
    if own not in record.past:
        return ""
    present = record.rollout
    after = f", {present.id} came after it" if present else ""
    return f"rollout {own} is over or was overtaken{after}; nothing was changed"


def with_past(record: Record, *ids: str) -> Record:
    """Return the record with rollouts that are over: the oldest beyond the limit go."""
    kept = tuple(one for one in record.past if one not in ids)
    return replace(record, past=(*kept, *ids)[-KEPT_MAX:])


def out_of_queue(record: Record, own: str) -> Record:
    """Return the record without the place in the queue of what begins now."""
    mine = record.waiting is not None and record.waiting.id == own
    return replace(record, waiting=None) if mine else record


def _already_on_its_way(present: Rollout, request: DeployRequest) -> str:
    if request.revision is not None and request.revision == present.canary:
        return f"revision {request.revision} is on its way already; nothing was changed"
    if request.force or request.image is None or request.image.digest != present.digest:
        return ""
    if request.override_freeze and not present.override_freeze:
        return ""
    return f"{short(present.digest)} is on its way already; {_under_way(present)}"


def _under_way(present: Rollout) -> str:
    return (
        f"rollout {present.id} ({present.canary}) is under way since"
        f" {show_instant(present.claimed_at)}, driven by {present.execution}"
    )


def _queue(
    seen: ServiceSeen, present: Rollout, request: DeployRequest, own: str, now: dt.datetime
) -> Decision:
    waiting = seen.record.waiting
    hold = Hold(TURN_SECONDS, f"waits for the end of rollout {present.id}", "turn")
    if waiting is not None and waiting.id == own:
        return Decision(hold)
    if waiting is not None and request.automatic:
        older = _not_newer(waiting, request)
        if older:
            return Decision(Stop("stopped", older), None, left_aside(seen, request, older, now))
    mine = Waiting(own, request.driver.execution, request.driver.callback, request.build, now)
    record = replace(seen.record, waiting=mine)
    told: Sequence[Notice] = ()
    if waiting is not None:
        record = with_past(record, waiting.id)
        percent = seen.shares.get(present.canary, 0)
        said = f"build {waiting.build.id or 'by hand'} waited, and a newer one took its place"
        told = (Notice("delivery.ignored", now, present, said, percent, percent),)
    return Decision(hold, Change(record), tuple(told))


def _not_newer(waiting: Waiting, request: DeployRequest) -> str:
    """Say why an automatic build does not take the place of who waits; empty if it does."""
    if request.build.id and request.build.id == waiting.build.id:
        return f"build {request.build.id} waits already; nothing was changed"
    created, first = request.build.created, waiting.build.created
    if created and first and created < first:
        return (
            f"build {request.build.id} was created at {show_instant(created)}, before the one that"
            f" waits ({show_instant(first)}); nothing was changed"
        )
    return ""
