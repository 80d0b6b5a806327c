"""docs/reference/functions.md: every request is understood, every answer is the code's."""

import json
from pathlib import Path
from typing import Any, get_args

import flask
import pytest
import yaml

import approve
import explain
import plan
import status
import sweep
from gcp import edge
from rollouts import errors
from rollouts.actions import Action, Hold, Outcome, Promote, RollBack, Shift, Stop, WaitsFor
from rollouts.announcements import VERBS, parse_announcement
from rollouts.incidents import parse_incident
from rollouts.messages import message
from rollouts.planning import choose
from rollouts.record import State
from rollouts.requests import parse_deploy, parse_step
from rollouts.verdict import Cause, Kind
from tests.docs.pages import blocks, rows, sections, shape, words
from tests.docs.scenarios import answers
from tests.docs.small_world import DELIVERY, SmallWorld

PAGE = "functions.md"
SECTIONS = sections(PAGE)
SHARED = SECTIONS["What all of them share"]
INSTALLED = yaml.safe_load((Path(plan.__file__).parent / "installation.yaml").read_text())
FUNCTIONS = INSTALLED["functions"]
ANSWERS = answers()


def read_plan(document: Any) -> Any:
    return choose(parse_announcement(plan.parse(document).argument), DELIVERY)


PARSERS = {
    "plan": read_plan,
    "deploy": parse_deploy,
    "verify": parse_step,
    "shift_traffic": parse_step,
    "check_metrics": parse_step,
    "rollback": parse_step,
    "on_alert": lambda document: parse_incident(json.dumps(document)),
    "approve": lambda document: approve.parse(document, "ann@example.org"),
    "status": status.parse,
    "explain": explain.parse,
    "sweep": sweep.parse,
    "notify": lambda document: message(document["data"]),
}


def test_every_function_that_is_installed_has_its_section_and_its_row():
    listed = [row[0] for row in rows(text_before_sections(), "function")]

    assert [name.partition("]")[0].removeprefix("[") for name in listed] == [
        name for name in SECTIONS if name in FUNCTIONS
    ]
    assert set(FUNCTIONS) == set(PARSERS) == set(SECTIONS) - {"What all of them share"}


def text_before_sections() -> str:
    page = (Path(plan.__file__).parents[1] / "docs" / "reference" / PAGE).read_text()
    return page.partition("\n## ")[0]


@pytest.mark.parametrize("function", sorted(PARSERS))
def test_every_request_of_the_page_is_understood(function):
    requests = blocks(SECTIONS[function], "request")

    assert requests
    for request in requests:
        assert PARSERS[function](request) is not None


@pytest.mark.parametrize("function", sorted(ANSWERS))
def test_every_answer_of_the_page_has_the_codes_keys_and_kinds(function):
    shown = blocks(SECTIONS[function], "response")

    assert [shape(one) for one in shown] == [shape(one) for one in ANSWERS[function]], (
        f"paste what `python -m tests.docs.scenarios` prints for {function}"
    )


def test_what_plan_answers_is_what_the_next_function_is_asked():
    deliver, _, call = blocks(SECTIONS["plan"], "response")

    for rollout in deliver["rollouts"]:
        assert parse_deploy(rollout).driver.target == rollout["target"]
    assert PARSERS[call["function"]](call["body"])


def test_the_page_lists_the_fields_of_every_action():
    actions: list[Action] = [
        Hold(1, "", "data"),
        Shift(0, 10, ""),
        Promote(""),
        RollBack(""),
        Stop("promoted", ""),
    ]

    listed = {row[0]: set(row[2].split(", ")) for row in rows(SHARED, "action.kind")}

    assert listed == {
        document["kind"]: set(document) - {"kind"}
        for document in (action.as_json() for action in actions)
    }


@pytest.mark.parametrize(
    ("section", "name", "known"),
    [
        ("What all of them share", "waits_for", get_args(WaitsFor)),
        ("What all of them share", "outcome", get_args(Outcome)),
        ("What all of them share", "state", get_args(State)),
        ("check_metrics", "verdict.kind", get_args(Kind)),
        ("check_metrics", "verdict.cause", [one for one in get_args(Cause) if one]),
        ("plan", "action", VERBS),
    ],
)
def test_the_page_lists_every_word_of_a_field(section, name, known):
    assert words(SECTIONS[section], name) == set(known)


def test_the_page_lists_every_error_with_its_status():
    listed = {row[1]: int(row[0]) for row in rows(SHARED, "status") if row[1]}

    assert listed == {kind.__name__: kind.http_status for kind in errors.BarqError.__subclasses__()}


@pytest.mark.parametrize(
    ("body", "status_code"),
    [(b"{}", 400), (b"no json", 400), (b'{"service": "API", "target": "production"}', 400)],
)
def test_an_error_is_answered_as_the_page_shows(body, status_code):
    (example,) = blocks(SHARED, "error")

    with flask.Flask("test").test_request_context(method="POST", data=body):
        response, code = edge.respond(
            "verify", flask.request, parse_step, lambda request, world: {}, SmallWorld
        )

    assert code == status_code
    assert shape(response.get_json()) == shape(example)


def test_a_mistake_of_our_own_is_answered_as_the_page_shows_and_without_a_traceback():
    (example,) = blocks(SHARED, "error")

    def fails(request, world):
        raise ZeroDivisionError

    with flask.Flask("test").test_request_context(method="POST", data=b"{}"):
        response, code = edge.respond("status", flask.request, status.parse, fails, SmallWorld)

    assert code == 500
    assert shape(response.get_json()) == shape(example)
    assert "ZeroDivisionError" not in response.get_data(as_text=True)


def test_the_page_says_who_calls_what():
    by_workflow, by_push, by_clock, by_people = rows(SHARED, "functions")

    assert set(by_workflow[0].split(", ")) == {
        name for name, spec in FUNCTIONS.items() if spec.get("http") and spec.get("workflow", True)
    }
    assert set(by_push[0].split(", ")) == {
        name for name, spec in FUNCTIONS.items() if spec.get("subscription")
    }
    assert set(by_clock[0].split(", ")) == {one["function"] for one in INSTALLED["schedules"]}
    assert INSTALLED["workflows"]["rollout"]["account"] in by_workflow[1]
    assert set(by_people[0].split(", ")) == {
        name for name, spec in FUNCTIONS.items() if spec.get("people")
    }
    assert not set(by_people[0].split(", ")) & set(by_push[0].split(", "))
