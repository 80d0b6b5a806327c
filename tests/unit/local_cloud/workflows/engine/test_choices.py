"""Both answers to the open questions of expressions and deployment (reference section 10)."""

import json

import pytest

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.language.choices import Choices
from tests.unit.local_cloud.workflows.conftest import StandIn


def outcome(source, choices):
    """Return the result as JSON text, or the error's first tag."""
    execution = Execution(compile_source(json.dumps(source), choices), StandIn(), choices)
    execution.start(None)
    if execution.result is not None:
        return execution.result
    assert execution.failure is not None
    return execution.failure.value["tags"][0]


def value(expression):
    return [{"a": {"assign": [{"n": None}, {"s": "b"}]}}, {"r": {"return": f"${{{expression}}}"}}]


UNLIKE = Choices(unlike_types_equal="TypeError")
ORDER = Choices(string_order="compare")


@pytest.mark.parametrize(
    ("expression", "default", "choices", "chosen"),
    [
        pytest.param('1 == "1"', "false", UNLIKE, "TypeError", id="10.2 constants"),
        pytest.param("s == 1", "false", UNLIKE, "TypeError", id="10.2 a variable and a constant"),
        pytest.param("s != true", "true", UNLIKE, "TypeError", id="10.2 unequal"),
        pytest.param("[] == s", "false", UNLIKE, "TypeError", id="10.2 list and string"),
        pytest.param("n == 1", "false", UNLIKE, "false", id="10.2 null is like all"),
        pytest.param("1 == 1.0", "true", UNLIKE, "true", id="10.2 numbers are alike"),
        pytest.param("[1] == [true]", "false", UNLIKE, "false", id="10.2 parts may differ"),
        pytest.param("1 in [s]", "false", UNLIKE, "false", id="10.2 in asks nothing of types"),
        pytest.param('s < "c"', "TypeError", ORDER, "true", id="10.2 order"),
        pytest.param('"\uffff" > "\U0001f600"', "TypeError", ORDER, "false", id="10.2 code points"),
        pytest.param("s >= s", "TypeError", ORDER, "true", id="10.2 at least"),
        pytest.param("s < 1", "TypeError", ORDER, "TypeError", id="10.2 never with a number"),
        pytest.param("10 / 2", "5", Choices(whole_doubles="5.0"), "5.0", id="10.4 whole doubles"),
        pytest.param('"<"', '"<"', Choices(html_escapes="yes"), '"\\u003c"', id="10.4 HTML"),
    ],
)
def test_a_choice_changes_what_an_expression_gives(expression, default, choices, chosen):
    assert outcome(value(expression), Choices()) == default
    assert outcome(value(expression), choices) == chosen


@pytest.mark.parametrize(
    ("expression", "choices", "result"),
    [
        pytest.param("'b' == s", Choices(single_quotes="accept"), "true", id="10.3 quotes"),
        pytest.param("s not in [s]", Choices(not_in="accept"), "false", id="10.3 not in"),
    ],
)
def test_a_choice_opens_the_grammar(expression, choices, result):
    with pytest.raises(BuildFailed):
        compile_source(json.dumps(value(expression)))
    assert outcome(value(expression), choices) == result


SWITCH = [
    {"s": {"switch": [{"condition": True, "assign": [{"x": 1}]}], "next": "far"}},
    {"near": {"return": "near"}},
    {"far": {"return": "far"}},
]


def test_an_arm_without_next_goes_where_the_switch_goes_or_below_it():
    assert outcome(SWITCH, Choices()) == '"far"'  # Reference section 10, 7.
    assert outcome(SWITCH, Choices(next_after_arm="following")) == '"near"'


def test_no_match_goes_where_the_switch_goes_whatever_is_chosen():
    source = json.loads(json.dumps(SWITCH).replace("true", "false"))
    assert outcome(source, Choices(next_after_arm="following")) == '"far"'


LOOP = {"value": "x", "in": [1, 2], "steps": [{"j": {"next": "out"}}]}
JUMP = [{"l": {"for": LOOP}}, {"below": {"return": 1}}, {"out": {"return": 2}}]


def test_a_jump_out_of_a_loop_goes_or_does_not_deploy():
    assert outcome(JUMP, Choices()) == "2"  # Reference section 10, 8.
    with pytest.raises(BuildFailed) as failed:
        compile_source(json.dumps(JUMP), Choices(jump_out_of_for="reject"))
    assert "next step 'out' is outside of a for loop, which a jump cannot leave" in str(
        failed.value
    )


def test_break_and_jumps_within_a_loop_are_no_jumps_out_of_it():
    steps = [{"a": {"next": "c"}}, {"b": {"raise": "b"}}, {"c": {"next": "break"}}]
    source = [{"l": {"for": {**LOOP, "steps": steps}}}, {"r": {"return": 1}}]
    assert outcome(source, Choices(jump_out_of_for="reject")) == "1"


@pytest.mark.parametrize("target", ["x", "x.k"])
def test_a_variable_without_a_value_has_the_tag_that_is_chosen(target):
    source = [
        {"s": {"switch": [{"condition": False, "assign": [{"x": 1}]}]}},
        {"a": {"assign": [{target: "${x}"}]}},
    ]
    assert outcome(source, Choices()) == "KeyError"  # Reference section 10, 13.
    assert outcome(source, Choices(unassigned="ValueError")) == "ValueError"


def test_a_program_compiled_under_one_choice_does_not_serve_another():
    text = json.dumps(value('s < "c"'))
    assert compile_source(text, ORDER) is compile_source(text, ORDER)
    assert compile_source(text) is not compile_source(text, ORDER)
