"""Whether an alert speaks against the canary. An alert alone moves no traffic.

It acts only on an incident that opened while this rollout can be its cause, and only if the
canary is worse than stable: by the request log, read once (`suspicion`).
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollouts.durations import show_duration
from rollouts.incidents import Incident
from rollouts.intervals import BadRequest, Role
from rollouts.record import Record, Rollout
from rollouts.suspicion import CHANCE, Stretch, expected_alone, looks, worse

LOOK_BACK: Final = dt.timedelta(minutes=5)
"""How much of the request log is read for the comparison, at most from the first shift."""
YOUNG: Final = dt.timedelta(minutes=2)
"""How long a fresh incident is weighed again: it is told of once, and may come before its
evidence."""
LATE: Final = dt.timedelta(minutes=30)
"""How late after the watch an alert from within it may arrive."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Whether to roll back, and why or why not."""

    guilty: bool
    because: str
    alone: bool = False
    """Guilty at 100 %, where a common outage looks the same."""
    thin: bool = False
    """Not guilty at 100 %, where more may come: nobody else looks after a promotion."""


def suspect(incident: Incident, record: Record) -> Rollout | None:
    """Return the rollout whose canary an alert may speak of: the present one, or the last promoted.

    An incident that names no revision speaks of the newest that ever had traffic.
    """
    present, promoted = record.rollout, record.promoted
    if promoted is None or present is None or present.state == "promoted":
        return present
    if promoted.canary != present.stable:
        return present  # Somebody put another revision in its place since.
    if incident.revision:
        return promoted if incident.revision == promoted.canary else present
    return present if present.shifts else promoted


def unfit(incident: Incident) -> str:
    """Say why a message moves nothing, whatever it is about; empty if it may."""
    if incident.test:
        return "it is a test message"
    if not incident.readable:
        return f"its schema is {incident.version}, and this code knows 1"
    return "" if incident.open else "the incident is closed"


def excused(incident: Incident, rollout: Rollout | None, now: dt.datetime) -> str:
    """Say why an alert is no reason to roll back, before any signal is read; empty if it may be."""
    if rollout is None or not rollout.shifts:
        return "no rollout has shifted traffic here"
    if rollout.state == "rolled_back":
        return f"rollout {rollout.id} is rolled back already"
    if rollout.ended and rollout.state != "promoted":
        return f"rollout {rollout.id} is {rollout.state}, by {rollout.ended_by or 'barq'}"
    if incident.revision and incident.revision != rollout.canary:
        return f"it names {incident.revision}, and the canary is {rollout.canary}"
    started = incident.started
    if started is None:
        return "it does not say when it began"
    if started < rollout.shifts[0].at:
        return "the incident began before the first shift"
    ended = rollout.ended_at
    if ended is not None and started > ended + rollout.policy.watch:
        watched = show_duration(rollout.policy.watch)
        return f"{rollout.canary} was promoted more than {watched} before the incident"
    if ended is not None and now > ended + rollout.policy.watch + LATE:
        return "it arrived long after the watch was over"
    return ""


def roles(rollout: Rollout) -> dict[str, Role]:
    """Return whose a revision's requests are."""
    return {rollout.canary: "canary", rollout.stable: "stable"}


def look_since(rollout: Rollout, now: dt.datetime) -> dt.datetime:
    """Return from when on the request log is compared, each request at the share it met."""
    return max(rollout.shifts[0].at, now - LOOK_BACK)


def weigh(
    incident: Incident,
    rollout: Rollout,
    bad: Sequence[BadRequest],
    since: dt.datetime,
    now: dt.datetime,
    *,
    affinity: bool = False,
) -> Blame:
    """Weigh the bad requests that began in [since, now).

    The canary is to blame if it is worse in one of the `looks`; the chance of a mistake is divided
    among them. `affinity`: clients stick to a revision, so the two are not compared.
    """
    what = f'alert "{incident.policy}"' if incident.policy else "an alert"
    found = looks(rollout, bad, since, now)
    if not any(one.canary for one in found):
        because = f"{what}: no bad request of the canary in the log"
        return Blame(False, because, thin=bool(found) and found[0].alone)
    compared = [one for one in found if one.alone or not affinity]
    if not compared:
        return Blame(False, f"{what}: clients stick to a revision, so nothing can be compared")
    for one in compared:
        if worse(one, rollout, CHANCE / len(compared)):
            return Blame(True, f"{what} ({one}{_allowed(one, rollout)})", one.alone)
    told = "; ".join(f"{one}{_allowed(one, rollout)}" for one in compared)
    because = f"{what}: the canary is not worse than stable ({told})"
    return Blame(False, because, thin=compared[0].alone)


def _allowed(one: Stretch, rollout: Rollout) -> str:
    if not one.alone:
        return ""
    expected = expected_alone(one, rollout)
    if expected is None:
        return ", where nothing is on record of stable"
    return f", where stable's record allows {expected:.1f}"
