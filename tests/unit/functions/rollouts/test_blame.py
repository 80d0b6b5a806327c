"""Whether an alert speaks against the canary."""

from dataclasses import replace

import pytest

from rollouts.blame import Blame, excused, look_since, roles, suspect, unfit, weigh
from rollouts.incidents import Incident
from rollouts.intervals import BadRequest
from rollouts.record import EMPTY, Record, Usual
from tests.unit.functions.rollouts.builders import (
    CANARY,
    STABLE,
    at,
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
SUPERSEDED = rollout("superseded", shifts=shifts(10), ended_at=at(60), ended_by="barq")


BEGAN, MINUTE, LOOKED = at(0), at(60), at(120)


def bad(canary=0, stable=0, began=MINUTE):
    return [
        *(BadRequest(f"c{began}{number}", "canary", began, began) for number in range(canary)),
        *(BadRequest(f"s{began}{number}", "stable", began, began) for number in range(stable)),
    ]


def weighed(own, found, since=BEGAN, now=LOOKED, incident=OPEN, **fields):
    return weigh(incident, own, found, since, now, **fields)


@pytest.mark.parametrize(
    ("incident", "because"),
    [
        (replace(OPEN, test=True), "it is a test message"),
        (replace(OPEN, version="2.0"), "its schema is 2.0, and this code knows 1"),
        (replace(OPEN, open=False), "the incident is closed"),
        (replace(OPEN, version="1.9"), ""),
        (OPEN, ""),
    ],
)
def test_a_test_a_close_and_a_schema_of_the_future_move_nothing(incident, because):
    assert unfit(incident) == because


@pytest.mark.parametrize(
    ("incident", "own", "because"),
    [
        (OPEN, None, "no rollout has shifted traffic here"),
        (OPEN, rollout("verified"), "no rollout has shifted traffic here"),
        (OPEN, rollout("rolled_back"), "rollout 0123abcd is rolled back already"),
        (OPEN, rollout("stopped", ended_by="ann"), "rollout 0123abcd is stopped, by ann"),
        (OPEN, rollout("stopped"), "rollout 0123abcd is stopped, by barq"),
        (OPEN, SUPERSEDED, "rollout 0123abcd is superseded, by barq"),
        (replace(OPEN, started=None), rollout(), "it does not say when it began"),
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
        (OPEN, PROMOTED),
        (replace(OPEN, started=at(minutes=45)), PROMOTED),
    ],
)
def test_an_alert_that_may_be_the_canarys_doing_is_weighed(incident, own):
    assert excused(incident, own, at(120)) == ""


@pytest.mark.parametrize(("minutes", "since"), [(4, at(0)), (6, at(minutes=1))])
def test_the_log_is_compared_from_the_first_shift_on_and_at_most_for_five_minutes(minutes, since):
    own = rollout(shifts=shifts(10, 50, minutes_between=1))

    assert look_since(own, at(minutes=minutes)) == since


def test_both_revisions_have_a_role():
    assert roles(rollout()) == {CANARY: "canary", STABLE: "stable"}


def test_blame_is_said_in_numbers():
    assert weighed(rollout(), bad(4, 1)) == Blame(
        True, 'alert "api error ratio" (4 bad requests at the canary, 1 at stable, at 10 %)'
    )
    assert weighed(rollout(), bad(1, 20)).because == (
        'alert "api error ratio": the canary is not worse than stable'
        " (1 bad requests at the canary, 20 at stable, at 10 %)"
    )


@pytest.mark.parametrize("policy_name", ["api error ratio", ""])
def test_an_alert_is_named_by_its_policy(policy_name):
    because = weighed(rollout(), [], incident=replace(OPEN, policy=policy_name)).because

    head = f'alert "{policy_name}"' if policy_name else "an alert"
    assert because == f"{head}: no bad request of the canary in the log"


USUAL = Usual(requests=36_000, errors=36, requests_a_second=20.0)
"""0.1 % fail: 1 % is allowed, which is 12 of the 1,200 requests of a minute."""


@pytest.mark.parametrize(("canary", "guilty"), [(12, False), (23, False), (24, True)])
def test_at_100_percent_the_canary_is_held_against_stables_record(canary, guilty):
    own = rollout(shifts=shifts(100), usual=USUAL)

    blame = weighed(own, bad(canary), now=at(60), since=at(0))
    again = weighed(own, bad(canary, began=at(30)), now=at(60), since=at(0))

    assert not blame.guilty  # They began when the look had ended.
    assert (again.guilty, again.alone) == (guilty, guilty)
    assert f"{canary} bad requests at the canary in 60 s, at 100 %" in again.because
    assert "where stable's record allows 12.0" in again.because


@pytest.mark.parametrize(("percent", "thin"), [(100, True), (50, False)])
@pytest.mark.parametrize("canary", [0, 4])
def test_too_little_at_100_percent_may_be_too_early(percent, thin, canary):
    assert weighed(rollout(shifts=shifts(percent)), bad(canary, 9)).thin is thin


def test_without_a_record_of_stable_a_handful_confirms_the_incident():
    own = rollout(shifts=shifts(100))

    assert not weighed(own, bad(4)).guilty
    assert weighed(own, bad(5)) == Blame(
        True,
        'alert "api error ratio" (5 bad requests at the canary in 60 s, at 100 %,'
        " where nothing is on record of stable)",
        alone=True,
    )


def test_what_was_seen_under_an_earlier_share_still_counts():
    """A shift in flight while the alert arrives acquits nobody."""
    own = rollout(shifts=shifts(10, 50, minutes_between=2))

    found = weighed(own, bad(20, 2), now=at(121))

    assert found.guilty
    assert found.because.endswith("(20 bad requests at the canary, 2 at stable, at 10 %)")


def test_the_chance_of_a_mistake_is_shared_by_the_shares_in_force():
    alone, after_a_shift = rollout(), rollout(shifts=shifts(10, 50, minutes_between=2))

    assert weighed(alone, bad(3), now=at(121)).guilty
    assert not weighed(after_a_shift, bad(3), now=at(121)).guilty
    assert weighed(after_a_shift, bad(4), now=at(121)).guilty


def test_where_clients_stick_to_a_revision_the_two_are_not_compared():
    blame = weighed(rollout(), bad(50), affinity=True)

    assert blame.because.endswith("clients stick to a revision, so nothing can be compared")
    assert weighed(rollout(shifts=shifts(100)), bad(50), affinity=True).guilty


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
