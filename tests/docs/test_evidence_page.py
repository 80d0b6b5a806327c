"""The page of the formulae has the numbers that the code has, and the code cites its sections."""

import math
import re
from pathlib import Path

import pytest

from rollouts import (
    bernoulli,
    blind_spots,
    comparison,
    dispersion,
    error_streams,
    holding,
    mixtures,
    past,
    slow_streams,
    slowness,
    tally,
    weighing,
)
from rollouts.policy import ALPHA
from rollouts.settings import ANALYSIS
from rollouts.verdict import DOUBT

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/evidence.md").read_text("utf-8")
CITED = re.compile(r"docs/(\S+\.md), ((?:\"[^\"]+\"(?:, | and )?)+)")


def row(*cells):
    return f"| {' | '.join(f'{one:g}' if isinstance(one, float) else one for one in cells)} |"


def prior(name, one):
    return row(name, one.phi, one.weight, "1", one.phi_max)


@pytest.mark.parametrize(
    ("said", "true"),
    [
        ("From 99.9 % on nothing is left", comparison.ALONE == 0.999),
        ("**1.5** times the service's rate", tally.GENEROUS == 1.5),
        ("in the last visible minute", tally.RATE_SECONDS == 60),
        ("At most **23** intervals wait", tally.UNSEEN_MAX == 23),
        ("(N_c + 50 p) / (N_c + N_s + 50)", comparison.KAPPA == 50),
        ("at a share above **25 %**", comparison.WIDE == 0.25),
        (row("r", *comparison.EFFECTS), True),
        ("0.19 | 0.20 | 0.21 | 0.19 | 0.17 | 0.04", True),
        ("m = 0.30         M(r) = 0.70 w(r)", mixtures.NOW_SHARE == 0.7),
        ("**0.35** for the first of another step", math.exp(comparison.NEW_STEP) == pytest.approx(0.65)),
        ("`1 - exp(-seconds / 900)`", comparison.REMAIN_SECONDS == 900),
        ("`1 - exp(-seconds / 300)`", error_streams.FULL_REMAIN_SECONDS == 300),
        (prior("errors", dispersion.ERRORS), True),
        (prior("latency", dispersion.SLOW), True),
        ("`error_increase_tolerated`: **1.1**", ANALYSIS["error_increase_tolerated"].default == 0.1),
        ("for *g* in 2.5, 10, 50, 500 with equal weights", bernoulli.GAINS == (2.5, 10, 50, 500)),
        ("`error_ratio_ignored` (**0.02 %**)", ANALYSIS["error_ratio_ignored"].default == 0.0002),
        ("It must reach **10**", math.exp(error_streams.FLOOR) == pytest.approx(10)),
        ("`bad_intervals_min` intervals (**1**)", ANALYSIS["bad_intervals_min"].default == 1),
        ("or **50** of them in", weighing.GUARD_BAD == 50),
        ("histogram of **300** requests", slowness.REQUESTS_MIN == 300),
        ("the lowest bound of **50 ms** or more", slowness.EDGE_MS_MIN == 50),
        ("at most **1.25** times **10 %**, and **2 %**", (slowness.ROOM, slowness.TARGETS) == (1.25, (0.1, 0.02))),
        ("between **1.15** and **2**", (slowness.MARGIN_MIN, slowness.MARGIN_MAX) == (1.15, 2)),
        ("until it has served **5**", slow_streams.WARM_REQUESTS == 5),
        ("three times the highest error ratio", blind_spots.OUTAGE_TIMES == 3),
        ("at least **1 %**; **10 %** without a past", (blind_spots.OUTAGE_RATIO, past.UNKNOWN_RATIO) == (0.01, 0.1)),
        ("3.0902 / (3 sqrt(k))", bernoulli.Z_999 == 3.0902),
        ("E = 0.7 errors + 0.2 latency + 0.1 full", (weighing.WEIGHT_ERRORS, weighing.WEIGHT_LATENCY, weighing.WEIGHT_FULL) == (0.7, 0.2, 0.1)),
        ("alpha is 0.002, 0.01 or 0.05 by `sensitivity`", tuple(ALPHA.values()) == (0.002, 0.01, 0.05)),
        ("| held, for 300 s more than the window | errors, latency or the sum reach 10 |", (holding.DOUBT_SECONDS, DOUBT) == (300, 10)),
        ("at 0.1 % over that at 1 % reaches 20", (holding.EARLY_GOOD, holding.EARLY_POOR, round(math.exp(holding.EARLY_EVIDENCE))) == (0.001, 0.01, 20)),
    ],
)  # fmt: skip
def test_a_number_of_the_page_is_the_codes(said, true):
    assert said in " ".join(PAGE.split("\n")) or said in PAGE
    assert true


def test_the_weights_of_the_page_are_the_codes():
    [told] = re.findall(r"\| weight w \| (.*) \|", PAGE)

    weights = [math.exp(one) for one in comparison.LOG_WEIGHTS]
    assert [float(one) for one in told.split(" | ")] == pytest.approx(weights)
    assert sum(weights) == pytest.approx(1)


def test_every_section_that_the_judge_cites_is_there():
    cited = [
        (page, section)
        for file in sorted((ROOT / "functions/rollouts").glob("*.py"))
        for page, sections in CITED.findall(" ".join(file.read_text("utf-8").split()))
        for section in re.findall(r"\"([^\"]+)\"", sections)
    ]

    assert {"One stream", "Clusters", "Errors", "Latency", "100 percent", "The sum"} <= {
        section for _, section in cited
    }
    for page, section in cited:
        assert f"\n## {section}\n" in (ROOT / "docs" / page).read_text("utf-8")
