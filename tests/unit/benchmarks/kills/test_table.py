"""What the table says of a kill, and what it does not hide."""

import dataclasses
import datetime as dt

from benchmarks.kills.cases import Case, Moment
from benchmarks.kills.playing import Row
from benchmarks.kills.table import line, report

CASE = Case("rollback", "after its write", Moment("rollback"), ("rolled_back",))
ROW = Row(CASE, 1, "rolled_back", True, "rollback", 1234, 7, 0, 0.06, 1)


def test_a_row_says_what_was_killed_how_it_ended_and_who_did_it():
    said = line(ROW)

    assert (
        said == "| rollback | after its write | rolled back | rollback | 0.1 | 1,234 | 7 | 0 | 1 |"
    )
    assert ROW.right


def test_a_kill_that_hit_nobody_is_not_right():
    missed = dataclasses.replace(ROW, killed=0)

    assert not missed.right
    assert "NOT KILLED" in line(missed)


def test_an_end_that_is_not_served_or_not_the_one_is_not_right():
    unserved = dataclasses.replace(ROW, whole=False)

    assert not unserved.right
    assert "NOT SERVED WHOLE" in line(unserved)
    assert not dataclasses.replace(ROW, ended="promoted").right


def test_one_lost_request_is_not_right():
    assert not dataclasses.replace(ROW, lost=1).right


def test_the_report_counts_what_went_wrong():
    said = report([ROW, dataclasses.replace(ROW, lost=2)], 61.0, dt.date(2026, 1, 2))

    assert "2026-01-02" in said
    assert "2 kills in 61 s; 1 went wrong" in said
    assert "2,468 requests, 2 lost through Barq" in said
