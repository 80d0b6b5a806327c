"""The one loop over a conflict: read again, decide again, write. Nothing is ever replayed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from gcp.ports import Services
from rollouts.errors import BarqError, Conflict, Transient
from rollouts.policy import ServiceRef
from rollouts.record_json import show_record
from rollouts.seen import Change, ServiceSeen
from rollouts.transitions import check


class HasChange(Protocol):
    """What a decision must tell this loop."""

    @property
    def change(self) -> Change | None:
        """What to write; None for nothing."""


D = TypeVar("D", bound=HasChange)


def update(
    services: Services,
    ref: ServiceRef,
    decide: Callable[[ServiceSeen], D],
    attempts_max: int = 5,
) -> tuple[ServiceSeen, D]:
    """Write what `decide` wants of a fresh read. Returns the read and the decision that held.

    `decide` sees each fresh read: an old decision written onto a new state is how a person's
    rollback gets silently undone. Raises Transient after `attempts_max` conflicts, NoTransition
    for a write that the state machine does not know.
    """
    assert attempts_max >= 1
    for _ in range(attempts_max):
        seen = services.read(ref)
        decision = decide(seen)
        if decision.change is None:
            return seen, decision
        check(seen, decision.change)
        try:
            services.write(seen, decision.change)
        except Conflict:
            continue  # Someone wrote first. Read what they wrote, then think again.
        except Transient:
            if not _took_effect(services, ref, decision.change):
                raise
        return seen, decision
    raise Transient(
        f"nothing was written: the service {ref} changed under each of {attempts_max} attempts"
    )


def _took_effect(services: Services, ref: ServiceRef, change: Change) -> bool:
    """Whether a write without an answer happened all the same; False if nobody can tell.

    Else the next attempt would find it done, and what is told after a write, a rollback not
    least, would never be told.
    """
    try:
        found = services.read(ref).record
    except BarqError:
        return False
    same = replace(found, generation=change.record.generation, spec=change.record.spec)
    return show_record(same) == show_record(change.record)
