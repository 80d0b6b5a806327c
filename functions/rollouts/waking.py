"""Whom a write wakes: each execution that waits for what it changed. Not: how it is reached.

A wake-up carries no decision and may get lost; who waits looks again by itself, only later.
"""

from rollouts.record import Record


def waiting(before: Record, after: Record, driver: str) -> dict[str, str]:
    """Return the callbacks to call and whose rollout each is, without `driver`'s, which wrote.

    The driver of a rollout that somebody else changed; who waits for its end, at the end; and
    who lost its place in the queue.
    """
    old, new = before.rollout, after.rollout
    found = []
    if old is not None and not old.ended and old != new:
        found.append((old.execution, old.callback, old.id))
    comes, came = after.waiting, before.waiting
    if came is not None and (comes is None or comes.id != came.id):
        found.append((came.execution, came.callback, came.id))
    if comes is not None and (new is None or new.ended):
        found.append((comes.execution, comes.callback, comes.id))
    return {
        callback: rollout
        for execution, callback, rollout in reversed(found)
        if callback and execution != driver
    }
