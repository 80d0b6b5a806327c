"""The mistakes that `planted` plants: what a right function becomes. Each tells what it forgets."""

import dataclasses
from collections.abc import Callable
from typing import Any

import check_metrics
import deploy
import rollback
import sweep
import verify
from gcp import acting, compare_and_swap, service_document
from rollouts import (
    approving,
    claiming,
    deadline,
    deciding,
    planning,
    second_push,
    seen,
    shifting,
    stopping,
)
from rollouts.actions import Hold, Stop
from rollouts.alerting import Settled
from rollouts.decisions import Decision
from rollouts.errors import BarqError, Conflict
from rollouts.record import Rollout
from rollouts.sweeping import Swept
from rollouts.traffic import Entry

Make = Callable[[Any], Any]
Plants = tuple[tuple[Any, str, Make], ...]


def _is(value: Any) -> Make:
    """Make a function that always answers the same."""
    return lambda _right: lambda *_, **__: value


UNCHECKED = (compare_and_swap, "check", _is(()))
"""The state machine stops several of these by itself: it has to look away."""


def _replayed(_right: Any) -> Any:
    def update(services: Any, ref: Any, decide: Any, attempts_max: int = 5) -> Any:
        found = services.read(ref)
        decision = decide(found)
        while decision.change is not None:
            try:
                services.write(found, decision.change)
                break
            except Conflict:
                version = services.read(ref).raw["metadata"]["resourceVersion"]
                metadata = {**found.raw["metadata"], "resourceVersion": version}
                found = dataclasses.replace(found, raw={**found.raw, "metadata": metadata})
        return found, decision

    return update


stale_write_replayed: Plants = ((acting, "update", _replayed),)


def _unfenced(_right: Any) -> Any:
    def driven(found: Any, _driver: Any) -> Any:
        rollout = found.record.rollout
        if rollout is None or rollout.ended:
            return Stop("stopped", "no rollout is under way")
        return rollout

    return driven


missing_fence: Plants = (
    (stopping, "driven", _unfenced), (verify, "driven", _unfenced),
    (check_metrics, "driven", _unfenced),
)  # fmt: skip
rollback_not_final: Plants = (
    (Rollout, "ended", lambda _right: property(lambda self: self.state in {"promoted", "stopped", "superseded"})),
    UNCHECKED,
)  # fmt: skip


def _acknowledged(right: Any) -> Any:
    def handle_alert(data: bytes, world: Any) -> Any:
        try:
            return right(data, world)
        except BarqError:
            return Settled("ignored", "it could not be looked at")

    return handle_alert


lost_ack: Plants = ((rollback, "handle_alert", _acknowledged),)
lost_answer_taken_as_done: Plants = ((compare_and_swap, "_took_effect", _is(True)),)


def _silent_pass(right: Any) -> Any:
    def why_onward(rollout: Any, verdict: Any, lenient: str) -> str:
        return (
            "nothing bad was seen"
            if verdict.kind == "no_data"
            else right(rollout, verdict, lenient)
        )

    return why_onward


no_data_is_a_pass: Plants = ((deciding, "_why_onward", _silent_pass),)


def _short_of_one(right: Any) -> Any:
    def split_of(wanted: Any, present: Any, **given: Any) -> Any:
        first, *rest = right(wanted, present, **given)
        return (dataclasses.replace(first, percent=first.percent - 1), *rest)

    return split_of


percents_do_not_sum: Plants = ((shifting, "split_of", _short_of_one), UNCHECKED)


def _latest(right: Any) -> Any:
    def written(entry: Entry) -> dict[str, Any]:
        whole = entry.percent == 100
        return {"latestRevision": True, "percent": 100} if whole else right(entry)

    return written


latest_in_the_split: Plants = ((service_document, "_written", _latest),)


def _all_gone(right: Any) -> Any:
    def decide_sweep(found: Any, facts: Any, now: Any) -> Any:
        return right(found, dataclasses.replace(facts, alive=False), now)

    return decide_sweep


def _gone_if_unknown(right: Any) -> Any:
    def decide_sweep(found: Any, facts: Any, now: Any) -> Any:
        return right(found, dataclasses.replace(facts, alive=bool(facts.alive)), now)

    return decide_sweep


sweeper_too_eager: Plants = ((sweep, "decide_sweep", _all_gone),)
unknown_is_gone: Plants = ((sweep, "decide_sweep", _gone_if_unknown),)
sweeper_asleep: Plants = (
    (sweep, "decide_sweep", _is(Swept(Decision(Stop("unchanged", "all is well"))))),
)


def _nobody_else(right: Any) -> Any:
    return lambda *given: dataclasses.replace(right(*given), other_driver_alive=False)


two_drivers: Plants = ((deploy, "_facts", _nobody_else),)


def _only_traffic(right: Any) -> Any:
    def unexplained(self: Any) -> str:
        told = right(self)
        return told if told.startswith("traffic is") else ""

    return unexplained


generation_ignored: Plants = ((seen.ServiceSeen, "unexplained", _only_traffic),)
person_overwritten: Plants = ((seen.ServiceSeen, "unexplained", _is("")),)
older_build_overtakes: Plants = ((planning, "overtaken", _is("")),)


def _forgetful(right: Any) -> Any:
    return lambda record, build: right(dataclasses.replace(record, acted_on=()), build)


build_begins_twice: Plants = (
    (planning, "stale", _forgetful), (claiming, "stale", _forgetful),
    (second_push, "_already_on_its_way", _is("")), (claiming, "_already_serves", _is("")),
)  # fmt: skip
approval_of_another: Plants = ((approving, "not_meant", _is(None)),)
nobody_asked: Plants = ((shifting, "gate", _is(None)),)
refused_accepted: Plants = ((claiming, "_unwanted", _is("")),)
digest_not_checked: Plants = ((deploy, "_matches", _is(True)),)


def _for_ever(_right: Any) -> Any:
    return lambda rollout, *_: Hold(int(rollout.policy.check_every.total_seconds()), "", "data")


deadline_ignored: Plants = ((deadline, "wait", _for_ever),)
freeze_ignored: Plants = ((shifting, "frozen", _is(None)),)
stale_verdict: Plants = ((shifting, "_stale", _is(None)),)


def _largest(_right: Any) -> Any:
    return lambda found: max(found.shares, key=lambda name: (found.shares[name], name))


canary_as_stable: Plants = ((claiming, "stable_of", _largest), (deploy, "stable_of", _largest))


def _driver_alone(right: Any) -> Any:
    def waiting(before: Any, after: Any, driver: str) -> Any:
        alone = (dataclasses.replace(one, waiting=None) for one in (before, after))
        return right(*alone, driver)

    return waiting


queue_never_woken: Plants = ((acting, "waiting", _driver_alone),)
nobody_woken: Plants = ((acting, "waiting", _is({})),)
test_alert: Plants = ((rollback, "unfit", _is("")),)


def _less(right: Any) -> Any:
    def decision_records(rollout: Any, told: Any, *rest: Any) -> Any:
        return right(rollout, dataclasses.replace(told, intervals=told.intervals[1:]), *rest)

    return decision_records


records_lie: Plants = ((check_metrics, "decision_records", _less),)
