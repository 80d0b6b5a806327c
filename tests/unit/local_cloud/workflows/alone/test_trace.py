"""What a trace says of entries, which are made by hand here."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.alone.printer import CallbackPrinter, StepPrinter
from local_cloud.workflows.alone.trace import Trace
from local_cloud.workflows.alone.wording import headline
from local_cloud.workflows.engine.watching import Entry, Kind
from local_cloud.workflows.language.faults import Position

SOURCE = "main:\n  steps:\n    - get:\n        call: http.get\n"


class Story:
    """Entries that begin and end one after the other; `lines` is what the trace said."""

    def __init__(self, paint=None):
        self.trace = Trace(SOURCE, "w.yaml", 1000.0, paint or Paint())
        self.lines: list[str] = []
        self.count = 0
        self.time = 1000.0

    def begin(self, kind, step, parent=None, **fields):
        self.count += 1
        entry = Entry(
            self.count, cast("Kind", f"STEP_{kind}"), step, "main", Position(4, 9, 4), self.time,
            parent.id if parent else None, None, fields.pop("thread", ""), 0, **fields,
        )  # fmt: skip
        self.lines += self.trace.began(entry)
        return entry

    def end(self, entry, state="SUCCEEDED", after=0.0, error=None, **values):
        self.time += after
        entry.ended, entry.state, entry.error = self.time, f"STATE_{state}", error
        entry.values = {**(entry.values or {}), **values} or None
        self.lines += self.trace.ended(entry)

    def step(self, kind, step, parent=None, *, after=0.0, thread="", **values):
        self.end(self.begin(kind, step, parent, thread=thread), after=after, **values)

    def wait(self):
        self.lines += self.trace.flush()


@pytest.fixture
def story():
    return Story()


def test_a_trace_can_be_shown_to_others_than_who_may_call(story):
    arguments = {"url": "http://h/", "headers": {"Authorization": "Bearer of-mine"}}
    story.step("STD_LIB_CALL", "get", function="http.get", args=arguments)
    assert "REDACTED" in story.lines[0]
    assert "of-mine" not in story.lines[0]


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("ASSIGN", {"a": 1, "b": ["x"]}, 'assign a = 1, b = ["x"]'),
        ("RETURN", {"return": None}, "return null"),
        ("RAISE", {"raise": "boom"}, 'raise "boom"'),
        ("CONDITION", {"condition": 2}, "switch condition 2: call: http.get"),
        ("GOTO", {}, "next"),
        ("SWITCH", {}, "switch"),
        (
            "STD_LIB_CALL",
            {"function": "text.to_upper", "args": {"source": "a"}, "result": "A"},
            'call text.to_upper(source = "a") -> "A"',
        ),
        (
            "STD_LIB_CALL",
            {"function": "sys.log", "args": {"text": "a"}, "result": None},
            'call sys.log(text = "a")',
        ),
    ],
)
def test_a_step_that_is_over_at_once_is_one_line(story, kind, values, said):
    story.step(kind, "it", **values)

    assert story.lines == [f"    0.000 it                           {said}"]


def test_what_took_time_says_how_long(story):
    story.step("ASSIGN", "slow", after=0.25, a=1)

    assert story.lines == ["    0.000 slow                         assign a = 1 (250 ms)"]


def test_what_stands_inside_is_indented_below_what_it_is_inside_of(story):
    loop = story.begin("FOR", "each")
    for number in range(2):
        iteration = story.begin("FOR_ITERATION", "each", loop, iteration=number)
        iteration.values = {"value": "ab"[number]}
        story.step("ASSIGN", "add", iteration, sum=number)
        story.end(iteration)
    story.end(loop)
    story.step("RETURN", "last", **{"return": 1})

    assert story.lines == [
        "    0.000 each                         for",
        '    0.000   #0                         value = "a"',
        "    0.000     add                      assign sum = 0",
        '    0.000   #1                         value = "b"',
        "    0.000     add                      assign sum = 1",
        "    0.000 last                         return 1",
    ]


def test_a_call_of_a_subworkflow_ends_with_what_it_gave(story):
    call = story.begin("SUBWORKFLOW_CALL", "ask", values={"function": "sub", "args": {"x": 1}})
    story.step("RETURN", "give", call, after=0.5, **{"return": 2})
    story.end(call, result=2)

    assert story.lines == [
        "    0.000 ask                          call sub(x = 1)",
        "    0.000   give                       return 2 (500 ms)",
        "    0.500 ask                          -> 2 (500 ms)",
    ]


def test_a_step_that_waits_is_told_when_it_waits_and_when_it_is_over(story):
    values = {"function": "sys.sleep", "args": {"seconds": 3}}
    sleep = story.begin("STD_LIB_CALL", "nap", values=values)
    story.wait()
    story.end(sleep, after=3, result=None)

    assert story.lines == [
        "    0.000 nap                          call sys.sleep(seconds = 3)",
        "    3.000 nap                          done (3 s)",
    ]


def test_branches_are_told_apart(story):
    both = story.begin("PARALLEL_BRANCH", "both")
    left = story.begin("PARALLEL_BRANCH_ENTRY", "left", both, thread="1.left")
    right = story.begin("PARALLEL_BRANCH_ENTRY", "right", both, thread="1.right")
    story.step("ASSIGN", "one", left, thread="1.left", a=1)
    loop = story.begin("PARALLEL_FOR", "two", right, thread="1.right")
    part = story.begin("FOR_ITERATION", "two", loop, thread="1.right/5.0", iteration=0)
    story.step("ASSIGN", "three", part, thread="1.right/5.0", a=2)
    for entry in (left, part, loop, right, both):
        story.end(entry)

    assert story.lines == [
        "    0.000 both                         parallel",
        "    0.000   left                       branch",
        "    0.000   right                      branch",
        "    0.000     [left] one               assign a = 1",
        "    0.000     [right] two              parallel for",
        "    0.000       #0",
        "    0.000         [right #0] three     assign a = 2",
    ]


def test_an_error_is_told_once_where_it_came_up_with_its_place(story):
    error = {"message": "KeyError: key not found: x\nmore", "tags": ["KeyError"]}
    block = story.begin("TRY_RETRY_EXCEPT", "risky")
    first = story.begin("TRY", "risky", block)
    call = story.begin("STD_LIB_CALL", "get", first, values={"function": "http.get", "args": {}})
    story.end(call, "FAILED", error=error)
    story.end(first, "FAILED", error=error)
    story.step("EXCEPT", "risky", block, e="it")
    story.end(block)

    assert story.lines == [
        "    0.000 risky                        try",
        "    0.000   get                        call http.get()",
        "            error: KeyError: key not found: x",
        "            w.yaml:4:9",
        "            4 |         call: http.get",
        "              |         ^^^^",
        '    0.000   risky                      except e = "it"',
    ]


def test_attempts_are_counted_and_the_line_of_the_source_is_told_once(story):
    block = story.begin("TRY_RETRY_EXCEPT", "get")
    for wait in (2.0, 0.0):
        attempt = story.begin("TRY", "get", block)
        values = {"function": "http.get", "args": {}}
        call = story.begin("STD_LIB_CALL", "get", attempt, values=values)
        story.wait()
        story.end(call, "FAILED", after=1.0, error="down")
        story.end(attempt, "FAILED", error="down")
        retry = story.begin("RETRY", "get", block)
        if wait:
            story.wait()
        story.end(retry, after=wait)
    story.end(block, "FAILED", error="down")

    assert story.lines == [
        "    0.000 get                          try",
        "    0.000   get                        call http.get()",
        '    1.000   get                        error: "down" (1 s)',
        "            w.yaml:4:9",
        "            4 |         call: http.get",
        "              |         ^^^^",
        "    1.000   get                        retry",
        "    3.000   get                        attempt 2",
        "    3.000     get                      call http.get()",
        '    4.000     get                      error: "down" (1 s)',
        "              w.yaml:4:9",
        "    4.000   get                        no retry",
    ]


def test_what_a_true_condition_does_stands_below_the_condition(story):
    switch = story.begin("SWITCH", "pick")
    arm = story.begin("CONDITION", "pick", switch, values={"condition": 1})
    story.step("ASSIGN", "set", arm, a=1)
    story.end(arm)
    story.end(switch)

    assert story.lines == [
        "    0.000 pick                         switch condition 1: call: http.get",
        "    0.000   set                        assign a = 1",
    ]


def test_the_same_error_again_is_told_again(story):
    for _ in range(2):
        call = story.begin("STD_LIB_CALL", "again", values={"function": "f", "args": {}})
        story.end(call, "FAILED", error="boom")

    assert story.lines.count('          error: "boom"') == 2


def test_what_a_raise_says_is_not_told_twice(story):
    story.end(story.begin("RAISE", "stop"), "FAILED", error="boom", **{"raise": "boom"})

    assert story.lines[:2] == [
        '    0.000 stop                         raise "boom"',
        "          w.yaml:4:9",
    ]


def test_a_step_that_was_cancelled_while_it_waited_says_so(story):
    values = {"function": "sys.sleep", "args": {"seconds": 3}}
    sleep = story.begin("STD_LIB_CALL", "nap", values=values)
    story.wait()
    story.end(sleep, "CANCELLED", after=1)

    assert story.lines[-1] == "    1.000 nap                          cancelled (1 s)"


def test_the_url_of_a_callback_is_told_whole(story):
    url = "http://127.0.0.1:1/v1/" + "x" * 300
    story.step(
        "STD_LIB_CALL", "make", function="events.create_callback_endpoint",
        args={"http_callback_method": "PUT"}, result={"url": url},
    )  # fmt: skip

    assert story.lines[-1] == f"          callback: curl -X PUT {url}"


def test_colours_do_not_change_what_is_said():
    painted, plain = Story(Paint(on=True)), Story()
    for story in (painted, plain):
        story.step("ASSIGN", "a", b=1)
        story.end(story.begin("RAISE", "again"), "FAILED", error="boom")

    assert painted.lines != plain.lines
    assert [strip(line) for line in painted.lines] == plain.lines


def strip(line):
    for code in ("0", "1", "2", "31", "32", "33", "36"):
        line = line.replace(f"\x1b[{code}m", "")
    return line


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ({"message": "it is\nlong"}, "it is"),
        ({"message": 1}, '{"message": 1}'),
        ("text", '"text"'),
        (None, "null"),
        ({"message": "x" * 1000}, "x" * 144 + "\u2026"),
    ],
)
def test_an_error_is_said_in_one_line(error, text):
    assert headline(error) == text


def test_a_printer_writes_what_waits_once_the_engine_has_gone_as_far_as_it_can():
    written: list[str] = []
    later: list[Any] = []
    story = Story()
    printer = StepPrinter(story.trace, written.append, later.append)
    entry = Entry(1, "STEP_CALL", "nap", "main", Position(1, 1, 1), 1000.0, None, None, "", 0)

    printer.began(entry)
    assert (written, len(later)) == ([], 1)
    later[0]()
    assert written == ["    0.000 nap                          call ()"]


def test_without_steps_only_callbacks_are_printed():
    written: list[str] = []
    printer = CallbackPrinter(written.append)
    values = {"function": "events.create_callback_endpoint", "args": {}, "result": {"url": "u"}}

    printer.began(cast("Entry", SimpleNamespace(values=values)))
    printer.ended(cast("Entry", SimpleNamespace(values=values)))
    printer.ended(cast("Entry", SimpleNamespace(values={"a": 1})))

    assert written == ["callback: curl -X POST u"]
