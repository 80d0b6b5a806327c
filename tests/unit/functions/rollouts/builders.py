"""Values that the tests of the core begin from. Not: what any test says of them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from rollouts.delivery_file import parse_delivery, parse_policy
from rollouts.delivery_schema import policy_hash
from rollouts.images import Image
from rollouts.policy import Policy, ServiceRef, Target
from rollouts.record import ApprovalGiven, Build, Record, Rollout, ShiftDone
from rollouts.requests import DeployRequest, Driver, StepRequest
from rollouts.seen import RevisionSeen, ServiceSeen
from rollouts.traffic import Entry, Split, split_of
from rollouts.verdict import Numbers, Verdict

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
REPOSITORY = "europe-west1-docker.pkg.dev/build/team/api"
DIGEST = "sha256:" + "a" * 64
OTHER_DIGEST = "sha256:" + "b" * 64
IMAGE = f"{REPOSITORY}@{DIGEST}"
EXECUTION = "projects/p/locations/l/workflows/rollout/executions/e1"
OTHER_EXECUTION = "projects/p/locations/l/workflows/rollout/executions/e2"
CALLBACK = "https://workflowexecutions.googleapis.com/v1/projects/p/callbacks/c"
STABLE, CANARY = "api-1", "api-2"
REF = ServiceRef("team-production", "europe-west1", "api")
PLACE = {"project": REF.project, "region": REF.region, "service": REF.service}


def at(seconds: float = 0, *, minutes: float = 0) -> dt.datetime:
    """Return an instant so long after NOW."""
    return NOW + dt.timedelta(seconds=seconds, minutes=minutes)


def policy(**settings: Any) -> Policy:
    """Return a policy from a user's words; defaults for the rest."""
    return parse_policy(settings)


def target(name: str = "production", **settings: Any) -> Target:
    return Target(name, REF, policy(**settings))


def document(**service: Any) -> dict[str, Any]:
    """Return a delivery.yaml, decoded, of one service with two targets."""
    staging = {**PLACE, "project": "team-staging", "steps": [100], "no_data": "pass"}
    production = {**PLACE, "approval": {"by": "manual"}}
    api = {"image": REPOSITORY, "targets": {"staging": staging, "production": production}}
    return {"services": {"api": api | service}}


DELIVERY = parse_delivery(document())


def shifts(*percents: int, minutes_between: float = 5) -> tuple[ShiftDone, ...]:
    """Return shifts that began at NOW."""
    return tuple(
        ShiftDone(at(minutes=step * minutes_between), step, percent)
        for step, percent in enumerate(percents)
    )


def rollout(state: Any = "shifting", **fields: Any) -> Rollout:
    """Return a rollout whose fields agree with its state, if they are not given."""
    chosen: Policy = fields.pop("policy", policy())
    began: Mapping[str, Mapping[str, Any]] = {
        "shifting": {"shifts": shifts(10)},
        "rolled_back": {"shifts": shifts(10), "ended_at": at(minutes=2), "because": "it failed"},
        "stopped": {"shifts": shifts(10), "ended_at": at(minutes=2), "because": "by hand"},
        "promoted": {"shifts": shifts(10, 50, 100), "ended_at": at(minutes=15)},
    }
    values: dict[str, Any] = {
        "id": "0123abcd",
        "execution": EXECUTION,
        "callback": CALLBACK,
        "service": "api",
        "target": "production",
        "repository": REPOSITORY,
        "digest": DIGEST,
        "build": Build("build-1", at(minutes=-10), "team/api/main@c0ffee"),
        "stable": STABLE,
        "canary": CANARY,
        "policy": chosen,
        "policy_hash": policy_hash(chosen),
        "state": state,
        "claimed_at": at(minutes=-2),
    }
    return Rollout(**(values | dict(began.get(state, {})) | fields))


def verdict(kind: Any = "pass", step: int = 0, *, watched: float = 300.0, **fields: Any) -> Verdict:
    """Return a verdict on a step of 10 % with a window of 300 s."""
    numbers = Numbers(step, 10, 300, 0, 2700, 1, None, watched, 300.0)
    return Verdict(kind, f"it says {kind}", numbers, **fields)


def waiting(**fields: Any) -> ApprovalGiven:
    """Return an approval that was asked for at NOW and lasts a day."""
    return ApprovalGiven(**({"asked_at": NOW, "expires_at": at(minutes=24 * 60)} | fields))


def seen(
    own: Rollout | None = None,
    *,
    split: Split | None = None,
    record: Record | None = None,
    **fields: Any,
) -> ServiceSeen:
    """Return a service whose traffic is as the record left it, if `split` does not say more."""
    known = record or Record(rollout=own, generation=6)
    if split is None:
        split = (Entry(STABLE, 100),)
        if known.rollout:
            tag = None if known.rollout.ended else known.rollout.canary
            split = split_of(known.rollout.shares, (), canary_tag=tag)
    values: dict[str, Any] = {
        "ref": REF,
        "generation": 7,
        "split": split,
        "served": split,
        "latest_ready": STABLE,
        "record": known,
        "container": "api",
        "image": f"{REPOSITORY}@{OTHER_DIGEST}",
        "url": "https://api.example.app",
    }
    return ServiceSeen(**(values | fields))


def revision(name: str = CANARY, readiness: Any = "ready", **fields: Any) -> RevisionSeen:
    values: dict[str, Any] = {"reason": "", "image": IMAGE, "resolved": DIGEST}
    return RevisionSeen(name, readiness, **(values | fields))


def driver(execution: str = EXECUTION, where: str = "production") -> Driver:
    return Driver(execution, CALLBACK, "api", where)


def deploying(**fields: Any) -> DeployRequest:
    """Return what `deploy` is asked for a new image by hand."""
    values: dict[str, Any] = {
        "driver": driver(),
        "image": Image(REPOSITORY, DIGEST),
        "revision": None,
        "build": Build(),
        "force": False,
        "automatic": False,
    }
    return DeployRequest(**(values | fields))


def step(action: Mapping[str, Any] | None = None, **fields: Any) -> StepRequest:
    """Return what a driving function is asked after `action`."""
    values: dict[str, Any] = {
        "driver": driver(),
        "action": action or {},
        "reason": "",
        "by": "",
        "by_hand": False,
    }
    return StepRequest(**(values | fields))
