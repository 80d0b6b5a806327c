"""What docs/concepts/verdict.md says in numbers is what the judge does."""

import datetime as dt
import random
import re
from dataclasses import replace
from typing import get_args

import pytest
import yaml

from docs.concepts import tables
from docs.concepts.examples import PAGE
from rollouts import (
    blind_spots,
    error_streams,
    holding,
    judging,
    limits,
    pacing,
    silence,
    tally,
    weighing,
)
from rollouts.actions import RollBack
from rollouts.agreement import LATENESS
from rollouts.assembling import SILENT_MIN
from rollouts.bernoulli import GAINS, Test, clean_evidence
from rollouts.comparison import WIDE
from rollouts.deciding import decide
from rollouts.delivery_file import parse_policy
from rollouts.intervals import BEFORE, Arm, Interval
from rollouts.judging import judge
from rollouts.kept import Pace
from rollouts.past import UNKNOWN_RATIO
from rollouts.policy import ALPHA, FIXED_COUNTS
from rollouts.probing import speaks_against
from rollouts.record import Probed
from rollouts.settings import ANALYSIS, TARGET
from rollouts.shifting import VERDICT_AGE
from rollouts.slowness import EDGE_MS_MIN, REQUESTS_MIN, TARGETS
from rollouts.verdict import DOUBT, Cause, Kind, Verdict
from tests.docs.pages import rows
from tests.docs.scenarios import answers, rollout_of, shifted
from tests.docs.small_world import NOW

TEXT = PAGE.read_text()
FLAT = " ".join(TEXT.split())
SECOND = dt.timedelta(seconds=1)


def stretch(start, end, step, percent, canary, stable, *, seen=True):
    begins, ends = NOW + start * SECOND, NOW + end * SECOND
    return Interval(begins, ends, step, percent, canary, stable, seen_at=ends if seen else None)


def past(requests_a_minute=1200, errors=0):
    return [
        stretch(start, start + 60, BEFORE, 0, Arm(0, 0), Arm(requests_a_minute, errors))
        for start in range(-1800, 0, 60)
    ]


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("So does one whose error ratio may be under 0.02 %", ANALYSIS["error_ratio_ignored"].default == 0.0002),
        ("`error_increase_tolerated: 0.1`", ANALYSIS["error_increase_tolerated"].default == 0.1),
        ("Evidence for more than that must reach 10 first", round(2.718281828459045**error_streams.FLOOR) == 10),
        ("unless one has 50 failures", weighing.GUARD_BAD == 50),
        ("(300 requests at least)", REQUESTS_MIN == 300),
        ("one request in ten, and one in fifty, is slower than, 50 ms", (TARGETS, EDGE_MS_MIN) == ((0.1, 0.02), 50)),
        ("(`slowdown_tolerated`, `off` compares none)", ANALYSIS["slowdown_tolerated"].default == 0.1),
        ("not the first 20 seconds", ANALYSIS["warm_up"].default == "20s"),
        ("0.7 on errors, 0.2 on latency, 0.1 on errors at 100 %", (weighing.WEIGHT_ERRORS, weighing.WEIGHT_LATENCY, weighing.WEIGHT_FULL) == (0.7, 0.2, 0.1)),
        ("**half as many again**", tally.GENEROUS == 1.5),
        ("a step of more than 25 %", WIDE == 0.25),
        ("If the metrics show 5 errors of which the log tells nothing", SILENT_MIN == 5),
        ("for a whole `window` (5 minutes)", TARGET["window"].default == "5m"),
        ("totals are visible for 0.6 of it (3 minutes)", holding.VISIBLE_SHARE == 0.6),
        ("`min_requests` (20 by default)", ANALYSIS["min_requests"].default == 20),
        ("Evidence of 10 in errors, in latency or in all holds the step, for at most 5 minutes", (DOUBT, holding.DOUBT_SECONDS) == (10, 300)),
        ("(evidence of 10, a hang, a failing stable)", DOUBT == 10),
        ("after 60 seconds if about 330 requests", holding.EARLY_SECONDS == 60),
        ("twice `check_every` and 30 seconds", VERDICT_AGE == 30 * SECOND),
        ("`deadline` (1 hour from the first shift", TARGET["deadline"].default == "1h"),
        ("its window and four minutes for the totals", LATENESS == 240 * SECOND),
        ("for as long as `approval.expires` (24 hours)", parse_policy({}).approval.expires == 24 * 3600 * SECOND),
        ("up to `extend_max` (30 minutes) longer", TARGET["extend_max"].default == "30m"),
        ("if fewer than 5 requests a window are its usual traffic", silence.EXPECTED_MIN == 5),
        ("those of three intervals of ten seconds", blind_spots.APART_INTERVALS == 3),
        ("Those of the first minute of a step are set apart", blind_spots.APART_SECONDS == 60),
        ("where the canary has 10 requests an interval or more", blind_spots.BUSY == 10),
        ("under a quarter of its share", blind_spots.COMPLETED_MIN == 0.25),
        ("from 50 expected requests on", blind_spots.EXPECTED_HANG == 50),
        ("10 requests open, ten times stable's by its share, for 5 minutes", (blind_spots.OPEN_MIN, blind_spots.OPEN_SECONDS) == (10, 300)),
        ("While stable has 5 failures in a minute, and more than 1 %", (blind_spots.OUTAGE_BAD, blind_spots.OUTAGE_SECONDS, blind_spots.OUTAGE_RATIO) == (5, 60, 0.01)),
        ("lasts `common_outage_max` (5 minutes)", ANALYSIS["common_outage_max"].default == "5m"),
        ("may fail one request in ten", UNKNOWN_RATIO == 0.1),
        ("The smallest worsening that is bet on is 2.5 times", min(GAINS) == 2.5),
        ("up to about 1.65 times that (1.65 % of the requests where 1 % counts as good)", max(Test(0.01).factors(160, 10_000)) < 0 < max(Test(0.01).factors(170, 10_000))),
        ("with a window of 60 seconds at most", holding.GLANCE_SECONDS == 60),
        ("sets `max_errors: [5, 10]`", FIXED_COUNTS == (5, 10)),
        ("from 5 failures on, of what it had at most", limits.FRESH_ERRORS_MIN == 5),
    ],
)  # fmt: skip
def test_a_number_of_the_page_is_the_codes(said, true):
    assert said in FLAT
    assert true


def test_the_page_lists_every_verdict_and_every_cause():
    kinds = {row[0].replace(" ", "_") for row in rows(TEXT, "verdict")}
    causes = {row[0]: row[2] for row in rows(TEXT, "cause")}

    assert kinds == set(get_args(Kind))
    assert set(causes) == {one for one in get_args(Cause) if one}


@pytest.mark.parametrize("row", [*rows(TEXT, "cause")], ids=lambda row: row[0])
def test_a_fail_refuses_the_digest_as_the_page_says(row):
    cause, _, digest = row
    rollout = rollout_of(shifted())
    fails = Verdict("fail", "x", judge([], rollout.policy, NOW).numbers, cause=cause)

    assert decide(rollout, fails, NOW) == RollBack("x", refuse=digest == "refused")


def test_the_page_has_what_each_sensitivity_asks_for():
    found = {row[0]: row[1:] for row in rows(TEXT, "sensitivity")}

    assert found == {
        name: [f"{1 / alpha:.0f}", f"{100 * alpha:g} %"] for name, alpha in ALPHA.items()
    }


def test_the_line_of_a_fail_is_the_references_own():
    _, _, fail = answers()["check_metrics"]

    assert f"\n{fail['action']['because']}\n" in TEXT


def test_the_waits_after_a_refusal_are_at_most_those_of_the_page():
    pace, waits = Pace(), []
    for _ in range(5):
        pace = pacing.refused(pace, NOW, "any", NOW)
        assert pace.wait_until
        waits.append((pace.wait_until - NOW).total_seconds())

    assert "after 20, 40, 80, then 120 seconds" in FLAT
    for wait, longest in zip(waits, (20, 40, 80, 120, 120), strict=True):
        assert 0.75 * longest <= wait <= longest


def test_about_330_clean_requests_end_a_step_early():
    enough = next(
        n
        for n in range(1000)
        if clean_evidence(0, n, good=holding.EARLY_GOOD, poor=holding.EARLY_POOR)
        >= holding.EARLY_EVIDENCE
    )

    assert 325 <= enough <= 335


# What the judge does.


@pytest.mark.parametrize(("bad", "stable_bad", "back"), [(10, 0, True), (9, 0, False), (10, 1, False)])  # fmt: skip
def test_ten_of_twenty_probes_take_a_canary_back_and_stables_failures_speak_for_it(
    bad, stable_bad, back
):
    probed = Probed(20, bad, stable_bad, NOW, NOW + 30 * SECOND)

    assert "**10 failures of the canary alone take it back, 9 do not**" in FLAT
    assert speaks_against(probed, parse_policy({"analysis": {"probes": 20}})) is back


FIRST = {"steps": [1, 10, 50, 100], "window": ["45s", "5m"]}


@pytest.mark.parametrize(
    ("requests_a_minute", "kind"), [(1200, "pass"), (300, "no_data"), (60_000, "pass")]
)
def test_a_short_first_step_passes_on_the_log_alone_from_20_requests_a_second_on(
    requests_a_minute, kind
):
    silent = [
        stretch(start, start + 10, 0, 1, Arm(None, 0), Arm(None, 0), seen=False)
        for start in range(0, 50, 10)
    ]
    written = yaml.safe_load(f"{{{', '.join(re.findall(SHORT, FLAT)[0])}}}")

    assert written == FIRST
    found = judge([*past(requests_a_minute), *silent], parse_policy(FIRST), NOW + 50 * SECOND)
    assert found.kind == kind


SHORT = r"`(steps: \[1, [^`]*)`, `(window: [^`]*)`"


@pytest.mark.parametrize("settings", re.findall(r"`((?:steps|window): \[[^`]*\])`", TEXT))
def test_steps_and_windows_of_the_page_can_be_set(settings):
    steps = {} if "steps" in settings else {"steps": [10, 50, 90, 100]}

    assert parse_policy({**steps, **yaml.safe_load(settings), "deadline": "3h"}).steps[-1] == 100


def test_the_second_failure_breaks_a_count_of_one():
    policy = parse_policy({"analysis": {"max_errors": 1}})
    one, two = (
        [*past(12), stretch(0, 10, 0, 10, Arm(None, bad), Arm(None, 0), seen=False)]
        for bad in (1, 2)
    )

    assert judge(one, policy, NOW + 10 * SECOND).kind != "fail"
    assert judge(two, policy, NOW + 10 * SECOND).cause == "limit"


# The formula of the table of counts.


@pytest.mark.parametrize("expected", [3.0, 6.0, 20.0])
def test_the_chance_that_a_count_takes_a_good_canary_back_is_what_the_judge_comes_to(expected):
    """Steps in which each failure is the canary's with the chance of its share."""
    policy = parse_policy({"analysis": {"max_errors": 5, "dry_run": True}})
    rng = random.Random(f"counts {expected}")
    runs = 300

    back = sum(_breaks(policy, expected, rng) for _ in range(runs))

    assert abs(back / runs - tables.taken_back(expected)) < 0.08


def _breaks(policy, expected, rng):
    """Whether the limit takes a canary back in a step; looked at after each failure."""
    found, bad = judging.begin(policy), [0, 0]
    judging.advance(found, past())
    at = 0.0
    while (until := at + rng.expovariate(expected / tables.SHARE / 300)) < 300:
        role = int(rng.random() >= tables.SHARE)
        bad[role] += 1
        arms = [Arm(None, int(role == 0)), Arm(None, int(role == 1))]
        one = stretch(at, until, 0, 10, *arms, seen=False)
        judging.advance(found, [replace(one, seen_at=one.end)])
        verdict = judging.conclude(found)
        if (verdict.kind, verdict.cause) == ("fail", "limit"):
            return True
        at = until
    return False
