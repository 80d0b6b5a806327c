"""Planted bugs: each a mistake that somebody could make, and the rule that must catch it.

A bug is planted by putting something else in the place of an attribute, for the time of a run. The
simulation is as good as what it catches; a new rule comes with the bug that it is for.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.simulation import mistakes as m
from tests.simulation.drawing import draw
from tests.simulation.run import Outcome, run
from tests.simulation.scenario import Happens, Scenario

Bias = Callable[[Scenario], Scenario]


@dataclass(frozen=True)
class Bug:
    """`plants`: object, attribute, and what makes the wrong one of the right one."""

    name: str
    rules: tuple[str, ...]
    plants: tuple[tuple[Any, str, Callable[[Any], Any]], ...]
    seeds: int = 10
    """Within so many it must be caught."""
    bias: Bias = lambda scenario: scenario
    """What makes the moment likelier that it shows in. Scenarios are shorter by it too."""


def catch(bug: Bug) -> Outcome | None:
    """Return the first run that catches a bug by a rule that it breaks; None if none does."""
    for seed in range(bug.seeds):
        with planted(bug):
            outcome = run(bug.bias(draw(seed)))
        if outcome.failure is not None and outcome.failure.rule in bug.rules:
            return outcome
    return None


@contextlib.contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Plant a bug as long as this lasts."""
    with contextlib.ExitStack() as stack:
        for owner, name, make in bug.plants:
            right = owner.__dict__[name]
            setattr(owner, name, make(right))
            stack.callback(setattr, owner, name, right)
        yield


# Biases: what is put into every scenario.


def with_settings(**settings: Any) -> Bias:
    def bias(scenario: Scenario) -> Scenario:
        targets = {name: {**given, **settings} for name, given in scenario.targets.items()}
        return replace(scenario, targets=targets)

    return bias


def beside_pushes(kind: str, after: float, /, **args: Any) -> Bias:
    """Have something happen so many seconds after each push."""

    def bias(scenario: Scenario) -> Scenario:
        more = [one.at + after for one in scenario.happenings if one.kind == "push"]
        added = tuple(
            Happens(1000 + len(scenario.happenings) + number, kind, at, {"target": 0, **args})
            for number, at in enumerate(more)
        )
        return replace(scenario, happenings=(*scenario.happenings, *added))

    return bias


def pushes(**args: Any) -> Bias:
    """Have every push be so."""

    def bias(scenario: Scenario) -> Scenario:
        changed = tuple(
            replace(one, args={**one.args, **args}) if one.kind == "push" else one
            for one in scenario.happenings
        )
        return replace(scenario, happenings=changed)

    return bias


def both(*biases: Bias) -> Bias:
    def bias(scenario: Scenario) -> Scenario:
        for one in biases:
            scenario = one(scenario)
        return scenario

    return bias


MANUAL: Mapping[str, Any] = {"by": "manual", "expires": "60m"}
GOOD = pushes(quality={})
CONFLICTS = beside_pushes("conflict", -1.0, seconds=1200, times=3)

BUGS = (
    Bug("stale_write_replayed", ("6",), m.stale_write_replayed, bias=CONFLICTS),
    Bug("missing_fence", ("3", "2", "6"), m.missing_fence,
        bias=both(GOOD, beside_pushes("call_twice", -1.0, seconds=1200, after=65), with_settings(second_push="supersede"))),
    Bug("rollback_not_final", ("2", "3"), m.rollback_not_final, bias=beside_pushes("rolls_back", 120.0)),
    Bug("lost_ack", ("5",), m.lost_ack,
        bias=both(beside_pushes("alert", 150.0, of="real", before=0), beside_pushes("read_503", 100.0, seconds=600, function="on_alert"))),
    Bug("lost_answer_taken_as_done", ("6",), m.lost_answer_taken_as_done, bias=beside_pushes("write_timeout", -1.0, seconds=600, times=2)),
    Bug("no_data_is_a_pass", ("4",), m.no_data_is_a_pass,
        bias=both(GOOD, with_settings(no_data="hold"), beside_pushes("load", 60.0, rps=0, seconds=3600))),
    Bug("percents_do_not_sum", ("1", "0"), m.percents_do_not_sum),
    Bug("latest_in_the_split", ("1",), m.latest_in_the_split),
    Bug("sweeper_too_eager", ("sweep",), m.sweeper_too_eager),
    Bug("unknown_execution_taken_for_gone", ("sweep",), m.unknown_is_gone, bias=beside_pushes("executions_unreadable", 30.0, seconds=600)),
    Bug("sweeper_asleep", ("3", "end"), m.sweeper_asleep, bias=both(GOOD, beside_pushes("execution_dies", 200.0))),
    Bug("two_drivers", ("3",), m.two_drivers, bias=with_settings(second_push="queue")),
    Bug("generation_ignored", ("7", "2", "3"), m.generation_ignored,
        bias=both(GOOD, beside_pushes("changes_template", 90.0))),
    Bug("person_overwritten", ("7", "6"), m.person_overwritten, bias=both(GOOD, beside_pushes("moves_traffic", 120.0))),
    Bug("older_build_overtakes", ("5",), m.older_build_overtakes, bias=both(GOOD, beside_pushes("push", 300.0, quality={}, index=False, age=7200))),
    Bug("build_begins_twice", ("5",), m.build_begins_twice, bias=beside_pushes("told_again", 900.0)),
    Bug("approval_of_another_honoured", ("5",), m.approval_of_another,
        bias=both(GOOD, with_settings(approval=MANUAL), beside_pushes("answers", 90.0, says="approve", of="earlier", times=1))),
    Bug("nobody_asked_for_approval", ("5",), m.nobody_asked, bias=both(GOOD, with_settings(approval=MANUAL))),
    Bug("refused_digest_accepted", ("5",), m.refused_accepted,
        bias=both(pushes(quality={"error_ratio": 1.0}), beside_pushes("rolls_out", 900.0, force=False, one=True))),
    Bug("digest_not_checked", ("8",), m.digest_not_checked, bias=both(GOOD, pushes(other_digest=True))),
    Bug("deadline_ignored", ("3", "sweep"), m.deadline_ignored,
        bias=both(GOOD, with_settings(deadline="30m", no_data="hold"), beside_pushes("load", 60.0, rps=0, seconds=7200))),
    Bug("freeze_ignored", ("freeze",), m.freeze_ignored, bias=both(GOOD, beside_pushes("stops_line", 0.0, seconds=600))),
    Bug("stale_verdict_acted_on", ("6",), m.stale_verdict,
        bias=both(GOOD, beside_pushes("function_down", 200.0, seconds=400, function="shift_traffic"))),
    Bug("canary_taken_as_stable", ("3",), m.canary_as_stable,
        bias=both(GOOD, with_settings(steps=[50, 100], second_push="supersede"))),
    Bug("queue_never_woken", ("wake",), m.queue_never_woken, bias=both(with_settings(second_push="queue"))),
    Bug("nobody_woken", ("wake",), m.nobody_woken),
    Bug("test_alert_acted_on", ("alert",), m.test_alert,
        bias=both(pushes(quality={"error_ratio": 0.2}), beside_pushes("alert", 80.0, of="test", before=0))),
    Bug("decision_records_lie", ("9",), m.records_lie, seeds=20),
)  # fmt: skip
