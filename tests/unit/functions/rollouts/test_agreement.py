"""Rules between the settings of a target: each is told with name, value, rule and example."""

import datetime as dt

import pytest

from rollouts.delivery_file import parse_delivery, parse_policy
from rollouts.errors import BadSettings
from tests.unit.functions.rollouts.builders import PLACE, document

WHERE = "services.api.targets.production"


def production(**more):
    return document(targets={"production": PLACE | more})


def problems_of(given):
    with pytest.raises(BadSettings) as refusal:
        parse_delivery(given)
    return refusal.value.problems


def test_a_deadline_must_hold_a_window_for_each_step():
    just = production(steps=[10, 50, 100], window="16m", deadline="1h")
    short = production(steps=[10, 50, 100], window="16m", deadline="59m")

    assert parse_delivery(just)
    assert problems_of(short) == [
        (
            "services.api.targets.production.deadline is 59m: must be at least 1h, a window and 4m"
            " for each step because totals are minutes late, such as 1h."
        )
    ]


def test_a_deadline_must_hold_each_steps_own_window():
    just = production(steps=[1, 10, 50, 100], window=["1m", "10m"], deadline="47m")
    short = production(steps=[1, 10, 50, 100], window=["1m", "10m"], deadline="46m")

    assert parse_delivery(just)
    assert "must be at least 47m" in problems_of(short)[0]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("window", {"window": ["1m", "5m", "5m"]}),
        ("analysis.min_requests", {"analysis": {"min_requests": [5, 10, 20]}}),
        ("analysis.max_errors", {"analysis": {"max_errors": [5, 10, 20]}}),
    ],
)
def test_a_list_has_no_more_entries_than_there_are_steps(name, more):
    assert parse_delivery(production(steps=[10, 50, 100], **more))
    assert problems_of(production(steps=[50, 100], **more)) == [
        (
            f"services.api.targets.production.{name} has 3 entries: must be at most one for each"
            " of the 2 steps, such as a list of 2."
        )
    ]


def test_a_deadline_that_may_be_extended_leaves_looks_for_that_too():
    just = production(deadline="4970m", check_every="1m", no_data="extend")
    often = production(deadline="4971m", check_every="1m", no_data="extend")

    assert parse_delivery(just)
    assert "check_every is 1m" in problems_of(often)[0]
    assert parse_delivery(production(deadline="4971m", check_every="1m", no_data="hold"))


def test_a_rollout_has_no_more_looks_than_an_execution_has_steps_for():
    just = production(deadline="5000m", check_every="1m")
    often = production(deadline="5001m", check_every="1m")

    assert parse_delivery(just)
    assert problems_of(often) == [
        (
            "services.api.targets.production.check_every is 1m: must leave at most 5000 looks within"
            " the deadline, 3d11h21m, such as 1m1s."
        )
    ]


@pytest.mark.parametrize("window", ["30m", ["1h", "30m", "50m"]])
def test_a_look_comes_before_the_shortest_window_is_over(window):
    just = production(window=window, deadline="4h", check_every="30m")
    late = production(window=window, deadline="4h", check_every="31m")

    assert parse_delivery(just)
    assert problems_of(late) == [
        (
            f"{WHERE}.check_every is 31m: must be at most the shortest window, or a bad canary is"
            " looked at when its step is over, such as 30m."
        )
    ]


def test_latency_is_compared_in_some_part_of_each_window():
    just = production(window="1m", analysis={"warm_up": "59s"})
    long = production(window="1m", analysis={"warm_up": "1m"}, steps=[50, 100])

    assert parse_delivery(just)
    assert problems_of(long) == [
        (
            f"{WHERE}.analysis.warm_up is 1m: must be shorter than each window below 100 %, here"
            " 1m, unless no latency is judged, because that of this time is not, such as 20s."
        )
    ]


def test_a_limit_on_latency_alone_needs_some_of_each_window_too():
    limited = {"slowdown_tolerated": "off", "max_latency_p95": "800ms"}

    (problem,) = problems_of(production(window="10s", analysis=limited))

    assert problem.startswith(f"{WHERE}.analysis.warm_up is 20s")


def test_a_warm_up_that_nobody_set_is_told_of_too():
    (problem,) = problems_of(production(window="10s"))

    assert problem.startswith(f"{WHERE}.analysis.warm_up is 20s: must be shorter than each window")


@pytest.mark.parametrize(
    "more",
    [
        {"steps": [100], "window": "10s"},
        {"steps": [50, 100], "window": ["5m", "10s"]},
        {"steps": [1, 10, 100], "window": ["15s", "5m"]},
        {"steps": [1, 10, 100], "window": ["1m", "5m"], "analysis": {"warm_up": "2m"}},
        {"window": "10s", "analysis": {"slowdown_tolerated": "off"}},
    ],
)
def test_where_latency_is_not_compared_or_is_in_later_steps_a_window_may_be_short(more):
    """At 100 % there is nothing to compare with, and a short first step meets what fails."""
    assert parse_delivery(production(**more))


@pytest.mark.parametrize(
    ("steps", "window"),
    [
        ([1, 100], ["1m", "5m"]),
        ([1, 10, 100], ["61s", "5m"]),
        ([1, 10, 100], ["5m", "1m"]),
        ([1, 10, 100], ["1m", "1m", "5m"]),
    ],
)
def test_only_a_short_first_step_before_others_may_do_without_latency(steps, window):
    given = production(steps=steps, window=window, analysis={"warm_up": "2m"})

    assert [one.split(" ")[0] for one in problems_of(given)] == [f"{WHERE}.analysis.warm_up"]


def test_all_that_does_not_agree_is_told_at_once():
    given = production(
        steps=[50, 100],
        window=["1m", "1m", "1m"],
        deadline="9m",
        check_every="2h",
        analysis={"warm_up": "1h"},
    )

    assert [one.split(" ")[0].removeprefix(f"{WHERE}.") for one in problems_of(given)] == [
        "window",
        "deadline",
        "check_every",
        "analysis.warm_up",
    ]


def test_a_record_keeps_a_policy_that_would_not_be_taken_any_more():
    """Barq was upgraded while the rollout waited: what it began with still holds."""
    assert parse_policy({"window": "5m", "deadline": "5m"}).deadline == dt.timedelta(minutes=5)
