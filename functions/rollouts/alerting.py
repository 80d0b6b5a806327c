"""What an alert comes to: stable gets everything, a person is told, or nothing and why not."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Final, Literal

from rollouts import retelling
from rollouts.actions import Stop
from rollouts.blame import Blame
from rollouts.decisions import Decision
from rollouts.instants import show_instant
from rollouts.notices import Notice
from rollouts.record import Rollout
from rollouts.rolling_back import Ask, roll_back, take_back
from rollouts.seen import Change, ServiceSeen

AGAIN: Final = dt.timedelta(minutes=10)
"""By when Pub/Sub has delivered again what whoever took it first did not live to acknowledge."""
Outcome = Literal["acted_on", "told", "ignored"]


@dataclass(frozen=True, slots=True)
class Settled:
    """What one delivery of an alert came to, as its log line tells it."""

    outcome: Outcome
    because: str
    incident: str = ""
    policy: str = ""
    service: str = ""
    """By its name in delivery.yaml; empty, as the target, if the alert names none of it."""
    target: str = ""
    rollout: str = ""
    """The id of the rollout that it was held against; empty without one."""


def excuse(rollout: Rollout | None, because: str, now: dt.datetime) -> Decision:
    """Do nothing, but tell a rollback by an alert again: this may be its second delivery."""
    again: tuple[Notice, ...] = ()
    if rollout and rollout.state == "rolled_back" and rollout.ended_by == "alert":
        fresh = rollout.ended_at is not None and now - rollout.ended_at < AGAIN
        again = retelling.end(rollout) if fresh else ()
    return Decision(Stop("unchanged", because), None, again)


def settle(
    seen: ServiceSeen, rollout: Rollout, blame: Blame, now: dt.datetime
) -> tuple[Decision, Outcome]:
    """Decide what follows from blame of `rollout`: the present one, or the last promoted."""
    if not blame.guilty:
        return Decision(Stop("unchanged", blame.because)), "ignored"
    present = rollout is seen.record.rollout
    only = _only_tells(rollout) if blame.alone else ""
    if only:
        decision = _told(seen, rollout, f"{only}: {blame.because}", now)
        return decision, "told" if decision.change else "ignored"
    ask = Ask(blame.because, refuse=True, by="alert")
    decision = (roll_back if present else take_back)(seen, ask, now)
    after = decision.change.record.rollout if decision.change else None
    # It is not, where a person or Terraform moved traffic meanwhile.
    acted = after is not None and after.id == rollout.id and after.state == "rolled_back"
    return decision, "acted_on" if acted else "ignored"


def _only_tells(rollout: Rollout) -> str:
    """Say why nothing is taken back where there is nobody to compare with; empty if it is."""
    if rollout.policy.analysis.only_tells("full", rollout.percent):
        return "watch_action: alert"
    # The one before is nobody's service: its page would answer 200 to every request.
    return "there is only the installer's placeholder to go back to" * rollout.placeholder


def _told(seen: ServiceSeen, rollout: Rollout, only: str, now: dt.datetime) -> Decision:
    """Tell a person, once, that the canary at 100 % looks worse than stable was."""
    if rollout.alerted_at is not None:
        since = show_instant(rollout.alerted_at)
        return Decision(Stop("unchanged", f"{only}; a person was told at {since}"))
    owner = seen.record.rollout
    assert owner is not None
    disturbed = seen.shares != owner.shares if owner.ended else seen.unexplained()
    if disturbed:
        return Decision(Stop("unchanged", f"{seen.unexplained()}; nobody was told of the alert"))
    after = replace(rollout, alerted_at=now)
    record = replace(
        seen.record,
        rollout=after if owner is rollout else owner,
        promoted=seen.record.promoted if owner is rollout else after,
    )
    percent = seen.shares.get(rollout.canary, 0)
    notice = Notice("verdict.alert", now, after, only, percent, percent)
    return Decision(Stop("unchanged", only), Change(record), (notice,))
