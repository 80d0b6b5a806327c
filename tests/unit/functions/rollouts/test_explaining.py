"""An explanation is the sum that led to a decision, from its records alone."""

import json
from dataclasses import replace

import pytest

from rollouts.actions import RollBack
from rollouts.decision_record import Read, decision_records
from rollouts.errors import BadRecord, Missing
from rollouts.explaining import explain
from rollouts.intervals import BEFORE, PROBED, Arm, Carried, Histogram, Interval
from rollouts.judging import judge
from rollouts.tracing import rows, surest_ratio, trace
from tests.unit.functions.rollouts.builders import at, policy, rollout

OWN = rollout(policy=policy(window="5m"))
BOUNDS = (100.0, 200.0, 400.0)


def past(count=20, errors=1, latency=None):
    return [
        Interval(at(minutes=-one), at(minutes=1 - one), BEFORE, 0, Arm(0, 0), Arm(1200, errors, latency),
                 known_at=at(minutes=2 - one), seen_at=at(minutes=2 - one))
        for one in range(count, 0, -1)
    ]  # fmt: skip


def interval(number, canary_bad=0, stable_bad=0, *, seen=True, percent=10, step=0, **more):
    requests = (2 * percent, 200 - 2 * percent) if seen else (None, None)
    known = at(10 * number + 15)
    return Interval(
        at(10 * number), at(10 * number + 10), step, percent,
        Arm(requests[0], canary_bad), Arm(requests[1], stable_bad),
        known_at=known, seen_at=known if seen else None, **more,
    )  # fmt: skip


BAD = [
    interval(0), interval(1), interval(2, 1), interval(3), interval(4, 0, 1),
    *(interval(5 + one, bad, seen=False) for one, bad in enumerate((2, 3, 1))),
]  # fmt: skip


def recorded(intervals, now, own=OWN, *, affinity=False, notes=()):
    verdict = judge(intervals, own.policy, now, affinity=affinity)
    read = Read(tuple(intervals), at(60), at(95), (), notes, affinity=affinity)
    return written(own, read, verdict, now)


def written(own, read, verdict, now):
    return [
        json.loads(one.text) for one in decision_records(own, read, verdict, RollBack("x"), now)
    ]


def explained(intervals, now=None, own=OWN, **more):
    return explain(recorded(intervals, now or at(100), own, **more))


def test_a_rollback_for_errors_is_explained_by_the_sum_that_led_to_it():
    found = explained([*past(), *BAD], notes=("the log was slow",))

    assert (
        found.text
        == f"""\
rollout 0123abcd of api/production
decision {found.document["decision"]} at 2026-11-22T12:01:40Z: fail, then roll_back
  1 of 100 requests failed and 6 more since, stable 1 of 900 and 0; the canary fails more often than stable (evidence 43,359, 100 is enough)
  note: the log was slow
  canary's error ratio in this step: 0.177 to 5.45 %
  stable's error ratio in this step: 0.0196 to 0.627 %

    from (UTC)  for  share  canary bad  stable bad  worth  factor  evidence
11-22 12:00:00  20s   10 %     0 of 40    0 of 360   1.00       1         1  2 intervals
11-22 12:00:20  10s   10 %     1 of 20    0 of 180   1.00    3.77      3.77
11-22 12:00:30  10s   10 %     0 of 20    0 of 180   1.00       1      3.77
11-22 12:00:40  10s   10 %     0 of 20    1 of 180   1.00   0.426       1.6
11-22 12:00:50  10s   10 %    2 of ~30      0 of ?   1.00    19.6      31.5
11-22 12:01:00  10s   10 %    3 of ~30      0 of ?   1.00     272     8,544
11-22 12:01:10  10s   10 %    1 of ~30      0 of ?   1.00    7.25    61,941

where the evidence lies, by how many times stable's error odds the canary's are:
  8.8 times 5%, 22 times 35%, 88 times 57%, 1,100 times 2%

errors   0.7 x    61,941  floor 3.3e+10, 10 is enough
latency  0.2 x         1  not compared
at 100 % 0.1 x         1  against stable before: 20 of 24,000
evidence          43,359  100 rolls back

the canary's error odds are at least 3.6 times stable's (99 % sure, however often it was looked at)

recomputed: the same verdict
"""
    )


def test_an_explanation_for_programs_has_the_same_numbers():
    document = explained([*past(), *BAD]).document

    assert document["recomputed"] == {"same": True, "differs": []}
    assert document["verdict"]["kind"] == "fail"
    assert (document["rollout"], document["policy_hash"]) == (OWN.id, OWN.policy_hash)
    assert document["intervals"][1]["start"] == "2026-11-22T12:00:20Z"
    assert document["intervals"][-1]["evidence"] == pytest.approx(
        document["verdict"]["evidence"]["errors"]
    )
    assert 3.6 < document["ratio_at_least"] < 3.7
    json.dumps(document)


def test_the_surest_ratio_is_where_the_decision_would_turn():
    intervals = [*past(), *BAD]
    ratio = surest_ratio(trace(intervals, OWN.policy))
    assert ratio is not None

    for tolerated, kind in ((0.97 * ratio, "fail"), (1.03 * ratio, "inconclusive")):
        analysis = replace(OWN.policy.analysis, error_increase_tolerated=tolerated - 1)
        verdict = judge(intervals, replace(OWN.policy, analysis=analysis), at(100))
        assert (verdict.kind, verdict.cause) == (kind, "errors" if kind == "fail" else "")


def test_a_good_canary_is_explained_without_a_ratio():
    found = explained([*past(), *(interval(one) for one in range(30))], now=at(400))

    assert found.document["ratio_at_least"] is None
    assert "error odds" not in found.text
    assert "11-22 12:00:00   5m   10 %    0 of 600  0 of 5,400   1.00       1         1  30 intervals\n" in found.text  # fmt: skip
    assert "errors   0.7 x         1  floor" in found.text
    assert "too rare to act on" in found.text


def test_a_canary_that_is_hardly_worse_has_no_sure_ratio():
    assert surest_ratio(trace([*past(), interval(0, 1)], OWN.policy)) is None


def test_bad_requests_of_an_earlier_share_are_told_apart():
    carried = interval(1, 1, 0, percent=50, step=1, carried=(Carried(0, 10, 2, 1),))

    found = explained([*past(), interval(0), carried])

    assert "3 of 100" in found.text
    assert "  3 of the bad began at another share\n" in found.text


def test_at_100_percent_the_measure_there_is_shown():
    full = [interval(one, 8, percent=100, step=0) for one in range(3)]

    found = explained([*past(), *full], own=rollout(policy=policy(steps=[100])))

    last = found.document["intervals"][-1]
    assert last["evidence"] == pytest.approx(found.document["verdict"]["evidence"]["full"])
    assert last["evidence"] > 100
    assert found.document["ratio_at_least"] is None


def test_evidence_beyond_all_measure_is_still_a_number():
    flood = [interval(one, 20, 0) for one in range(200)]

    found = explained([*past(), *flood], now=at(2100))

    assert found.document["intervals"][-1]["evidence"] == 1e12
    assert "1.0e+12" in found.text
    assert "recomputed: the same verdict" in found.text


def test_edges_of_latency_are_named():
    latency = Histogram(BOUNDS, (900, 250, 40, 10))

    assert "latency  0.2 x         1  slower than " in explained(
        [*past(latency=latency), *BAD]
    ).text  # fmt: skip


@pytest.mark.parametrize(("bad", "guarded"), [(8, True), (50, False)])
def test_too_few_intervals_with_errors_are_named_unless_one_has_enough(bad, guarded):
    two = rollout(policy=policy(analysis={"bad_intervals_min": 2}))

    found = explained([*past(), interval(0, bad)], own=two)

    assert ("; too few intervals with errors" in found.text) is guarded
    assert (found.document["verdict"]["kind"] == "fail") is not guarded


def test_with_session_affinity_nothing_is_summed():
    found = explained([*past(), *BAD], affinity=True)

    assert "clients stick to a revision: nothing was compared, only limits act" in found.text
    assert "evidence lies" not in found.text


def test_probes_are_a_row_like_any_other():
    probes = Interval(at(-30), at(-10), PROBED, 50, Arm(20, 8), Arm(20, 0), known_at=at(-10), seen_at=at(-10))  # fmt: skip

    found = explained([*past(), probes, interval(0)])

    assert "50 %     8 of 20     0 of 20" in found.text


def test_before_any_interval_is_known_the_explanation_says_so():
    found = explained(past(), now=at(5))

    assert "no interval of the rollout was known" in found.text


def test_rows_without_a_bad_request_are_joined_only_where_nothing_else_changes():
    traced = trace(
        [*past(), interval(0), interval(1), interval(3), interval(4, percent=50, step=1), interval(5, percent=50, step=1, seen=False)],
        OWN.policy,
    )  # fmt: skip

    assert [(one.percent, one.intervals, one.estimated) for one in rows(traced)] == [
        (10, 2, False), (10, 1, False), (50, 1, False), (50, 1, True),
    ]  # fmt: skip


def test_unseen_rows_without_a_bad_request_are_joined_too():
    traced = trace([*past(), *(interval(one, seen=False) for one in range(3))], OWN.policy)

    (row,) = rows(traced)
    assert (row.intervals, row.stable) == (3, None)
    assert row.canary == pytest.approx(90)


def test_a_verdict_that_comes_out_otherwise_is_told_with_the_code_that_wrote_it():
    (record,) = recorded([*past(), *BAD], at(100))
    record["verdict"] = {**record["verdict"], "kind": "pass", "because": "all is well"}
    record["code_version"] = "0.0.1"

    found = explain([record])

    assert "recomputed: it differs\n  because, kind: now fail, 1 of 100 requests failed" in found.text  # fmt: skip
    assert "\n  written by code version 0.0.1, this is 0.1.0\n" in found.text
    assert found.document["recomputed"]["same"] is False


def test_the_same_code_that_comes_out_otherwise_names_no_version():
    (record,) = recorded([*past(), *BAD], at(100))
    record["verdict"] = {**record["verdict"], "kind": "pass"}

    assert "code version" not in explain([record]).text


def test_a_policy_that_is_not_the_recorded_one_is_told():
    (record,) = recorded([*past(), *BAD], at(100))
    record["policy_hash"] = "0" * 12

    assert f"the recorded policy has the hash {OWN.policy_hash}, not 000000000000" in (
        explain([record]).text
    )


def test_an_earlier_decision_is_explained_from_the_records_up_to_it():
    first = recorded([*past(), *BAD[:3]], at(45))
    verdict = judge([*past(), *BAD], OWN.policy, at(100))
    read = Read(tuple(BAD[3:]), at(60), at(95), before=first[-1]["id"])
    second = written(OWN, read, verdict, at(100))

    early = explain([*second, *first], first[-1]["id"])
    late = explain([*second, *first])

    assert len(early.document["intervals"]) == 2
    assert late.document["recomputed"]["same"] is True
    assert late.document["decision"] == second[-1]["id"]


def test_a_record_that_is_missing_on_the_way_is_told():
    (record,) = recorded([*past(), *BAD], at(100))
    record["before"] = "feed"

    with pytest.raises(Missing, match="the decision record feed is missing") as raised:
        explain([record])
    assert "exclusion filter" in raised.value.hint
    with pytest.raises(Missing, match="there is no decision record"):
        explain([])


@pytest.mark.parametrize("broken", ["id", "policy", "verdict", "intervals", "affinity"])
def test_a_record_of_another_kind_is_told(broken):
    (record,) = recorded([*past(), *BAD], at(100))
    del record[broken]

    with pytest.raises(BadRecord, match="not of a kind that this code reads"):
        explain([record])


def test_intervals_of_another_kind_are_told():
    (record,) = recorded([*past(), *BAD], at(100))
    record["intervals"][0]["step"] = "first"

    with pytest.raises(BadRecord):
        explain([record])
