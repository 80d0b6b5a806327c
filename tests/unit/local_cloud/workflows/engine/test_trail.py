"""What a watcher sees: entries for steps and their parts, nested as the source is."""

from dataclasses import dataclass, field
from typing import Final

import pytest

from local_cloud.workflows.engine.compiler import compile_source
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.engine.watching import Entry


class Host:
    environment: Final[dict[str, str]] = {}

    def now(self):
        return 100.0

    def uuid(self):
        return "u"

    def random(self):
        return 0.5

    def callback_url(self, callback_id):
        return callback_id


@dataclass
class Watcher:
    """Draws entries as they begin, and notes how they end."""

    values: bool = True
    entries: list[Entry] = field(default_factory=list)
    ended_ids: list[int] = field(default_factory=list)

    def began(self, entry):
        assert entry.state == "STATE_IN_PROGRESS"
        self.entries.append(entry)

    def ended(self, entry):
        assert entry.id not in self.ended_ids
        self.ended_ids.append(entry.id)

    def drawn(self):
        by_id = {entry.id: entry for entry in self.entries}

        def depth(entry):
            return 0 if entry.parent is None else 1 + depth(by_id[entry.parent])

        return [f"{'.' * depth(e)}{e.kind[5:]} {e.step}" for e in self.entries]

    def find(self, kind, step=None):
        return [e for e in self.entries if e.kind == kind and step in (None, e.step)]


def watch(source, argument=None, *, stop_after=None, values=True):
    watcher = Watcher(values)
    execution = Execution(compile_source(source), Host(), watcher=watcher)
    waiting = list(execution.start(argument))
    while waiting and stop_after != 0:
        effect = waiting.pop(0)
        waiting += execution.resume(effect.id, None) if hasattr(effect, "id") else []
        stop_after = None if stop_after is None else stop_after - 1
    return watcher, execution


LOOP = """
- init: {assign: [{total: 0}]}
- loop:
    for:
      value: item
      in: [5, 7]
      steps:
      - add: {assign: [{total: "${total + item}"}]}
- done: {return: "${total}"}
"""


def test_a_loop_has_its_iterations_inside_it():
    watcher, _ = watch(LOOP)

    assert watcher.drawn() == [
        "ASSIGN init",
        "FOR loop",
        ".FOR_ITERATION loop",
        "..ASSIGN add",
        ".FOR_ITERATION loop",
        "..ASSIGN add",
        "RETURN done",
    ]
    iterations = watcher.find("STEP_FOR_ITERATION")
    assert [(one.iteration, one.values) for one in iterations] == [
        (0, {"item": 5}),
        (1, {"item": 7}),
    ]


def test_entries_that_follow_each_other_say_so():
    watcher, _ = watch(LOOP)

    assert [(e.id, e.previous) for e in watcher.entries if e.parent is None] == [
        (1, None),
        (2, 1),
        (7, 2),
    ]


CALLS = """
main:
  steps:
  - ask: {call: twice, args: {x: 4}, result: y}
  - both: {assign: [{z: "${twice(1) + twice(2)}"}]}
  - look: {call: sys.log, args: {data: "${z}"}}
  - done: {return: "${y + z}"}
twice:
  params: [x]
  steps:
  - double: {return: "${x * 2}"}
"""


def test_a_subworkflow_is_inside_the_step_that_calls_it():
    watcher, execution = watch(CALLS)

    assert execution.result == "14"
    assert watcher.drawn() == [
        "SUBWORKFLOW_CALL ask",
        ".RETURN double",
        "ASSIGN both",
        ".RETURN double",
        ".RETURN double",
        "STD_LIB_CALL look",
        "RETURN done",
    ]
    assert [entry.depth for entry in watcher.find("STEP_RETURN")] == [1, 1, 1, 0]
    assert watcher.find("STEP_SUBWORKFLOW_CALL")[0].values == {
        "function": "twice",
        "args": {"x": 4},
        "result": 8,
    }
    assert watcher.find("STEP_STD_LIB_CALL")[0].values == {
        "function": "sys.log",
        "args": {"data": 6},
        "result": None,
    }


TRIES = """
main:
  steps:
  - careful:
      try:
        steps:
        - bad: {raise: {code: 5}}
      retry: {predicate: "${retry.always}", max_retries: 1, backoff: {initial_delay: 1, max_delay: 1, multiplier: 1}}
      except:
        as: e
        steps:
        - keep: {assign: [{code: "${e.code}"}]}
"""


def test_attempts_retries_and_the_handler_are_parts_of_a_try():
    watcher, _ = watch(TRIES)

    assert [
        (line, e.state[6:]) for line, e in zip(watcher.drawn(), watcher.entries, strict=True)
    ] == [
        ("TRY_RETRY_EXCEPT careful", "SUCCEEDED"),
        (".TRY careful", "FAILED"),
        ("..RAISE bad", "FAILED"),
        (".RETRY careful", "SUCCEEDED"),
        (".TRY careful", "FAILED"),
        ("..RAISE bad", "FAILED"),
        (".RETRY careful", "SUCCEEDED"),
        (".EXCEPT careful", "SUCCEEDED"),
        ("..ASSIGN keep", "SUCCEEDED"),
    ]
    assert watcher.find("STEP_RAISE")[0].error == {"code": 5}
    assert watcher.find("STEP_EXCEPT")[0].values == {"e": {"code": 5}}


BRANCHES = """
- init: {assign: [{n: 0}]}
- fork:
    parallel:
      shared: [n]
      branches:
      - left: {steps: [{l: {assign: [{n: "${n + 1}"}]}}]}
      - right: {steps: [{r: {call: sys.sleep, args: {seconds: 3}}}]}
- spread:
    parallel:
      for: {value: v, in: [1, 2], steps: [{s: {assign: [{w: "${v}"}]}}]}
"""


def test_branches_and_parallel_iterations_are_threads_of_their_own():
    watcher, _ = watch(BRANCHES)

    assert watcher.drawn() == [
        "ASSIGN init",
        "PARALLEL_BRANCH fork",
        ".PARALLEL_BRANCH_ENTRY left",
        "..ASSIGN l",
        ".PARALLEL_BRANCH_ENTRY right",
        "..STD_LIB_CALL r",
        "PARALLEL_FOR spread",
        ".FOR_ITERATION spread",
        "..ASSIGN s",
        ".FOR_ITERATION spread",
        "..ASSIGN s",
    ]
    assert [e.thread for e in watcher.entries] == [
        *("", "", "2.left", "2.left", "2.right", "2.right"),
        *("", "7.0", "7.0", "7.1", "7.1"),
    ]


def test_the_arm_that_matched_is_told_by_its_number():
    watcher, _ = watch(
        "- look: {switch: [{condition: '${1 > 2}', next: end}, {condition: true, assign: [{a: 1}]}]}"
    )

    assert watcher.drawn() == ["SWITCH look", ".CONDITION look", "..ASSIGN look"]
    assert watcher.find("STEP_CONDITION")[0].values == {"condition": 2}


@pytest.mark.parametrize("source", [LOOP, CALLS, TRIES, BRANCHES])
def test_every_entry_ends_once(source):
    watcher, _ = watch(source)

    assert sorted(watcher.ended_ids) == [entry.id for entry in watcher.entries]
    assert all(entry.ended is not None for entry in watcher.entries)


def test_an_error_that_nobody_catches_ends_all_that_is_around_it():
    watcher, execution = watch(CALLS.replace("${x * 2}", "${x / 0}"))

    assert execution.state == "failed"
    assert [e.state for e in watcher.entries] == ["STATE_FAILED", "STATE_FAILED"]
    assert watcher.entries[1].error["tags"] == ["ZeroDivisionError"]


def test_what_is_under_way_is_cancelled_with_its_execution():
    watcher, execution = watch(BRANCHES, stop_after=0)
    execution.cancel()

    states = {(e.kind, e.step): e.state for e in watcher.entries}
    assert states["STEP_STD_LIB_CALL", "r"] == "STATE_CANCELLED"
    assert states["STEP_PARALLEL_BRANCH", "fork"] == "STATE_CANCELLED"
    assert states["STEP_PARALLEL_BRANCH_ENTRY", "left"] == "STATE_SUCCEEDED"


def test_without_values_there_are_none():
    watcher, _ = watch(CALLS, values=False)

    assert {repr(entry.values) for entry in watcher.entries} == {"None"}


PREDICATE_WITHOUT_ANSWER: Final = """
main:
  steps:
  - outer:
      try: {try: {raise: x}, retry: {predicate: '${p}'}}
      except: {steps: [{over: {next: end}}]}
p:
  params: [e]
  steps: [{r: {return: 5}}]
"""


def test_a_predicate_that_returned_has_ended_though_its_answer_was_none():
    watcher, execution = watch(PREDICATE_WITHOUT_ANSWER)

    assert execution.state == "succeeded"
    assert sorted(watcher.ended_ids) == [entry.id for entry in watcher.entries]
    assert watcher.find("STEP_RETURN", "r")[0].state == "STATE_SUCCEEDED"


AGAIN_AND_AGAIN: Final = """
main:
  steps:
  - begin: {assign: [{n: 0}]}
  - again: {try: {steps: [{once: {call: less, args: {n: '${n}'}, result: n, next: once}}]},
            except: {steps: [{over: {next: end}}]}}
less:
  params: [n]
  steps: [{look: {return: '${[1, 2][n]}'}}]
"""


def test_a_call_that_is_the_next_of_itself_has_an_entry_each_time():
    watcher, _ = watch(AGAIN_AND_AGAIN)

    calls = watcher.find("STEP_SUBWORKFLOW_CALL", "once")
    assert [entry.values.get("result") for entry in calls] == [1, 2, None]
    assert [e.parent for e in watcher.find("STEP_RETURN", "look")] == [e.id for e in calls]
