"""sweep: what it is asked, in which order it goes, and what it does when the time is over."""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

import sweep
from rollouts.errors import BadInput, Missing, Transient
from tests.docs.scenarios import shifted
from tests.docs.small_world import NOW, SmallWorld

MINUTE = dt.timedelta(minutes=1)


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("document", [None, {}])
def test_the_clock_sends_nothing_and_means_every_target(document):
    assert sweep.parse(document) == sweep.SweepRequest("", "")


def test_a_person_may_name_a_service_and_a_target():
    asked = sweep.parse({"service": "api", "target": "production"})

    assert asked == sweep.SweepRequest("api", "production")


@pytest.mark.parametrize("document", ["all", {"service": "API"}, {"target": 7}])
def test_a_wrong_request_is_refused(document):
    with pytest.raises(BadInput, match="sweep"):
        sweep.parse(document)


def test_a_target_that_there_is_none_of_is_missing():
    with pytest.raises(Missing, match=r"no target of delivery\.yaml is api/test"):
        sweep.handle(sweep.SweepRequest("api", "test"), SmallWorld())


def test_where_all_is_well_nothing_is_found_and_nothing_is_logged(capsys):
    world = shifted(4)
    capsys.readouterr()

    answer = sweep.handle(sweep.parse(None), world)

    assert answer == {
        "kind": "swept",
        "at": "2026-11-22T12:04:00Z",
        "targets": 2,
        "findings": [],
        "failed": [],
        "left": [],
    }
    assert lines(capsys) == []


def test_a_finding_is_one_line_and_stands_in_the_answer(capsys):
    world = shifted(4)
    world.alive_executions = False
    capsys.readouterr()

    (found,) = sweep.handle(sweep.parse(None), world)["findings"]

    (line,) = [one for one in lines(capsys) if one["event"] == "sweep.found"]
    assert line == {"severity": "WARNING", "event": "sweep.found", **found}
    assert (found["service"], found["target"]) == ("api", "production")
    assert (found["finding"], found["done"]) == ("execution_gone", "stable_back")


@dataclass
class Slow(SmallWorld):
    """A world in which each read takes a while, and may fail."""

    seconds: float = 0
    refusals: dict[str, Exception] = field(default_factory=dict)

    def services_read(self, ref: Any) -> Any:
        self.at += dt.timedelta(seconds=self.seconds)
        if ref.project in self.refusals:
            raise self.refusals[ref.project]
        return super().services_read(ref)


def test_no_target_is_begun_when_the_time_is_over(capsys):
    answer = sweep.handle(sweep.parse(None), Slow(seconds=240))

    assert answer["targets"] == 1
    assert len(answer["left"]) == 1
    assert [one["event"] for one in lines(capsys)] == ["sweep.broke_off"]


def test_a_target_is_begun_as_long_as_there_is_time():
    assert sweep.handle(sweep.parse(None), Slow(seconds=239))["left"] == []


@pytest.mark.parametrize(
    ("error", "severity", "words"),
    [
        (Transient("no answer"), "WARNING", "no answer"),
        (Missing("no service"), "ERROR", "no service"),
        (KeyError("metadata"), "ERROR", "a mistake of Barq's own (KeyError)"),
    ],
)
def test_what_goes_wrong_at_one_target_is_told_and_the_others_are_swept(
    error, severity, words, capsys
):
    projects = [
        target.ref.project for one in SmallWorld().delivery.services for target in one.targets
    ]
    world = Slow(refusals={projects[0]: error})

    answer = sweep.handle(sweep.parse(None), world)

    assert answer["targets"] == 2
    assert [one["because"] for one in answer["failed"]] == [words]
    (line,) = lines(capsys)
    assert (line["event"], line["severity"]) == ("sweep.failed", severity)


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_everybody_is_soon_among_the_first(size):
    """If only a quarter is ever swept in time, everybody's turn comes within nine minutes."""
    everybody = list(range(size))
    quarter = -(-size // 4)
    for start in range(0, 1000, 37):
        minutes = [NOW + MINUTE * (start + late) for late in range(9)]
        swept = {one for at in minutes for one in sweep.in_turn(everybody, at)[:quarter]}
        assert swept == set(everybody)


def test_an_order_leaves_nobody_out():
    assert sorted(sweep.in_turn([1, 2, 3], NOW)) == [1, 2, 3]
