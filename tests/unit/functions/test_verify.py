"""One call of verify answers in time, however slowly the probes are answered."""

import datetime as dt
from dataclasses import dataclass, replace

import pytest

import deploy
import verify
from rollouts import smoke
from rollouts.delivery_file import parse_policy
from rollouts.policy import Delivery
from rollouts.requests import parse_deploy, parse_step
from tests.docs.small_world import DELIVERY, IMAGE, SmallWorld

WORKFLOW_WAITS = dt.timedelta(seconds=30)
DRIVER = {
    "execution": "projects/barq/locations/europe-west1/workflows/rollout/executions/4f1c",
    "callback": "https://workflowexecutions.googleapis.com/v1/callbacks/9a",
    "service": "api",
    "target": "production",
}


def delivery(**more):
    """Return the small world's delivery with these settings of production's policy."""
    service = DELIVERY.services[0]
    targets = tuple(
        replace(one, policy=parse_policy({"approval": {"by": "manual"}, **more}))
        for one in service.targets
    )
    return Delivery((replace(service, targets=targets),))


@dataclass
class World(SmallWorld):
    """Each answer takes so long, in the world's own time."""

    takes: dt.timedelta = dt.timedelta(0)
    sent: int = 0

    def prober_get(self, url, path, *, audience, timeout):
        self.sent += 1
        self.at += min(self.takes, timeout)
        status = 200 if self.takes < timeout else None
        return smoke.Tested(path, status, dt.timedelta(milliseconds=12))


def probing(takes, latency_max="5s"):
    """Return a world whose canary has passed its smoke test, and the answer that said so."""
    world = World(delivery=delivery(analysis={"probes": 50}, verify={"latency_max": latency_max}))
    for _ in range(2):
        deploy.handle(parse_deploy(DRIVER | {"image": IMAGE}), world)
    answer = asked(world, {})
    world.takes, world.sent = takes, 0
    return world, answer


def asked(world, before):
    state = {"state": before["state"]} if "state" in before else {}
    return verify.handle(parse_step(DRIVER | state), world)


@pytest.mark.parametrize("latency_max", ["1s", "5s", "1h"])
@pytest.mark.parametrize("seconds", [0.01, 0.9, 4.9, 9.9, 3600])
def test_a_round_of_probes_ends_before_the_workflow_gives_up_and_gets_on(seconds, latency_max):
    world, answer = probing(dt.timedelta(seconds=seconds), latency_max)
    calls = 0
    while answer["action"]["kind"] == "hold":
        began, sent = world.at, world.sent
        answer = asked(world, answer)
        calls += 1
        assert world.at - began <= WORKFLOW_WAITS
        assert world.sent > sent

    assert answer["action"]["kind"] == "shift"
    assert world.sent == 100
    assert 5 <= calls <= 50


def test_quick_answers_need_five_calls_of_ten_pairs():
    world, answer = probing(dt.timedelta(milliseconds=20))
    calls = 0
    while answer["action"]["kind"] == "hold":
        assert answer["action"]["waits_for"] == "smoke_test"
        assert answer["action"]["because"] == f"{10 * calls} of 50 pairs of probes are sent"
        answer = asked(world, answer)
        calls += 1

    assert calls == 5


def test_a_state_that_got_lost_begins_again_with_the_smoke_tests():
    world, answer = probing(dt.timedelta(0))
    asked(world, answer)

    again = asked(world, {})

    assert again["state"]["probes"]["pairs"] == 0
    assert world.kept[world.delivery.services[0].targets[1].ref].record.rollout.state == "deployed"
