"""How a claimed rollout gets a canary that can be tested."""

import pytest

from rollouts.actions import Hold, Shift, Stop
from rollouts.following import follow
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    NOW,
    OTHER_DIGEST,
    STABLE,
    at,
    revision,
    rollout,
    seen,
)


def followed(own, canary, *, matches=True, now=NOW, again=False, **service):
    read = seen(own, **service)
    return follow(read, own, canary, digest_matches=matches, now=now, again=again)


DEPLOYING = rollout("deploying")


@pytest.mark.parametrize(
    ("canary", "because"),
    [
        (None, "api-2 is not Ready yet"),
        (revision(readiness="pending"), "api-2 is not Ready yet"),
        (revision(readiness="pending", reason="pulling"), "api-2 is not Ready yet: pulling"),
    ],
)
def test_a_canary_that_is_not_ready_yet_is_waited_for_without_a_write(canary, because):
    decision = followed(DEPLOYING, canary)

    assert decision.action == Hold(2, because, "revision", at(minutes=8))
    assert decision.change is None


def test_a_ready_canary_gets_its_tag_and_no_traffic():
    decision = followed(DEPLOYING, revision())

    assert isinstance(decision.action, Shift)
    assert (decision.action.step, decision.action.percent) == (0, 10)
    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100), Entry(CANARY, 0, "canary"))
    assert decision.change.record.rollout is not None
    assert decision.change.record.rollout.state == "deployed"


@pytest.mark.parametrize(
    ("canary", "now", "matches", "because"),
    [
        (
            revision(readiness="failed", reason="the container exited with 1"),
            NOW,
            True,
            "api-2 never got Ready: the container exited with 1",
        ),
        (None, at(minutes=8), True, "api-2 was not Ready within 10m"),
        (revision(readiness="pending"), at(minutes=8), True, "api-2 was not Ready within 10m"),
        (revision(resolved=OTHER_DIGEST), NOW, False, "which is neither sha256:aaaa"),
    ],
)
def test_a_canary_that_cannot_be_delivered_leaves_a_clean_service(canary, now, matches, because):
    decision = followed(DEPLOYING, canary, matches=matches, now=now)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "rolled_back"
    assert because in decision.action.because
    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100),)
    assert decision.change.record.rollout is not None
    assert decision.change.record.rollout.state == "rolled_back"
    assert decision.change.record.refused == ()
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == (
        "rollout.rolled_back",
        0,
        0,
    )


def test_a_canary_has_until_the_last_second_to_get_ready():
    assert isinstance(followed(DEPLOYING, None, now=at(minutes=8, seconds=-1)).action, Hold)


@pytest.mark.parametrize("state", ["deployed", "verified", "shifting"])
def test_a_repeat_of_deploy_changes_nothing(state):
    decision = followed(rollout(state), revision())

    assert isinstance(decision.action, Shift)
    assert decision.change is None


@pytest.mark.parametrize("state", ["promoted", "rolled_back", "stopped"])
def test_a_rollout_that_has_ended_is_told_as_it_ended(state):
    decision = followed(rollout(state, because="so it was"), None)

    assert decision.action == Stop(state, "so it was")
    assert decision.change is None


def test_a_persons_traffic_stops_a_rollout_that_is_being_deployed():
    decision = followed(DEPLOYING, revision(), split=(Entry(None, 100),), latest_ready=CANARY)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "stopped"
    assert decision.change is not None
    assert decision.change.split is None


def test_a_claim_whose_answer_never_came_to_its_driver_is_told_again():
    (notice,) = followed(DEPLOYING, None, again=True).notices

    assert (notice.kind, notice.at) == ("rollout.started", DEPLOYING.claimed_at)
    assert followed(DEPLOYING, None).notices == ()
