"""What a look leaves behind: from the records alone every decision can be computed again."""

import datetime as dt
import json
from dataclasses import asdict

import pytest

from rollouts.actions import Hold
from rollouts.decision_record import (
    CODE_VERSION,
    SCHEMA,
    Read,
    chain,
    decision_records,
    history,
    policy_of,
    queries_of,
    recompute,
    summary_of,
)
from rollouts.intervals import BEFORE, Histogram, Signals
from rollouts.judging import judge
from rollouts.reading import LogSpan
from tests.unit.functions.rollouts import histories
from tests.unit.functions.rollouts.builders import at, policy, rollout

OWN = rollout(policy=policy(analysis={"max_error_ratio": 0.05}))
ACTION = Hold(10, "watching", "data", at(3600))
KIB_64 = 64 * 1024
FLAT = tuple(float(10 * index) for index in range(1, 200))
"""A layout in which requests can fall into every bucket."""
NOTHING_BAD = ((0, 0),) * 30


def minutes(*errors, lag=120):
    """A past and a rollout whose totals are late, with errors of canary and stable."""
    past = histories.past(minutes=3, errors=1, latency=histories.latencies(12, 20), lag=lag)
    arms = (histories.latencies(12, 3, total=200), histories.latencies(12, 30, total=1800))
    return past + histories.rollout(*errors, settle=5, lag=lag, latency=arms)


DECIDED = {
    "action", "affinity", "log_until", "notes", "policy", "queries", "verdict", "visible_until",
}  # fmt: skip
"""What only the last part of a record tells."""


def records_of(told, verdict, now, **read):
    found = decision_records(OWN, Read(tuple(told), now, now, **read), verdict, ACTION, now)
    return [json.loads(one.text) for one in found]


def looks(whole, instants):
    """Look again and again: all records, and what each look judged by itself, with its id."""
    found, judged, before = [], [], ""
    seen = at(-(10**6))
    for now, _, verdict in histories.looks(whole, instants, OWN.policy):
        found += records_of(histories.new_at(whole, seen, now), verdict, now, before=before)
        before, seen = found[-1]["id"], now
        judged.append((before, verdict))
    return found, judged


def one_look(**read):
    whole = minutes((0, 0), (4, 1))
    now = histories.last_known(whole)
    verdict = judge(whole, OWN.policy, now)
    return records_of(whole, verdict, now, **read), whole, verdict


def test_a_record_says_what_was_read_what_it_came_to_and_what_follows():
    (record,), _, verdict = one_look(queries=("request log: bad requests",), notes=("x",))

    assert (record["schema"], record["code_version"]) == (SCHEMA, CODE_VERSION)
    assert (record["rollout"], record["service"], record["target"]) == (
        OWN.id, OWN.service, OWN.target,
    )  # fmt: skip
    assert record["at"] == record["visible_until"] == record["log_until"] == "2026-11-22T12:02:25Z"
    assert (record["queries"], record["notes"]) == (["request log: bad requests"], ["x"])
    assert record["before"] == ""
    assert record["affinity"] is False
    assert record["verdict"] == json.loads(json.dumps(verdict.as_json()))
    assert record["action"] == ACTION.as_json()
    assert (policy_of(record), record["policy_hash"]) == (OWN.policy, OWN.policy_hash)


def test_the_intervals_come_back_from_a_record_as_they_were():
    found, whole, _ = one_look()

    assert history(found) == tuple(sorted(whole, key=lambda one: (one.start, one.step)))
    assert found[0]["latency_bounds_ms"] == [list(histories.BOUNDS)]


def test_a_log_that_could_not_be_read_has_no_end():
    whole = minutes((0, 0))
    now = histories.last_known(whole)
    verdict = judge(whole, OWN.policy, now)

    (record,) = decision_records(OWN, Read(tuple(whole), now, None), verdict, ACTION, now)

    assert json.loads(record.text)["log_until"] is None


def test_an_id_is_of_the_content_and_a_record_names_the_one_before_it():
    (first,), _, _ = one_look()
    (again,), _, _ = one_look()
    (second,), _, _ = one_look(before=first["id"])

    assert again["id"] == first["id"]
    assert second["before"] == first["id"] != second["id"]


# Computed again.


def test_every_decision_is_computed_again_from_the_records_that_lead_to_it():
    found, judged = looks(minutes(*[(bad, 1) for bad in (0, 1, 0, 0, 2, 0, 3, 4)]), LOOKS)

    assert judged[-1][1].kind == "fail"
    for decision, verdict in judged:
        assert recompute(chain(found, decision)) == verdict


LOOKS = [at(second) for second in range(15, 300, 15)]


def test_a_record_holds_only_what_is_new_or_corrected_since_the_one_before():
    found, _ = looks(minutes(*NOTHING_BAD[:12]), [at(125), at(125), at(1000), at(1001)])

    assert [len(one["intervals"]) for one in found] == [15, 0, 12, 0]


def test_a_correction_is_what_counts_of_an_interval_told_twice():
    found, _ = looks(minutes((0, 0)), [at(15), at(1000)])
    early, late = history(found[:1])[-1], history(found)[-1]

    assert (early.start, early.canary.requests) == (late.start, None)
    assert late.canary.requests == 20


def test_the_past_and_a_step_that_begin_together_stay_two_intervals():
    before = histories.interval(0, (0, 0), (60, 1), step=BEFORE, seconds=60)
    first = histories.interval(0, (2, 1), (18, 0))
    now = at(60)
    verdict = judge([before, first], OWN.policy, now)

    assert history(records_of([before, first], verdict, now)) == (before, first)


def test_with_session_affinity_the_same_records_are_judged_without_a_comparison():
    whole = minutes(*[(20, 0)] * 3)
    now = histories.last_known(whole)
    verdict = judge(whole, OWN.policy, now, affinity=True)

    found = records_of(whole, verdict, now, affinity=True)

    assert recompute(found) == verdict
    assert verdict.cause == "limit"


# The way back to where a history begins.


def test_a_chain_ends_at_the_newest_record_told_in_any_order_and_more_than_once():
    found, judged = looks(minutes(*NOTHING_BAD), LOOKS)

    told = chain([*reversed(found), *found])

    assert told == found
    assert told[-1]["id"] == judged[-1][0]


def test_a_chain_leaves_out_what_does_not_lead_to_its_end():
    found, _ = looks(minutes(*NOTHING_BAD), LOOKS)

    assert chain(found, found[3]["id"]) == found[:4]


def test_a_state_that_was_lost_begins_a_chain_of_its_own_and_the_newest_is_told():
    first, _ = looks(minutes((0, 0)), [at(15)])
    again, _ = looks(minutes((0, 0)), [at(1000)])

    assert chain([*first, *again]) == again


@pytest.mark.parametrize("last", ["", "0000000000000000"])
def test_without_a_record_of_that_name_there_is_nothing_to_explain(last):
    (record,), _, _ = one_look()

    with pytest.raises(LookupError):
        chain([record] if last else [], last)


def test_a_link_that_is_missing_is_named():
    found, _ = looks(minutes(*NOTHING_BAD), LOOKS)
    gone = found.pop(4)

    with pytest.raises(LookupError, match=gone["id"]):
        chain(found)


# Under 64 KiB each.


def long_look():
    """A look without a state, an hour after the first shift, with wide histograms."""
    wide = Histogram(FLAT, (7,) * (len(FLAT) + 1))
    whole = histories.rollout(*[(1, 2)] * 360, latency=(wide, wide))
    now = histories.last_known(whole)
    verdict = judge(whole, OWN.policy, now)
    return records_of(whole, verdict, now, before="earlier"), whole, verdict


def test_a_history_too_long_for_one_record_is_told_in_parts_under_64_kib():
    found, told, verdict = long_look()

    assert len(found) > 5
    assert all(len(json.dumps(one).encode()) < KIB_64 for one in found)
    assert [one["before"] for one in found] == ["earlier", *[one["id"] for one in found[:-1]]]
    assert all(set(one) == set(found[-1]) - DECIDED for one in found[:-1])
    assert history(found) == tuple(told)
    assert recompute(found) == verdict


def test_of_parts_of_one_instant_the_one_with_the_verdict_is_the_newest():
    found, _, _ = long_look()
    first = found[0] | {"before": ""}

    told = chain([*found[1:], first])

    assert told[-1]["id"] == found[-1]["id"]
    assert len(told) == len(found)


# What is told of a look.


def test_a_summary_has_what_led_to_the_decision_and_leaves_the_rest_to_the_record():
    _, _, verdict = one_look()

    told = summary_of("1f0a9c2b", verdict)

    assert told["id"] == "1f0a9c2b"
    assert (told["kind"], told["cause"]) == (verdict.kind, verdict.cause)
    assert told["numbers"]["canary_errors"] == 4
    assert told["evidence"] == asdict(verdict.evidence)
    assert set(told) == {"id", "kind", "cause", "numbers", "evidence"}
    assert json.loads(json.dumps(told)) == told


METRICS = "Monitoring: request_count, request_latencies and requests in flight"
ASKED = LogSpan(at(-60), at(30))


@pytest.mark.parametrize(
    ("visible_until", "log_until", "said"),
    [
        (at(0), None, ()),
        (at(60), None, (f"{METRICS} of 2026-11-22T12:00:00Z to 2026-11-22T12:01:00Z",)),
        (
            at(0),
            at(96),
            (
                (
                    "request log: bad requests that began from 2026-11-22T11:59:00Z to"
                    " 2026-11-22T12:01:30Z and were told of from 2026-11-22T12:00:30Z to"
                    " 2026-11-22T12:01:36Z"
                ),
            ),
        ),
    ],
)
def test_only_what_was_read_is_said_to_be_read(visible_until, log_until, said):
    period = dt.timedelta(seconds=60)

    signals = Signals((), at(0), visible_until, period, log_until=log_until)

    assert queries_of(signals, ASKED) == said
