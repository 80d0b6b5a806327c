"""Any order of calls, also late, twice and by others: what holds after every single one.

A walk plays the handlers' part on one service: it reads, decides, writes as Cloud Run would.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rollouts.actions import Action, Hold, Promote, RollBack, Shift, Stop
from rollouts.approving import Answer, answer
from rollouts.claiming import Facts, claim
from rollouts.deciding import decide
from rollouts.decisions import Decision
from rollouts.following import follow
from rollouts.images import Image
from rollouts.notices import UNWRITTEN, Notice
from rollouts.record import FINAL, Build, Record
from rollouts.record_json import parse_record, show_record
from rollouts.rolling_back import Ask, roll_back
from rollouts.seen import ServiceSeen
from rollouts.shifting import promote, shift, verified
from rollouts.stopping import stop_by_hand
from rollouts.telling import due, note
from rollouts.traffic import Entry, split_of
from rollouts.verdict import Kind, Numbers, Verdict
from tests.unit.functions.rollouts.builders import (
    EXECUTION,
    OTHER_EXECUTION,
    REPOSITORY,
    STABLE,
    at,
    deploying,
    driver,
    revision,
    seen,
    step,
    target,
)

EXECUTIONS = st.sampled_from([EXECUTION, OTHER_EXECUTION])
DIGESTS = st.sampled_from(["sha256:" + letter * 64 for letter in "abc"])
MOVES = st.one_of(
    st.tuples(st.just("deploy"), EXECUTIONS, DIGESTS, st.booleans(), st.booleans()),
    st.tuples(st.just("look"), st.sampled_from(["ready", "pending", "failed"]), st.booleans()),
    st.tuples(st.just("verify"), EXECUTIONS),
    st.tuples(st.just("shift"), EXECUTIONS, st.integers(-1, 3)),
    st.tuples(st.just("promote"), EXECUTIONS),
    st.tuples(st.just("check"), st.sampled_from(["pass", "fail", "inconclusive", "no_data"])),
    st.tuples(st.just("answer"), st.sampled_from(["approve", "deny"])),
    st.tuples(st.just("roll_back"), st.sampled_from([EXECUTION, OTHER_EXECUTION, "alert", "ann"])),
    st.tuples(st.just("stop")),
    st.tuples(st.just("forward")),
    st.tuples(st.just("person"), st.sampled_from(["moves traffic", "writes", "tags"])),
    st.tuples(st.just("wait"), st.sampled_from([1, 60, 600, 3600, 86_400])),
)
# Most walks shall get somewhere: what the last action asks for is the likeliest move.
WALKS = st.lists(st.just(("forward",)) | MOVES, min_size=5, max_size=40)


@dataclass
class Walk:
    """One service, and everybody who works on it."""

    manual: bool
    service: ServiceSeen = field(default_factory=seen)
    seconds: int = 0
    last: Action = field(default_factory=lambda: Stop("unchanged", ""))
    refused: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    """Ids of events that a write was followed by."""

    @property
    def now(self) -> Any:
        return at(self.seconds)

    @property
    def own(self) -> Any:
        return self.service.record.rollout

    def deploy(self, execution: str, digest: str, automatic: bool, force: bool) -> Decision:
        own = self.own
        if own and own.execution == execution:
            return self.look("ready", True)
        request = deploying(
            driver=driver(execution),
            image=Image(REPOSITORY, digest),
            build=Build(f"build-{digest[7:9]}", at(), "") if automatic else Build(),
            force=force,
            automatic=automatic,
        )
        chosen = target(approval={"by": "manual" if self.manual else "none"})
        facts = Facts(revision(STABLE, image="x"), None, other_driver_alive=False)
        decision = claim(self.service, request, chosen, facts, self.now)
        assert decision.change is None or force or digest not in self.refused
        return decision

    def look(self, readiness: Any, matches: bool) -> Decision:
        own = self.own
        if own is None:
            return Decision(self.last)
        canary = revision(own.canary, readiness)
        return follow(self.service, own, canary, digest_matches=matches, now=self.now)

    def verify(self, execution: str) -> Decision:
        return verified(self.service, step(driver=driver(execution)), "passed", self.now)

    def shift(self, execution: str, number: int) -> Decision:
        request = step({"kind": "shift", "step": number}, driver=driver(execution))
        canary = self.own and revision(self.own.canary)
        return shift(self.service, request, canary, self.now)

    def promote(self, execution: str) -> Decision:
        return promote(self.service, step({"kind": "promote"}, driver=driver(execution)), self.now)

    def check(self, kind: Kind) -> Decision:
        if self.own is None:
            return Decision(self.last)
        present = self.own.next_step - 1
        numbers = Numbers(present, 0, 0, 0, 0, 0, None, 300, 300)
        page = "stable is equally bad" if self.seconds % 2 and kind == "inconclusive" else ""
        verdict = Verdict(kind, kind, numbers, page=page)
        action = decide(self.own, verdict, self.now)
        if due(self.own, verdict, action, self.now):
            return note(self.service, driver(self.own.execution), verdict, self.now)
        return Decision(action)

    def answer(self, decision: Any) -> Decision:
        return answer(self.service, Answer(decision, "ann", "because"), self.now)

    def roll_back(self, who: str) -> Decision:
        by_hand = who == "ann"
        execution = "" if who == "alert" else EXECUTION if by_hand else who
        by = who if who in ("alert", "ann") else ""
        ask = Ask("it failed", refuse=True, by=by, by_hand=by_hand, execution=execution)
        return roll_back(self.service, ask, self.now)

    def stop(self) -> Decision:
        return stop_by_hand(self.service, step(reason="wait"), self.now)

    def forward(self) -> Decision:
        """Do what the workflow would: follow the last action."""
        own = self.own
        if own is None or own.ended:
            return self.deploy(EXECUTION if own is None else OTHER_EXECUTION, *FRESH)
        if own.state == "deploying":
            return self.look("ready", True)
        if own.state == "deployed":
            return self.verify(own.execution)
        match self.last:
            case Shift(number):
                return self.shift(own.execution, number)
            case Promote():
                return self.promote(own.execution)
            case RollBack():
                return self.roll_back(own.execution)
        if own.approval and not own.approval.decision:
            return self.answer("approve")
        return self.check("pass") if own.shifts else self.shift(own.execution, 0)

    def person(self, what: str) -> Decision:
        split = self.service.split
        if what == "moves traffic":
            split = (Entry(STABLE, 30), Entry("api-9", 70))
        if what == "tags":
            split = (*split, Entry(STABLE, 0, "blue"))
        generation = self.service.generation + (2 if what == "writes" else 1)
        self.service = replace(self.service, split=split, served=split, generation=generation)
        return Decision(self.last)

    def wait(self, seconds: int) -> Decision:
        self.seconds += seconds
        return Decision(self.last)

    def write(self, decision: Decision) -> None:
        """Write as Cloud Run does: everything or nothing, and the generation rises by one."""
        change = decision.change
        if change is None:
            return
        self.told |= {notice.as_cloud_event()["id"] for notice in decision.notices}
        record = replace(change.record, generation=self.service.generation)
        text = show_record(record)
        assert len(text.encode()) < 20 * 1024
        split = self.service.split if change.split is None else change.split
        self.service = replace(
            self.service,
            record=parse_record(text),
            split=split,
            served=split,
            generation=self.service.generation + 1,
        )
        assert self.service.record == record


FRESH = ("sha256:" + "d" * 64, False, True)


def told_before(walk: Walk, notice: Notice) -> bool:
    """Whether an event without a write is one that belongs to none, or a repeat."""
    return notice.kind in UNWRITTEN or notice.as_cloud_event()["id"] in walk.told


def check_after(walk: Walk, before: ServiceSeen, decision: Decision, move: Any) -> None:
    change, old, new = decision.change, before.record.rollout, walk.own
    if isinstance(decision.action, Hold):
        assert decision.action.wait_seconds >= 1
    assert change is not None or all(told_before(walk, one) for one in decision.notices)
    if change is not None and change.split is not None:
        assert sum(entry.percent for entry in change.split) == 100
        assert all(entry.revision for entry in change.split), "LATEST stands in a split"
        foreign = [one for one in before.split if one.tag and one.tag != "canary"]
        assert [one for one in change.split if one.tag and one.tag != "canary"] == [
            Entry(one.revision, 0, one.tag) for one in foreign
        ]
        assert walk.service.shares == new.shares, "the record does not explain its own split"
    if change is not None and before.unexplained() and move[0] in ("shift", "promote", "verify"):
        assert change.split is None, "a person's traffic was overwritten"
    if old and new and old.id == new.id:
        check_way(old, new, move)


def check_way(old: Any, new: Any, move: Any) -> None:
    """One rollout's way, from one state to the next."""
    if old.state == "rolled_back":
        # Only what someone gave the canary since may be taken away once more.
        assert replace(new, ended_at=old.ended_at) == old, "a rollback is final"
    if old.state in FINAL and new.state != old.state:
        assert new.state == "rolled_back"
        assert move[0] == "roll_back"
    if new.percent > old.percent:
        assert new.percent == old.steps[old.next_step]
        assert new.policy.approval.by == "none" or new.approval.decision == "approved"
        assert old.state in ("verified", "shifting")
    assert (new.policy, new.stable, new.canary, new.digest, new.claimed_at) == (
        old.policy,
        old.stable,
        old.canary,
        old.digest,
        old.claimed_at,
    )


@settings(max_examples=100)
@given(WALKS, st.booleans())
def test_whatever_happens_in_whatever_order_the_rules_hold_after_every_call(moves, manual):
    walk = Walk(manual)
    for move in moves:
        before = walk.service
        decision = getattr(walk, move[0])(*move[1:])
        between = walk.service
        walk.write(decision)
        walk.last = decision.action
        if move[0] not in ("person", "wait"):
            check_after(walk, between, decision, move)
        walk.refused = {one.digest for one in walk.service.record.refused}
        assert before.generation <= walk.service.generation


CALLS = MOVES.filter(lambda move: move[0] not in ("person", "wait", "forward"))


@settings(max_examples=100)
@given(WALKS, st.booleans(), CALLS)
def test_a_call_that_is_repeated_at_once_changes_nothing_more(moves, manual, call):
    walk = Walk(manual)
    for move in moves:
        decision = getattr(walk, move[0])(*move[1:])
        walk.write(decision)
        walk.last = decision.action
    walk.write(getattr(walk, call[0])(*call[1:]))
    if call[0] == "deploy":  # The second call finds the canary Ready and gives it its tag.
        walk.write(walk.deploy(*call[1:]))

    again = getattr(walk, call[0])(*call[1:])

    assert again.change is None
    assert all(told_before(walk, notice) for notice in again.notices)


def test_a_walk_that_only_follows_is_promoted():
    walk = Walk(manual=True)
    for _ in range(12):
        decision = walk.forward()
        walk.write(decision)
        walk.last = decision.action
        if walk.own.ended:
            break

    assert walk.own.state == "promoted"
    assert walk.service.split == split_of({walk.own.canary: 100}, ())
    assert walk.service.record == Record(
        walk.own, walk.service.generation - 1, acted_on=(), newest_build=None
    )
