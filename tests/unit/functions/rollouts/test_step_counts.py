"""What a step came to, in counts."""

from dataclasses import replace

from rollouts.step_counts import Side, StepCounts
from tests.unit.functions.rollouts.builders import NOW, at
from tests.unit.functions.rollouts.histories import interval, latencies, unseen


def counts(*intervals, bad=(0, 0)):
    built = StepCounts(0, 10, NOW.timestamp())
    for one in intervals:
        built.know(one, bad, apart=True)
        built.see(one, bad)
    return built


def test_errors_count_as_soon_as_they_are_known():
    built = StepCounts(0, 10, NOW.timestamp())
    built.know(unseen(0), (3, 4), apart=False)

    assert built.canary == Side(errors=3)
    assert built.stable == Side(errors=4)
    assert (built.watched_seconds, built.visible_seconds, built.told_seconds) == (10, 0, 0)


def test_requests_count_once_they_are_visible_with_the_errors_among_them():
    built = counts(interval(0), unseen(10), bad=(1, 2))

    assert built.canary == Side(errors=2, counted=1, requests=20)
    assert built.stable == Side(errors=4, counted=2, requests=180)


def test_what_is_missing_in_between_was_not_watched():
    built = counts(interval(0), interval(290))

    assert (built.watched_seconds, built.visible_seconds) == (20, 20)
    assert built.known_until == at(300).timestamp()


def test_totals_that_will_never_come_are_waited_for_no_longer():
    never = replace(unseen(10), seen_at=at(200))
    built = counts(interval(0), never, unseen(20))

    assert (built.watched_seconds, built.visible_seconds, built.told_seconds) == (30, 20, 10)


def test_totals_of_one_role_alone_are_no_totals():
    half = replace(interval(0), stable=unseen(0).stable)

    assert counts(half).canary.requests == 0


def test_requests_set_apart_are_told_apart():
    built = StepCounts(0, 10, NOW.timestamp())
    built.know(interval(0, unreached=(3, 1)), (0, 0), apart=True)
    built.know(interval(10, unreached=(5, 5)), (5, 5), apart=False)

    assert (built.canary.apart, built.stable.apart) == (3, 1)


def test_latencies_are_added_up_bucket_by_bucket():
    slow = latencies(10, 5)
    built = counts()
    for of_stable in (slow, slow, None):
        built.time(slow, of_stable)

    assert built.latency
    assert built.latency.total == 3 * slow.total
    assert built.latency.counts[18] == 15
    assert built.stable_latency
    assert built.stable_latency.total == 2 * slow.total


def test_stables_last_p95_is_that_of_its_last_period():
    built = counts()
    for of_stable in (latencies(20, 0), latencies(10, 0), None):
        built.time(None, of_stable)

    assert built.latency is None
    assert built.stable_p95_ms == latencies(10, 0).quantile_ms(0.95)


def test_what_both_suffer_in_an_outage_is_told_apart():
    built = counts(interval(0), bad=(1, 2))
    built.know(interval(10), (3, 4), apart=True, common=True)

    built.see(interval(10), (3, 4), common=True)

    assert built.canary == Side(errors=4, counted=4, requests=40)
    assert built.canary.without(built.canary_common) == Side(errors=1, counted=1, requests=20)
    assert built.stable.without(built.stable_common) == Side(errors=2, counted=2, requests=180)
