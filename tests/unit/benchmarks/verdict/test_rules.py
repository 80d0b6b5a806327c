from benchmarks.verdict.fate import Cell
from benchmarks.verdict.rules import Rule, play
from benchmarks.verdict.runs import Run


class Scripted:
    """Answers by a script of ticks; `go` otherwise."""

    def __init__(self, script):
        self.cause = "script"
        self.script = script
        self.seen = []

    def look(self, tick):
        self.seen.append((tick.at, tick.step))
        return self.script.get(tick.at, "go")


def played(script, **rule):
    session = Scripted(script)
    run = Run(Cell("err-100%", 20.0, 0.0), 0)
    return play(run, Rule("scripted", lambda _run: session, **rule)), session


def test_a_rollout_nobody_objects_to_takes_900_s():
    outcome, session = played({})

    assert (outcome.rolled_back, outcome.ticks) == (False, 90)
    assert session.seen[29:31] == [(29, 0), (30, 1)]


def test_a_rollback_acts_at_the_end_of_its_tick_and_counts_that_ticks_bad_requests():
    outcome, _ = played({2: "back"})
    run = Run(Cell("err-100%", 20.0, 0.0), 0)

    assert outcome[:2] == (True, 3)
    assert outcome.bad == sum(run.tick((0,), at).canary.errors for at in range(3))
    assert outcome.cause == "script"


def test_a_hold_counts_at_the_end_of_a_step_only():
    outcome, session = played({5: "hold", 29: "hold", 30: "hold"})

    assert outcome.ticks == 92
    assert (31, 0) in session.seen
    assert (32, 1) in session.seen


def test_a_step_is_held_for_300_s_at_most():
    outcome, _ = played(dict.fromkeys(range(500), "hold"))

    assert (outcome.rolled_back, outcome.ticks) == (False, 180)


def test_a_rule_that_may_not_hold_has_steps_of_300_s():
    outcome, _ = played(dict.fromkeys(range(500), "hold"), holds=False)

    assert (outcome.rolled_back, outcome.ticks) == (False, 90)


def test_a_rule_that_paces_ends_a_step_when_it_says_go():
    held = dict.fromkeys((0, 1, 2, 4, 5), "hold")
    outcome, session = played(held, paces=True)

    assert session.seen == [(0, 0), (1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, 1), (7, 2)]
    assert outcome.ticks == 8
