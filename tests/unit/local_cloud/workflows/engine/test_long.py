"""Executions that compute for long or keep much, and what is open about retries and branches."""

import json

import pytest

from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.effects import Breathe, Sleep
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.language.choices import Choices
from tests.unit.local_cloud.workflows.engine.test_trail import Host


def begun(source, argument=None, choices=None):
    text = source if isinstance(source, str) else json.dumps(source)
    choices = choices or Choices()
    execution = Execution(compile_source(text, choices), Host(), choices)
    return execution, list(execution.start(argument))


def ended(source, argument=None, choices=None):
    execution, waiting = begun(source, argument, choices)
    while waiting:
        waiting += execution.resume(waiting.pop(0).id, None)
    return execution


COUNT = """
main:
  params: [n]
  steps:
  - loop: {for: {value: i, range: ["${1}", "${n}"], steps: [{keep: {assign: [{x: "${i}"}]}}]}}
"""


def test_a_long_computation_lets_others_have_their_turn():
    execution, effects = begun(COUNT, 45_000)

    breaths = 0
    while effects:
        assert effects == [Breathe()]
        assert execution.state == "active"
        breaths += 1
        effects = list(execution.resume(Breathe().id, None))

    assert execution.state == "succeeded"
    assert breaths == 4  # 90,000 operations in turns of 20,000.


def test_an_outcome_that_comes_while_it_breathes_is_not_lost():
    source = """
    - fork:
        parallel:
          branches:
          - nap: {steps: [{s: {call: sys.sleep, args: {seconds: 1}}}]}
          - count: {steps: [{l: {for: {value: i, range: [1, 30000], steps: [{k: {assign: [{x: 1}]}}]}}}]}
    """
    execution, effects = begun(source)
    sleep = next(e for e in effects if isinstance(e, Sleep))

    assert Breathe() in effects
    assert execution.resume(sleep.id, None) == []
    effects = list(execution.resume(Breathe().id, None))
    while effects:
        effects = list(execution.resume(effects[0].id, None))

    assert execution.state == "succeeded"


def test_a_breath_that_is_over_changes_nothing_when_told_again():
    execution, _ = begun(COUNT, 15_000)

    assert execution.resume(Breathe().id, None) == []
    assert execution.resume(Breathe().id, None) == []
    assert execution.state == "succeeded"


EXCEEDED = {
    "message": "ResourceLimitError: Memory usage limit exceeded",
    "tags": ["ResourceLimitError"],
}


def grow(steps, count, returned="done"):
    loop = {"loop": {"for": {"value": "i", "range": [1, count], "steps": steps}}}
    return [
        {"init": {"assign": [{"l": []}, {"m": {}}, {"s": "x" * 1000}]}},
        loop,
        {"r": {"return": returned}},
    ]


def test_what_variables_keep_is_bounded():
    """512 KB, an integer of a list counts 8 bytes. Source: reference/workflows.md 1.7."""
    step = {"a": {"assign": [{"l": "${list.concat(l, i)}"}]}}

    assert ended(grow([step], 10_000, "${len(l)}")).result == "10000"
    texts = {"a": {"assign": [{"l": "${list.concat(l, s)}"}]}}
    failed = ended(grow([texts], 600))
    assert failed.failure.value == EXCEEDED


@pytest.mark.parametrize(
    "step",
    [
        {"assign": [{"m['k' + string(i)]".replace("'", '"'): "${s}"}]},
        {"assign": [{"m": '${map.merge(m, json.decode("{\\"" + i + "\\": \\"" + s + "\\"}"))}'}]},
    ],
    ids=["member", "merge"],
)
def test_maps_count_with_their_keys(step):
    failed = ended(grow([{"a": step}], 600))

    assert failed.failure.value == EXCEEDED


def test_a_value_that_is_let_go_counts_no_longer():
    step = {"a": {"assign": [{"l": ["${s}", "${i}"]}]}}

    assert ended(grow([step], 5_000)).state == "succeeded"


def test_an_assignment_counts_as_a_copy():
    """Though parts are shared here. Source: reference/workflows.md 1.7."""
    steps = [{"assign": [{"a": "${args}"}, {"b": "${args}"}]}]
    source = {"main": {"params": ["args"], "steps": [{"s": steps[0]}]}}
    third = ["x" * 1000] * 180

    assert ended(source, third[:100]).state == "succeeded"
    assert ended(source, third).failure.value == EXCEEDED


def test_an_argument_that_is_too_large_fails_the_execution():
    assert (
        ended("main: {params: [a], steps: [{r: {return: 1}}]}", ["x" * 1000] * 600).failure.value
        == EXCEEDED
    )


def test_a_call_whose_arguments_are_too_much_fails_where_it_is_made():
    source = {
        "main": {
            "params": ["a"],
            "steps": [
                {"call_it": {"call": "sub", "args": {"x": "${[a, a, a]}"}}},
            ],
        },
        "sub": {"params": ["x"], "steps": [{"first": {"return": 1}}]},
    }
    failure = ended(source, "x" * 150_000).failure
    assert failure.value["tags"] == ["ResourceLimitError"]
    assert [element.step for element in failure.stack] == ["call_it"]


def test_the_size_of_a_result_is_in_bytes():
    """Source: reference/workflows.md 1.7; a guess is that the limit is that of all data."""
    quoted = '"' * 200_000
    source = {"main": {"params": ["a"], "steps": [{"r": {"return": ["${a}", "${a}"]}}]}}
    assert ended(source, quoted).failure.value["tags"] == ["ResourceLimitError"]
    euros = "\u20ac" * 90_000
    assert ended(source, euros).failure.value["tags"] == ["ResourceLimitError"]


def test_nothing_catches_the_end_of_memory():
    steps = grow([{"a": {"assign": [{"l": "${list.concat(l, s)}"}]}}], 600)
    source = [
        {"t": {"try": {"steps": steps}, "except": {"as": "e", "steps": [{"r": {"return": 1}}]}}}
    ]

    assert ended(source).failure.value == EXCEEDED


FAILING = """
- fork:
    parallel:
      branches:
      - left: {steps: [{l: {raise: no}}]}
      - right: {steps: [{r: {raise: never}}]}
"""


@pytest.mark.parametrize(("choice", "ids"), [("name", ["left", "right"]), ("number", ["0", "1"])])
def test_failed_branches_are_called_as_chosen(choice, ids):
    value = ended(FAILING, choices=Choices(branch_ids=choice)).failure.value

    assert [branch["id"] for branch in value["branches"]] == ids


RETRIED = """
main:
  steps:
  - careful:
      try: {raise: {code: 1}}
      retry: {predicate: "${asked}", max_retries: 2, backoff: {initial_delay: 8, max_delay: 60, multiplier: 2}}
asked:
  params: [e]
  steps:
  - r: {return: "${e.code == 1}"}
"""


@pytest.mark.parametrize(("choice", "delays"), [("none", [8.0, 16.0]), ("full", [4.0, 8.0])])
def test_the_delay_of_a_retry_is_drawn_only_if_so_chosen(choice, delays):
    execution, waiting = begun(RETRIED, choices=Choices(retry_jitter=choice))
    slept = []
    while waiting:
        effect = waiting.pop(0)
        slept.append(effect.seconds)
        waiting += execution.resume(effect.id, None)

    assert slept == delays


@pytest.mark.parametrize(
    ("choice", "error"), [("propagates", "KeyError: key not found: missing"), ("gives_up", None)]
)
def test_an_error_of_a_predicate_does_as_chosen(choice, error):
    source = RETRIED.replace("e.code == 1", "e.missing == 1")
    failed = ended(source, choices=Choices(predicate_error=choice))

    assert failed.failure.value == (
        {"code": 1} if error is None else {"message": error, "tags": ["KeyError"]}
    )


@pytest.mark.parametrize(("choice", "written"), [("5", "5"), ("5.0", "5.0")])
def test_a_whole_double_is_written_as_chosen(choice, written):
    assert (
        ended("- r: {return: '${10 / 2}'}", choices=Choices(whole_doubles=choice)).result == written
    )


@pytest.mark.parametrize(
    ("choice", "written"), [("no", '"<&>"'), ("yes", '"\\u003c\\u0026\\u003e"')]
)
def test_html_is_escaped_if_so_chosen(choice, written):
    assert ended("- r: {return: '<&>'}", choices=Choices(html_escapes=choice)).result == written


def test_a_default_of_a_parameter_is_counted():
    source = """
main: {steps: [{a: {call: f, args: {n: 0}}}]}
f:
  params: [n, {text: '%s'}]
  steps:
  - look: {switch: [{condition: '${n < 10}', call: f, args: {n: '${n + 1}'}}]}
"""

    execution = ended(source % ("x" * 100_000))

    assert execution.payload is not None
    assert "Memory usage limit exceeded" in execution.payload
