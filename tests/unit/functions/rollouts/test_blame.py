"""Whether an alert speaks against the canary."""

from dataclasses import replace

import pytest

from rollouts.blame import Blame, excused, look_since, named_target, suspect, weigh
from rollouts.incidents import Incident
from rollouts.intervals import BadRequest
from rollouts.record import EMPTY, Record
from tests.unit.functions.rollouts.builders import (
    CANARY,
    DELIVERY,
    STABLE,
    at,
    policy,
    rollout,
    shifts,
)

OPEN = Incident(
    id="0.m8",
    open=True,
    test=False,
    started=at(60),
    policy="api error ratio",
    summary="5xx ratio is 0.31",
    project="team-production",
    service="api",
    region="europe-west1",
    revision=CANARY,
)
PROMOTED = rollout("promoted", ended_at=at(minutes=15))


def bad(canary=0, stable=0):
    return [
        *(BadRequest(f"c{number}", "canary", at(60), at(60)) for number in range(canary)),
        *(BadRequest(f"s{number}", "stable", at(60), at(60)) for number in range(stable)),
    ]


def test_an_incident_names_its_target_by_project_region_and_service():
    named = named_target(OPEN, DELIVERY)

    assert named is not None
    assert (named[0].name, named[1].name) == ("api", "production")


@pytest.mark.parametrize(
    "incident",
    [replace(OPEN, project=""), replace(OPEN, region=""), replace(OPEN, service="")],
)
def test_an_incident_that_does_not_say_all_three_names_nothing(incident):
    assert named_target(incident, DELIVERY) is None


@pytest.mark.parametrize(
    ("incident", "own", "because"),
    [
        (replace(OPEN, test=True), rollout(), "it is a test message"),
        (replace(OPEN, open=False), rollout(), "the incident is closed"),
        (OPEN, None, "no rollout has shifted traffic here"),
        (OPEN, rollout("verified"), "no rollout has shifted traffic here"),
        (OPEN, rollout("rolled_back"), "rollout 0123abcd is rolled back already"),
        (OPEN, rollout("stopped"), "rollout 0123abcd is stopped"),
        (replace(OPEN, revision=STABLE), rollout(), "it names api-1, and the canary is api-2"),
        (replace(OPEN, started=at(-1)), rollout(), "the incident began before the first shift"),
        (
            replace(OPEN, started=at(minutes=45, seconds=1)),
            PROMOTED,
            "api-2 was promoted more than 30m before the incident",
        ),
    ],
)
def test_an_alert_that_cannot_be_the_canarys_doing_is_excused(incident, own, because):
    assert excused(incident, own, at(120)) == because


@pytest.mark.parametrize(
    ("incident", "own"),
    [
        (OPEN, rollout()),
        (replace(OPEN, started=at(0)), rollout()),
        (replace(OPEN, revision=""), rollout()),
        (replace(OPEN, started=None), rollout()),
        (OPEN, PROMOTED),
        (replace(OPEN, started=at(minutes=45)), PROMOTED),
    ],
)
def test_an_alert_that_may_be_the_canarys_doing_is_weighed(incident, own):
    assert excused(incident, own, at(120)) == ""


def test_an_alert_of_unknown_start_counts_from_its_arrival():
    unknown = replace(OPEN, started=None)
    unwatched = replace(PROMOTED, policy=policy(watch="0s"))

    assert excused(unknown, unwatched, at(minutes=15)) == ""
    assert excused(unknown, unwatched, at(minutes=16)) != ""


@pytest.mark.parametrize(("minutes", "since"), [(6, at(minutes=5)), (30, at(minutes=25))])
def test_the_log_is_compared_under_one_share_and_at_most_five_minutes(minutes, since):
    own = rollout(shifts=shifts(10, 50))

    assert look_since(own, at(minutes=minutes)) == since


@pytest.mark.parametrize(
    ("done", "canary", "stable", "guilty"),
    [
        ((10,), 0, 0, False),
        ((10,), 0, 50, False),
        ((10,), 1, 0, False),
        ((10,), 2, 0, True),
        ((10,), 4, 7, False),
        ((10,), 5, 6, True),
        ((10,), 19, 81, False),
        ((10,), 20, 80, True),
        ((10, 50), 9, 1, False),
        ((10, 50), 10, 0, True),
        ((10, 50, 100), 1, 0, True),
        ((10, 50, 100), 1, 50, True),
        ((10, 50, 100), 0, 50, False),
    ],
)
def test_the_canary_is_to_blame_if_it_has_more_failures_than_its_share_and_chance_explain(
    done, canary, stable, guilty
):
    blame = weigh(OPEN, rollout(shifts=shifts(*done)), bad(canary, stable))

    assert blame.guilty is guilty


def test_blame_is_said_in_numbers():
    assert weigh(OPEN, rollout(), bad(3, 1)) == Blame(
        True, 'alert "api error ratio" (3 bad requests at the canary, 1 at stable, at 10 %)'
    )
    assert weigh(OPEN, rollout(), bad(1, 20)).because == (
        'alert "api error ratio": the canary is not worse than stable'
        " (1 bad requests at the canary, 20 at stable, at 10 %)"
    )


@pytest.mark.parametrize("policy_name", ["api error ratio", ""])
def test_an_alert_is_named_by_its_policy(policy_name):
    because = weigh(replace(OPEN, policy=policy_name), rollout(), []).because

    head = f'alert "{policy_name}"' if policy_name else "an alert"
    assert because == f"{head}: no bad request of the canary in the log"


LAST = rollout("promoted", id="older", canary="api-1", stable="api-0")
WAITING = rollout("verified", stable="api-1")
SHIFTING = rollout(stable="api-1")
BESIDE_ANOTHER = rollout(stable="api-7")
"""A person took the promoted one back by hand before this rollout began."""


@pytest.mark.parametrize(
    ("present", "last", "named", "blamed"),
    [
        (None, None, "", None),
        (SHIFTING, None, "", SHIFTING),
        (SHIFTING, LAST, "", SHIFTING),
        (SHIFTING, LAST, CANARY, SHIFTING),
        (SHIFTING, LAST, "api-1", LAST),
        (WAITING, LAST, "", LAST),
        (WAITING, LAST, "api-1", LAST),
        (WAITING, LAST, CANARY, WAITING),
        (PROMOTED, LAST, "api-1", PROMOTED),
        (BESIDE_ANOTHER, LAST, "api-1", BESIDE_ANOTHER),
        (BESIDE_ANOTHER, LAST, "", BESIDE_ANOTHER),
    ],
)
def test_an_alert_speaks_of_the_canary_that_it_names_or_the_newest_with_traffic(
    present, last, named, blamed
):
    record = Record(rollout=present, promoted=last)

    assert suspect(replace(OPEN, revision=named), record) is blamed


def test_on_a_service_without_a_rollout_there_is_no_suspect():
    assert suspect(OPEN, EMPTY) is None


@pytest.mark.parametrize(("minutes", "late"), [(15 + 30 + 30, False), (15 + 30 + 31, True)])
def test_an_alert_that_comes_long_after_the_watch_is_no_reason(minutes, late):
    assert bool(excused(OPEN, PROMOTED, at(minutes=minutes))) is late
