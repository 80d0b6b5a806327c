"""The sweeper beside whole rollouts: what it puts back, what it pages for, what it leaves alone."""

import json

import pytest

from local_cloud.kit.http import Inbound
from rollouts.errors import Denied, Transient
from tests.flow.flow import DELIVERY, Flow, changed
from tests.flow.install import SWEEP

QUICK = changed(DELIVERY, window="30s", check_every="5s", deadline="20m")
ASKED = changed(QUICK, approval="{by: manual, expires: 1h}")
STAGES = {
    "deploying": lambda flow: flow.state() == "deploying",
    "deployed": lambda flow: flow.state() == "deployed",
    "waiting for a person": lambda flow: "approval.requested" in flow.told(),
    "at 10 %": lambda flow: flow.rollout().percent == 10,
    "at 50 %": lambda flow: flow.rollout().percent == 50,
    "at 100 %": lambda flow: flow.rollout().percent == 100 and flow.state() == "shifting",
}


@pytest.fixture
def findings(capsys):
    """Return what the sweeper logged so far: (finding, what was done)."""
    told = []

    def read():
        for line in capsys.readouterr().out.splitlines():
            document = json.loads(line) if line.startswith("{") else {}
            if document.get("event") == "sweep.found":
                told.append((document["finding"], document["done"], document["severity"]))
        return told

    return read


def begun(delivery=QUICK, **quality):
    flow = Flow(delivery)
    flow.built(flow.image("v2", **quality))
    return flow


def swept(flow, **asked):
    """Sweep by hand; return what was found."""
    return flow.post("sweep", asked)


def after_read(flow, function, action):
    """Have something happen between a function's next read of the service and its write."""
    services = flow.worlds[function].services
    read = services.read

    def reads(ref):
        seen = read(ref)
        services.read = read
        action()
        return seen

    services.read = reads


@pytest.mark.parametrize("stage", STAGES)
def test_stable_has_everything_two_minutes_after_an_execution_died(stage, findings):
    flow = begun(QUICK if "%" in stage else ASKED)
    while not STAGES[stage](flow):
        flow.scheduler.step()
    flow.cancels(flow.execution()["name"])

    flow.passes(minutes=2, seconds=1)

    assert flow.split() == {"v1": 100}
    assert (flow.state(), flow.rollout().ended_by) == ("rolled_back", "barq")
    assert "canary" not in flow.tags()
    assert flow.told()[-1] == "rollout.rolled_back"
    assert flow.record().refused == ()
    assert findings() == [("execution_gone", "stable_back", "WARNING")]
    flow.passes(minutes=30)
    assert findings() == [("execution_gone", "stable_back", "WARNING")]


def test_the_next_push_begins_where_the_sweeper_left_off():
    flow = begun()
    flow.until_at(50)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=2)

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def test_a_persons_stop_is_left_alone(findings):
    flow = begun()
    flow.until_at(10)
    flow.asks("stop", reason="let me look")
    flow.until(flow.ended)

    flow.passes(minutes=60)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert (flow.state(), findings()) == ("stopped", [])


def test_a_persons_traffic_is_left_alone_and_a_person_is_told(findings):
    flow = begun()
    flow.until_at(10)
    flow.cancels(flow.execution()["name"])
    names = flow.rollout().stable, flow.rollout().canary
    flow.person_sets_traffic("production", dict(zip(names, (30, 70), strict=True)))

    flow.passes(minutes=30)

    assert flow.split() == {"v1": 30, "v2": 70}
    assert flow.state() == "stopped"
    assert flow.told()[-1] == "rollout.stopped"
    assert findings() == [("execution_gone", "stopped", "ERROR")]


@pytest.mark.parametrize(("error_ratio", "serves"), [(0.0, "v1"), (1.0, "v1")])
def test_an_older_object_written_back_after_the_end_gives_stable_everything(error_ratio, serves):
    """Traffic and record come back together: whoever had written it then is stable's again."""
    flow = begun(error_ratio=error_ratio)
    flow.until_at(10)
    older = flow.document()
    flow.until_ended()
    flow.terraform_writes(older)
    assert flow.split() == {"v1": 90, "v2": 10}

    flow.passes(minutes=2)

    assert flow.split() == {serves: 100}


def test_an_older_object_written_back_during_a_rollout_stops_it_and_stable_gets_everything(
    findings,
):
    flow = begun()
    flow.until_at(10)
    older = flow.document()
    flow.until_at(50)
    flow.terraform_writes(older)

    flow.until(lambda: flow.state() == "stopped")
    assert flow.split() == {"v1": 90, "v2": 10}
    flow.passes(minutes=2)

    assert flow.split() == {"v1": 100}
    assert findings() == [("left_with_a_share", "stable_back", "WARNING")]


def test_a_driver_that_sleeps_past_its_deadline_is_woken_and_then_overtaken(findings):
    flow = begun()
    flow.until_at(10)
    sent = flow.sender.send
    flow.sender.send = lambda request, done: (
        None if "check-metrics" in request.url else sent(request, done)
    )

    flow.passes(minutes=21)
    assert (flow.split(), findings()) == ({"v1": 90, "v2": 10}, [])
    flow.passes(minutes=6)

    assert flow.split() == {"v1": 100}
    assert [one[:2] for one in findings()] == [
        ("past_its_limits", "driver_woken"),
        ("past_its_limits", "stable_back"),
    ]


def test_a_split_that_is_not_served_is_told_once_and_the_rollback_of_it_once_more(findings):
    flow = begun(changed(QUICK, window="15m", deadline="2h"))
    flow.until_at(10)
    flow.passes(seconds=30)
    flow.cloud.run.hold_routes(flow.key())
    flow.until_at(50)

    flow.passes(minutes=4)
    assert findings() == [("not_served", "told", "ERROR")]
    assert flow.told().count("traffic.stuck") == 1

    flow.until(lambda: flow.state() == "rolled_back")
    flow.passes(minutes=10)
    assert findings() == [("not_served", "told", "ERROR")] * 2
    assert len({one["id"] for one in flow.events if one["data"]["event"] == "traffic.stuck"}) == 2


def test_beside_a_healthy_rollout_a_sweep_changes_nothing_at_all(findings):
    """Not its times, not its writes, not its events: swept each 7 s, and not at all."""
    rollouts = []
    for every in (0, 7):
        flow = Flow(ASKED)
        flow.cloud.jobs.pause(SWEEP)
        flow.built(flow.image("v2"))
        for second in range(40 * 60):
            if every and second % every == 0:
                assert swept(flow)["findings"] == []
            if flow.told()[-1:] == ["approval.requested"]:
                flow.answers("approve")
            flow.passes(seconds=1)
        assert flow.split() == {"v2": 100}
        rollouts.append((flow.rollout().shifts, flow.rollout().ended_at, flow.told()))
        assert not [one for one in flow.worlds["sweep"].http.calls if one[0] != "GET"]

    assert rollouts[0] == rollouts[1]
    assert findings() == []


def test_two_sweeps_at_once_put_stable_back_once(findings):
    flow = begun()
    flow.until_at(50)
    flow.cloud.jobs.pause(SWEEP)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=1)

    after_read(flow, "sweep", lambda: swept(flow))
    outer = swept(flow)

    assert outer["findings"] == []
    assert flow.split() == {"v1": 100}
    assert findings() == [("execution_gone", "stable_back", "WARNING")]
    flow.passes(minutes=1)
    assert flow.told().count("rollout.rolled_back") == 1


def shift_of(flow):
    """Return a request of the driver's for its next step, as the workflow sends it."""
    rollout = flow.rollout()
    step = rollout.next_step
    return {
        "execution": rollout.execution,
        "callback": rollout.callback,
        "service": "api",
        "target": "production",
        "action": {"kind": "shift", "step": step, "percent": rollout.steps[step]},
    }


def at_ten_with_a_dead_driver():
    flow = begun()
    flow.until_at(10)
    flow.cloud.jobs.pause(SWEEP)
    request = shift_of(flow)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=1)
    return flow, request


def test_a_shift_between_the_sweepers_read_and_its_write_is_taken_back_too(findings):
    flow, request = at_ten_with_a_dead_driver()

    after_read(flow, "sweep", lambda: flow.post("shift_traffic", request))
    swept(flow)

    assert [one.percent for one in flow.rollout().shifts] == [10, 50]
    assert flow.split() == {"v1": 100}
    assert findings() == [("execution_gone", "stable_back", "WARNING")]


def test_a_shift_that_meets_the_sweepers_write_changes_nothing():
    flow, request = at_ten_with_a_dead_driver()

    after_read(flow, "shift_traffic", lambda: swept(flow))
    answer = flow.post("shift_traffic", request)

    assert answer["action"]["outcome"] == "rolled_back"
    assert flow.split() == {"v1": 100}


def test_a_rollout_that_ends_between_read_and_question_was_not_left_alone():
    """Its execution has ended in order: the sweeper's write is a conflict, and it reads again."""
    flow = begun()
    flow.until_at(100)
    flow.cloud.jobs.pause(SWEEP)

    after_read(flow, "sweep", flow.until_ended)
    answer = swept(flow)

    assert answer["findings"] == []
    assert (flow.split(), flow.state()) == ({"v2": 100}, "promoted")


@pytest.mark.parametrize(
    ("error", "severity"), [(Transient("no answer"), "WARNING"), (Denied("no right"), "ERROR")]
)
def test_what_nobody_knows_of_an_execution_takes_nothing_back(error, severity, findings):
    flow = begun()
    flow.until_at(10)

    def alive(_):
        raise error

    flow.worlds["sweep"].executions.alive = alive
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert set(findings()) == {("execution_unknown", "left_alone", severity)}


def test_a_sweep_is_called_by_the_clock_with_a_token_of_its_own():
    flow = Flow(QUICK)
    asked = []

    def answer(request):
        asked.append(request)
        return Inbound(200)

    flow.sender.routes["https://sweep.test"] = answer

    flow.passes(minutes=1)

    (request,) = asked
    token = request.headers["Authorization"]
    audiences = ("https://sweep.test",)
    assert str(flow.cloud.tokens.invoker(token, audiences)).startswith("scheduler@")


# Several targets, and little time.

TWO = (
    DELIVERY
    + """
      staging:
        project: shop-staging
        region: europe-west1
        service: api
        steps: [100]
"""
)


def test_a_broken_target_does_not_keep_the_sweeper_from_the_others(capsys):
    flow = Flow(TWO)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.cloud.jobs.pause(SWEEP)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=1)

    def spoil(service):
        service["metadata"]["annotations"]["rollout.barq.dev/record"] = "{"

    flow.person_writes(spoil, "staging")
    answers = []
    for _ in range(4):  # Whichever is first.
        answers.append(swept(flow))
        flow.passes(minutes=1)

    assert [one["finding"] for one in answers[0]["findings"]] == ["execution_gone"]
    for answer in answers:
        assert [one["target"] for one in answer["failed"]] == ["staging"]
        assert (answer["targets"], answer["left"]) == (2, [])
    assert flow.split() == {"v1": 100}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failed = [one for one in lines if one["event"] == "sweep.failed"]
    assert {one["severity"] for one in failed} == {"ERROR"}
    assert "cannot be read" in failed[0]["because"]


def test_one_target_alone_can_be_swept_by_hand():
    flow = Flow(TWO)

    assert swept(flow)["targets"] == 2
    assert swept(flow, target="staging")["targets"] == 1
    assert swept(flow, service="api", target="production")["targets"] == 1
    assert "no target of delivery.yaml is api/test" in str(
        swept(flow, service="api", target="test")
    )
