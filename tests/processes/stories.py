"""What happens on the stage: rollouts from event to outcome, each on a service of its own.

They are played side by side, so that all of them take as long as the longest one. A story waits
for events, never for time, and keeps what it saw; the tests judge.
"""

import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from demo.traffic import Seen
from local_cloud.registry.images import PushedImage
from local_cloud.run.documents import of_service
from tests.processes.stage import HERE, Json, Stage

PER_SECOND = 100.0


@dataclass
class Kept:
    """What a story saw, by the names that it chose."""

    images: dict[str, PushedImage] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
    """What the callers saw, from the beginning to the end."""


async def shop(stage: Stage) -> Kept:
    """An index image first, then a good one, then a bad one, under traffic all the while."""
    kept = Kept()
    async with stage.under_traffic("shop", 20.0):
        first = kept.images["first"] = stage.push("shop", "v1", index=True)
        await _approved(stage, "shop", first, kept)
        kept.events["first"] = await stage.event("shop", "rollout.promoted", first)
    began = time.monotonic()
    async with stage.under_traffic("shop", PER_SECOND) as traffic:
        good = kept.images["good"] = stage.push("shop", "v2")
        await _approved(stage, "shop", good, kept)
        kept.events["good"] = await stage.event("shop", "rollout.promoted", good)
        await _served(stage, "shop", kept.events["good"]["canary"])
        bad = kept.images["bad"] = stage.push("shop", "v3", {"FAULT_ERROR_RATIO": "1.0"})
        await _approved(stage, "shop", bad, kept)
        kept.events["bad"] = await stage.event("shop", "rollout.rolled_back", bad)
        await _served(stage, "shop", kept.events["bad"]["stable"])
        kept.answers["bad"] = await stage.outcome(kept.events["bad"])
        explain = stage.installed.urls["explain"]
        asked = {"service": "shop", "rollout": kept.events["bad"]["rollout"]}
        kept.answers["explained"] = await stage.call(explain, asked)
    kept.answers["seconds"] = time.monotonic() - began
    kept.seen = traffic.seen
    return kept


async def late(stage: Stage) -> Kept:
    """A fault that begins once the canary has everything: only an alert can see it."""
    kept = Kept()
    switches = stage.running.folder / "broken"
    switches.mkdir()

    def push(version: str) -> PushedImage:
        return stage.cloud.images.push(
            stage.delivery["services"]["late"]["image"],
            directory=HERE / "breakable",
            command=["python", "server.py"],
            env={
                "HOST": "127.0.0.1",
                "SERVICE_VERSION": version,
                "BREAKS_WITH": str(switches / version),
            },
        )

    image = kept.images["late"] = push("v2")
    stage.watch_errors("late")
    async with stage.under_traffic("late", 20.0) as traffic:
        # To the placeholder nobody goes back.
        await stage.event("late", "rollout.promoted", stage.deliver(push("v1")))
        stage.deliver(image)
        promoted = kept.events["promoted"] = await stage.event("late", "rollout.promoted", image)
        kept.answers["delivered"] = await stage.outcome(promoted)
        kept.answers["failed before"] = traffic.seen.failures
        (switches / "v2").touch()
        kept.events["back"] = await stage.event("late", "rollout.rolled_back", image)
        await _served(stage, "late", kept.events["back"]["stable"])
    kept.seen = traffic.seen
    return kept


async def crash(stage: Stage) -> Kept:
    """A container that ends at once."""
    kept = Kept()
    image = kept.images["crash"] = stage.push("crash", "v1", {"FAULT_CRASH_AT_START": "true"})
    stage.deliver(image)
    kept.events["back"] = await stage.event("crash", "rollout.rolled_back", image)
    kept.answers["outcome"] = await stage.outcome(kept.events["back"])
    return kept


async def gate(stage: Stage) -> Kept:
    """Someone else starts while a rollout waits for a person; then the person says no.

    At last the event of an older build comes, late.
    """
    kept = Kept()
    image = kept.images["gate"] = stage.deliver(stage.push("gate", "v1"))
    asked = await stage.event("gate", "approval.requested", image)
    other = await stage.by_hand(
        action="rollout",
        service="gate",
        target="production",
        image=stage.push("gate", "v2").reference,
    )
    kept.answers["other"] = await stage.ended(other)
    kept.answers["no reason"] = await stage.call(
        stage.installed.urls["approve"],
        {"service": "gate", "target": "production", "decision": "deny"},
    )
    kept.answers["denied"] = await stage.approve("gate", "deny", "not before Monday")
    kept.events["denied"] = await stage.event("gate", "approval.denied", image)
    kept.answers["outcome"] = await stage.outcome(asked)
    kept.answers["evidence"] = await stage.approve("gate", None)
    kept.answers["old"] = await stage.old_news(image)
    return kept


async def hand(stage: Stage) -> Kept:
    """Three rollouts that wait for a person, who starts an execution instead of calling."""
    kept = Kept()
    where = {"service": "hand", "target": "production"}
    for version, action in (("v1", "roll_back"), ("v2", "stop"), ("v3", "deny")):
        image = kept.images[action] = stage.deliver(stage.push("hand", version))
        asked = kept.events[action] = await stage.event("hand", "approval.requested", image)
        reason = f"{action}, because I say so"
        by = await stage.by_hand(action=action, reason=reason, **where)
        kept.answers[f"{action} by hand"] = await stage.ended(by)
        kept.answers[action] = await stage.outcome(asked)
    return kept


async def moved(stage: Stage) -> Kept:
    """A person looks at a rollout under way, and moves its traffic."""
    kept = Kept()
    first = stage.deliver(stage.push("moved", "v1"))
    await stage.outcome(await stage.event("moved", "rollout.promoted", first))
    image = kept.images["moved"] = stage.deliver(stage.push("moved", "v2"))
    shifted = await stage.event("moved", "traffic.shifted", image)
    asked = await stage.by_hand(action="status", service="moved")
    kept.answers["status"] = await stage.ended(asked)
    key = stage.key("moved")
    namespace = f"{stage.running.rest.url}/regions/{key.region}/apis/serving.knative.dev/v1"
    url = f"{namespace}/namespaces/{key.project}/services/{key.name}"
    document = await stage.api("GET", url)
    halves = [shifted["stable"], shifted["canary"]]
    document["spec"]["traffic"] = [{"revisionName": one, "percent": 50} for one in halves]
    await stage.api("PUT", url, document)
    kept.events["stopped"] = await stage.event("moved", "rollout.stopped", image)
    kept.answers["outcome"] = await stage.outcome(shifted)
    kept.answers["document"] = of_service(stage.service("moved"))
    return kept


async def orphan(stage: Stage) -> Kept:
    """An execution is cancelled while its rollout waits for a person; the clock calls the sweeper.

    The record is made as old as it would be a while later: a young one is left alone.
    """
    kept = Kept()
    image = kept.images["orphan"] = stage.deliver(stage.push("orphan", "v1"))
    asked = kept.events["asked"] = await stage.event("orphan", "approval.requested", image)
    await stage.api("POST", f"{stage.running.workflows_url}/v1/{asked['execution']}:cancel", {})
    key = stage.key("orphan")
    namespace = f"{stage.running.rest.url}/regions/{key.region}/apis/serving.knative.dev/v1"
    url = f"{namespace}/namespaces/{key.project}/services/{key.name}"
    document = await stage.api("GET", url)
    annotations = document["metadata"]["annotations"]
    record = json.loads(annotations["rollout.barq.dev/record"])
    record["rollout"]["claimed_at"] = asked_at = "2026-01-01T00:00:00Z"
    record["rollout"]["approval"]["asked_at"] = asked_at
    annotations["rollout.barq.dev/record"] = json.dumps(record)
    await stage.api("PUT", url, document)
    place = stage.installed.place
    jobs = f"{stage.running.rest.url}/v1/projects/{place.project}/locations/{place.region}/jobs"
    kept.answers["jobs"] = await stage.api("GET", jobs)
    await stage.api("POST", f"{jobs}/barq-sweep:run", {})
    kept.events["back"] = await stage.event("orphan", "rollout.rolled_back", image)
    kept.answers["swept"] = await stage.call(stage.installed.urls["sweep"], {"service": "orphan"})
    kept.answers["tags"] = stage.tags("orphan")
    return kept


async def depot(stage: Stage) -> Kept:
    """The database that both revisions stand on goes away while a canary has half of the users.

    It stays away until the rollout is taken back and another image was tested in vain; then it
    comes back, and the image of the rollout is pushed again.
    """
    kept = Kept()
    async with stage.under_traffic("depot", 20.0, "/vehicles"):
        first = stage.deliver(stage.push("depot", "v1"))
        kept.events["first"] = await stage.event("depot", "rollout.promoted", first)
        image = kept.images["depot"] = stage.deliver(stage.push("depot", "v2"))
        await stage.event("depot", "traffic.shifted", image)
        await stage.settled("stopped")
        kept.events["page"] = await stage.event("depot", "verdict.page", image)
        kept.answers["paged"] = stage.shares("depot")
        kept.events["back"] = await stage.event("depot", "rollout.rolled_back", image)
        kept.answers["back"] = await stage.outcome(kept.events["back"])
        meanwhile = stage.deliver(stage.push("depot", "v3"))
        kept.events["meanwhile"] = await stage.event("depot", "rollout.rolled_back", meanwhile)
        await stage.outcome(kept.events["meanwhile"])
        kept.answers["told"] = stage.told("depot")
        kept.answers["refused"] = stage.record("depot").get("refused", [])
        await stage.settled("running")
        before = len(stage.events)
        stage.deliver(image)
        kept.events["again"] = await stage.until(
            lambda: next((e for e in stage.events[before:] if _gets_users(e, image)), None),
            "users of the image that is pushed again",
        )
    return kept


async def drilled(stage: Stage) -> Kept:
    """The drill of a staging that only its verifier and the drill may call."""
    kept = Kept()
    image = kept.images["good"] = stage.deliver(stage.push("drilled", "v1"))
    await stage.event("drilled", "rollout.promoted", image)
    workflow = stage.installed.workflow.replace("/rollout", "/drill")
    argument = {"service": "drilled", "target": "staging", "warm_seconds": 3, "limit_seconds": 90}
    kept.answers["drill"] = await stage.ended(await stage.execute(workflow, argument))
    key = stage.key("drilled", "staging")
    served = stage.cloud.run.served_percents(key)
    kept.answers["serves"] = [
        stage.cloud.run.revision(key, name).ingress_container.image
        for name, percent in served.items()
        if percent
    ]
    return kept


STORIES: dict[str, Callable[[Stage], Coroutine[Any, Any, Kept]]] = {
    "shop": shop,
    "late": late,
    "crash": crash,
    "gate": gate,
    "hand": hand,
    "moved": moved,
    "orphan": orphan,
    "depot": depot,
    "drilled": drilled,
}


async def _approved(stage: Stage, service: str, image: PushedImage, kept: Kept) -> None:
    """Announce an image and let a person approve it, who looks at the evidence first."""
    stage.deliver(image)
    kept.events["asked"] = await stage.event(service, "approval.requested", image)
    kept.answers["evidence"] = await stage.approve(service, None)
    kept.answers["approved"] = await stage.approve(service, "approve", "looks good")
    kept.events["approved"] = await stage.event(service, "approval.given", image)


def _gets_users(event: Json, image: PushedImage) -> bool:
    return (event["event"], event["digest"]) == ("traffic.shifted", image.digest)


async def _served(stage: Stage, service: str, revision: str) -> None:
    """Wait until all requests meet one revision."""
    await stage.until(
        lambda: stage.shares(service) == {revision: 100}, f"{revision} with 100 % of {service}"
    )
