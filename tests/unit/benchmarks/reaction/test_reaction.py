"""What a measured round says, its row in the table, and the table's place in a page."""

import datetime as dt

import pytest

from benchmarks.measured import written
from benchmarks.reaction.cases import CASES, delivery, exclusions
from benchmarks.reaction.reaction import Reaction
from benchmarks.reaction.table import report
from rollouts.delivery_file import parse_delivery

BEGAN = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> str:
    return (BEGAN + dt.timedelta(seconds=seconds)).isoformat()


def look(name: str, seconds: float, *known: float | None) -> dict[str, object]:
    intervals = [{} if one is None else {"known_at": at(one)} for one in known]
    return {"event": "verdict.reached", "id": name, "at": at(seconds), "intervals": intervals}


def reaction(case: str = "every", seconds: float = 20.0, bad: int = 30) -> Reaction:
    """Return a round: looks at 10 s and at 18 s, the write a second later."""
    return Reaction(
        case=case,
        history_seconds=240.0,
        shifted_at=BEGAN,
        first_bad_at=BEGAN,
        served_at=BEGAN + dt.timedelta(seconds=seconds),
        bad=bad,
        lost=0,
        back={"time": at(19), "data": {"decision": {"id": "b", "cause": "errors"}}},
        looks=(
            {"event": "request.handled", "function": "check_metrics"},
            look("a0", 10, None),
            look("a", 10, None),
            look("b", 18, 15.5, 5.5),
        ),
    )


def test_a_round_is_measured_from_the_first_bad_request_to_the_served_rollback():
    one = reaction(seconds=21.5)

    assert one.seconds == 21.5
    assert one.decided_at == BEGAN + dt.timedelta(seconds=18)
    assert one.written_at == BEGAN + dt.timedelta(seconds=19)


def test_a_history_in_two_records_is_one_look():
    assert reaction().looks_taken == 2


def test_the_wait_is_from_when_the_newest_judged_interval_could_be_known():
    assert reaction().waited_seconds == 2.5


def test_a_row_holds_the_smallest_the_median_and_the_largest():
    found = [reaction(seconds=one, bad=bad) for one, bad in ((12, 20), (20, 31), (24, 50))]

    text = report([CASES["every"]], found)

    assert (
        "| every request | request log and Monitoring | 3 | 12.0 / **20.0** / 24.0"
        " | 20 / **31** / 50 | 2 / **2** / 2 |\n"
    ) in text
    assert "4 to 4 minutes" in text


def test_where_the_time_goes_is_told_of_the_fast_signal_alone():
    slow = report([CASES["excluded"]], [reaction("excluded")])
    fast = report([CASES["every"]], [reaction()])

    assert "Where the time goes" not in slow
    assert "medians: 2.50 s from the moment" in fast
    assert "beginning 1.00 s to the rollback's own read of the service, and 1.00 s more" in fast


def test_the_table_takes_its_place_again_and_leaves_the_rest_of_the_page_alone():
    page = "a\n<!-- measured: reaction -->\nold\n<!-- /measured -->\nb\n"

    new = written(page, "reaction", "new \\1")

    assert new == "a\n<!-- measured: reaction -->\nnew \\1\n<!-- /measured -->\nb\n"
    assert written(new, "reaction", "again") == page.replace("old", "again")


@pytest.mark.parametrize(
    "page", ["", "<!-- measured: reaction -->\n", "<!-- measured: other -->\n<!-- /measured -->\n"]
)
def test_a_page_without_the_place_is_refused(page: str):
    with pytest.raises(ValueError, match="has no place"):
        written(page, "reaction", "new")


def test_the_measured_policy_is_the_shipped_one_without_its_approval():
    parsed = parse_delivery(delivery(list(CASES.values())))

    policies = [one.targets[0].policy for one in parsed.services]
    assert len(policies) == len(CASES)
    assert len(set(policies)) == 1
    assert policies[0].steps == (10, 50, 100)
    assert policies[0].check_every == dt.timedelta(seconds=10)
    assert policies[0].window == (dt.timedelta(minutes=5),)
    assert policies[0].approval.by == "none"
    assert policies[0].analysis.profile == "comparison"


def test_only_the_excluded_services_errors_are_kept_out_of_the_log():
    assert exclusions(list(CASES.values())) == (
        'resource.labels.service_name="excluded" AND httpRequest.status>=500',
    )
