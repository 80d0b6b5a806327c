"""Whether an alert speaks against the canary. An alert alone moves no traffic.

It acts only on an incident that names the target, opened while this rollout can be its cause,
and only if the canary is worse than stable: by the request log, read once.
"""

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rollouts.durations import show_duration
from rollouts.incidents import Incident
from rollouts.intervals import BadRequest
from rollouts.policy import Delivery, Service, Target
from rollouts.record import Record, Rollout

LOOK_BACK: Final = dt.timedelta(minutes=5)
"""How much of the request log is read for the comparison, at most from the last shift."""
SIGMAS: Final = 3.0
LATE: Final = dt.timedelta(minutes=30)
"""How late after the watch an alert from within it may arrive."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Whether to roll back, and why or why not."""

    guilty: bool
    because: str


def named_target(incident: Incident, delivery: Delivery) -> tuple[Service, Target] | None:
    """Return the target that an incident names, or None. No label, no target: never a guess."""
    for service in delivery.services:
        for target in service.targets:
            ref = target.ref
            place = (incident.project, incident.region, incident.service)
            if place == (ref.project, ref.region, ref.service):
                return service, target
    return None


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


def excused(incident: Incident, rollout: Rollout | None, now: dt.datetime) -> str:
    """Say why an alert is no reason to roll back, before any signal is read; empty if it may be."""
    if incident.test:
        return "it is a test message"
    if not incident.open:
        return "the incident is closed"
    if rollout is None or not rollout.shifts:
        return "no rollout has shifted traffic here"
    if rollout.state == "rolled_back":
        return f"rollout {rollout.id} is rolled back already"
    if rollout.ended and rollout.state != "promoted":
        return f"rollout {rollout.id} is {rollout.state}"
    if incident.revision and incident.revision != rollout.canary:
        return f"it names {incident.revision}, and the canary is {rollout.canary}"
    started = incident.started or now
    if started < rollout.shifts[0].at:
        return "the incident began before the first shift"
    ended = rollout.ended_at
    if ended is not None and started > ended + rollout.policy.watch:
        watched = show_duration(rollout.policy.watch)
        return f"{rollout.canary} was promoted more than {watched} before the incident"
    if ended is not None and now > ended + rollout.policy.watch + LATE:
        return "it arrived long after the watch was over"
    return ""


def look_since(rollout: Rollout, now: dt.datetime) -> dt.datetime:
    """Return from when on the request log is compared: one share in force all the while."""
    return max(rollout.shifts[-1].at, now - LOOK_BACK)


def weigh(incident: Incident, rollout: Rollout, bad: Sequence[BadRequest]) -> Blame:
    """Weigh the bad requests since the last shift: the canary's against its share of traffic.

    At 100 % there is nothing to compare with: there the incident itself is the measure, and
    the canary's own errors its confirmation.
    """
    reached = [one for one in bad if one.reached]  # The platform's own answers blame nobody.
    canary = sum(one.role == "canary" for one in reached)
    stable = sum(one.role == "stable" for one in reached)
    what = f'alert "{incident.policy}"' if incident.policy else "an alert"
    counts = f"{canary} bad requests at the canary, {stable} at stable, at {rollout.percent} %"
    if not canary:
        return Blame(False, f"{what}: no bad request of the canary in the log")
    if rollout.percent < 100 and not _worse(canary, canary + stable, rollout.percent / 100):  # noqa: PLR2004
        return Blame(False, f"{what}: the canary is not worse than stable ({counts})")
    return Blame(True, f"{what} ({counts})")


def _worse(canary: int, both: int, share: float) -> bool:
    """Whether the canary has more of the bad requests than its share and chance explain.

    In an outage of both each bad request falls on the canary with its share of the traffic:
    three standard deviations above that happen once in some hundred outages.
    """
    expected = both * share
    return canary > expected + SIGMAS * math.sqrt(expected * (1 - share))
