"""The concept pages and the map say what the code has: states, events, functions, actions."""

import re
from pathlib import Path
from typing import get_args

import yaml

from rollouts.announcements import VERBS
from rollouts.notices import KINDS
from rollouts.record import FINAL, State
from rollouts.settings import TARGET

ROOT = Path(__file__).parents[2]
ROLLOUT = (ROOT / "docs/concepts/rollout.md").read_text()
MAP = (ROOT / "ARCHITECTURE.md").read_text()


def rows(text: str, head: str) -> list[list[str]]:
    """Return the cells of the table that begins with `head`, without its first two lines."""
    table = text.split(f"{head}\n", 1)[1].split("\n\n", 1)[0]
    lines = table.splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def coded(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_page_lists_every_state_and_no_other():
    states = [coded(cells[0])[0] for cells in rows(ROLLOUT, "| state | the canary has | what is waited for |")]  # fmt: skip

    assert states == list(get_args(State))


def test_transitions_are_between_states_that_there_are_and_tell_events_that_there_are():
    table = rows(ROLLOUT, "| from | to | when | event |")

    assert {coded(cells[1])[0] for cells in table} == set(get_args(State))
    assert {state for cells in table for state in coded(cells[0])} <= set(get_args(State))
    assert {event for cells in table for event in coded(cells[3])} == set(KINDS) - {
        "delivery.ignored", "traffic.stuck",
    }  # fmt: skip


def test_no_transition_leaves_rolled_back():
    table = rows(ROLLOUT, "| from | to | when | event |")

    left = [cells[0] for cells in table for state in coded(cells[0]) if state in FINAL]
    assert sorted(coded(" ".join(left))) == ["promoted", "stopped"]


def test_what_a_person_can_do_names_every_action_by_hand():
    named = set(re.findall(r'"action": "(\w+)"', ROLLOUT))

    assert named == set(VERBS)


def test_the_maps_identities_are_those_of_the_installation():
    functions = yaml.safe_load((ROOT / "functions/installation.yaml").read_text())["functions"]

    named = [coded(cells[0])[0] for cells in rows(MAP, "| function | called by | reads | writes |")]

    assert sorted(named) == sorted(functions)


def test_an_alert_counts_after_a_promotion_for_as_long_as_the_page_tells():
    assert TARGET["watch"].default == "30m"
    assert "(30 minutes by default)" in ROLLOUT
