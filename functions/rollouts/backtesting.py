"""A recorded rollout judged again under another policy: what would have happened, and when.

The policy walks, the counts are the file's own: what another share would have counted is not
invented. Minutes are judged whole; the functions judge intervals of 10 s and find more, sooner.
"""

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from rollouts.actions import Hold, Promote, RollBack, Shift
from rollouts.comparison import ALONE
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
from rollouts.verdict import DOUBT, Verdict

LATE: Final = dt.timedelta(minutes=2)
"""How long after a minute its totals are visible.

Source: https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
"""
UNLIKE: Final = (0.5, 1.5)
"""Served over configured share, beyond which a step was not recorded at its share."""
GRAIN: Final = (
    "minutes are judged whole here, and their totals 2 minutes later; Barq itself knows of an"
    " error within seconds"
)
UNLIKE_MIN: Final = 100
"""Fewer requests than this tell nothing of the share."""
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


@dataclass
class _Step:
    """What was recorded while the walk was in one step."""

    percent: int
    canary: int = 0
    stable: int = 0
    others: set[int] = field(default_factory=set)
    """Recorded shares that are not this step's."""


class _Walk:
    def __init__(self, recording: Recording, policy: Policy) -> None:
        self.recording, self.policy = recording, policy
        self.began = recording.minutes[0].start
        self.rollout = _rollout(policy, self.began)
        self.tally = begin(policy)
        self.waiting = [
            _interval(one, BEFORE, 0) for one in recording.past if one.start >= self.began - PAST
        ]
        self.history = len(self.waiting)
        self.steps = [_Step(policy.steps[0])]
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
        self._note_share(minute, percent)
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

    def _note_share(self, minute: Minute, percent: int) -> None:
        step = self.steps[-1]
        step.canary += minute.arms["canary"].requests or 0
        step.stable += minute.arms["stable"].requests or 0
        if percent != step.percent:
            step.others.add(percent)

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
            self.steps.append(_Step(action.percent))
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
        return Replay(self.outcome, tuple(self.told), last, tuple(self._notes()))

    def _notes(self) -> list[str]:
        notes = [self._after(), self._past(), *map(_unlike, self.steps), GRAIN]
        return [one for one in notes if one]

    def _after(self) -> str:
        """Say what the recorded canary did when this policy had taken it back."""
        after = [one for one in self.recording.minutes if one.start >= self.now]
        if self.outcome != "rolled_back" or not after:
            return ""
        errors = sum(one.arms["canary"].errors for one in after)
        long = show_duration(len(after) * MINUTE)
        return f"the recorded canary went on for another {long}, with {errors:,} failed requests"

    def _past(self) -> str:
        if self.history:
            return f"stable's past as used: {self.history} minutes before the rollout"
        return (
            "the file has no minute of stable before the rollout: at 100 % there is nothing to"
            " judge by but absolute limits"
        )


def _unlike(step: _Step) -> str:
    """Say where the recorded share is not the policy's."""
    if step.others:
        shares = ", ".join(f"{one} %" for one in sorted(step.others))
        return (
            f"at {step.percent} %: recorded at {shares}, and judged at that; more or fewer"
            " requests than these are not invented"
        )
    both = step.canary + step.stable
    least, most = UNLIKE[0] * step.percent, UNLIKE[1] * step.percent
    served = 100 * step.canary / max(both, 1)
    if both < UNLIKE_MIN or (least <= served <= most and not _stays(step)):
        return ""
    return (
        f"at {step.percent} %: the canary had {served:.1f} % of the recorded requests, so the"
        " file tells of another share: do not rely on this step; a column percent would help"
    )


def _stays(step: _Step) -> bool:
    """Whether stable has requests where the canary has all of them."""
    return step.percent >= 100 * ALONE and step.stable > (1 - ALONE) * (step.canary + step.stable)


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
