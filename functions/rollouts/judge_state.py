"""What travels from one look at a rollout to the next, in a variable of the workflow.

Lost, or odd in any way, it is rebuilt from the signals: a look without it reads the whole history.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts import kept as kept_json
from rollouts import tally_json
from rollouts.judging import begin
from rollouts.kept import Kept, Pace
from rollouts.reading import PAST
from rollouts.record import Rollout
from rollouts.tally import Tally

SKEW: Final = dt.timedelta(minutes=1)
"""So far apart the clocks of two functions never are."""
PERIOD_MIN: Final = dt.timedelta(seconds=1)
"""A shorter sample period cuts a minute into more intervals than a look can give."""


@dataclass(frozen=True, slots=True)
class State:
    """What one look leaves to the next."""

    decision: str
    """The id of its decision record; empty where a history begins."""
    tally: Tally
    kept: Kept | Pace
    """What assembling the intervals keeps; where a history begins, at most a refused log's pace."""


def fresh_state(rollout: Rollout, told: Mapping[str, Any], *, affinity: bool) -> State:
    """Return the state before anything was read; only a refused log is still waited for."""
    tally = begin(rollout.policy, affinity=affinity)
    return State("", tally, kept_json.load_pace(told.get("pace")))


def state_of(state: State, rollout: Rollout) -> dict[str, Any]:
    """Return the state as JSON; the pace alone as long as no more is worth keeping."""
    kept = state.kept
    text = tally_json.dump(state.tally, _key(rollout))
    if text is None or isinstance(kept, Pace):
        pace = kept if isinstance(kept, Pace) else kept.pace
        return {"pace": kept_json.dump_pace(pace)}
    return {"decision": state.decision, "tally": text, "kept": kept_json.dump(kept)}


def read_state(told: Mapping[str, Any], rollout: Rollout, now: dt.datetime) -> State | None:
    """Return the state of `state_of`; None if it is not whole or not this rollout's.

    Needs a first shift.
    """
    tally = tally_json.load(told.get("tally"), _key(rollout), rollout.policy)
    kept = kept_json.load(told.get("kept"))
    decision = told.get("decision")
    if tally is None or kept is None or not isinstance(decision, str) or not decision:
        return None
    if not possible(kept, rollout.shifts[0].at, now):
        return None
    return State(decision, tally, kept)


def possible(kept: Kept, began: dt.datetime, now: dt.datetime) -> bool:
    """Whether a rollout's look can have kept this by now, and the next goes on from there.

    `began` is the first shift: what is from before it, or from the future, would make a look last
    for ever. One that begins anew has no more work than one that goes on from what is possible.
    """
    given = max(kept.closed_until, kept.seen_until)
    known = given - kept.looked_at <= SKEW and kept.looked_at - now <= SKEW
    since = began <= kept.told_since and began - kept.seen_until <= PAST + kept.period
    return known and since and kept.period >= PERIOD_MIN


def _key(rollout: Rollout) -> str:
    return f"{rollout.id} {rollout.policy_hash}"
