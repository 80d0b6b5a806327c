"""Parallel steps (reference sections 1.5 and 4.4)."""

import json

import pytest

from local_cloud.workflows.engine.effects import Sleep


def sleeping(seconds):
    return {"s": {"call": "sys.sleep", "args": {"seconds": seconds}}}


def loop(steps, items="${[1, 2, 3]}", **fields):
    return {"parallel": {**fields, "for": {"value": "x", "in": items, "steps": steps}}}


def test_branches_wait_at_the_same_time(begin):
    branches = [{"a": {"steps": [sleeping(1)]}}, {"b": {"steps": [sleeping(2)]}}]
    execution, effects = begin([{"p": {"parallel": {"branches": branches}}}])
    assert effects == [Sleep(1, 1.0), Sleep(2, 2.0)]
    assert execution.resume(2, None) == []
    assert execution.state == "active"
    execution.resume(1, None)
    assert execution.state == "succeeded"


def test_shared_variables_are_written_by_all_and_others_are_each_branch_s_own(run):
    """Reference 1.5, S parallel_iteration."""
    steps = [
        {"i": {"assign": [{"total": 0}, {"seen": {}}]}},
        {
            "p": loop(
                [
                    {"l": {"assign": [{"own": "${x * 2}"}]}},
                    sleeping("${4 - x}"),
                    {"w": {"assign": [{"total": "${total + own}"}, {"seen[string(x)]": "${own}"}]}},
                ],
                shared=["total", "seen"],
            )
        },
        {"r": {"return": "${[total, seen]}"}},
    ]
    assert run(steps).value == [12, {"1": 2, "2": 4, "3": 6}]


@pytest.mark.parametrize(("limit", "started"), [(1, 1), (2, 2), ("${1 + 1}", 2), (30, 20)])
def test_a_limit_holds_iterations_back(begin, limit, started):
    """Reference 1.5: per step; 20 in the whole execution."""
    items = list(range(30))
    source = [{"p": loop([sleeping(1)], items, concurrency_limit=limit)}]
    execution, waiting = begin(source)
    assert len(waiting) == started
    done = 0
    while waiting:
        effect, *waiting = waiting
        waiting += execution.resume(effect.id, None)
        done += 1
        assert len(waiting) <= started
    assert (done, execution.state) == (30, "succeeded")


def test_an_unhandled_error_ends_its_branch_and_then_the_step(run):
    """Reference 4.4."""
    source = """\
- p:
    parallel:
      for:
        value: x
        in: [1, 2]
        steps:
          - check:
              switch:
                - condition: ${x == 1}
                  raise: "branch error"
          - other:
              call: sys.log
              args: {text: "${x}"}
"""
    ran = run(source)
    assert ran.logs == ["2"]
    assert ran.error == {
        "branches": [
            {
                "id": "0",
                "error": {
                    "context": 'RuntimeError: "branch error"\nin step "check", routine "main",'
                    " line: 10",
                    "payload": "branch error",
                },
            }
        ],
        "message": "UnhandledBranchError: One or more branches or iterations encountered an"
        " unhandled runtime error",
        "tags": ["UnhandledBranchError", "RuntimeError"],
        "truncated": False,
    }


def test_a_try_around_the_step_catches_and_one_inside_a_branch_does_too(run):
    count = {"n": {"assign": [{"count": "${count + 1}"}]}}
    inside = {"t": {"try": {"raise": "x"}, "except": {"as": "e", "steps": [count]}}}
    steps = [
        {"i": {"assign": [{"count": 0}]}},
        {
            "t": {
                "try": {
                    "steps": [
                        {"a": loop([inside], shared=["count"])},
                        {"b": loop([{"f": {"raise": "y"}}])},
                    ]
                },
                "except": {"as": "e", "steps": [{"r": {"return": "${[count, len(e.branches)]}"}}]},
            }
        },
    ]
    assert run(steps).value == [3, 3]


def test_parallel_steps_nest_two_deep_and_no_deeper(run):
    """Reference 1.5: ParallelNestingError, also through subworkflows."""
    two = [{"p": loop([{"q": loop([sleeping(1)])}])}]
    assert run(two).value is None
    three = {
        "main": {"steps": [{"p": loop([{"q": {"call": "sub"}}], [1])}]},
        "sub": {"steps": [{"p": loop([{"q": loop([sleeping(1)], [1])}], [1])}]},
    }
    error = run(three).error
    assert "ParallelNestingError" in json.dumps(error)


def test_twenty_branches_that_wait_for_their_own_do_not_stand_still(run):
    items = list(range(20))
    assert run([{"p": loop([{"q": loop([sleeping(1)], items)}], items)}]).value is None


def test_an_empty_parallel_loop_goes_on(run):
    assert run([{"p": loop([sleeping(1)], [])}, {"r": {"return": 1}}]).value == 1


def test_more_than_a_hundred_unhandled_errors_end_the_execution(run):
    items = list(range(101))
    steps = [
        {
            "t": {
                "try": {"steps": [{"p": loop([{"f": {"raise": "x"}}], items)}]},
                "except": {"as": "e", "steps": [{"r": {"return": 1}}]},
            }
        }
    ]
    assert run(steps).error["tags"] == ["ResourceLimitError"]  # Reference 1.5.


def test_continue_ends_an_iteration_of_a_parallel_loop(run):
    steps = [
        {"i": {"assign": [{"n": 0}]}},
        {
            "p": loop(
                [
                    {"c": {"switch": [{"condition": "${x == 2}", "next": "continue"}]}},
                    {"a": {"assign": [{"n": "${n + x}"}]}},
                ],
                shared=["n"],
            )
        },
        {"r": {"return": "${n}"}},
    ]
    assert run(steps).value == 4


@pytest.mark.parametrize("limit", ["${0}", "${-1}", "${true}", "${1.5}"])
def test_a_limit_must_be_a_positive_integer(run, limit):
    assert run([{"p": loop([sleeping(1)], concurrency_limit=limit)}]).error["tags"] == [
        "ValueError"
    ]
