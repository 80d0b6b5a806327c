"""A bad image is taken back by itself, and nobody gets it again unasked."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from rollouts import smoke
from tests.flow.flow import DELIVERY, Flow, changed

LIMITS = DELIVERY.replace("analysis: {", "analysis: {dry_run: true, ")
"""Only absolute limits act."""
RATIO = LIMITS.replace("max_errors: [5, 10], ", "max_error_ratio: 0.05, ")


@dataclass
class Prober:
    """Answers smoke tests of the canary by their path, whatever image is behind; stable is well."""

    answer: Callable[[str], int | None]

    def get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> smoke.Tested:
        status = 200 if url == audience else self.answer(path)
        return smoke.Tested(path, status, dt.timedelta(milliseconds=10), "no answer")


def test_an_image_that_fails_every_request_is_rolled_back_at_10_percent():
    flow = Flow()

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "the canary fails more often than stable" in because
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []
    assert [one.percent for one in flow.rollout().shifts] == [10]
    assert flow.told()[-1] == "rollout.rolled_back"
    assert flow.told().count("rollout.rolled_back") == 1


def test_a_bad_image_is_taken_back_within_30_seconds_of_its_first_bad_request():
    """The bar of DESIGN.md: 20 requests/s at 10 %, by the request log."""
    flow = Flow(DELIVERY.replace("check_every: 15s", "check_every: 10s"), rps=20)

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until(lambda: flow.served("v2", failed=True) > 0)
    first = flow.now
    flow.until(lambda: flow.split() == {"v1": 100})

    assert (flow.now - first).total_seconds() < 30


def test_a_rollback_is_one_read_and_one_write():
    flow = Flow()

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until(lambda: flow.state() == "rolled_back")

    calls = [method for method, path in flow.worlds["rollback"].http.calls if "/services/" in path]
    assert calls == ["GET", "PUT"]


def test_a_digest_that_was_rolled_back_is_refused_for_the_next_event():
    flow = Flow()
    bad = flow.image("v2", error_ratio=1.0)
    flow.built(bad)
    flow.until_ended()

    flow.built(bad)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "was rolled back at" in because
    assert '"force": true' in because
    assert flow.told().count("rollout.started") == 1


def test_a_digest_that_was_rolled_back_is_refused_by_hand_unless_forced():
    flow = Flow()
    bad = flow.image("v2", error_ratio=1.0)
    flow.built(bad)
    flow.until_ended()

    assert flow.asks("rollout", image=bad)["outcomes"][0]["action"]["outcome"] == "stopped"
    flow.becomes(bad)
    flow.by_hand(action="rollout", service="api", image=bad, force=True)
    flow.until_ended()

    assert flow.split() == {"v2": 100}


def test_a_repaired_image_is_delivered_after_a_rollback():
    flow = Flow()
    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def test_a_slow_image_is_rolled_back_by_its_95th_percentile():
    """Of minutes that began after it had started up: the first two tell nothing."""
    flow = Flow(LIMITS.replace("window: 2m", "window: 5m"))

    flow.built(flow.image("v2", latency_seconds=2.0))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "p95" in because
    assert "above 800 ms" in because
    assert [one.percent for one in flow.rollout().shifts] == [10]


def test_more_errors_than_a_limit_allows_are_rolled_back():
    flow = Flow(LIMITS)

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "more than 5 errors at 10 %" in because


def test_a_small_ratio_of_errors_above_the_limit_is_rolled_back():
    flow = Flow(RATIO, rps=20)

    flow.built(flow.image("v2", error_ratio=0.12))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "an error ratio above 0.05" in because


def test_a_ratio_of_errors_below_the_limit_is_promoted():
    flow = Flow(RATIO, rps=20)

    flow.built(flow.image("v2", error_ratio=0.01))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_errors_of_stable_alone_do_not_speak_against_the_canary():
    flow = Flow()
    flow.becomes(flow.image("v1"), error_ratio=0.2)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_an_image_that_goes_bad_at_50_percent_is_rolled_back():
    flow = Flow()
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(50)

    flow.becomes(reference, error_ratio=1.0)
    flow.until_ended()

    assert flow.split() == {"v1": 100}
    assert flow.rollout().percent == 50
    assert flow.outcome()[0] == "rolled_back"


def test_an_image_that_goes_bad_at_100_percent_while_watched_is_rolled_back():
    flow = Flow()
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(100)

    flow.becomes(reference, error_ratio=1.0)
    flow.until_ended()

    assert flow.split() == {"v1": 100}
    assert flow.outcome()[0] == "rolled_back"


@pytest.mark.parametrize("after_seconds", [100, 150, 200, 235])
def test_an_image_that_goes_bad_within_a_step_never_gets_more_traffic(after_seconds):
    """The totals are minutes late, the log is not: what it tells of now counts at once."""
    flow = Flow(DELIVERY)
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(10)
    flow.passes(seconds=after_seconds)
    assert flow.rollout().percent == 10

    flow.becomes(reference, error_ratio=1.0)
    flow.passes(seconds=35)
    before = flow.rollout().percent
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.rollout().percent == before


def test_an_image_that_crashes_at_start_leaves_a_clean_service():
    flow = Flow()

    flow.built(flow.image("v2", crashes=True))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "never got Ready" in because
    assert "failed to start and listen on the port" in because
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []
    assert flow.told() == ["rollout.started", "rollout.rolled_back"]


def test_the_next_image_is_delivered_after_a_crash():
    flow = Flow()
    flow.built(flow.image("v2", crashes=True))
    flow.until_ended()

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def test_an_image_that_is_not_in_the_registry_gets_the_platforms_reason():
    flow = Flow()

    flow.built(f"{flow.repository}@sha256:{'1' * 64}")
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "not found" in because
    assert flow.split() == {"v1": 100}


def test_a_revision_that_never_gets_ready_is_given_up_after_ready_within():
    flow = Flow(changed(DELIVERY, ready_within="1m"))
    flow.instances.seconds = 3600.0

    flow.built(flow.image("v2"))
    flow.until_ended(within_minutes=3)

    assert flow.outcome() == ("rolled_back", flow.rollout().because)
    assert "was not Ready within 1m" in flow.outcome()[1]
    assert flow.split() == {"v1": 100}


def test_a_failing_smoke_test_gives_the_canary_no_request():
    flow = Flow()

    flow.built(flow.image("v2", unhealthy=True))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "smoke tests failed 5 times" in because
    assert "answered 503, not 200" in because
    assert flow.served("v2", failed=False) == 0
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []


def test_a_smoke_test_that_passes_at_the_third_round_is_no_failure():
    flow = Flow()
    reference = flow.image("v2", unhealthy=True)

    flow.built(reference)
    flow.until(lambda: flow.state() == "deployed")
    flow.passes(seconds=4)
    flow.becomes(reference)
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


@pytest.mark.parametrize("status", [None, 401, 403])
def test_a_canary_that_barq_could_not_test_is_taken_back_and_its_digest_not_refused(status):
    flow = Flow()
    reference = flow.image("v2")
    flow.worlds["verify"].prober = Prober(lambda path: status)

    flow.built(reference)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "Barq could not test the canary, 5 times: /health/ready" in because
    assert flow.record().refusal(reference.partition("@")[2]) is None
    assert flow.served("v2", failed=False) == 0


@pytest.mark.parametrize("status", [None, 403, 503])
def test_a_canary_that_answers_one_path_was_tested_and_its_digest_is_refused(status):
    flow = Flow()
    reference = flow.image("v2")
    flow.worlds["verify"].prober = Prober(lambda path: status if path == "/health/ready" else 200)

    flow.built(reference)
    flow.until_ended()

    assert "smoke tests failed 5 times: /health/ready" in flow.outcome()[1]
    assert flow.record().refusal(reference.partition("@")[2]) is not None


@dataclass
class OneDatabase:
    """Answers `broken` paths of the canary as `canary`, those of stable as `stable`."""

    canary: int
    stable: int
    broken: frozenset[str] = frozenset({"/health/ready"})

    def get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> smoke.Tested:
        status = self.stable if url == audience else self.canary
        latency = dt.timedelta(milliseconds=10)
        return smoke.Tested(path, status if path in self.broken else 200, latency)


def test_a_canary_that_fails_as_stable_does_is_taken_back_and_its_digest_not_refused():
    """Their database is down: that speaks against no image."""
    flow = Flow()
    reference = flow.image("v2")
    flow.worlds["verify"].prober = OneDatabase(canary=503, stable=503)

    flow.built(reference)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "stable fails as well: /health/ready answered 503" in because
    assert flow.record().refusal(reference.partition("@")[2]) is None
    assert flow.split() == {"v1": 100}


def test_a_canary_that_fails_where_stable_does_not_is_refused():
    flow = Flow()
    reference = flow.image("v2")
    flow.worlds["verify"].prober = OneDatabase(canary=503, stable=200)

    flow.built(reference)
    flow.until_ended()

    assert "stable fails" not in flow.outcome()[1]
    assert flow.record().refusal(reference.partition("@")[2]) is not None


def test_the_last_round_says_whether_a_canary_could_be_tested():
    flow = Flow()
    reference = flow.image("v2")
    statuses = iter([403] * 8 + [503] * 2)
    flow.worlds["verify"].prober = Prober(lambda path: next(statuses))

    flow.built(reference)
    flow.until_ended()

    assert "answered 503, not 200" in flow.outcome()[1]
    assert flow.record().refusal(reference.partition("@")[2]) is not None


def test_a_canary_too_slow_for_the_smoke_test_gets_no_request():
    flow = Flow(changed(DELIVERY, verify="{latency_max: 1s, attempts: 2}"))

    flow.built(flow.image("v2", latency_seconds=1.5))
    flow.until_ended()

    assert "took 1500 ms, more than 1000 ms" in flow.outcome()[1]
    assert flow.served("v2", failed=False) == 0
