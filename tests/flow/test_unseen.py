"""What a comparison of errors cannot see: hangs, requests that no container got, shared damage."""

import pytest

from tests.flow.flow import DELIVERY, Flow, changed

COMPARED = changed(DELIVERY, window="5m", check_every="10s", analysis="{}")
"""Comparison alone: no absolute limit is set."""


def watched(rps, delivery=COMPARED, **quality):
    """Return a flow whose canary has got its first share, after half an hour of stable alone."""
    flow = Flow(delivery, rps=rps)
    flow.passes(minutes=30)
    flow.built(flow.image("v2", **quality))
    flow.until(lambda: flow.state() == "shifting" and flow.rollout().percent == 10)
    return flow


def ends(flow):
    """Let the rollout end; return how, and how many seconds after its first shift."""
    flow.until_ended()
    return flow.state(), (flow.rollout().ended_at - flow.rollout().shifts[0].at).total_seconds()


@pytest.mark.parametrize(
    ("rps", "ratio", "within"), [(20, 1.0, 260), (20, 0.3, 480), (2, 1.0, 480)]
)
def test_a_canary_that_hangs_is_rolled_back_before_its_requests_end(rps, ratio, within):
    """No error and no latency tells of them: too few are completed, and too many are open.

    What is open must be so for 5 whole minutes of the metric, the last of them told 2 minutes
    late: 8 minutes at most.
    """
    flow = watched(rps, hang_ratio=ratio, hang_seconds=3600)

    state, seconds = ends(flow)

    assert state == "rolled_back"
    assert seconds <= within
    assert [shift.percent for shift in flow.rollout().shifts] == [10]


def test_requests_that_end_in_an_error_after_five_minutes_take_the_canary_back_when_they_do():
    """The log has them by when they began: five minutes before a look could know of them."""
    flow = watched(20, hang_ratio=0.3, hang_seconds=300)

    state, seconds = ends(flow)

    assert state == "rolled_back"
    assert seconds <= 330
    assert "the canary fails more often than stable" in flow.rollout().because


@pytest.mark.parametrize(("rps", "within"), [(20, 40), (2, 110)])
def test_a_canary_whose_containers_never_start_is_rolled_back_by_the_log(rps, within):
    """Its requests are in no metric."""
    flow = watched(rps, refused_ratio=1.0, refused_status=500)

    state, seconds = ends(flow)

    assert state == "rolled_back"
    assert seconds <= within


def test_a_canary_that_refuses_a_few_requests_while_it_starts_is_promoted():
    flow = watched(20, refused_ratio=0.1, cold_seconds=20)

    assert ends(flow)[0] == "promoted"
    assert flow.served("v2", failed=True) > 0


def test_a_canary_that_keeps_refusing_a_third_of_its_requests_is_rolled_back():
    flow = watched(20, refused_ratio=0.3)

    state, seconds = ends(flow)

    assert state == "rolled_back"
    assert seconds <= 180


@pytest.mark.parametrize(
    "quality",
    [
        {"latency_seconds": 0.15},
        {"latency_seconds": 0.1, "slow_ratio": 0.08, "slow_factor": 6.0},
    ],
    ids=["half slower", "a slow tail"],
)
def test_a_slower_canary_is_rolled_back_by_its_latencies(quality):
    flow = Flow(COMPARED, rps=20)
    flow.becomes(flow.image("v1"), latency_seconds=0.1, latency_sigma=0.6)
    flow.passes(minutes=30)
    flow.built(flow.image("v2", latency_sigma=0.6, **quality))

    state, _ = ends(flow)

    assert state == "rolled_back"


def test_latencies_of_the_same_distribution_are_no_reason():
    flow = Flow(COMPARED, rps=20)
    flow.becomes(flow.image("v1"), latency_seconds=0.1, latency_sigma=0.6)
    flow.passes(minutes=30)
    flow.built(flow.image("v2", latency_seconds=0.1, latency_sigma=0.6))

    assert ends(flow)[0] == "promoted"


def test_damage_that_both_share_for_long_is_rolled_back_as_a_precaution():
    """A canary that kills the database looks healthy in every comparison."""
    flow = watched(20)
    flow.passes(seconds=30)
    flow.traffic.platform_fails["production"] = 0.5

    state, seconds = ends(flow)

    assert state == "rolled_back"
    assert seconds <= 400
    assert "a precaution" in flow.rollout().because
    assert flow.record().refusal(flow.image("v2").partition("@")[2]) is None


@pytest.mark.parametrize("seconds", [240, 280])
def test_a_common_outage_of_less_than_five_minutes_is_nobodys_fault(seconds):
    """The second one is over before it is long enough, but not by the minute of doubt after it."""
    flow = watched(20)
    flow.passes(seconds=30)
    flow.traffic.platform_fails["production"] = 0.5
    flow.passes(seconds=seconds)
    flow.traffic.platform_fails.clear()

    assert ends(flow)[0] == "promoted"


def test_while_a_shared_database_is_away_nothing_moves_and_one_person_is_called_once():
    """At the end of a step's window the canary would have got more users."""
    flow = Flow(changed(DELIVERY, window="1m", check_every="10s", analysis="{}"), rps=20)
    flow.passes(minutes=30)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state() == "shifting" and flow.rollout().percent == 10)
    flow.traffic.platform_fails["production"] = 1.0

    flow.passes(minutes=4)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert (flow.told()[-1], flow.told().count("verdict.page")) == ("verdict.page", 1)
    flow.traffic.platform_fails.clear()
    assert ends(flow)[0] == "promoted"
    assert flow.told().count("verdict.page") == 1


@pytest.mark.parametrize("steps", ["[10, 50, 100]", "[100]"])
def test_an_outage_before_the_rollout_is_no_measure_for_the_next_one(steps):
    """The database flaps: what failed then is not normal, and a canary without it is not good."""
    quick = changed(COMPARED, window="1m", steps=steps)
    flow = Flow(quick, rps=20)
    flow.passes(minutes=14)
    flow.traffic.platform_fails["production"] = 1.0
    flow.passes(minutes=12)
    flow.traffic.platform_fails.clear()
    flow.passes(minutes=4)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state() == "shifting")
    flow.traffic.platform_fails["production"] = 0.9

    flow.passes(minutes=6)

    assert flow.state() != "promoted"
    if steps == "[100]":
        assert flow.state() == "rolled_back"
        return
    assert flow.split() == {"v1": 90, "v2": 10}
    assert "verdict.page" in flow.told()


def test_with_session_affinity_nothing_is_compared_and_absolute_limits_stay():
    """The share of requests is not the share that was set: no odds, no evidence."""
    flow = Flow(changed(COMPARED, analysis="{max_errors: 100}"), rps=20)
    flow.person_writes(sticky)
    flow.passes(minutes=30)
    flow.built(flow.image("v2", error_ratio=0.3))

    state, _ = ends(flow)

    assert state == "rolled_back"
    assert "more than 100 errors" in flow.rollout().because
    assert flow.served("v2", failed=True) > 100


def sticky(service):
    template = service["spec"]["template"]
    annotations = template.setdefault("metadata", {}).setdefault("annotations", {})
    annotations["run.googleapis.com/sessionAffinity"] = "true"
