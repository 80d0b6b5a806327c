"""A table of counts is read whole or refused with every problem: line, value, rule, example."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.errors import BadInput
from rollouts.intervals import Arm, Histogram
from rollouts.recorded_counts import read_recording
from tests.unit.functions.rollouts.builders import at

HEADER = "time,role,requests,errors"


def read(*lines, header=HEADER):
    return read_recording(
        header.split(","), [(number, line.split(",")) for number, line in enumerate(lines, 2)]
    )


def problems(*lines, header=HEADER):
    with pytest.raises(BadInput) as raised:
        read(*lines, header=header)
    assert "verdict.md" in raised.value.hint
    return raised.value.problems


def row(minute, role, *cells):
    return ",".join([f"2026-11-22T12:{minute:02}:00Z", role, *map(str, cells)])


def test_minutes_are_in_order_and_stable_alone_is_past_whatever_the_order_of_the_rows():
    recording = read(
        row(2, "stable", 900, 1), row(2, "canary", 100, 3), row(1, "stable", 1000, 2),
        row(3, "canary", 90, 0), row(3, "stable", 910, 0), row(0, "stable", 990, 0), ",,,",
    )  # fmt: skip

    assert [one.start for one in recording.past] == [at(0), at(60)]
    assert [one.start for one in recording.minutes] == [at(120), at(180)]
    assert recording.past[1].arms == {"stable": Arm(1000, 2)}
    assert recording.minutes[0].arms == {"canary": Arm(100, 3), "stable": Arm(900, 1)}
    assert recording.minutes[0].percent is None


def test_a_rollout_ends_with_the_canarys_last_row():
    recording = read(
        row(0, "canary", 10, 0), row(0, "stable", 90, 0), row(1, "stable", 100, 0),
    )  # fmt: skip

    assert [one.start for one in recording.minutes] == [at(0)]


def test_a_canary_at_0_percent_is_not_in_the_rollout_yet():
    """Smoke tests stand in its counts."""
    recording = read(
        row(0, "canary", 0, 4, 4), row(0, "stable", 0, 96, 0),
        row(1, "canary", 10, 10, 0), row(1, "stable", 10, 90, 0),
        header="time,role,percent,requests,errors",
    )  # fmt: skip

    assert recording.past[0].arms == {"stable": Arm(96, 0)}
    assert [(one.start, one.percent) for one in recording.minutes] == [(at(60), 10)]


def test_latencies_are_sums_up_to_each_bound_and_may_be_left_out_of_a_row():
    recording = read(
        row(0, "canary", 10, 1, 4, 9, 9), row(0, "stable", 90, 0, "", "", ""),
        header=f"{HEADER},le_100ms,le_1s,le_inf",
    )  # fmt: skip

    arms = recording.minutes[0].arms
    assert arms["canary"].latency == Histogram((100.0, 1000.0), (4, 5, 0))
    assert arms["stable"].latency is None


BOTH = row(0, "canary", 10, 0), row(0, "stable", 90, 0)
EXAMPLE = "2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("12:01,canary,1,0", f"time is '12:01': must be the start of a minute, such as {EXAMPLE}."),
        (
            "2026-11-22T12:01:30Z,canary,1,0",
            f"time is '2026-11-22T12:01:30Z': must be the start of a minute, such as {EXAMPLE}.",
        ),
        (
            "0001-01-01T00:00:00Z,canary,1,0",
            f"time is '0001-01-01T00:00:00Z': must be the start of a minute, such as {EXAMPLE}.",
        ),
        (row(1, "new", 1, 0), "role is 'new': must be canary or stable, such as stable."),
        (row(1, "canary", -1, 0), "requests is '-1': must be a whole number, such as 120."),
        (row(1, "canary", 1.5, 0), "requests is '1.5': must be a whole number, such as 120."),
        (row(1, "canary", "", 0), "requests is '': must be a whole number, such as 120."),
        (row(1, "canary", 1, "x"), "errors is 'x': must be a whole number, such as 120."),
        (row(1, "canary", 1, 2), "errors is 2: must be at most the requests, such as 1."),
        (row(1, "canary", 1), "the number of cells is 3: must be one for each name of the first line, such as 4."),
        (
            row(0, "canary", 1, 0),
            "time is '2026-11-22T12:00:00Z': must be a minute that line 2 does not tell of canary already, such as another minute.",
        ),
        (
            row(1, "canary", "9" * 80, 0),
            f"requests is '{'9' * 56}...: must be a whole number, such as 120.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_told_with_line_value_rule_and_example(cells, told):
    assert problems(*BOTH, cells) == [f"line 4: {told}"]


@pytest.mark.parametrize(
    ("percent", "told"),
    [("101", "'101'"), ("10 %", "'10 %'"), ("", "''")],
)
def test_a_share_is_a_whole_percent(percent, told):
    (found,) = problems(
        row(0, "canary", 10, 0, percent), row(0, "stable", 90, 0, 10), header=f"{HEADER},percent"
    )

    assert found == f"line 2: percent is {told}: must be a whole number from 0 to 100, such as 10."


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ((5, 4, 9), "the latency is [5, 4, 9]: must be rising, and at most the requests at last, such as [4, 5, 9]."),
        ((5, 9, 11), "the latency is [5, 9, 11]: must be rising, and at most the requests at last, such as [5, 9, 10]."),
        ((5, "", 9), "le_1s is '': must be a whole number in each le_ column or in none, such as 118."),
    ],
)  # fmt: skip
def test_latencies_that_do_not_add_up_are_told(cells, told):
    header = f"{HEADER},le_100ms,le_1s,le_inf"

    found = problems(
        row(0, "canary", 10, 0, *cells), row(0, "stable", 90, 0, "", "", ""), header=header
    )

    assert found == [f"line 2: {told}"]


def test_latencies_of_unreadable_requests_are_not_told_twice():
    header = f"{HEADER},le_100ms,le_1s,le_inf"

    found = problems(row(0, "canary", "x", 0, 1, 2, 3), *BOTH[1:], header=header)

    assert [one.partition(" is ")[0] for one in found] == [
        "line 2: requests", "line 3: the number of cells",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("time,role,requests", "line 1: the first line is 'time,role,requests': must be names with errors among them, such as time,role,requests,errors."),
        (f"{HEADER},status", "line 1: a column is 'status': must be one of time, role, requests, errors, percent and le_..., once each, such as le_100ms."),
        (f"{HEADER},role", "line 1: a column is 'role': must be one of time, role, requests, errors, percent and le_..., once each, such as le_100ms."),
        *(
            (f"{HEADER},{bounds}", f"line 1: the list of latencies is '{bounds}': must be rising durations and le_inf at last, such as le_100ms,le_1s,le_inf.")
            for bounds in ("le_inf", "le_100ms", "le_1s,le_100ms,le_inf", "le_soon,le_inf")
        ),
    ],
)  # fmt: skip
def test_a_wrong_first_line_is_told(header, told):
    assert problems(header=header) == [told]


def test_every_problem_is_told_at_once():
    found = problems(
        "noon,canary,1,0", row(0, "both", 1, 0), row(0, "canary", 1, 2), header=f"{HEADER}"
    )

    assert [one.partition(":")[0] for one in found] == ["line 2", "line 3", "line 4"]


def test_a_file_with_only_stables_rows_is_history_and_nothing_to_replay():
    (found,) = problems(row(0, "stable", 90, 0))

    assert found.startswith("the file has no row of the canary's with a share: must have")


def test_a_missing_minute_is_not_read_as_no_requests():
    found = problems(
        row(0, "canary", 10, 0), row(3, "canary", 10, 0), row(1, "stable", 90, 0),
    )  # fmt: skip

    assert found == [
        f"{role} has no row for {long} from {start} on: must have one for each minute of the"
        f" rollout, such as {start},{role},0,0 for no requests."
        for role, long, start in (
            ("canary", "2m", "2026-11-22T12:01:00Z"),
            ("stable", "1m", "2026-11-22T12:00:00Z"),
            ("stable", "2m", "2026-11-22T12:02:00Z"),
        )
    ]


def test_the_roles_of_a_minute_have_one_share():
    (found,) = problems(
        row(0, "canary", 10, 0, 10), row(0, "stable", 90, 0, 50), header=f"{HEADER},percent"
    )

    assert found == (
        "line 3: percent is [10, 50]: must be the same for both roles of a minute, such as 10 and 10."
    )


@given(
    header=st.lists(st.sampled_from([*HEADER.split(","), "percent", "le_1s", "le_inf", "?"])),
    cells=st.lists(
        st.lists(st.sampled_from([*BOTH[0].split(","), "stable", "-1", "", "9", "2026-11-22T12:05:00Z"]))
    ),
)  # fmt: skip
def test_whatever_the_cells_nothing_escapes_but_a_list_of_problems(header, cells):
    with contextlib.suppress(BadInput):
        assert read_recording(header, list(enumerate(cells, 2))).minutes
