"""From a decision to the world: write by compare-and-swap, then tell. In this order, always.

What is told after a write cannot fail the write: an event that could not be published, or a
wake-up that found nobody, is a line in the log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gcp.compare_and_swap import update
from gcp.log import Severity, log
from gcp.ports import World
from rollouts.actions import Action
from rollouts.decisions import Decision
from rollouts.errors import BarqError, Missing, Transient
from rollouts.notices import FOR_NOW, Notice
from rollouts.policy import ServiceRef, Target
from rollouts.record import Rollout
from rollouts.seen import ServiceSeen
from rollouts.waking import waiting


def find_target(world: World, service: str, target: str) -> Target:
    """Return a target of delivery.yaml. Raises Missing with the names that there are."""
    found = world.delivery.service(service)
    if found is None:
        names = ", ".join(one.name for one in world.delivery.services)
        raise Missing(f"service {service!r} is not in delivery.yaml, which has {names}")
    inside = found.target(target)
    if inside is None:
        names = ", ".join(one.name for one in found.targets)
        raise Missing(f"target {target!r} is not one of {service}'s, which are {names}")
    return inside


PUBLISHED_MAX: Final = 3
"""Attempts to publish, at once: what is lost then stands in the record and in the log alone."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a decision: the next action, and the rollout as it now stands on record."""

    action: Action
    rollout: Rollout | None


def act(
    world: World, ref: ServiceRef, decide: Callable[[ServiceSeen], Decision], *, driver: str = ""
) -> Acted:
    """Decide on a fresh read, write, tell, and wake whoever waits for what was written.

    `driver` is the execution that asks; empty for an alert, the sweeper or a person.
    """
    seen, decision = update(world.services, ref, decide)
    tell(world, decision.notices)
    if decision.change is None:
        return Acted(decision.action, seen.record.rollout)
    for callback, rollout in waiting(seen.record, decision.change.record, driver).items():
        wake_up(world, callback, rollout)
    return Acted(decision.action, decision.change.record.rollout)


def tell(world: World, notices: Sequence[Notice]) -> None:
    """Log and publish what happened."""
    for notice in notices:
        event = notice.as_cloud_event()
        severity: Severity = "ERROR" if notice.kind in FOR_NOW else "INFO"
        log(severity, notice.kind, **{k: v for k, v in event["data"].items() if k != "event"})
    if not notices:
        return
    for attempt in range(1, PUBLISHED_MAX + 1):
        try:
            world.events.publish(notices)
        except BarqError as error:
            if isinstance(error, Transient) and attempt < PUBLISHED_MAX:
                continue
            kinds = [notice.kind for notice in notices]
            log("WARNING", "event.lost", events=kinds, because=error.message)
        return


def wake_up(world: World, callback: str, rollout: str) -> None:
    """Let a waiting execution look again."""
    try:
        world.waker.wake(callback)
    except BarqError as error:
        log("WARNING", "wake_up.lost", rollout=rollout, because=error.message)


def answered(action: Action, rollout: Rollout | None, **more: Any) -> dict[str, Any]:
    """Return the answer of a driving function: the action, and what stands in the record."""
    return {"action": action.as_json(), "rollout": summary(rollout), **more}


def summary(rollout: Rollout | None) -> dict[str, Any] | None:
    """Return what people and later steps want to know of a rollout, in a few fields."""
    if rollout is None:
        return None
    return {
        "id": rollout.id,
        "state": rollout.state,
        "percent": rollout.shares.get(rollout.canary, 0),
        "stable": rollout.stable,
        "canary": rollout.canary,
        "because": rollout.because,
    }
