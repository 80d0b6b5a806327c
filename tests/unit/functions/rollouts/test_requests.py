"""What the driving functions are asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.errors import BadInput
from rollouts.images import Image
from rollouts.record import Build
from rollouts.requests import DeployRequest, StepRequest, parse_deploy, parse_step, reason_of
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    DIGEST,
    EXECUTION,
    IMAGE,
    REPOSITORY,
    at,
    driver,
)
from tests.unit.functions.rollouts.strategies import anything, attempt

DRIVER = {"execution": EXECUTION, "callback": CALLBACK, "service": "api", "target": "production"}
BUILD = {"id": "build-1", "created": "2026-11-22T12:00:00Z", "source": "team/api"}


def problems_of(parse, document):
    with pytest.raises(BadInput) as refusal:
        parse(document)
    return refusal.value.problems


def test_deploy_is_asked_for_an_image_with_its_build():
    found = parse_deploy(DRIVER | {"image": IMAGE, "build": BUILD, "automatic": True})

    assert found == DeployRequest(
        driver(),
        Image(REPOSITORY, DIGEST),
        None,
        Build("build-1", at(), "team/api"),
        force=False,
        automatic=True,
    )


def test_deploy_is_asked_for_a_revision_by_hand():
    found = parse_deploy(
        DRIVER | {"image": None, "revision": "api-2", "force": True, "override_freeze": " down "}
    )

    assert (found.image, found.revision, found.force) == (None, "api-2", True)
    assert found.override_freeze == "down"
    assert found.build == Build()


def test_a_build_of_nulls_is_no_build():
    found = parse_deploy(
        DRIVER | {"image": IMAGE, "build": {"id": None, "created": None, "source": None}}
    )

    assert found.build == Build()


@pytest.mark.parametrize("named", [{}, {"image": IMAGE, "revision": "api-2"}])
def test_deploy_is_asked_for_exactly_one_of_image_and_revision(named):
    assert problems_of(parse_deploy, DRIVER | named) == [
        "deploy: image and revision: must be exactly one of the two."
    ]


def test_all_that_is_wrong_with_a_deploy_request_is_said_at_once():
    found = problems_of(
        parse_deploy,
        {
            "execution": "e1",
            "service": "API",
            "image": IMAGE,
            "revision": "services/api",
            "build": {"created": "yesterday"},
            "force": 1,
            "automatic": "no",
        },
    )

    assert [problem.split(" ")[1] for problem in found] == [
        "execution",
        "service",
        "target",
        "revision",
        "image",
        "build.created",
        "force",
        "automatic",
    ]


def test_a_problem_says_name_value_rule_and_example():
    (problem,) = problems_of(parse_step, DRIVER | {"target": "Production"})

    assert problem == (
        "request: target is 'Production': must be a name that stands in delivery.yaml, such as"
        " production."
    )


def test_a_step_carries_the_action_that_led_to_it():
    action = {"kind": "shift", "step": 0}

    found = parse_step(DRIVER | {"action": action, "state": {"attempts": 1}})

    assert found == StepRequest(driver(), action, "", "", by_hand=False, state={"attempts": 1})


def test_a_step_by_hand_carries_words_and_name():
    found = parse_step(DRIVER | {"reason": " broken ", "by": "execution e1", "by_hand": True})

    assert (found.reason, found.by, found.by_hand) == ("broken", "execution e1", True)


def test_a_step_by_hand_may_name_the_rollout_that_is_meant():
    assert parse_step(DRIVER | {"rollout": "0123abcd"}).rollout == "0123abcd"
    assert parse_step(DRIVER).rollout == ""


def test_free_text_is_cut():
    assert len(parse_step(DRIVER | {"reason": "x" * 2000}).reason) == 500


@pytest.mark.parametrize(
    "wrong",
    [
        {"execution": "projects/p/executions/e"},
        {"execution": None},
        {"service": ""},
        {"action": "shift"},
        {"reason": 5},
        {"by_hand": "true"},
    ],
)
def test_a_wrong_field_is_refused(wrong):
    assert len(problems_of(parse_step, DRIVER | wrong)) == 1


@pytest.mark.parametrize("parse", [parse_deploy, parse_step])
@pytest.mark.parametrize("document", [None, [], "x", 5])
def test_what_is_no_object_is_refused(parse, document):
    assert "must be a JSON object" in problems_of(parse, document)[0]


def test_a_long_value_is_shown_cut():
    (problem,) = problems_of(parse_step, DRIVER | {"service": "x" * 1000})

    assert len(problem) < 200


KEYS = st.sampled_from(
    [
        *DRIVER,
        "image",
        "revision",
        "build",
        "created",
        "id",
        "force",
        "automatic",
        "state",
        "action",
        "reason",
        "by",
        "by_hand",
    ]
)


@given(anything(KEYS), st.booleans())
def test_whatever_document_arrives_only_bad_input_escapes(document, known_driver):
    if known_driver and isinstance(document, dict):
        document = DRIVER | document

    assert isinstance(attempt(parse_deploy, document, BadInput), DeployRequest | BadInput)
    assert isinstance(attempt(parse_step, document, BadInput), StepRequest | BadInput)


def test_a_persons_reason_is_asked_for_where_others_will_want_it():
    said = parse_step(DRIVER | {"reason": "a demo at noon", "by_hand": True})
    silent = parse_step(DRIVER | {"reason": " ", "by_hand": True})

    assert reason_of(said, "stop") == "a demo at noon"
    with pytest.raises(BadInput, match="reason is missing: stop needs one") as refusal:
        reason_of(silent, "stop")
    assert "nothing was changed" in refusal.value.message
