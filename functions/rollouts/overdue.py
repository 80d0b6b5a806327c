"""How long a rollout may stay as it is, whatever happens: what all its waits add up to at most.

Not a deadline: a driver that lives ends a rollout long before. The sweeper measures by this
whether one still moves.
"""

import datetime as dt

from rollouts import deadline
from rollouts.freezing import FROZEN_MAX
from rollouts.probing import timeout_of
from rollouts.record import Rollout


def limit_of(rollout: Rollout, closed_at: dt.datetime | None = None) -> dt.datetime:
    """Return the instant by which the driver must have moved it on or ended it.

    `closed_at` is the present instant if the line is closed: a canary without traffic then waits
    for as long as one may. When it has opened, that time is over at once.
    """
    assert not rollout.ended
    if rollout.shifts:
        return _of_traffic(rollout)
    limit = _before_traffic(rollout)
    if closed_at is None or rollout.override_freeze:
        return limit
    return max(limit, (rollout.frozen_at or closed_at) + FROZEN_MAX)


def _before_traffic(rollout: Rollout) -> dt.datetime:
    policy, approval = rollout.policy, rollout.approval
    if approval is None:
        return rollout.claimed_at + policy.ready_within + _tests(rollout) + _canary_ready(rollout)
    if approval.decision == "approved":
        return _answered(approval.at) + _canary_ready(rollout)
    return _answered(approval.at) if approval.decision else approval.expires_at


def _of_traffic(rollout: Rollout) -> dt.datetime:
    policy, approval = rollout.policy, rollout.deadline_approval
    if approval and approval.decision == "denied":
        return _answered(approval.at)
    shifted = rollout.shifts[-1].at + _canary_ready(rollout)
    asked = deadline.asked(rollout)
    if asked:
        return max(asked.expires_at, shifted)
    ends = deadline.deadline_of(rollout)
    return max(ends + policy.extend_max if policy.no_data == "extend" else ends, shifted)


def _canary_ready(rollout: Rollout) -> dt.timedelta:
    """Return how long a shift waits for a canary that is not Ready at the moment."""
    policy = rollout.policy
    return policy.ready_within + policy.window_of(rollout.next_step - 1)


def _tests(rollout: Rollout) -> dt.timedelta:
    """Return what smoke tests and probes take if every one of them comes to its timeout."""
    smoke = rollout.policy.verify
    attempt = smoke.every + smoke.latency_max * 2 * len(smoke.paths)
    of_stable = timeout_of(smoke) * len(smoke.paths)  # After the last one, to compare.
    probes = rollout.policy.analysis.probes * timeout_of(smoke) * 2
    return smoke.attempts * attempt + of_stable + probes


def _answered(at: dt.datetime | None) -> dt.datetime:
    assert at is not None, "an answer has its time"
    return at
