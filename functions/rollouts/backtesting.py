"""A recorded rollout judged again under another policy: what would have happened, and when.

The policy walks, the counts are the file's own: what another share would have counted is not
invented. Minutes are judged whole; the functions judge intervals of 10 s and find more, sooner.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Final, Literal

from rollouts.actions import Hold, Promote, RollBack, Shift
from rollouts.deciding import alerts, decide
from rollouts.delivery_schema import policy_hash
from rollouts.durations import show_duration
from rollouts.instants import show_instant
from rollouts.intervals import BEFORE, Arm, Interval
from rollouts.judging import advance, begin, conclude
from rollouts.policy import Policy
from rollouts.reading import PAST
from rollouts.record import Build, Rollout, ShiftDone
from rollouts.recorded_counts import MINUTE, Minute, Recording
from rollouts.replay_notes import Walked, notes_of, went_on
from rollouts.verdict import DOUBT, Verdict

LATE: Final = dt.timedelta(minutes=2)
"""How long after a minute its totals are visible.

Source: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
"""
Outcome = Literal["promoted", "rolled_back", "asked", "unfinished"]


@dataclass(frozen=True, slots=True)
class Told:
    """One change of what goes on."""

    at: dt.datetime
    what: str
    evidence: str
    """Against what is enough; empty before anything was judged."""
    because: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What would have happened."""

    outcome: Outcome
    told: tuple[Told, ...]
    last: str
    """How it ended, in a sentence."""
    notes: tuple[str, ...]
    """What this replay can not say, and what a reader should know of it."""


def show_replay(replayed: Replay) -> str:
    """Write a replay for people, a line for each change."""
    wide = max(len(one.what) for one in replayed.told)
    evidence = max(len(one.evidence) for one in replayed.told)
    lines = [
        f"{show_instant(one.at)}  {one.what:{wide}}  {one.evidence:>{evidence}}  {one.because}"
        for one in replayed.told
    ]
    notes = [f"note: {note}" for note in replayed.notes]
    return "\n".join([*lines, "", replayed.last, *notes]) + "\n"


def replay(recording: Recording, policy: Policy) -> Replay:
    """Walk a recording by a policy. Looks at the end of minutes, `check_every` apart at least."""
    walk = _Walk(recording, policy)
    for minute in recording.minutes:
        if walk.outcome == "unfinished":
            walk.take(minute)
    return walk.result()


class _Walk:
    """A rollout that is walked minute by minute. Mutable."""

    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording, self.policy = recording, policy
        self.began = recording.minutes[0].start
        self.rollout = _rollout(policy, self.began)
        self.tally = begin(policy)
        self.waiting = [
            _interval(one, BEFORE, 0) for one in recording.past if one.start >= self.began - PAST
        ]
        self.history = len(self.waiting)
        self.steps = [Walked(policy.steps[0])]
        self.outcome: Outcome = "unfinished"
        self.looked_at, self.now = self.began - policy.check_every, self.began
        self.held = (False, "")
        self.paged = self.alerted = False
        first = f"shift 0 -> {policy.steps[0]} %"
        self.told = [Told(self.began, first, "", "the canary's first minute in the file")]

    def take(self, minute: Minute) -> None:
        """Let a minute pass."""
        self.now = minute.start + MINUTE
        shift = self.rollout.shifts[-1]
        percent = shift.percent if minute.percent is None else minute.percent
        self.steps[-1].take(minute, percent)
        whole = _interval(minute, shift.step, percent)
        known = replace(
            whole,
            canary=Arm(None, whole.canary.errors),
            stable=Arm(None, whole.stable.errors),
            seen_at=None,
        )
        self.waiting.append(whole)
        seen = [one for one in self.waiting if one.seen_at and one.seen_at <= self.now]
        self.waiting = [one for one in self.waiting if one not in seen]
        advance(self.tally, [known, *seen])
        if self.now - self.looked_at >= self.policy.check_every:
            self.looked_at = self.now
            self._look(conclude(self.tally))

    def _look(self, verdict: Verdict) -> None:
        if verdict.page and not self.paged:
            self._tell("page", verdict, verdict.page)
        self.paged = bool(verdict.page)
        if alerts(self.rollout, verdict) and not self.alerted:
            self.alerted = True
            self._tell("alert", verdict, verdict.because)
        action = decide(self.rollout, verdict, self.now)
        percent = self.rollout.percent
        if isinstance(action, Shift):
            self._tell(f"shift {percent} -> {action.percent} %", verdict, action.because)
            shift = ShiftDone(self.now, action.step, action.percent)
            self.rollout = replace(self.rollout, shifts=(*self.rollout.shifts, shift))
            self.steps.append(Walked(action.percent))
            self.held = (False, "")
        elif isinstance(action, Promote):
            self.outcome = "promoted"
            self._tell("promote", verdict, action.because)
        elif isinstance(action, RollBack):
            self.outcome = "rolled_back"
            self._tell("roll back", verdict, action.because)
        else:
            assert isinstance(action, Hold)
            self._hold(action, verdict)

    def _hold(self, action: Hold, verdict: Verdict) -> None:
        if action.waits_for == "approval":
            self.outcome = "asked"
            self._tell("ask a person", verdict, action.because)
            return
        # The counts change at every look; what it waits for is told once.
        kind = (
            verdict.evidence.total >= DOUBT,
            re.sub(r"[\d,.]+", "#", action.because.partition("; ")[2]),
        )
        if kind != self.held:
            self.held = kind
            self._tell(f"hold at {self.rollout.percent} %", verdict, action.because)

    def _tell(self, what: str, verdict: Verdict, because: str) -> None:
        found = verdict.evidence
        evidence = f"{found.total:,.{0 if found.total >= 100 else 1}f} of {found.threshold:,.0f}"  # noqa: PLR2004
        self.told.append(Told(self.now, what, evidence, because))

    def result(self) -> Replay:
        took = show_duration(self.now - self.began)
        ends: dict[Outcome, str] = {
            "promoted": f"promoted {took} after the first shift",
            "rolled_back": f"rolled back {took} after the first shift",
            "asked": f"a person is asked {took} after the first shift",
            "unfinished": f"undecided: the file ends {took} after the first shift,"
            f" at {self.rollout.percent} %",
        }
        last = f"{ends[self.outcome]}, at {show_instant(self.now)}"
        after = went_on(self.recording, self.now) if self.outcome == "rolled_back" else ""
        notes = notes_of(self.history, self.steps)
        return Replay(self.outcome, tuple(self.told), last, (*[after] * bool(after), *notes))


def _interval(minute: Minute, step: int, percent: int) -> Interval:
    canary: Arm = minute.arms.get("canary", Arm(0, 0))
    end = minute.start + MINUTE
    return Interval(
        minute.start,
        end,
        step,
        percent,
        canary,
        minute.arms["stable"],
        known_at=end,
        seen_at=end + LATE,
    )


def _rollout(policy: Policy, began: dt.datetime) -> Rollout:
    """Return the rollout that is walked; only its policy and its shifts decide anything."""
    return Rollout(
        id="replay",
        execution="",
        callback="",
        service="",
        target="",
        repository="",
        digest="",
        build=Build(),
        stable="stable",
        canary="canary",
        policy=policy,
        policy_hash=policy_hash(policy),
        state="shifting",
        claimed_at=began,
        shifts=(ShiftDone(began, 0, policy.steps[0]),),
    )
