"""What a look leaves behind."""

import datetime as dt
import json

from rollouts.actions import Hold
from rollouts.decision_record import INTERVALS_MAX, decision_record, history, recompute
from rollouts.delivery_file import parse_policy
from rollouts.intervals import Arm, Histogram, Interval, Signals
from rollouts.judging import judge
from tests.unit.functions.rollouts.builders import at, policy, rollout

SIGNALS = Signals((), at(-600), at(180), dt.timedelta(seconds=60), log_until=at(240), notes=("x",))
ACTION = Hold(10, "watching", "data", at(3600))


def intervals(count, requests=402, errors=31):
    return tuple(
        Interval(
            at(60 * minute + 0.123456),
            at(60 * minute + 60.123456),
            0,
            10,
            Arm(requests, errors),
            Arm(None, 0),
        )
        for minute in range(count)
    )


LIMITED = rollout(policy=policy(analysis={"max_error_ratio": 0.05}))


def recorded(count=2, *, before="", signals=SIGNALS, **counts):
    own, history = LIMITED, intervals(count, **counts)
    now = at(60 * count + 61)
    verdict = judge(history, own.policy, now)
    return decision_record(own, signals, history, verdict, ACTION, now, before=before)


def test_a_decision_can_be_computed_again_from_its_record():
    document = recorded()

    own = LIMITED
    assert (document["rollout"], document["policy_hash"]) == (own.id, own.policy_hash)
    assert document["visible_until"] == "2026-11-22T12:03:00Z"
    assert document["log_until"] == "2026-11-22T12:04:00Z"
    assert document["notes"] == ["x"]
    assert parse_policy(document["policy"]) == own.policy
    assert document["intervals"][0] == {
        "start": "2026-11-22T12:00:00.123456Z",
        "end": "2026-11-22T12:01:00.123456Z",
        "step": 0,
        "percent": 10,
        "canary": [402, 31],
        "stable": [None, 0],
    }
    assert document["verdict"]["kind"] == "fail"
    assert document["action"] == ACTION.as_json()


def test_a_record_names_the_one_before_it_and_has_an_id_of_its_content():
    first = recorded()
    second = recorded(before=first["id"])

    assert second["before"] == first["id"]
    assert second["id"] != first["id"]
    assert recorded()["id"] == first["id"]


def test_a_log_that_could_not_be_read_has_no_end():
    unread = Signals((), at(-600), at(180), dt.timedelta(seconds=60))

    assert recorded(signals=unread)["log_until"] is None


def test_a_record_of_a_whole_day_stays_under_64_kib_and_says_what_it_left_out():
    document = recorded(24 * 60, requests=10**9, errors=10**9)

    assert len(json.dumps(document).encode()) < 64 * 1024
    assert len(document["intervals"]) == INTERVALS_MAX
    assert document["intervals_left_out"] == 24 * 60 - INTERVALS_MAX
    assert document["intervals"][-1]["end"] == "2026-11-23T12:00:00.123456Z"


# The records of a rollout, in order, are its whole history.

BOUNDS = tuple(float(2**power) for power in range(40))


def looks(count):
    """Return the records of looks a minute apart, and what each look judged by itself."""
    own = rollout(policy=policy(analysis={"max_latency_p95": "300ms", "min_requests": 5}))
    documents, verdicts, before, told_until = [], [], "", None
    for look in range(1, count + 1):
        now = at(60 * look)
        visible_until = now - dt.timedelta(seconds=120)
        seen = tuple(
            Interval(
                at(60 * minute),
                at(60 * minute + 60),
                0,
                10,
                _arm(minute, seen=at(60 * minute + 60) <= visible_until),
                Arm(900 if at(60 * minute + 60) <= visible_until else None, minute),
            )
            for minute in range(look)
        )
        signals = Signals((), at(-600), visible_until, dt.timedelta(seconds=60), log_until=now)
        verdict = judge(seen, own.policy, now)
        document = decision_record(
            own, signals, seen, verdict, ACTION, now, before=before, told_until=told_until
        )
        documents.append(json.loads(json.dumps(document)))
        verdicts.append((seen, verdict))
        before, told_until = document["id"], visible_until
    return documents, verdicts


def _arm(minute, *, seen):
    if not seen:
        return Arm(None, minute % 3)
    counts = [0] * (len(BOUNDS) + 1)
    counts[5 + minute % 4] = 10
    return Arm(10, minute % 3, Histogram(BOUNDS, tuple(counts)))


def test_every_decision_is_recomputed_from_the_records_up_to_it():
    documents, verdicts = looks(12)

    for index, (seen, verdict) in enumerate(verdicts):
        assert history(documents[: index + 1])[0].start == seen[0].start
        assert recompute(documents[: index + 1]) == verdict


def test_a_record_holds_only_what_is_new_or_corrected_since_the_one_before():
    documents, _ = looks(12)

    assert [len(one["intervals"]) for one in documents] == [1, 2, *[3] * 10]


def test_a_history_without_latencies_is_read_without_them():
    document = recorded()

    assert document["latency_bounds_ms"] == []
    assert history([document]) == intervals(2)
