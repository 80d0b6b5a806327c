"""The state machine of a rollout: every write of a record is one or more of these transitions.

Nothing else is written: `check` refuses it. Not here: when a transition is due; that is decided
where it is told of (claiming, shifting, approving, telling, rolling_back, stopping, sweeping).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final, Literal

from rollouts.errors import NoTransition
from rollouts.notices import Kind
from rollouts.record import FINAL, Record, Rollout, State
from rollouts.seen import Change, ServiceSeen
from rollouts.traffic import shares, show_shares

Name = Literal[
    "queued", "left_queue", "started", "adopted", "became_ready", "probed", "verified", "asked",
    "answered", "shifted", "told", "asked_at_deadline", "answered_at_deadline", "promoted",
    "rolled_back", "given_back", "stopped", "superseded", "woken", "stuck",
]  # fmt: skip
Traffic = Literal["kept", "stable", "step", "canary"]
UNFINISHED: Final[tuple[State, ...]] = ("deploying", "deployed", "verified", "shifting")


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow. `before` is empty where no rollout of this id was on record."""

    name: Name
    before: tuple[State, ...]
    after: State | None
    """None: the same as before."""
    traffic: Traffic
    """Who is given the service's requests by the same write; `kept`: it does not touch them."""
    when: str
    events: tuple[Kind, ...] = ()


TRANSITIONS: Final = (
    Transition(
        "started", (), "deploying", "stable",
        "`deploy` claims the service for an image: nothing is under way, the execution of what is"
        " on record is gone, or the new one takes its place (`second_push: supersede`)",
        ("rollout.started",),
    ),
    Transition(
        "adopted", (), "deployed", "stable",
        "the same for a Ready revision that a person named", ("rollout.started",),
    ),
    Transition(
        "became_ready", ("deploying",), "deployed", "stable",
        "Ready, and the digest is the announced one: it gets the tag",
    ),
    Transition("probed", ("deployed",), None, "kept", "probes spoke against it"),
    Transition(
        "verified", ("deployed",), "verified", "kept", "a round of smoke tests passed",
        ("rollout.verified",),
    ),
    Transition(
        "asked", ("verified",), None, "kept", "the policy wants an approval: a person is asked",
        ("approval.requested",),
    ),
    Transition(
        "answered", ("verified",), None, "kept", "a person answers",
        ("approval.given", "approval.denied"),
    ),
    Transition(
        "shifted", ("verified", "shifting"), "shifting", "step",
        "the gates are open, and the step before passed or a person let it go on",
        ("traffic.shifted",),
    ),
    Transition(
        "told", (*UNFINISHED, "promoted"), None, "kept",
        "a person is told once: stable fails as well, errors at 100 %, an alert that only tells, a"
        " closed line",
        ("verdict.page", "verdict.alert", "rollout.frozen"),
    ),
    Transition(
        "asked_at_deadline", ("shifting",), None, "kept",
        "the deadline is over, and too little is known: a person is asked",
        ("approval.requested",),
    ),
    Transition(
        "answered_at_deadline", ("shifting",), None, "kept", "a person answers",
        ("approval.given", "approval.denied"),
    ),
    Transition(
        "promoted", ("shifting",), "promoted", "canary", "the last step passed",
        ("rollout.promoted",),
    ),
    Transition(
        "rolled_back", (*UNFINISHED, "promoted", "stopped", "superseded"), "rolled_back",
        "stable",
        "a failing verdict, smoke test or function, an alert, a no, the deadline, the sweeper, or"
        " a person",
        ("rollout.rolled_back",),
    ),
    Transition(
        "given_back", ("rolled_back",), None, "stable",
        "a person rolls back once more: what somebody gave the canary since is taken away",
        ("rollout.rolled_back",),
    ),
    Transition(
        "stopped", UNFINISHED, "stopped", "kept",
        "a person says so, or somebody else changed the service", ("rollout.stopped",),
    ),
    Transition(
        "superseded", UNFINISHED, "superseded", "stable",
        "a newer rollout takes its place, or the one before it is taken back",
        ("rollout.superseded",),
    ),
    Transition(
        "queued", UNFINISHED, None, "kept",
        "a delivery waits for the end of this rollout (`second_push: queue`)",
    ),
    Transition(
        "left_queue", (*UNFINISHED, *sorted(FINAL)), None, "kept",  # type: ignore[arg-type]
        "what waited has begun, or is gone",
    ),
    Transition(
        "woken", UNFINISHED, None, "kept",
        "the sweeper wakes a driver that should have moved long before",
    ),
    Transition(
        "stuck", (*UNFINISHED, *sorted(FINAL)), None, "kept",  # type: ignore[arg-type]
        "the sweeper tells a person, once, of a split that was written and is not served",
        ("traffic.stuck",),
    ),
)  # fmt: skip
BY_NAME: Final = {one.name: one for one in TRANSITIONS}

_BY_SWEEPER: Final[dict[str, Name]] = {"overdue_at": "woken", "stuck_at": "stuck"}
"""What the sweeper notes, each by itself."""
_IDENTITY: Final = (
    "execution", "callback", "service", "target", "repository", "digest", "build", "stable",
    "canary", "policy", "policy_hash", "claimed_at", "adopted", "placeholder",
)  # fmt: skip
"""What a rollout is, from its claim to its end."""


def made(before: Record, after: Record) -> tuple[Transition, ...]:
    """Return the transitions that lead from one record to the next; none if no rollout changed.

    Raises NoTransition if there is no such way.
    """
    names: list[Name] = []
    if after.waiting != before.waiting:
        names.append("queued" if after.waiting else "left_queue")
    old, new = before.rollout, after.rollout
    if new is None:
        if old is not None:
            raise NoTransition(f"the record of rollout {old.id} would be lost")
        return _named(names)
    if old is not None and old.id != new.id:
        if not old.ended:
            names.append("superseded")
        promoted = before.promoted
        old = promoted if promoted is not None and promoted.id == new.id else None
    if old is None:
        names.append(_begun(before, new))
    elif old != new:
        names += _within(old, new)
    return _named(names)


def check(seen: ServiceSeen, change: Change) -> tuple[Transition, ...]:
    """Return the transitions of a write, and see that its traffic is theirs.

    Raises NoTransition for a write that the state machine does not know: a fault of Barq's own.
    """
    steps = made(seen.record, change.record)
    rollout = change.record.rollout
    if change.split is None:
        moved = [one.name for one in steps if one.traffic != "kept"]
        wanted = rollout.shares if rollout else seen.shares
        if moved and seen.shares != wanted:
            raise NoTransition(f"{', '.join(moved)} would leave traffic as it is")
        return steps
    if rollout is None or any(entry.revision is None for entry in change.split):
        raise NoTransition("traffic would go to whatever revision is the latest")
    if all(one.traffic == "kept" for one in steps):
        raise NoTransition("traffic would change without a transition that says so")
    written = shares(change.split, None)
    if written != rollout.shares or sum(written.values()) != 100:  # noqa: PLR2004
        raise NoTransition(
            f"traffic would be {show_shares(written)}, and the record would say"
            f" {show_shares(rollout.shares)}"
        )
    return steps


def _named(names: Iterable[Name]) -> tuple[Transition, ...]:
    return tuple(BY_NAME[name] for name in names)


def _begun(before: Record, new: Rollout) -> Name:
    if new.id in before.past:
        raise NoTransition(f"rollout {new.id} would begin again")
    name: Name = "adopted" if new.adopted else "started"
    if new.state != BY_NAME[name].after or new.shifts:
        raise NoTransition(f"rollout {new.id} would begin as {new.state}")
    return name


def _within(old: Rollout, new: Rollout) -> list[Name]:
    """Return what happened to one rollout."""
    changed = {
        one.name for one in fields(Rollout) if getattr(old, one.name) != getattr(new, one.name)
    }
    other = sorted(changed & set(_IDENTITY))
    if other:
        raise NoTransition(f"rollout {new.id} would change its {', '.join(other)}")
    names = _moved(old, new) if old.state != new.state else _same_state(old, new, changed)
    if "shifts" in changed and "shifted" not in names:
        raise NoTransition(f"the shifts of rollout {new.id} would change without a shift")
    for name in names:
        if old.state not in BY_NAME[name].before:
            raise NoTransition(f"rollout {new.id} is {old.state} and would be {name}")
    return names


def _moved(old: Rollout, new: Rollout) -> list[Name]:
    match new.state:
        case "deployed":
            return ["became_ready"]
        case "shifting":
            return [_shifted(old, new)]
        case "promoted":
            if old.next_step < len(old.steps):
                raise NoTransition(f"rollout {new.id} would be promoted at {old.percent} %")
            return ["promoted"]
        case "verified" | "rolled_back" | "stopped" | "superseded":
            return [new.state]
    raise NoTransition(f"rollout {new.id} is {old.state} and would be {new.state}")


def _shifted(old: Rollout, new: Rollout) -> Name:
    more = len(new.shifts) - len(old.shifts)
    if more != 1 or new.shifts[:-1] != old.shifts:
        raise NoTransition(f"rollout {new.id} would be shifted {more} times at once")
    last = new.shifts[-1]
    if last.step != old.next_step or last.percent != new.steps[last.step]:
        raise NoTransition(f"rollout {new.id} would skip to step {last.step}")
    return "shifted"


def _same_state(old: Rollout, new: Rollout, changed: set[str]) -> list[Name]:
    alone = next(iter(changed)) if len(changed) == 1 else ""
    if alone in _BY_SWEEPER:
        return [_BY_SWEEPER[alone]]
    if old.state == "rolled_back":
        return ["given_back"]
    if "shifts" in changed:
        return [_shifted(old, new)]
    names: list[Name] = ["probed"] if "probed" in changed else []
    if "approval" in changed:
        names.append("answered" if new.approval and new.approval.decision else "asked")
    if "deadline_approval" in changed:
        asked = new.deadline_approval
        names.append("answered_at_deadline" if asked and asked.decision else "asked_at_deadline")
    quiet = {"probed", "approval", "deadline_approval", "verdict"}
    return [*names, "told"] if changed - quiet or not names else names
