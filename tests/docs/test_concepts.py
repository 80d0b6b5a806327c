"""The concept pages and the map say what the code has: states, events, functions, actions."""

import re
from pathlib import Path
from typing import get_args

import yaml

from docs.concepts import states_page
from rollouts.announcements import VERBS
from rollouts.notices import KINDS
from rollouts.record import State
from rollouts.settings import TARGET
from rollouts.transitions import TRANSITIONS

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


def test_every_event_of_a_rollout_belongs_to_a_transition():
    told = {kind for one in TRANSITIONS for kind in one.events}

    assert told == set(KINDS) - {"delivery.ignored"}


def test_every_state_has_its_words_on_the_page_of_states():
    assert set(states_page.MEANS) == set(get_args(State))
    for state in get_args(State):
        assert f"`{state}`" in states_page.page()


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
