"""How long a delivery takes: the deployment guide tells these figures.

In virtual time, with the policies of docs/examples/delivery.yaml and of the guide. What Google
takes to pull an image and to start it comes on top.
"""

import re
from pathlib import Path

from tests.flow.flow import Flow

ROOT = Path(__file__).parents[2]
DELIVERY = (ROOT / "docs/examples/delivery.yaml").read_text("utf-8")
GUIDE = (ROOT / "docs/DEPLOYMENT_GUIDE.md").read_text("utf-8")
LONGER = DELIVERY.replace(", window: 3m}", "}")
PLACES = 6
"""Monitoring asks from so many, each once in a period."""


class Checked(Flow):
    """Nobody but the uptime check asks: from each place once in 300 seconds."""

    _ticks = 0

    def _tick(self) -> None:
        self._ticks += 1
        self.traffic.rps = int(self._ticks % 300 < PLACES)
        super()._tick()


def told(row: str) -> list[float]:
    """Return the seconds that the guide's table of times has in bold, or bare, in a row."""
    [line] = [line for line in GUIDE.splitlines() if line.startswith(f"| {row}")]
    return [float(one) for one in re.findall(r"(?<!min )\b(\d+) s\b", line.split("|")[3])]


def push_to_asked(flow: Flow, before_minutes: int = 40) -> float:
    """Return the seconds until staging is through, and production asks for its approval."""
    # So that there is a past to compare with, as in any service that runs.
    flow.passes(minutes=before_minutes)
    pushed = flow.now
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told())
    return (flow.now - pushed).total_seconds()


def approved_to_ended(flow: Flow) -> float:
    asked = flow.now
    flow.asks("approve", service="fleet", reason="looks good")
    flow.until_ended()
    return (flow.now - asked).total_seconds()


def test_production_is_promoted_within_20_minutes_over_three_windows_of_5():
    flow = Flow(DELIVERY, rps=20)

    staging, production = push_to_asked(flow), approved_to_ended(flow)

    assert flow.state("production") == "promoted"
    assert 3 * 5 * 60 < production < 20 * 60
    assert [production] == told("approved to promoted in production")
    assert [staging] == told("the same, if somebody uses staging")


def test_one_request_a_second_is_enough_for_20_minutes():
    """A tenth of them makes 30 in a window: now and then too few, which takes a look longer."""
    flow = Flow(DELIVERY, rps=1)
    push_to_asked(flow)

    assert approved_to_ended(flow) < 20 * 60
    assert flow.state("production") == "promoted"


def test_staging_without_users_is_through_within_2_minutes():
    """A quiet staging has nobody to wait for: `no_data: pass`."""
    staging = push_to_asked(Flow(DELIVERY, rps=1), before_minutes=0)

    assert staging < 2 * 60
    assert [staging] == told("announced to through with staging, no users")


def test_uptime_checks_are_users_unless_the_window_is_short():
    checked = told("the same, checked from outside")

    for_three, for_five = (push_to_asked(Checked(text, rps=0)) for text in (DELIVERY, LONGER))

    assert "no_data: pass, window: 3m}" in GUIDE
    assert "window: 3m}" not in LONGER
    assert [for_three, for_five] == checked
    assert for_three < 2 * 60 < for_five


def test_the_first_delivery_skips_shares_and_windows():
    flow = Flow(DELIVERY, rps=1, first=None)

    push_to_asked(flow, before_minutes=5)
    production = approved_to_ended(flow)

    assert [one.percent for one in flow.rollout("production").shifts] == [100]
    assert [production] == told("approved to promoted, first delivery")
