"""What does not deploy, and with which words (reference sections 1 and 11)."""

import json

import pytest

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source


def step(body, **routines):
    return {"main": {"steps": [{"s": body}]}, **routines}


LOOP = {"value": "x", "in": [1]}
ONE = [{"i": {"assign": [{"v": 1}]}}]


def test_an_undefined_variable_has_the_documented_message(problem_of):
    """Reference 1.3 [D TR], with the place behind it."""
    source = "- step1:\n    assign:\n      - varA: 1\n- step2:\n    return: ${varA + varC}\n"
    assert problem_of(source) == (
        "failed to build: error in step step2: error evaluating return value: symbol 'varC' is"
        " neither a variable nor a sub-workflow name (line: 5, column: 13)"
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param("text", "map of routines or a list of steps", id="1.1 scalar"),
        pytest.param({"sub": {"steps": ONE}}, "main workflow not found", id="1.1 no main"),
        pytest.param({"main": {"steps": []}}, "at least one step", id="1.1 empty steps"),
        pytest.param([], "at least one step", id="1.1 empty list"),
        pytest.param({"main": {}}, "steps are missing", id="1.1 no steps"),
        pytest.param({"main": {"steps": ONE, "x": 1}}, "unknown field 'x'", id="1.1 routine field"),
        pytest.param({"main": {"params": ["a", "b"], "steps": ONE}}, "at most 1", id="1.1 main"),
        pytest.param(
            {"main": {"params": [{"a": 1}], "steps": ONE}}, "no default", id="1.1 main default"
        ),
        pytest.param(
            {"main": {"steps": ONE}, "s": {"params": [f"p{n}" for n in range(11)], "steps": ONE}},
            "at most 10",
            id="1.1 eleven params",
        ),
        pytest.param(
            {"main": {"steps": ONE}, "s": {"params": ["a", "a"], "steps": ONE}},
            "different names",
            id="1.1 same params",
        ),
        pytest.param(
            {"main": {"steps": ONE}, "bad-name": {"steps": ONE}}, "bad-name", id="1.1 routine name"
        ),
        pytest.param([{"a": {"next": "end"}, "b": {"next": "end"}}], "one name", id="1.1 two"),
        pytest.param([*ONE, *ONE], "duplicate step name", id="1.1 duplicate"),
        pytest.param([{"end": {"return": 1}}], "reserved", id="1.1 end"),
        pytest.param([{"break": {"return": 1}}], "reserved", id="1.1 break"),
        pytest.param(step({"asign": []}), "unknown field 'asign'", id="1.2 typo"),
        pytest.param(step({"args": {}}), "'args' needs 'call'", id="1.2 args"),
        pytest.param(step({"result": "x"}), "'result' needs 'call'", id="1.2 result"),
        pytest.param(step({"except": {}}), "'except' needs 'try'", id="1.2 except"),
        pytest.param(step({"return": 1, "raise": 2}), "in one step", id="1.2 two actions"),
        pytest.param(step({"assign": []}), "at least one entry", id="1.2 assign"),
        pytest.param(step({"assign": [{"a": 1, "b": 2}]}), "one variable", id="1.2 two variables"),
        pytest.param(step({"assign": [{"1a": 1}]}), "assignment target", id="1.3 name"),
        pytest.param(step({"assign": [{"f(x)": 1}]}), "cannot be assigned", id="1.2 target"),
        pytest.param(
            step({"assign": [{f"v{n}": n} for n in range(51)]}), "at most 50", id="1.7 assigns"
        ),
        pytest.param(
            step({"switch": [{"condition": True, "next": "end"}] * 51}),
            "at most 50",
            id="1.7 conditions",
        ),
        pytest.param(step({"switch": [{"next": "end"}]}), "needs a condition", id="1.2 arm"),
        pytest.param(
            step({"parallel": {"branches": [{"b": {"steps": ONE}}, {"b": {"steps": ONE}}]}}),
            "duplicate branch name 'b'",
            id="1.5 duplicate branch",
        ),
        *(
            pytest.param(
                step({"parallel": {"concurrency_limit": limit, "for": {}}}),
                "concurrency_limit must be a positive integer",
                id=f"1.5 limit {limit}",
            )
            for limit in (0, -1, 1.5, "two", [1])
        ),
        pytest.param(
            step({"switch": [{"condition": "x == 1", "next": "end"}]}),
            "expression or a boolean",
            id="1.2 condition",
        ),
        pytest.param(step({"call": "nowhere"}), "symbol 'nowhere'", id="1.2 unknown function"),
        pytest.param(step({"call": "http.gett"}), "symbol 'http.gett'", id="3 unknown function"),
        pytest.param(
            step({"call": "googleapis.run.v2.projects.locations.jobs.run"}),
            "argument 'name' is missing",
            id="5 connector",
        ),
        pytest.param(step({"call": "${f}"}), "plain name", id="1.2 dynamic call"),
        pytest.param(step({"call": "http.get"}), "'url' is missing", id="3 missing argument"),
        pytest.param(
            step({"call": "sys.log", "args": {"dat": 1}}), "argument 'dat'", id="3 extra argument"
        ),
        pytest.param(
            step({"call": "sub"}, sub={"params": ["p"], "steps": ONE}),
            "'p' is missing",
            id="1.1 missing param",
        ),
        pytest.param(
            step({"call": "sub", "args": {"q": 1}}, sub={"steps": ONE}), "'q'", id="1.1 extra param"
        ),
        pytest.param(step({"return": "${http.get(1)}"}), "blocking", id="2.2 http in expression"),
        pytest.param(step({"return": "${sys.log(1)}"}), "blocking", id="2.2 log in expression"),
        pytest.param(step({"return": "${sys.sleep(1)}"}), "blocking", id="2.2 sleep"),
        pytest.param(step({"return": "${nothing(1)}"}), "unknown function", id="2.2 function"),
        pytest.param(step({"return": "${len()}"}), "takes 1 argument, got 0", id="2.2 arity"),
        pytest.param(step({"return": "${len}"}), "is a function", id="2.2 no value"),
        pytest.param(step({"return": "${1 +}"}), "parse error", id="1.3 parser"),
        pytest.param(step({"return": "${a} and ${b}"}), "token recognition", id="2.1 two"),
        pytest.param(step({"next": "nowhere"}), "'nowhere' not found", id="1.4 target"),
        pytest.param(step({"next": "break"}), "in a for loop", id="1.4 break"),
        pytest.param(step({"next": "continue"}), "in a for loop", id="1.4 continue"),
        pytest.param(
            [{"a": {"steps": [{"b": {"return": 1}}]}}, {"c": {"next": "b"}}],
            "'b' not found",
            id="1.4 into a nested list",
        ),
        pytest.param(step({"for": {"value": "x"}}), "exactly one of in", id="1.2 for"),
        pytest.param(step({"for": {"in": [1], "steps": ONE}}), "needs a value", id="1.2 value"),
        pytest.param(
            step({"for": {"value": "x", "range": [1], "steps": ONE}}), "two numbers", id="1.2 range"
        ),
        pytest.param(step({"for": LOOP}), "steps are missing", id="1.2 body"),
        pytest.param(
            [{"l": {"for": {**LOOP, "steps": ONE}}}, {"r": {"return": "${v}"}}],
            "symbol 'v'",
            id="1.3 loop leak",
        ),
        pytest.param(
            [{"l": {"for": {**LOOP, "steps": ONE}}}, {"r": {"return": "${x}"}}],
            "symbol 'x'",
            id="1.3 value leak",
        ),
        pytest.param(
            [
                {"t": {"try": {"call": "sys.now"}, "except": {"as": "e", "steps": ONE}}},
                {"r": {"return": "${e}"}},
            ],
            "symbol 'e'",
            id="1.3 except leak",
        ),
        pytest.param(step({"assign": [{"m.k": 1}]}), "symbol 'm'", id="1.2 member of nothing"),
        pytest.param(
            step({"try": {"call": "sys.now"}, "retry": {"predicate": "${nope}", "max_retries": 1}}),
            "symbol 'nope'",
            id="1.6 predicate",
        ),
        pytest.param(
            step({"try": {"call": "sys.now"}, "retry": "${http.nope}"}),
            "unknown retry policy",
            id="1.6 policy",
        ),
        pytest.param(
            step({"parallel": {"branches": [{"b": {"steps": ONE}}]}}), "2 to 10", id="1.5 branches"
        ),
        pytest.param(
            step({"parallel": {"exception_policy": "unhandled", "for": {**LOOP, "steps": ONE}}}),
            "must be continueAll",
            id="0.2 item 6",
        ),
        pytest.param(
            step({"parallel": {"shared": ["nope"], "for": {**LOOP, "steps": ONE}}}),
            "'nope' is not a variable",
            id="1.5 shared",
        ),
        pytest.param(
            [{"a": {"assign": [{"v": 0}]}}, {"p": {"parallel": {"for": {**LOOP, "steps": ONE}}}}],
            "must be in 'shared'",
            id="0.2 item 9: write to a parent",
        ),
        pytest.param(
            step(
                {
                    "parallel": {
                        "branches": [
                            {"b": {"steps": ONE}},
                            {"c": {"steps": [{"r": {"assign": [{"w": "${v}"}]}}]}},
                        ]
                    }
                }
            ),
            "symbol 'v'",
            id="1.5 another branch's variable",
        ),
        pytest.param(
            step({"parallel": {"for": {**LOOP, "steps": [{"r": {"return": 1}}]}}}),
            "parallel branch",
            id="10.8 return",
        ),
        pytest.param(
            step({"parallel": {"for": {**LOOP, "steps": [{"r": {"next": "break"}}]}}}),
            "in a for loop",
            id="1.4 break of a parallel loop",
        ),
    ],
)
def test_a_wrong_source_does_not_deploy(problem_of, source, message):
    problem = problem_of(source)
    assert problem.startswith("failed to build: ")
    assert message in problem


def test_all_problems_of_a_source_are_told_at_once():
    source = "- a:\n    return: ${x}\n- b:\n    next: nowhere\n- c:\n    return: ${y}\n"
    with pytest.raises(BuildFailed) as failed:
        compile_source(source)
    assert [str(problem.position).split(",")[0] for problem in failed.value.problems] == [
        f"Position(line={line}" for line in (2, 4, 6)
    ]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param([{"s": {"next": "end"}}], id="1.2 only next"),
        pytest.param([{"s": {"switch": [{"condition": True, "next": "end"}]}}], id="1.2 literal"),
        pytest.param(
            [{"s": {"try": [{"a": {"return": 1}}], "except": {"steps": ONE}}}], id="1.6 bare list"
        ),
        pytest.param(
            [
                {
                    "s": {
                        "try": {"call": "http.get", "args": {"url": "u"}},
                        "retry": "${http.default_retry}",
                    }
                }
            ],
            id="11 ready policy",
        ),
        pytest.param(
            [
                {
                    "s": {
                        "try": {"call": "sys.now"},
                        "retry": {
                            "predicate": "${retry.always}",
                            "max_retries": 1,
                            "backoff": "${retry.default_backoff}",
                        },
                    }
                }
            ],
            id="11 ready backoff",
        ),
        pytest.param(
            [{"s": {"call": "sys.log", "args": {"text": "x"}, "next": "end"}}], id="3 log"
        ),
    ],
)
def test_a_right_source_deploys(source):
    assert compile_source(json.dumps(source)).main.code


def seen_by_a_watcher(source):
    """Return (kind, step, line, kinds around it, names) of each operation of main."""
    return [
        (
            place.kind,
            place.step,
            place.position.line,
            [block.kind for block in place.blocks],
            place.names,
        )
        for place in compile_source(source).main.places
    ]


def test_places_of_plain_steps_tell_their_kind_and_names():
    source = """
- a:
    assign:
      - x: {}
      - x.k: 1
- s:
    call: sys.log
    args: {severity: INFO, text: x}
- n:
    next: r
- r:
    return: ${x}
"""
    assert seen_by_a_watcher(source) == [
        ("STEP_ASSIGN", "a", 3, [], ("x", "x")),
        ("STEP_STD_LIB_CALL", "s", 7, [], ("", "severity", "text", "", "")),
        ("STEP_GOTO", "n", 10, [], ()),
        ("STEP_RETURN", "r", 12, [], ()),
        (None, "", 2, [], ()),
    ]
    assert compile_source(source).main.places[1].function == "sys.log"


def test_places_inside_blocks_tell_what_surrounds_them():
    source = """
- loop:
    for:
      value: x
      index: i
      in: [1]
      steps:
        - t:
            try:
              raise: a
            retry: ${http.default_retry}
            except:
              as: e
              steps:
                - choose:
                    switch:
                      - condition: true
                        raise: b
- p:
    parallel:
      branches:
        - left: {steps: [{l: {raise: c}}]}
        - right: {steps: [{r: {raise: d}}]}
"""
    loop = ["STEP_FOR", "STEP_FOR_ITERATION"]
    whole = [*loop, "STEP_TRY_RETRY_EXCEPT"]
    handler = [*whole, "STEP_EXCEPT"]
    branch = ["STEP_PARALLEL_BRANCH", "STEP_PARALLEL_BRANCH_ENTRY"]
    assert seen_by_a_watcher(source) == [
        ("STEP_FOR", "loop", 3, [], ()),
        ("STEP_FOR_ITERATION", "loop", 3, ["STEP_FOR"], ("x", "i")),
        ("STEP_TRY_RETRY_EXCEPT", "t", 9, loop, ()),
        ("STEP_RAISE", "t", 10, [*whole, "STEP_TRY"], ()),
        ("STEP_RETRY", "t", 9, whole, ()),
        ("STEP_EXCEPT", "t", 12, whole, ("e",)),
        ("STEP_SWITCH", "choose", 16, handler, ()),
        ("STEP_RAISE", "choose", 18, [*handler, "STEP_SWITCH", "STEP_CONDITION"], ()),
        ("STEP_PARALLEL_BRANCH", "p", 20, [], ()),
        ("STEP_RAISE", "l", 22, branch, ()),
        (None, "p", 20, branch, ()),
        ("STEP_RAISE", "r", 23, branch, ()),
        (None, "p", 20, branch, ()),
        (None, "", 2, [], ()),
    ]


def test_a_place_names_the_blocks_that_it_opens():
    source = "- s:\n    switch:\n      - condition: false\n        next: end\n      - condition: true\n        raise: x\n"
    switch, inside, _ = compile_source(source).main.places
    whole, _, second = switch.opens
    assert inside.blocks == (whole, second)
    assert [block.position.line for block in switch.opens] == [2, 3, 5]


def test_arguments_in_a_list_are_by_position(run):
    """Source: https://cloud.google.com/workflows/docs/reference/stdlib/sys/log, its examples."""
    ran = run(step({"call": "sys.log", "args": ["${1 + 1}", "ERROR"]}))

    assert [(one.severity, one.payload) for one in ran.effects] == [("ERROR", "2")]


def test_more_arguments_in_a_list_than_there_are_parameters_do_not_deploy(problem_of):
    wrong = step({"call": "sys.sleep", "args": [1, 2]})

    assert "error in step s: 2 arguments are given: at most 1" in problem_of(wrong)


def problems_of(source):
    with pytest.raises(BuildFailed) as failed:
        compile_source(source)
    return [(e.position.line if e.position else 0, e.message) for e in failed.value.problems]


def test_a_mistake_of_the_schema_does_not_hide_those_beside_it():
    """`check` shows them all; the operation has the first."""
    source = """
- a:
    asign: []
    call: nowhere
    args: {x: "${one}"}
    result: not
- b:
    switch:
      - condition: maybe
        next: end
      - next: end
      - condition: ${two}
        return: ${three}
- c:
    assign:
      - 1a: 1
      - d: ${four}
- e:
    try:
      call: sys.now
      args: {when: 1}
    retry: ${five}
    except: {steps: 6}
- c:
    parallel:
      shared: [in]
      concurrency_limit: 0
      branches:
        - l: {steps: [{f: {return: 1}}]}
        - l: {steps: [{g: {next: b}}]}
"""
    name = "symbol '{}' is neither a variable nor a sub-workflow name"
    assert problems_of(source) == [
        (3, "error in step a: unknown field 'asign'"),
        (6, "error in step a: result is 'not', a word of the language"),
        (9, "error in step b: condition must be an expression or a boolean"),
        (11, "error in step b: each entry of switch needs a condition"),
        (12, f"error in step b: error evaluating condition: {name.format('two')}"),
        (13, f"error in step b: error evaluating return value: {name.format('three')}"),
        (16, (
            "error in step c: error parsing assignment target '1a': parse error: mismatched"
            " input 'a' at character 2: expecting an operator or the end"
        )),
        (17, f"error in step c: error evaluating assignment: {name.format('four')}"),
        (21, "error in step e: unexpected argument 'when'"),
        (22, "error in step e: unknown retry policy 'five'"),
        (23, "error in step e: steps must be a list of at least one step"),
        (24, "error in step c: duplicate step name"),
        (26, "error in step c: shared is 'in', a word of the language"),
        (27, "error in step c: concurrency_limit must be a positive integer"),
        (29, "error in step f: 'return' cannot stand in a parallel branch"),
        (30, "error in step c: duplicate branch name 'l'"),
        (30, (
            "error in step g: next step 'b' is outside of a parallel branch, which a jump"
            " cannot leave"
        )),
    ]  # fmt: skip


def test_what_a_wrong_step_may_have_assigned_is_not_told_as_unknown():
    source = """
main:
  steps:
    - a:
        assign: [{x: 1}]
        typo: 1
    - b:
        call: sub
        args: {any: 1}
        result: y
    - c:
        return: ${x + y + sub(1, 2)}
sub:
  params: 5
  steps: [{r: {return: 1}}]
"""
    assert problems_of(source) == [
        (6, "error in step a: unknown field 'typo'"),
        (14, "error in subworkflow sub: params must be a list"),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        pytest.param({"main": {"params": ["in"], "steps": ONE}}, "a word of", id="2.2 param"),
        pytest.param(step({"call": "sys.now", "result": "NOT"}), "a word of", id="2.2 result"),
        pytest.param(step({"for": {**LOOP, "value": "null", "steps": ONE}}), "a word of", id="for"),
        pytest.param(
            step({"parallel": {"shared": ["v", "v"], "for": {**LOOP, "steps": ONE}}}),
            "'v' is listed twice",
            id="1.5 shared twice",
        ),
        pytest.param(
            step({"parallel": {"concurrency_limit": "3", "for": {**LOOP, "steps": ONE}}}),
            "must be a positive integer",
            id="1.5 limit as text",
        ),
        pytest.param(step({"return": "${m[special!key]}"}), "error at: '!k'", id="1.3 the page's"),
        pytest.param(step({"return": "${sys.sleep_until(1)}"}), "blocking", id="2.2 sleep_until"),
        pytest.param(
            step({"return": "${events.await_callback(1)}"}), "blocking", id="2.2 await_callback"
        ),
        pytest.param(step({"return": "${text.split}"}), "is a function", id="2.2 no value"),
        pytest.param(
            [{"a": {"assign": [{"f": 1}]}}, {"r": {"return": "${f(1)}"}}],
            "is a variable or a part of one",
            id="2.2 a variable is no function",
        ),
    ],
)
def test_a_source_wrong_in_words_or_lists_does_not_deploy(problem_of, source, message):
    problem = problem_of(source)
    assert problem.startswith("failed to build: error in ")
    assert message in problem


def test_what_a_wrong_step_assigns_in_its_branches_is_not_told_as_an_unshared_write():
    wrong = "- p:\n    parallel:\n      shered: []\n      branches:\n"
    branches = "".join(
        f"        - {name}: {{steps: [{{a: {{assign: [{{v: 1}}]}}}}]}}\n" for name in "xy"
    )
    assert problems_of(wrong + branches) == [
        (3, "error in step p: unknown field 'shered' of parallel")
    ]


def test_params_without_any_are_none():
    assert compile_source("main:\n  params:\n  steps: [{r: {return: 1}}]\n").main.parameters == ()
