"""The matrix: each function at each stage that calls it, the canary and the engine at each."""

from typing import Final

from benchmarks.kills.cases import BAD, BEFORE, LOG, LOOK, READ, SLOW, WRITE, Case, Moment

_EITHER: Final = ("promoted", "rolled_back")


def _called(
    function: str, call: str, when: str, percent: int | None = None, state: str = ""
) -> Case:
    return Case(function, when, Moment(function, call, percent, state))


FUNCTIONS: Final = (
    _called("plan", READ, "after its read"),
    _called("deploy", READ, "before it claims"),
    _called("deploy", WRITE, "after its claim"),
    _called("deploy", WRITE, "after the canary got its tag", state="deploying"),
    _called("verify", READ, "before the smoke test"),
    _called("verify", WRITE, "after its write"),
    Case("approve", "before its write", Moment("approve", READ), by_person=True),
    Case("approve", "after its write", Moment("approve", WRITE), by_person=True),
    _called("shift_traffic", READ, "before it asks a person", 0, "verified"),
    _called("shift_traffic", WRITE, "after it asked a person", 0, "verified"),
    _called("shift_traffic", READ, "before the shift to 10 %", 0, "approved"),
    _called("shift_traffic", WRITE, "after the shift to 10 %", 0, "approved"),
    _called("shift_traffic", READ, "before the shift to 50 %", 10),
    _called("shift_traffic", WRITE, "after the shift to 50 %", 10),
    _called("shift_traffic", READ, "before the shift to 100 %", 50),
    _called("shift_traffic", WRITE, "after the shift to 100 %", 50),
    _called("shift_traffic", READ, "before the promotion", 100),
    _called("shift_traffic", WRITE, "after the promotion", 100),
    _called("check_metrics", READ, "at 10 %, before it looks", 10),
    _called("check_metrics", LOOK, "at 10 %, as it reads metrics", 10),
    _called("check_metrics", LOG, "at 50 %, as it reads the log", 50),
    _called("check_metrics", LOOK, "at 100 %, as it reads metrics", 100),
    Case("check_metrics", "at 10 %, as a bad canary is seen",
         Moment("check_metrics", LOOK, 10), ("rolled_back",), env=BAD),
    Case("rollback", "before its write", Moment("rollback", READ), ("rolled_back",), env=BAD),
    Case("rollback", "after its write", Moment("rollback", WRITE), ("rolled_back",), env=BAD),
    Case("on_alert", "before its write", Moment("on_alert", LOG), ("rolled_back",), "alert", BAD),
    Case("on_alert", "after its write", Moment("on_alert", WRITE), ("rolled_back",), "alert", BAD),
    Case("notify", "as it posts to the webhook", Moment("notify", "webhook"), ("rolled_back",),
         env=BAD),
    Case("status", "as a person asks", Moment("status", READ), by_person=True),
    Case("explain", "as a person asks", Moment("explain", LOG), by_person=True),
)  # fmt: skip
CANARY: Final = (
    Case("canary", "while it starts", Moment(state="deploying", after_seconds=0.2)),
    Case("canary", "during the smoke test", Moment("verify", READ), _EITHER),
    Case("canary", "waiting for approval", Moment(state="asked")),
    Case("canary", "at 10 %", Moment(percent=10, after_seconds=0.5), _EITHER, env=SLOW),
    Case("canary", "at 50 %", Moment(percent=50, after_seconds=0.5), _EITHER, env=SLOW),
    Case("canary", "at 100 %", Moment(percent=100, after_seconds=0.5), _EITHER, env=SLOW),
    Case("canary", "at 10 %, again and again", Moment(percent=10, after_seconds=0.5), _EITHER,
         kills=40),
    Case("canary", "while it is rolled back", Moment("rollback", READ), ("rolled_back",), env=BAD),
)  # fmt: skip
ENGINE: Final = (
    Case("engine", "deploying", Moment("deploy", WRITE), ("rolled_back",), "deploying"),
    Case("engine", "waiting for approval", Moment(state="asked"), ("rolled_back",), "asked"),
    Case("engine", "at 10 %", Moment(percent=10), ("rolled_back",), "at-10"),
    Case("engine", "at 50 %", Moment(percent=50), ("rolled_back",), "at-50"),
    Case("engine", "at 100 %", Moment(percent=100), ("rolled_back",), "at-100"),
    Case("sweep", "as it puts stable back", Moment("sweep", WRITE, 10), ("rolled_back",), "swept"),
    Case("engine", "rolling back", Moment("rollback", READ), ("rolled_back",), "going-back", BAD),
    Case("engine", "before the event came", BEFORE, ("promoted",), "quick"),
)  # fmt: skip
