"""What travels from one look at a rollout to the next, in a variable of the workflow.

Lost, or odd in any way, it is rebuilt from the signals: a look without it reads the whole history.
"""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from rollouts import kept as kept_json
from rollouts import tally_json
from rollouts.actions import Hold
from rollouts.instants import show_instant
from rollouts.intervals import Signals
from rollouts.judging import begin
from rollouts.kept import Kept, Pace
from rollouts.record import Rollout
from rollouts.tally import Tally
from rollouts.verdict import Verdict

SLOW_SECONDS_MAX: Final = 120


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


def read_state(told: Mapping[str, Any], rollout: Rollout) -> State | None:
    """Return the state of `state_of`; None if it is not whole or not this rollout's."""
    tally = tally_json.load(told.get("tally"), _key(rollout), rollout.policy)
    kept = kept_json.load(told.get("kept"))
    decision = told.get("decision")
    if tally is None or kept is None or not isinstance(decision, str) or not decision:
        return None
    return State(decision, tally, kept)


def _key(rollout: Rollout) -> str:
    return f"{rollout.id} {rollout.policy_hash}"


def slowed(action: Hold, until: dt.datetime | None, now: dt.datetime) -> Hold:
    """Hold until there can be something new to see, at most two minutes, never past its end."""
    if until is None or action.waits_for != "data":
        return action
    ends = min(until, action.until) if action.until else until
    wait = min(math.ceil((ends - now).total_seconds()), SLOW_SECONDS_MAX)
    return replace(action, wait_seconds=max(action.wait_seconds, wait))


def summary_of(decision: str, verdict: Verdict) -> dict[str, Any]:
    """Return what an event tells of the decision that led to it; the record has the rest."""
    told = verdict.as_json()
    return {"id": decision, **{key: told[key] for key in ("kind", "cause", "numbers", "evidence")}}


def queries_of(signals: Signals) -> tuple[str, ...]:
    """Say what was read of which signal."""
    found = []
    if signals.visible_until > signals.since:
        span = f"{show_instant(signals.since)} to {show_instant(signals.visible_until)}"
        found.append(f"Monitoring: request_count and request_latencies of {span}")
    if signals.log_until:
        found.append(f"request log: bad requests until {show_instant(signals.log_until)}")
    return tuple(found)
