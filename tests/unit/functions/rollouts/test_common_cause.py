"""The next canary's failures tell a common cause from a fault of the last promotion."""

from dataclasses import replace

import pytest

from rollouts.blame import Blame
from rollouts.common_cause import beside, weighed_beside
from rollouts.intervals import BadRequest
from rollouts.record import Record
from tests.unit.functions.rollouts.builders import NOW, at, rollout, shifts

GUILTY = Blame(True, "an alert (9 bad requests at the canary in 60 s, at 100 %)", alone=True)
NEXT = rollout(shifts=shifts(10))
LAST = replace(rollout("promoted"), id="0ld", canary=NEXT.stable)


def weighed(own, of_stable):
    bad = [BadRequest(f"c{n}", "canary", at(100), at(101)) for n in range(own)]
    bad += [BadRequest(f"s{n}", "stable", at(100), at(101)) for n in range(of_stable)]
    return weighed_beside(GUILTY, NEXT, bad, NOW, at(200))


@pytest.mark.parametrize(("own", "guilty"), [(0, True), (1, True), (2, False), (5, False)])
def test_half_of_the_next_canarys_share_of_the_failures_acquits_the_last_promotion(own, guilty):
    """At 10 %: of 40 bad requests four are expected."""
    blame = weighed(own, 40 - own)

    assert blame.guilty is guilty
    assert blame.thin is not guilty


def test_while_too_few_failures_are_known_nobody_is_to_blame_yet():
    blame = weighed(0, 29)

    assert (blame.guilty, blame.thin) == (False, True)
    assert "too little is known of" in blame.because
    assert weighed(0, 30).guilty


def test_why_names_the_canary_and_the_counts():
    assert weighed(5, 35).because.endswith(
        f"; {NEXT.canary}, which serves beside it, fails alike"
        " (5 of 40 bad requests since its first shift or in 5 minutes)"
    )


@pytest.mark.parametrize(
    "present",
    [
        None,
        rollout("verified", shifts=()),
        rollout(shifts=shifts(10, 50, 100)),
        rollout("rolled_back"),
        rollout(shifts=shifts(10), stable="api-99"),
    ],
    ids=["none", "without traffic", "with all of it", "ended", "beside another"],
)
def test_who_does_not_serve_beside_the_blamed_says_nothing(present):
    assert beside(Record(rollout=present, promoted=LAST), LAST) is None


def test_the_present_rollout_is_not_beside_itself():
    assert beside(Record(rollout=NEXT, promoted=LAST), NEXT) is None
    assert beside(Record(rollout=NEXT, promoted=LAST), LAST) is NEXT
