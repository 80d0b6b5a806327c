"""Probes before traffic: a quiet service's canary meets them before it meets a user."""

import datetime as dt
from collections import Counter

import pytest

from rollouts import smoke
from tests.flow.flow import DELIVERY, Flow, changed
from tests.flow.traffic import Quality

PROBED = changed(DELIVERY, analysis="{probes: 20}", verify="{paths: [/health/ready]}")
APPROVED = changed(
    DELIVERY, approval="{by: manual}", analysis="{probes: 20}", verify="{paths: [/health/ready]}"
)
CANARY_URL = "https://canary---"


class Prober:
    """Sends what verify sends on to the image, and lets as many probes fail as it is told.

    A role's first request to the canary is the smoke test. What fails stands in the platform's
    log and metrics, as a user's failed request does.
    """

    def __init__(self, flow, *, canary_bad=0, stable_bad=0, answers=None):
        self.flow = flow
        self.left = {"canary": canary_bad, "stable": stable_bad}
        self.answers = answers or {}
        self.sent = []
        flow.worlds["verify"].prober = self

    def get(self, url, path, *, audience, timeout):
        role = "canary" if url.startswith(CANARY_URL) else "stable"
        self.sent.append((role, path, self.flow.now))
        is_probe = len(self.sent) > 1
        if is_probe and role in self.answers:
            return smoke.Tested(path, self.answers[role], dt.timedelta(milliseconds=10))
        status, seconds = self._answered(role, url, fails=is_probe and self.left[role] > 0)
        return smoke.Tested(path, status, dt.timedelta(seconds=seconds))

    def _answered(self, role, url, *, fails):
        traffic, rollout = self.flow.traffic, self.flow.rollout()
        if not fails:
            return traffic.probe(url)
        self.left[role] -= 1
        revision = rollout.canary if role == "canary" else rollout.stable
        traffic.by_revision[revision] = Quality(unhealthy=True)
        answered = traffic.probe(url)
        del traffic.by_revision[revision]
        return answered

    @property
    def probes(self):
        """What was sent after the smoke test, by role."""
        return Counter(role for role, _, _ in self.sent[1:])


def told(flow, kind):
    return next(event["data"] for event in flow.events if event["data"]["event"] == kind)


def test_both_roles_get_as_many_probes_before_the_first_user():
    flow = Flow(PROBED, rps=2)
    prober = Prober(flow)

    flow.built(flow.image("v2"))
    flow.until_at(10)

    probed = flow.rollout().probed
    assert probed is not None
    assert prober.probes == {"canary": 20, "stable": 20}
    assert (probed.requests, probed.canary_bad, probed.stable_bad) == (20, 0, 0)
    assert probed.at < probed.ended_at <= flow.rollout().shifts[0].at
    assert "of 20 probes to each, the canary failed 0 and stable 0" in flow.rollout().verified
    assert "no users' requests" in told(flow, "rollout.verified")["because"]


def test_a_canary_that_fails_its_probes_alone_is_taken_back_before_any_user_meets_it():
    flow = Flow(PROBED, rps=0)
    Prober(flow, canary_bad=20)
    reference = flow.image("v2")

    flow.built(reference)
    flow.until_ended(within_minutes=5)

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "of 20 probes to each, the canary failed 20 and stable 0" in because
    assert flow.rollout().shifts == ()
    assert flow.rollout().probed is not None
    assert flow.record().refusal(reference.partition("@")[2]) is not None
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []


def test_probes_that_both_fail_alike_stop_nobody():
    flow = Flow(PROBED, rps=2)
    Prober(flow, canary_bad=20, stable_bad=20)

    flow.built(flow.image("v2"))
    flow.until_at(10)

    assert "the canary failed 20 and stable 20" in flow.rollout().verified


def test_a_round_is_ten_pairs_and_the_next_one_comes_a_second_later():
    flow = Flow(PROBED, rps=2)
    prober = Prober(flow)

    flow.built(flow.image("v2"))
    flow.until_at(10)

    rounds = Counter(when for _, _, when in prober.sent[1:])
    first, second = sorted(rounds)
    assert list(rounds.values()) == [20, 20]
    assert 1.0 <= (second - first).total_seconds() < 2.0


def test_a_call_delivered_twice_counts_no_probe_twice():
    flow = Flow(PROBED, rps=2)
    prober = Prober(flow)
    flow.faults.delivered_twice_after = 0.3

    flow.built(flow.image("v2"))
    flow.until_at(10)

    probed = flow.rollout().probed
    assert probed is not None
    assert prober.probes["stable"] > 20
    assert probed.requests == 20


@pytest.mark.parametrize("status", [401, 403])
def test_barqs_own_missing_right_is_no_bad_probe_and_is_said(status):
    flow = Flow(PROBED, rps=2)
    Prober(flow, answers={"canary": status, "stable": status})

    flow.built(flow.image("v2"))
    flow.until_at(10)

    assert flow.rollout().probed is None
    assert "20 of 20 pairs of probes were answered 401 or 403" in flow.rollout().verified


def test_beside_the_placeholder_no_probe_is_sent():
    flow = Flow(PROBED, rps=2, first=None)
    prober = Prober(flow)

    flow.built(flow.image("v1"))
    flow.until_at(100)

    assert prober.probes == {}
    assert "no probes: stable is the installer's placeholder" in flow.rollout().verified


def test_without_the_setting_no_probe_is_sent():
    flow = Flow()
    prober = Prober(flow)

    flow.built(flow.image("v2"))
    flow.until_at(10)

    assert {role for role, _, _ in prober.sent} == {"canary"}
    assert flow.rollout().probed is None


def test_what_probes_spoke_against_is_not_probed_again_when_the_answer_gets_lost():
    flow = Flow(PROBED, rps=0)
    prober = Prober(flow, canary_bad=20)
    flow.built(flow.image("v2"))
    flow.until(lambda: sum(prober.probes.values()) == 20)
    flow.faults.answers_lost["verify"] = 1

    flow.until_ended(within_minutes=5)

    assert flow.faults.answers_lost["verify"] == 0
    assert prober.probes == {"canary": 20, "stable": 20}
    assert "the canary failed 20 and stable 0" in flow.outcome()[1]


@pytest.mark.parametrize("waits", [False, True])
def test_probes_are_never_counted_as_users_requests_of_the_canary(waits):
    """Four of them failed, and nobody else comes: neither log nor totals hold any of it."""
    flow = Flow(APPROVED if waits else PROBED, rps=0)
    Prober(flow, canary_bad=4, stable_bad=4)
    flow.built(flow.image("v2"))
    if waits:
        flow.until(lambda: flow.state() == "verified")
        flow.passes(minutes=7)
        flow.answers("approve", reason="fine")
    flow.until_at(10)
    flow.passes(minutes=6)

    rollout = flow.rollout()
    driver = {
        "execution": rollout.execution,
        "callback": rollout.callback,
        "service": "api",
        "target": "production",
    }
    numbers = flow.post("check_metrics", driver)["verdict"]["numbers"]

    assert (numbers["step"], numbers["percent"]) == (0, 10)
    assert numbers["watched_seconds"] > 0
    assert (numbers["canary_requests"], numbers["canary_errors"]) == (0, 0)
    assert (numbers["stable_requests"], numbers["stable_errors"]) == (0, 0)
