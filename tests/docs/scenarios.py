"""The answers that the reference shows, got from the real handlers, in the order of the page.

.venv/bin/python -m tests.docs.scenarios     prints them, to be pasted into the page
"""

import base64
import contextlib
import datetime as dt
import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2] / "functions"))

import approve
import check_metrics
import deploy
import explain
import plan
import rollback
import shift_traffic
import status
import sweep
import verify
from rollouts.messages import message
from rollouts.notices import Notice
from rollouts.record import Rollout
from rollouts.requests import parse_deploy, parse_step
from tests.docs.small_world import DIGEST, IMAGE, NOW, PRODUCTION, REPOSITORY, SmallWorld

EXECUTION = "projects/barq/locations/europe-west1/workflows/rollout/executions/4f1c"
DRIVER = {
    "execution": EXECUTION,
    "callback": "https://workflowexecutions.googleapis.com/v1/projects/barq/callbacks/9a",
    "service": "api",
    "target": "production",
}
BUILD = {
    "id": "5b8f1a3e",
    "status": "SUCCESS",
    "createTime": "2026-11-22T11:50:00Z",
    "substitutions": {"REPO_NAME": "shop", "BRANCH_NAME": "main", "COMMIT_SHA": "c0ffee254729"},
    "results": {"images": [{"name": f"{REPOSITORY}:c0ffee", "digest": DIGEST}]},
}


def event(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event in which Eventarc hands a message to the workflow."""
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return {
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
        "data": {"message": {"data": encoded}},
    }


def planned(argument: Any) -> dict[str, Any]:
    request = plan.parse(
        {"execution": EXECUTION, "callback": DRIVER["callback"], "argument": argument}
    )
    return plan.handle(request, SmallWorld())


def deployed(world: SmallWorld) -> dict[str, Any]:
    build = {"id": "5b8f1a3e", "created": "2026-11-22T11:50:00Z", "source": "shop/main@c0ffee"}
    request = parse_deploy(DRIVER | {"image": IMAGE, "build": build, "automatic": True})
    return deploy.handle(request, world)


def asked(handle: Callable[..., dict[str, Any]], world: SmallWorld, **more: Any) -> dict[str, Any]:
    return handle(parse_step(DRIVER | more), world)


def answered(world: SmallWorld, **more: Any) -> dict[str, Any]:
    body = {"service": "api", "target": "production"} | more
    if "decision" in more:
        present = world.services.read(PRODUCTION).record.rollout
        body["rollout"] = present.id if present else "none"
    return approve.handle(approve.parse(body, "ann@example.org"), world)


def ready() -> SmallWorld:
    """A canary at 0 % with its tag."""
    world = SmallWorld()
    deployed(world)
    deployed(world)
    return world


def tested() -> SmallWorld:
    world = ready()
    asked(verify.handle, world)
    return world


def approved() -> SmallWorld:
    world = tested()
    asked(shift_traffic.handle, world, action={"kind": "shift", "step": 0})
    answered(world, decision="approve")
    return world


def shifted(minutes: float = 0, errors: int = 0) -> SmallWorld:
    """A canary at 10 % for so long."""
    world = approved()
    asked(shift_traffic.handle, world, action={"kind": "shift", "step": 0})
    world.at = NOW + dt.timedelta(minutes=minutes)
    world.errors = errors
    return world


def promoted() -> dict[str, Any]:
    world = shifted()
    for step in (1, 2):
        asked(shift_traffic.handle, world, action={"kind": "shift", "step": step})
    action = {"kind": "promote", "because": "0 of 500 requests failed, stable 0 of 0"}
    return asked(shift_traffic.handle, world, action=action)


def failing() -> SmallWorld:
    """A canary whose requests fail, half a minute after it got 10 %: the log alone tells."""
    return shifted(0.5, errors=20)


def bad() -> dict[str, Any]:
    """Return the action that a failing canary leads to, without what only the events tell."""
    action = asked(check_metrics.handle, failing())["action"]
    return {key: action[key] for key in ("kind", "because", "refuse")}


def given_back() -> dict[str, Any]:
    world = shifted()
    asked(rollback.handle, world, action=bad())
    return asked(rollback.handle, world, action=bad())


def rollout_of(world: SmallWorld) -> Rollout:
    found = world.kept[PRODUCTION].record.rollout
    assert found is not None
    return found


def notice() -> Notice:
    """Return the event of a step that a verdict led to."""
    world = shifted(9)
    action = asked(check_metrics.handle, world)["action"]
    asked(shift_traffic.handle, world, action=action)
    return [one for one in world.told if one.kind == "traffic.shifted"][-1]


def records(world: SmallWorld, **more: Any) -> list[dict[str, Any]]:
    """Return the decision records that a look writes to the log."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        asked(check_metrics.handle, world, **more)
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    return [one for one in lines if one["event"] == "verdict.reached"]


def decision() -> dict[str, Any]:
    """Return the record of a look after four minutes at 10 %; the look before told the rest."""
    world = shifted()
    world.at = NOW + dt.timedelta(seconds=230)
    before = asked(check_metrics.handle, world)["state"]
    world.at = NOW + dt.timedelta(seconds=240)
    (found,) = records(world, state=before)
    return {name: value for name, value in found.items() if name not in ("event", "severity")}


def explained() -> dict[str, Any]:
    """Explain the look that found a bad canary."""
    world = failing()
    world.logged += records(world)
    return explain.handle(explain.parse({"rollout": rollout_of(world).id}), world)


def swept() -> dict[str, Any]:
    """Sweep beside a canary at 10 % whose execution was cancelled."""
    world = shifted(4)
    world.alive_executions = False
    return sweep.handle(sweep.parse({"service": "api", "target": "production"}), world)


def answers() -> dict[str, list[Any]]:
    """Return the answers of every section, in the order of the page."""
    by_hand = {"action": "roll_back", "service": "api", "target": "production"}
    again = ready()
    again.smoke_status = 503
    return {
        "plan": [
            planned(event(BUILD)),
            planned(event(BUILD | {"status": "FAILURE"})),
            planned(by_hand | {"reason": "checkout is failing"}),
        ],
        "deploy": [deployed(SmallWorld()), deployed_ready()],
        "verify": [asked(verify.handle, ready()), asked(verify.handle, again)],
        "shift_traffic": [
            asked(shift_traffic.handle, tested(), action={"kind": "shift", "step": 0}),
            asked(shift_traffic.handle, approved(), action={"kind": "shift", "step": 0}),
            promoted(),
        ],
        "check_metrics": [
            asked(check_metrics.handle, shifted(4)),
            asked(check_metrics.handle, shifted(9)),
            asked(check_metrics.handle, failing()),
        ],
        "rollback": [asked(rollback.handle, shifted(), action=bad()), given_back()],
        "on_alert": [],
        "approve": [evidence(), answered(waiting(), decision="approve", reason="looks good")],
        "status": [status.handle(status.parse({}), shifted(4))],
        "explain": [explained()],
        "sweep": [swept()],
        "notify": [message(notice().as_cloud_event()["data"])],
    }


def deployed_ready() -> dict[str, Any]:
    world = SmallWorld()
    deployed(world)
    return deployed(world)


def waiting() -> SmallWorld:
    """A rollout that waits for a person."""
    world = tested()
    asked(shift_traffic.handle, world, action={"kind": "shift", "step": 0})
    return world


def evidence() -> dict[str, Any]:
    return answered(waiting())


if __name__ == "__main__":
    for section, found in answers().items():
        for one in found:
            sys.stdout.write(f"{section}\n{json.dumps(one, indent=2, ensure_ascii=False)}\n\n")
    for name, document in (("event", notice().as_cloud_event()), ("decision", decision())):
        sys.stdout.write(f"{name}\n{json.dumps(document, indent=2, ensure_ascii=False)}\n\n")
