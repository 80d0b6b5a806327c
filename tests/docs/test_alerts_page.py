"""The page about alerts says what the code does, in the same numbers."""

import re
from pathlib import Path
from typing import get_args

import pytest

from rollouts import blame, blind_spots, suspicion
from rollouts.alerting import Outcome
from rollouts.past import UNKNOWN_RATIO
from rollouts.suspicion import CHANCE, Stretch, worse
from tests.docs.pages import rows
from tests.unit.functions.rollouts.builders import policy, rollout

PAGE = (Path(__file__).parents[2] / "docs/concepts/alerts.md").read_text()
HEAD = "the canary's share"


@pytest.mark.parametrize("cells", list(rows(PAGE, HEAD)), ids=lambda cells: cells[0])
def test_the_table_of_blame_is_what_the_code_says(cells):
    percent, alone, of_100 = (int(cell.removesuffix("%")) for cell in cells)

    def guilty(canary, stable):
        return worse(Stretch(percent, 60, canary, stable), rollout(), CHANCE)

    assert next(count for count in range(1000) if guilty(count, 0)) == alone
    assert next(count for count in range(101) if guilty(count, 100 - count)) == of_100


@pytest.mark.parametrize(
    ("said", "holds"),
    [
        ("at most once in 500 looks", suspicion.CHANCE == 1 / 500),
        ("The request log of the last 5 minutes", blame.LOOK_BACK.total_seconds() == 300),
        ("not later than 30 minutes after the watch", blame.LATE.total_seconds() == 1800),
        ("in the first minute after a shift", suspicion.APART.total_seconds() == 60),
        ("or in the last minute", suspicion.LATEST.total_seconds() == 60),
        ("5 bad requests of the canary confirm", suspicion.UNMEASURED_MIN == 5),
        ("three times the\nhighest ratio", blind_spots.OUTAGE_TIMES == 3),
        ("one request in ten of a service without a history", UNKNOWN_RATIO == 0.1),
        ("(30 minutes by default)", policy().watch.total_seconds() == 1800),
    ],
)
def test_what_the_page_says_in_numbers_is_so(said, holds):
    assert said in PAGE
    assert holds


def test_every_line_that_an_alert_leaves_is_named():
    named = set(re.findall(r"`alert\.(\w+)`", PAGE))

    assert named == set(get_args(Outcome))
