"""A canary that fails every request, from its first bad request to the rollback.

The shipped policy; real processes, 20 requests a second, 10 % of them the canary's; metrics 60 s
coarse and 120 s late, so that the request log alone can be in time.
"""

import datetime as dt
import itertools

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_stable_has_everything_again_within_30_seconds_of_the_first_bad_request(reaction):
    """By what the log, the functions and the cloud wrote down, not by when this test looks.

    By design at most about 22 s: an interval of ten seconds is known five later, and looks come
    each ten. At the worst the first interval is too short to tell enough.
    """
    found = reaction().reaction

    assert found.seconds < 30
    assert found.shifted_at < found.first_bad_at < found.decided_at
    assert found.decided_at <= found.written_at <= found.served_at


def test_the_comparison_decided_it_on_errors_that_no_metric_showed_yet(reaction):
    back = reaction().reaction.back["data"]

    assert (back["by"], back["percent_before"], back["percent_after"]) == ("", 10, 0)
    decision = back["decision"]
    assert (decision["kind"], decision["cause"]) == ("fail", "errors")
    assert decision["evidence"]["total"] >= decision["evidence"]["threshold"] == 100
    assert decision["numbers"]["visible_seconds"] == 0
    assert decision["numbers"]["canary_errors"] >= 3
    assert decision["numbers"]["stable_errors"] == 0


def test_it_was_the_shipped_policy_without_any_absolute_limit(reaction):
    found = reaction().reaction

    policy = next(one["policy"] for one in found.records if one["id"] == found.decision["id"])
    assert (policy["steps"], policy["check_every"]) == ([10, 50, 100], "10s")
    limits = {name: policy["analysis"][name] for name in policy["analysis"] if "max_" in name}
    assert "max_errors" in limits
    assert {name: limit for name, limit in limits.items() if limit != "off"} == {}


def test_looks_were_never_closer_than_check_every(reaction):
    """Else it would be quick at the cost of a quota that all rollouts share."""
    found = reaction().reaction

    instants = sorted({dt.datetime.fromisoformat(one["at"]) for one in found.records})
    looks = [found.shifted_at, *instants]
    gaps = [after - before for before, after in itertools.pairwise(looks)]
    assert len(instants) == found.looks_taken >= 1
    assert min(gaps) >= dt.timedelta(seconds=10)


def test_no_request_was_lost_and_every_failed_one_was_the_canarys(reaction):
    played = reaction()

    assert (played.reaction.lost, played.counts.lost, played.counts.own_5xx) == (0, 0, 0)
    assert played.reaction.bad == played.callers_failures >= 3
