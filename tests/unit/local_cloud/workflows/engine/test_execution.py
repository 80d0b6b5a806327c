"""Steps, scopes, jumps, errors and limits of a running workflow (reference sections 1 and 4)."""

from typing import Any

import pytest

from local_cloud.kit.http import Inbound, NoAnswer

NOTHING = {"call": "sys.log", "args": {"text": "x"}}


def returning(steps, expression):
    return [*steps, {"r": {"return": "${" + expression + "}"}}]


def assigned(*entries):
    return {"a": {"assign": list(entries)}}


@pytest.mark.parametrize(
    ("entries", "expression", "value"),
    [
        pytest.param([{"x": 1}, {"y": "${x + 1}"}], "y", 2, id="1.2 in order"),
        pytest.param([{"m": {}}, {"m.k": 1}], "m", {"k": 1}, id="1.2 new key"),
        pytest.param([{"m": {}}, {'m["a b"]': 1}], "m", {"a b": 1}, id="1.2 bracket key"),
        pytest.param([{"l": [1, 2]}, {"l[0]": 9}], "l", [9, 2], id="1.2 index"),
        pytest.param([{"i": 0}, {"l": [1, 2]}, {"l[i + 1]": 9}], "l", [1, 9], id="1.2 computed"),
        pytest.param([{"k": "a"}, {"m": {}}, {'m[k + "3"]': 1}], "m", {"a3": 1}, id="1.2 text key"),
        pytest.param(
            [{"r": {"s": {}}}, {"r.s[string(1)]": 2}], "r", {"s": {"1": 2}}, id="1.2 deep"
        ),
        pytest.param([{"a": [[1, 2]]}, {"a[0][1]": 3}], "a", [[1, 3]], id="1.2 list in list"),
        pytest.param([{"a": [1]}, {"b": "${a}"}, {"b[0]": 2}], "a", [1], id="11 copies"),
        pytest.param(
            [{"a": {"x": [1]}}, {"b": "${a}"}, {"b.x[0]": 2}], "a", {"x": [1]}, id="11 deep"
        ),
        pytest.param([{"m": {1: 10, 2: 20}}], "keys(m)", ["1", "2"], id="1.1 integer keys"),
        pytest.param([{"x": None}], "x", None, id="1.2 null"),
    ],
)
def test_assign_changes_variables(run, entries, expression, value):
    assert run(returning([assigned(*entries)], expression)).value == value


@pytest.mark.parametrize(
    ("entries", "tag"),
    [
        pytest.param([{"l": []}, {"l[0]": 1}], "IndexError", id="1.2 index that is not there"),
        pytest.param([{"m": {}}, {"m.a.b": 1}], "KeyError", id="1.2 no map in between"),
        pytest.param([{"x": 1}, {"x.k": 1}], "TypeError", id="1.2 member of a number"),
        pytest.param([{"m": {}}, {"m[1]": 1}], "TypeError", id="1.2 numeric key"),
    ],
)
def test_an_assignment_that_cannot_be_made_is_an_error(run, entries, tag):
    assert run([assigned(*entries)]).error["tags"] == [tag]


def test_steps_follow_each_other_and_the_end_is_null(run):
    assert run([assigned({"x": 1})]).value is None  # Reference 1.4.


def test_next_jumps_back_and_forth(run):
    """Reference 1.4, S step_conditional_jump."""
    steps = [
        {"init": {"assign": [{"i": 0}]}},
        {"check": {"switch": [{"condition": "${i == 3}", "next": "done"}]}},
        {"inc": {"assign": [{"i": "${i + 1}"}], "next": "check"}},
        {"never": {"raise": "skipped over"}},
        {"done": {"return": "${i}"}},
    ]
    assert run(steps).value == 3


@pytest.mark.parametrize(
    ("argument", "value"), [(1, "one"), (2, "two and more"), (3, "step's next"), (4, "nested")]
)
def test_switch_takes_the_first_true_condition(run, argument, value):
    """Reference 1.2: bodies of any kind, `next` of the step without a match or without its own."""
    source = {
        "main": {
            "params": ["a"],
            "steps": [
                {
                    "s": {
                        "switch": [
                            {"condition": "${a == 1}", "return": "one"},
                            {
                                "condition": "${a == 2}",
                                "assign": [{"x": "two"}],
                                "next": "more",
                            },
                            {
                                "condition": "${a == 4}",
                                "steps": [{"n": {"return": "nested"}}],
                            },
                            {"condition": False, "raise": "never"},
                        ],
                        "next": "last",
                    }
                },
                {"more": {"return": '${x + " and more"}'}},
                {"last": {"return": "step's next"}},
            ],
        }
    }
    assert run(source, argument).value == value


def test_a_matched_body_without_its_own_next_takes_the_step_s(run):
    steps = [
        {"s": {"switch": [{"condition": True, "assign": [{"x": 1}]}], "next": "last"}},
        {"skipped": {"return": "fell through"}},
        {"last": {"return": "${x}"}},
    ]
    assert run(steps).value == 1  # Reference 10.7.


def test_a_condition_must_be_a_boolean(run):
    ran = run([{"s": {"switch": [{"condition": "${1}", "next": "end"}]}}])
    assert ran.error["tags"] == ["TypeError"]  # Reference 1.2.


@pytest.mark.parametrize(
    ("loop", "values"),
    [
        pytest.param({"in": [1, 2]}, [1, 2], id="1.2 in"),
        pytest.param({"in": "${[3, 4]}"}, [3, 4], id="1.2 in, expression"),
        pytest.param({"in": []}, [], id="1.2 empty"),
        pytest.param({"range": [1, 3]}, [1, 2, 3], id="1.2 both ends belong"),
        pytest.param({"range": "${[1, 2]}"}, [1, 2], id="11 range as an expression"),
        pytest.param({"range": ["${1}", "${2}"]}, [1, 2], id="11 range of expressions"),
        pytest.param({"range": [3, 1]}, [], id="1.2 begin after end"),
        pytest.param({"range": [-1.5, 1.2]}, [-1.5, -0.5, 0.5], id="1.2 doubles"),
        pytest.param({"range": [2.6, 4.6]}, [2.6, 3.6, 4.6], id="1.2 the last double belongs"),
    ],
)
def test_for_goes_through_its_values(run, loop, values):
    steps = [
        assigned({"seen": []}),
        {
            "loop": {
                "for": {
                    "value": "x",
                    **loop,
                    "steps": [{"add": {"assign": [{"seen": "${list.concat(seen, x)}"}]}}],
                }
            }
        },
    ]
    assert run(returning(steps, "seen")).value == values


def test_for_counts_with_index_and_obeys_break_and_continue(run):
    """Reference 1.4: also from inside switch and try."""
    body = [
        {"skip": {"switch": [{"condition": '${x == "b"}', "next": "continue"}]}},
        {
            "guard": {
                "try": {
                    "steps": [
                        {"stop": {"switch": [{"condition": '${x == "d"}', "next": "break"}]}},
                        {"add": {"assign": [{"seen": "${list.concat(seen, [i, x])}"}]}},
                    ]
                },
                "except": {"as": "e", "steps": [{"again": {"raise": "${e}"}}]},
            }
        },
    ]
    loop = {"value": "x", "index": "i", "in": ["a", "b", "c", "d", "e"], "steps": body}
    steps = [assigned({"seen": []}), {"loop": {"for": loop}}]
    assert run(returning(steps, "seen")).value == [[0, "a"], [2, "c"]]


@pytest.mark.parametrize("items", ["${1}", '${"ab"}', "${null}", "${m}"])
def test_for_in_wants_a_list(run, items):
    loop = {"value": "x", "in": items, "steps": [{"l": NOTHING}]}
    assert run([assigned({"m": {"k": 1}}), {"f": {"for": loop}}]).error["tags"] == ["TypeError"]


def test_a_loop_updates_what_is_outside_and_forgets_what_is_inside(run):
    """Reference 1.3, S loop_scope."""
    inner = {
        "value": "y",
        "in": [1, 2],
        "steps": [
            {
                "first": {
                    "switch": [{"condition": "${y == 1}", "assign": [{"local": "${y}"}]}],
                }
            },
            {"sum": {"assign": [{"total": "${total + local}"}]}},
        ],
    }
    steps = [assigned({"total": 0}), {"loop": {"for": inner}}]
    assert run(returning(steps, "total")).value == 2

    outer = {"value": "x", "in": [1, 2], "steps": [{"inner": {"for": {**inner, "in": [1]}}}]}
    forgets = {**inner, "in": [2]}
    steps = [
        assigned({"total": 0}),
        {
            "loop": {
                "for": {**outer, "steps": [*outer["steps"], {"again": {"for": forgets}}]},
            }
        },
    ]
    assert "local" in run(steps).error["message"]


def test_a_variable_that_was_never_assigned_is_an_error_at_run_time(run):
    steps = [
        {"maybe": {"switch": [{"condition": False, "assign": [{"x": 1}]}]}},
        {"r": {"return": "${x}"}},
    ]
    assert run(steps).error["tags"] == ["KeyError"]  # Reference 10.13.


def test_subworkflows_take_arguments_and_defaults_and_see_nothing_else(run):
    """Reference 1.1, S cheat sheet."""
    source = {
        "main": {
            "steps": [
                {
                    "c": {
                        "call": "greet",
                        "args": {"first": "Ada", "last": "Lovelace"},
                        "result": "text",
                    }
                },
                {"r": {"return": '${[text, greet("Alan", "Turing", "UK"), zero()]}'}},
            ]
        },
        "greet": {
            "params": ["first", "last", {"country": "England"}],
            "steps": [{"r": {"return": '${first + " " + last + ", " + country}'}}],
        },
        "zero": {"params": [{"x": 0}], "steps": [{"r": {"return": "${x}"}}]},
    }
    assert run(source).value == ["Ada Lovelace, England", "Alan Turing, UK", 0]


def test_next_end_leaves_a_subworkflow_without_a_value(run):
    source = {
        "main": {"steps": [{"c": {"call": "s", "result": "x"}}, {"r": {"return": "${[x]}"}}]},
        "s": {"steps": [{"e": {"next": "end"}}, {"n": {"raise": "not reached"}}]},
    }
    assert run(source).value == [None]  # Reference 1.4.


def test_the_argument_is_null_without_one(run):
    source = {"main": {"params": ["input"], "steps": [{"r": {"return": "${[input]}"}}]}}
    assert run(source).value == [None]  # Reference 1.1.


@pytest.mark.parametrize(
    ("value", "context"),
    [
        pytest.param("text", 'RuntimeError: "text"', id="0.2 item 3"),
        pytest.param({"code": 55, "message": "went wrong"}, "went wrong", id="4.3 message"),
        pytest.param({"code": 55}, 'RuntimeError: {"code":55}', id="4.3 without message"),
    ],
)
def test_raise_makes_the_value_itself_the_error(run, value, context):
    ran = run([{"s": {"raise": value}}])
    assert ran.error == value
    assert ran.context.splitlines()[0] == context


def test_an_error_tells_its_stack_innermost_first_with_the_keyword_s_line(run):
    """Reference 4.3 and 0.2 item 10."""
    source = """\
main:
    steps:
    - invoke:
        call: inner
inner:
    steps:
    - fail:
        try:
            raise: "no"
        except:
            as: e
            steps:
            - rethrow:
                raise: ${e}
"""
    ran = run(source)
    assert ran.context == (
        'RuntimeError: "no"\n'
        'in step "rethrow", routine "inner", line: 14\n'
        'in step "invoke", routine "main", line: 4'
    )
    places = [element.position for element in ran.execution.failure.stack]
    assert [(p.line, p.column, p.length) for p in places] == [(14, 17, 5), (4, 9, 4)]


def test_an_error_in_a_condition_points_at_the_expression(run):
    """Reference section 11: only a failed call points at the word `call`."""
    ran = run('- s:\n    switch:\n    - condition: ${"x" in null}\n      next: end\n')
    place = ran.execution.failure.stack[0].position
    assert (place.line, place.column, place.length) == (3, 18, 14)
    ran = run("- s:\n    call: int\n    args:\n      value: x\n")
    place = ran.execution.failure.stack[0].position
    assert (place.line, place.column, place.length) == (2, 5, 4)


def test_a_lone_step_in_a_try_has_its_parent_s_name(run):
    ran = run([{"outer": {"try": {"raise": "x"}, "retry": "${http.default_retry}"}}])
    assert 'in step "outer"' in ran.context  # Reference 4.3.


def test_except_binds_the_error_and_the_workflow_goes_on(run):
    guarded = [{"x": {"assign": [{"y": 1}]}}, {"f": {"assign": [{"y": "${1 / 0}"}]}}]
    handler = {"as": "e", "steps": [{"n": {"assign": [{"seen": "${e.tags}"}]}}]}
    steps = [assigned({"seen": None}), {"t": {"try": {"steps": guarded}, "except": handler}}]
    assert run(returning(steps, "[seen, y]")).value == [["ZeroDivisionError"], 1]  # 1.6


def test_a_lone_step_in_a_try_is_no_target_of_its_own(run):
    """A jump to the name re-enters the whole `try`, with its retries counted anew."""
    source = """\
- count: {assign: [n: 0, fails: 0]}
- t:
    try:
      switch:
        - condition: ${n < 2}
          assign: [n: "${n + 1}"]
          next: t
        - condition: ${fails < 3}
          steps: [a: {assign: [fails: "${fails + 1}"]}, b: {raise: again}]
    retry: {predicate: "${retry.always}", max_retries: 3}
- r: {return: "${[n, fails]}"}
"""
    assert run(source).value == [2, 3]


def test_a_predicate_may_have_params_with_defaults(run):
    source = retrying(predicate="${is_code}", max_retries=5, backoff=BACKOFF)
    steps = [{"r": {"return": "${e.code == code}"}}]
    source["is_code"] = {"params": ["e", {"code": 503}], "steps": steps}
    assert run(source).value == 4


def test_an_error_in_except_goes_to_the_next_try_outward(run):
    inner = {
        "try": {"raise": "first"},
        "except": {"as": "e", "steps": [{"again": {"raise": '${e + ", second"}'}}]},
    }
    steps = [
        {
            "outer": {
                "try": {"steps": [{"inner": inner}]},
                "except": {"as": "e", "steps": [{"r": {"return": "${e}"}}]},
            }
        }
    ]
    assert run(steps).value == "first, second"  # Reference 1.6.


def test_a_jump_out_of_a_try_leaves_its_handler_behind(run):
    steps = [
        {
            "t": {
                "try": {"steps": [{"j": {"next": "after"}}]},
                "except": {"as": "e", "steps": [{"r": {"return": "caught"}}]},
            }
        },
        {"after": {"raise": "outside"}},
    ]
    assert run(steps).error == "outside"  # Reference 1.4.


def retrying(**retry):
    return {
        "main": {
            "steps": [
                assigned({"n": 0}),
                {
                    "t": {
                        "try": {
                            "steps": [
                                {"count": {"assign": [{"n": "${n + 1}"}]}},
                                {
                                    "fail": {
                                        "switch": [
                                            {"condition": "${n < 4}", "raise": {"code": 503}}
                                        ]
                                    }
                                },
                            ]
                        },
                        "retry": retry,
                        "except": {"as": "e", "steps": [{"r": {"return": "${[n, e]}"}}]},
                    }
                },
                {"r": {"return": "${n}"}},
            ]
        },
        "is_503": {"params": ["e"], "steps": [{"r": {"return": "${e.code == 503}"}}]},
        "is_404": {"params": ["e"], "steps": [{"r": {"return": "${e.code == 404}"}}]},
        "not_a_bool": {"params": ["e"], "steps": [{"r": {"return": "yes"}}]},
        "broken": {"params": ["e"], "steps": [{"r": {"return": "${e.nope}"}}]},
    }


BACKOFF = {"initial_delay": 1, "max_delay": 3, "multiplier": 2}


@pytest.mark.parametrize(
    ("predicate", "max_retries", "value", "slept"),
    [
        pytest.param("${is_503}", 5, 4, [1, 2, 3], id="1.6 until it works, max_delay"),
        pytest.param("${is_503}", 2, [3, {"code": 503}], [1, 2], id="1.6 retries, not attempts"),
        pytest.param("${is_404}", 5, [1, {"code": 503}], [], id="1.6 predicate says no"),
        pytest.param("${retry.always}", 1, [2, {"code": 503}], [1], id="3 always"),
        pytest.param("${retry.never}", 5, [1, {"code": 503}], [], id="3 never"),
        pytest.param("${http.default_retry_predicate}", 5, 4, [1, 2, 3], id="0.2 item 7"),
        pytest.param("${is_503}", "${1 + 1}", [3, {"code": 503}], [1, 2], id="1.6 expression"),
        pytest.param("${is_503}", 0, [1, {"code": 503}], [], id="1.6 none"),
    ],
)
def test_retry_runs_the_whole_block_again(run, predicate, max_retries, value, slept):
    source = retrying(predicate=predicate, max_retries=max_retries, backoff=BACKOFF)
    ran = run(source)
    assert ran.value == value
    assert ran.slept == slept


def test_the_ready_policies_wait_1_to_60_seconds_and_try_six_times(run):
    steps = [{"t": {"try": {"raise": {"code": 429}}, "retry": "${http.default_retry}"}}]
    ran = run(steps)
    assert ran.slept == [1, 1.25, 1.5625, 1.953125, 2.44140625]  # Reference 0.2 item 7.
    assert ran.error == {"code": 429}


@pytest.mark.parametrize(
    ("predicate", "tag"), [("not_a_bool", "TypeError"), ("broken", "KeyError")]
)
def test_a_broken_predicate_s_error_goes_outward(run, predicate, tag):
    source = retrying(predicate="${" + predicate + "}", max_retries=3, backoff=BACKOFF)
    assert run(source).error["tags"] == [tag]  # Reference 10.11.


@pytest.mark.parametrize(
    ("code", "retried"), [(429, True), (503, True), (502, False), (504, False), (500, False)]
)
def test_the_non_idempotent_policy_is_narrower(run, code, retried):
    policy = "${http.default_retry_non_idempotent}"
    ran = run([{"t": {"try": {"raise": {"code": code}}, "retry": policy}}])
    assert bool(ran.slept) is retried  # Reference 0.2 item 7.


def post(**arguments):
    call = {"call": "http.post", "args": {"url": "http://h/x", **arguments}, "result": "got"}
    return returning([{"c": call}], "got")


def test_a_response_is_a_map_with_canonical_headers(run):
    """Reference 0.2 item 5 and section 3."""
    headers = (("content-type", "application/json"), ("x-a", "1"), ("X-A", "2"))
    ran = run(post(), answer=lambda _: Inbound(202, headers, b'{"k": 1}'))
    assert ran.value == {
        "body": {"k": 1},
        "code": 202,
        "headers": {"Content-Type": "application/json", "X-A": "1,2"},
    }


def test_a_status_of_400_and_above_is_the_documented_error(run):
    """Reference 0.2 item 4 and 4.2."""
    headers = (("Content-Type", "application/json; charset=utf-8"),)
    ran = run(post(), answer=lambda _: Inbound(503, headers, b'{"error":"service_unavailable"}'))
    assert ran.error == {
        "body": {"error": "service_unavailable"},
        "code": 503,
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "message": "HTTP server responded with error code 503",
        "tags": ["HttpError"],
    }
    assert ran.context.startswith("HTTP server responded with error code 503\nin step")
    assert run(post(), answer=lambda _: Inbound(399)).value["code"] == 399


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        ("never_connected", "ConnectionFailedError"),
        ("broken", "ConnectionError"),
        ("timeout", "TimeoutError"),
    ],
)
def test_no_answer_is_an_error_without_a_code(run, kind, tag):
    ran = run(post(), answer=lambda _: NoAnswer(kind, "why"))
    assert ran.error["tags"][0] == tag  # Reference 0.2 item 2.
    assert set(ran.error) == {"message", "tags"}


def test_an_execution_stops_after_100_000_steps_whatever_except_says(run):
    steps = [
        {
            "t": {
                "try": {"steps": [{"a": {"next": "b"}}, {"b": {"next": "a"}}]},
                "except": {"as": "e", "steps": [{"r": {"return": "caught"}}]},
            }
        }
    ]
    ran = run(steps)
    assert ran.error["tags"] == ["ResourceLimitError"]  # Reference 1.6 and 1.7.
    assert ran.execution.steps_left == 0


@pytest.mark.parametrize(("iterations", "state"), [(49_999, "succeeded"), (50_000, "failed")])
def test_the_steps_of_a_loop_are_counted_one_by_one(iterations, state, run):
    """The `for`, each iteration with its one step, and the return: 100,000 at most."""
    loop = {"value": "x", "range": [1, iterations], "steps": [assigned({"y": "${x}"})]}
    assert run([{"l": {"for": loop}}, {"r": {"return": 1}}]).execution.state == state


@pytest.mark.parametrize(("depth", "state"), [(20, "succeeded"), (21, "failed")])
def test_calls_nest_twenty_deep(run, depth, state):
    source = {
        "main": {"params": ["n"], "steps": [{"c": {"call": "down", "args": {"n": "${n}"}}}]},
        "down": {
            "params": ["n"],
            "steps": [
                {"e": {"switch": [{"condition": "${n <= 1}", "return": 0}]}},
                {"c": {"call": "down", "args": {"n": "${n - 1}"}}},
            ],
        },
    }
    ran = run(source, depth)
    assert ran.execution.state == state
    if state == "failed":
        assert ran.error["tags"] == ["RecursionError"]  # Reference 1.7.


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(
            [
                assigned({"s": "x" * 1000}),
                {"b": {"assign": [{"s": "${s + s}"}], "next": "b"}},
            ],
            id="1.7 string of 256 KB",
        ),
        pytest.param(
            [assigned({"l": []}), {"b": {"assign": [{"l": ["${l}"]}], "next": "b"}}],
            id="a list inside itself again and again",
        ),
    ],
)
def test_values_without_bound_end_the_execution_and_nothing_else(run, steps):
    assert run(steps).error["tags"] == ["ResourceLimitError"]


def test_a_deeply_nested_value_fails_the_execution_when_it_is_returned(run):
    grow = {"value": "x", "range": [1, 5000], "steps": [{"n": {"assign": [{"l": ["${l}"]}]}}]}
    ran = run(returning([assigned({"l": []}), {"g": {"for": grow}}], "l"))
    assert ran.error["tags"] == ["ResourceLimitError"]


@pytest.mark.parametrize(
    "expression", ["l", "l == m", "map.merge_nested(a, b)", "json.encode_to_string(l)", "string(l)"]
)
def test_a_value_that_doubles_with_each_step_ends_no_later_than_another(run, expression):
    """2^60 parts, all shared: what counts parts one by one never ends."""
    doubled: list[dict[str, Any]] = [{name: ["${" + name + "}"] * 2} for name in "lm"]
    doubled += [{name: {"x": "${" + name + "}", "y": "${" + name + "}"}} for name in "ab"]
    grow = {"value": "i", "range": [1, 60], "steps": [{"d": {"assign": doubled}}]}
    steps = [assigned({"l": []}, {"m": []}, {"a": {}}, {"b": {}}), {"g": {"for": grow}}]
    tags = run(returning(steps, expression)).error["tags"]
    assert tags == ["ResourceLimitError"]


@pytest.mark.parametrize("value", ["${l}", {"message": "broken", "l": "${l}"}])
def test_an_error_without_bound_is_replaced_by_one_that_can_be_shown(world, value):
    grow = {"value": "i", "range": [1, 60], "steps": [{"d": {"assign": [{"l": ["${l}", "${l}"]}]}}]}
    steps = [assigned({"l": []}), {"g": {"for": grow}}, {"r": {"raise": value}}]
    error = world.run(steps)["error"]
    assert "ResourceLimitError" in error["payload"]


def test_bytes_cannot_be_returned(run):
    assert run(returning([], 'text.encode("x")')).error["tags"] == ["ValueError"]  # 2.3


def test_the_result_is_go_s_json(run):
    """Reference 2.3 and 10.4: sorted, compact, no escapes of HTML, integral doubles whole."""
    ran = run([{"r": {"return": {"b": 2.0, "a": "<é>", "c": [1.5, None, True]}}}])
    assert ran.execution.result == '{"a":"<é>","b":2,"c":[1.5,null,true]}'


def test_an_outcome_that_nobody_waits_for_changes_nothing(begin):
    execution, (sleep,) = begin("- s: {call: sys.sleep, args: {seconds: 1}}")
    assert execution.current_steps() == [("main", "s")]
    assert execution.resume(sleep.id + 1, None) == []
    execution.cancel()
    assert execution.resume(sleep.id, None) == []
    assert execution.state == "cancelled"
