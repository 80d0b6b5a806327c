"""docs/concepts/freezes.md: its example is a delivery.yaml, and its command a rollout by hand."""

import datetime as dt
import json
import re
from pathlib import Path

import yaml

from rollouts.announcements import ByHand, parse_announcement
from rollouts.delivery_file import parse_delivery
from rollouts.durations import show_duration
from rollouts.freezing import FROZEN_MAX, WAIT_MAX, WAIT_MIN, closed

PAGE = (Path(__file__).parents[2] / "docs/concepts/freezes.md").read_text()


def example():
    (text,) = re.findall(r"```yaml freezes\n(.*?)```", PAGE, re.DOTALL)
    return parse_delivery(yaml.safe_load(text)).services[0].targets[0]


def because_at(text):
    line = closed(example(), dt.datetime.fromisoformat(text).astimezone(dt.UTC))
    return line.because if line else ""


def test_the_example_closes_the_line_when_it_says():
    assert because_at("2026-11-26T17:59+01:00") == ""
    assert because_at("2026-11-26T18:00+01:00").startswith("frozen until 2026-11-27 08:00")
    assert because_at("2026-11-27T14:59+01:00") == ""
    assert because_at("2026-11-27T15:00+01:00").startswith("frozen until 2026-11-30 06:00")
    assert "Christmas" in because_at("2026-12-24T12:00+01:00")


def test_the_command_is_a_rollout_that_passes_the_line():
    (text,) = re.findall(r"--data='(.*?)'", PAGE, re.DOTALL)
    argument = json.loads(text)
    argument["image"] = (
        argument["image"].replace("...", "9f2c" * 16).replace("HOST/P/R/NAME", "h/p/r/n")
    )

    asked = parse_announcement(argument)

    assert isinstance(asked, ByHand)
    assert (asked.verb, asked.override_freeze, asked.reason) == (
        "rollout",
        True,
        "checkout is failing",
    )


def test_the_numbers_of_the_page_are_the_codes():
    assert show_duration(FROZEN_MAX) == "30d"
    assert "waits for 30 days at most" in PAGE
    assert (dt.timedelta(minutes=1), dt.timedelta(hours=1)) == (WAIT_MIN, WAIT_MAX)
    assert "every minute at first, later every hour" in PAGE.replace("\n", " ")
