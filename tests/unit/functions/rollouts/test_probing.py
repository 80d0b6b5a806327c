"""Probes before traffic: in pairs, by a coin, and a canary that fails them alone goes back."""

import datetime as dt
import json
from collections import Counter
from dataclasses import replace

import pytest

from rollouts import smoke
from rollouts.actions import RollBack, Stop
from rollouts.intervals import PROBED, Arm
from rollouts.probing import (
    Sent,
    counted,
    hindered,
    interval_of,
    line_of,
    note_against,
    order_of,
    path_of,
    probed_of,
    sent_before,
    speaks_against,
    taken_back,
    timeout_of,
)
from rollouts.record import Probed
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CANARY,
    NOW,
    OTHER_EXECUTION,
    STABLE,
    at,
    driver,
    policy,
    rollout,
    seen,
    step,
)

PASSED = "smoke tests passed: /health/ready, slowest 12 ms"
FRESH = Sent(NOW, PASSED)
DEPLOYED = rollout("deployed", policy=policy(analysis={"probes": 20}))
ALL_BAD = Probed(20, 20, 0, NOW, at(5))


def answer(status):
    return smoke.Tested("/health/ready", status, dt.timedelta(milliseconds=10))


def probed(canary_bad, stable_bad=0, requests=20):
    return Probed(requests, canary_bad, stable_bad, NOW, at(5))


def test_a_tally_travels_as_json_and_comes_back():
    sent = Sent(at(0.25), PASSED, 12, 3, 1, 2)

    assert sent_before({"probes": json.loads(json.dumps(sent.as_json()))}) == sent


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"attempts": 2},
        {"probes": None},
        {"probes": 5},
        {"probes": FRESH.as_json() | {"at": "noon"}},
        {"probes": FRESH.as_json() | {"pairs": "many"}},
        {"probes": FRESH.as_json() | {"pairs": 3, "canary_bad": 4}},
        {"probes": FRESH.as_json() | {"pairs": 3, "stable_bad": -1}},
        {"probes": FRESH.as_json() | {"pairs": 3, "left_out": -1}},
        {"probes": {"pairs": 3}},
    ],
)
def test_a_state_without_a_tally_that_can_be_read_begins_anew(state):
    assert sent_before(state) is None


@pytest.mark.parametrize(
    ("canary", "stable", "bad"),
    [
        (200, 200, (0, 0)),
        (404, 302, (0, 0)),
        (500, 200, (1, 0)),
        (None, 499, (1, 0)),
        (200, 503, (0, 1)),
        (503, None, (1, 1)),
    ],
)
def test_bad_is_what_has_no_answer_or_a_5xx(canary, stable, bad):
    after = counted(FRESH, answer(canary), answer(stable))

    assert (after.canary_bad, after.stable_bad) == bad
    assert (after.pairs, after.left_out) == (1, 0)


@pytest.mark.parametrize(
    ("canary", "stable"), [(401, 200), (403, 500), (200, 401), (500, 403), (403, 403)]
)
def test_a_pair_that_barq_was_not_let_through_for_counts_for_neither(canary, stable):
    after = counted(FRESH, answer(canary), answer(stable))

    assert after == replace(FRESH, pairs=1, left_out=1)


def test_the_coin_gives_each_role_the_first_turn_about_half_the_time():
    firsts = Counter(order_of(f"rollout-{r}", pair)[0] for r in range(20) for pair in range(50))

    assert set(order_of("rollout", 0)) == {"canary", "stable"}
    assert 450 <= firsts["canary"] <= 550


def test_the_coin_of_a_rollout_and_pair_falls_the_same_way_again_and_others_on_their_own():
    first = [order_of("one", pair) for pair in range(50)]

    assert first == [order_of("one", pair) for pair in range(50)]
    assert first != [order_of("other", pair) for pair in range(50)]
    assert len(set(first)) == 2


def test_paths_come_in_turn_and_both_of_a_pair_get_the_same():
    settings = policy(verify={"paths": ["/a", "/b"]}).verify

    assert [path_of(settings, pair) for pair in range(5)] == ["/a", "/b", "/a", "/b", "/a"]


def test_a_probe_waits_as_long_as_a_smoke_test_may_take_and_never_longer_than_a_round_bears():
    assert timeout_of(policy(verify={"latency_max": "3s"}).verify) == dt.timedelta(seconds=3)
    assert timeout_of(policy(verify={"latency_max": "1m"}).verify) == dt.timedelta(seconds=10)


def test_nothing_is_in_the_way_while_stable_alone_is_served():
    assert hindered(seen(DEPLOYED), DEPLOYED) == ""


def test_without_stable_alone_at_the_services_url_no_probe_is_sent():
    served = (Entry(STABLE, 90), Entry("api-0", 10))

    assert hindered(seen(DEPLOYED, served=served), DEPLOYED) == (
        "api-1 is not served 100 % (api-1 90 %, api-0 10 %)"
    )


def test_without_a_path_or_beside_the_placeholder_no_probe_is_sent():
    pathless = rollout("deployed", policy=policy(verify={"paths": []}))
    first = replace(DEPLOYED, placeholder=True)

    assert hindered(seen(pathless), pathless) == "no path is set to send them to"
    assert hindered(seen(first), first) == "stable is the installer's placeholder"


def test_what_stays_on_record_is_as_many_of_one_role_as_of_the_other():
    sent = Sent(NOW, PASSED, pairs=20, canary_bad=3, stable_bad=1, left_out=2)

    assert probed_of(sent, at(5)) == Probed(18, 3, 1, NOW, at(5))
    assert probed_of(Sent(NOW, PASSED, pairs=20, left_out=20), at(5)) is None


def test_the_probes_are_one_interval_at_half_the_share_known_and_seen_when_they_ended():
    found = interval_of(probed(3, 1))

    assert (found.start, found.end, found.step, found.percent) == (NOW, at(5), PROBED, 50)
    assert (found.canary, found.stable) == (Arm(20, 3), Arm(20, 1))
    assert (found.known_at, found.seen_at) == (at(5), at(5))


def test_the_interval_has_a_length_also_if_the_clock_stood_still_or_went_back():
    for ended in (NOW, at(-3)):
        assert interval_of(replace(probed(0), ended_at=ended)).seconds == 1.0


def test_ten_bad_probes_of_the_canary_alone_take_it_back_and_nine_do_not():
    assert speaks_against(probed(10), policy())
    assert not speaks_against(probed(9), policy())


def test_ten_bad_probes_of_each_role_speak_against_nobody():
    assert not speaks_against(probed(10, 10), policy())


def test_in_a_dry_run_only_an_absolute_limit_takes_the_canary_back():
    dry = {"dry_run": True}

    assert not speaks_against(ALL_BAD, policy(analysis=dry))
    assert not speaks_against(probed(5), policy(analysis=dry | {"max_errors": [5]}))
    assert speaks_against(probed(6), policy(analysis=dry | {"max_errors": [5]}))


def test_the_line_counts_the_probes_apart_from_users_requests():
    sent = replace(FRESH, pairs=20, canary_bad=1)

    assert line_of(sent, probed(1)) == (
        f"{PASSED}; of 20 probes to each, the canary failed 1 and stable 0 (no users' requests)"
    )


def test_the_line_says_when_barq_had_no_right_to_probe():
    refused = "answered 401 or 403 and are not counted: Barq may not invoke the service"

    none = line_of(Sent(NOW, PASSED, pairs=20, left_out=20), None)
    some = line_of(Sent(NOW, PASSED, pairs=20, left_out=2), probed(0, requests=18))

    assert none == f"{PASSED}; 20 of 20 pairs of probes were {refused}"
    assert some.endswith(f"(no users' requests); 2 of 20 pairs of probes were {refused}")


def test_probes_that_take_a_canary_back_are_on_record_and_refuse_the_digest():
    decision = note_against(seen(DEPLOYED), step(), ALL_BAD, NOW)

    assert decision.change is not None
    assert decision.change.record.rollout == replace(DEPLOYED, probed=ALL_BAD)
    assert decision.change.split is None
    assert decision.action == taken_back(ALL_BAD)
    assert decision.action == RollBack(
        "before any user met the canary: of 20 probes to each, the canary failed 20 and stable 0"
    )


def test_what_another_execution_drives_or_a_person_changed_is_not_noted_on():
    other = note_against(seen(DEPLOYED), step(driver=driver(OTHER_EXECUTION)), ALL_BAD, NOW)
    moved = (Entry(STABLE, 40), Entry(CANARY, 60))
    foreign = note_against(seen(DEPLOYED, split=moved), step(), ALL_BAD, NOW)

    assert (type(other.action), other.change) == (Stop, None)
    assert isinstance(foreign.action, Stop)
    assert foreign.action.outcome == "stopped"
