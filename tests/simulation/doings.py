"""What people, builds, alerts and other tools do when their moment comes. When: `workload`."""

import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from tests.simulation.scenario import IMAGE, Happens

Apply = Callable[[Any, Happens, random.Random], None]


def _target(sim: Any, happens: Happens) -> str:
    """Return a target's name; happenings count them, so that fewer targets serve as well."""
    return str(sim.target_names[happens.args.get("target", 0) % len(sim.target_names)])


# Builds.


def push(sim: Any, happens: Happens, rng: random.Random) -> None:
    """A build succeeds; its event may say that it was created before others that came first."""
    args = happens.args
    reference = sim.image(f"v{happens.number}", index=args["index"], **args["quality"])
    sim.pushed[happens.number] = reference
    digest = reference.partition("@")[2]
    if args.get("other_digest"):
        sim.faults.resolves_to[sim.cloud.images.resolve(reference).digest] = "sha256:" + "0" * 64
    created = sim.begins.timestamp() + happens.at - args["age"]
    sim.announce(message(f"build-{happens.number}", digest, created))


def message(build: str, digest: str, created: float, status: str = "SUCCESS") -> dict[str, Any]:
    """Return Cloud Build's message. `created` in seconds since 1970."""
    when = dt.datetime.fromtimestamp(created, dt.UTC).isoformat().replace("+00:00", "Z")
    return {
        "id": build,
        "projectId": "barq-build",
        "status": status,
        "createTime": when,
        "substitutions": {"BRANCH_NAME": "main", "COMMIT_SHA": "c0ffee" * 6},
        "images": [f"{IMAGE}:latest"],
        "results": {"images": [{"name": f"{IMAGE}:latest", "digest": digest}]},
    }


def told_again(sim: Any, _happens: Happens, rng: random.Random) -> None:
    """Pub/Sub tells of some earlier build once more."""
    if sim.announced:
        sim.announce(sim.announced[rng.choice(list(sim.announced))])


def build_fails(sim: Any, happens: Happens, _rng: random.Random) -> None:
    sim.publish("builds", message(f"bad-{happens.number}", "sha256:" + "1" * 64, 0.0, "FAILURE"))


# People, by hand.


def rolls_out(sim: Any, happens: Happens, rng: random.Random) -> None:
    if not sim.pushed:
        return
    chosen = rng.choice(list(sim.pushed.values()))
    argument: dict[str, Any] = {"image": chosen, "force": happens.args["force"]}
    if happens.args.get("override"):
        argument |= {"override_freeze": True, "reason": "checkout is failing"}
    if happens.args["one"]:
        argument["target"] = _target(sim, happens)
    sim.by_hand(action="rollout", service="api", **argument)


def by_hand(action: str) -> Apply:
    def apply(sim: Any, happens: Happens, _rng: random.Random) -> None:
        reason = f"#{happens.number}"
        sim.by_hand(action=action, service="api", target=_target(sim, happens), reason=reason)

    return apply


def answers(sim: Any, happens: Happens, rng: random.Random) -> None:
    """A person answers what was asked, perhaps of a rollout that is long over."""
    target, reason = _target(sim, happens), f"#{happens.number}"
    present = sim.record(target).rollout
    known = list(sim.rollouts_of(target))
    meant = {"present": present.id if present else "", "none": ""}.get(happens.args["of"])
    if meant is None:
        meant = rng.choice(known) if known else ""
    sim.approvals[reason] = meant or (present.id if present else "")
    body = {"target": target, "reason": reason, "rollout": meant}
    for _ in range(happens.args["times"]):
        sim.person_asks("approve", {"service": "api", "decision": happens.args["says"], **body})


# Alerts.


def alert(sim: Any, happens: Happens, rng: random.Random) -> None:
    """An incident, of one of the kinds that Monitoring and mistaken people send."""
    kind, target = happens.args["of"], _target(sim, happens)
    key, rollout = sim.key(target), sim.record(target).rollout
    labels = {"project_id": key.project, "service_name": key.name, "location": key.region}
    if kind != "uptime":
        labels["revision_name"] = rollout.canary if rollout else "api-none"
    if kind == "elsewhere":
        labels |= {"service_name": "other"}
    if kind == "other_revision":
        labels["revision_name"] = "api-00001-old"
    started = sim.now.timestamp() - (86_400 if kind == "old" else happens.args["before"])
    incident = {
        "incident_id": f"0.{happens.number}",
        "scoping_project_id": key.project,
        "started_at": int(started),
        "state": "closed" if kind == "closed" else "open",
        "summary": "the ratio is above 0.01",
        "policy_name": f"alert {kind}",
        "resource": {"type": "cloud_run_revision", "labels": labels},
    }
    if kind == "uptime":
        incident["resource"] = {"type": "uptime_url", "labels": {"host": "api.test"}}
        incident["policy_user_labels"] = labels
    document = {"version": "test" if kind == "test" else "1.2", "incident": incident}
    for _ in range(2 if kind == "twice" else 1):
        sim.publish("alerts", document)


# Other hands on the same service.


def moves_traffic(sim: Any, happens: Happens, rng: random.Random) -> None:
    target = _target(sim, happens)
    key = sim.key(target)
    ready = sorted(one.name for one in sim.cloud.run.revisions(key) if one.state == "ready")
    first, share = rng.choice(ready), rng.choice((100, 100, 60, 10))
    other = rng.choice([one for one in ready if one != first] or [first])
    shares = {first: 100} if share == 100 or other == first else {first: share, other: 100 - share}
    sim.tries(lambda: sim.person_sets_traffic(target, shares))


def sets_latest(sim: Any, happens: Happens, _rng: random.Random) -> None:
    entries = [{"latestRevision": True, "percent": 100}]
    target = _target(sim, happens)
    sim.tries(lambda: sim.person_writes(lambda it: it["spec"].update(traffic=entries), target))


def tags(sim: Any, happens: Happens, rng: random.Random) -> None:
    """A person tags a revision; now and then with the very tag that Barq uses."""

    def change(document: dict[str, Any]) -> None:
        traffic = document["spec"]["traffic"]
        named = [one["revisionName"] for one in traffic if one.get("revisionName")]
        tag = rng.choice((f"t{happens.number}", f"t{happens.number}", "canary"))
        kept = [one for one in traffic if one.get("tag") != tag or one.get("percent")]
        if named and not any(one.get("tag") == tag for one in kept):
            kept.append({"revisionName": rng.choice(named), "percent": 0, "tag": tag})
        document["spec"]["traffic"] = kept

    sim.tries(lambda: sim.person_writes(change, _target(sim, happens)))


def changes_template(sim: Any, happens: Happens, rng: random.Random) -> None:
    """A person sets a variable: a new revision, beside whatever has traffic."""

    def change(document: dict[str, Any]) -> None:
        template = document["spec"]["template"]
        template.setdefault("metadata", {}).pop("name", None)
        container = template["spec"]["containers"][0]
        others = [one for one in container.get("env", []) if one["name"] != "LEVEL"]
        container["env"] = [*others, {"name": "LEVEL", "value": str(happens.number)}]

    sim.tries(lambda: sim.person_writes(change, _target(sim, happens)))


def adopts(sim: Any, happens: Happens, rng: random.Random) -> None:
    """A person delivers settings: a new revision at 0 %, and then a rollout of it."""
    target = _target(sim, happens)
    changes_template(sim, happens, rng)

    def deliver() -> None:
        newest = sim.cloud.run.revisions(sim.key(target))[0].name
        sim.by_hand(action="rollout", service="api", target=target, revision=newest)

    sim.scheduler.call_later(20.0, deliver)


def refreshes(sim: Any, happens: Happens, _rng: random.Random) -> None:
    """Terraform reads the service now, and writes it back later as it was."""
    target = _target(sim, happens)
    document = sim.document(target)
    document.pop("status", None)

    def applies() -> None:
        sim.tell(f"    terraform writes {target} as of #{happens.number}")
        sim.tries(lambda: sim.terraform_writes(document, target))

    sim.scheduler.call_later(happens.args["after"], applies)


def upgrade(sim: Any, _happens: Happens, _rng: random.Random) -> None:
    """Barq's workflow is deployed anew; executions under way keep the one they began with."""
    sim.redeploy()


def stops_line(sim: Any, happens: Happens, _rng: random.Random) -> None:
    """An operator closes the line; delivery.yaml travels with the functions."""
    sim.stop_line(_target(sim, happens), happens.args["seconds"])


# The weather.


def turns_bad(sim: Any, happens: Happens, rng: random.Random) -> None:
    if sim.pushed:
        chosen = rng.choice(list(sim.pushed.values()))
        sim.becomes(chosen, error_ratio=happens.args["ratio"])


def outage(sim: Any, happens: Happens, _rng: random.Random) -> None:
    target = _target(sim, happens)
    sim.traffic.platform_fails[target] = happens.args["ratio"]
    sim.scheduler.call_later(
        happens.args["seconds"], lambda: sim.traffic.platform_fails.pop(target, None)
    )


def load(sim: Any, happens: Happens, _rng: random.Random) -> None:
    """Users come or stay away for a while."""
    target = _target(sim, happens)
    sim.traffic.rps_of[target] = happens.args["rps"]
    sim.scheduler.call_later(happens.args["seconds"], lambda: sim.traffic.rps_of.pop(target, None))
