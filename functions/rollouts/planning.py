"""What a delivery will do, from what was announced, the settings and the records as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rollouts.announcements import Announcement, BuildAnnounced, ByHand, ImageAppeared, Unrelated
from rollouts.errors import BadInput
from rollouts.images import Image
from rollouts.instants import show_instant
from rollouts.policy import Delivery, Service, Target
from rollouts.record import Build, Record

FUNCTION_OF = {
    "status": "status",
    "verify": "verify",
    "approve": "approve",
    "deny": "approve",
    "roll_back": "rollback",
    "stop": "shift_traffic",
}


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to do; the execution succeeds."""

    because: str

    def as_json(self) -> dict[str, Any]:
        return {"kind": "ignore", "because": self.because}


@dataclass(frozen=True, slots=True)
class Deliver:
    """Roll out to the targets, in order."""

    service: Service
    targets: tuple[Target, ...]
    image: Image | None
    revision: str | None
    build: Build
    force: bool
    automatic: bool
    left_out: tuple[str, ...] = ()
    """Other services whose images the same build pushed: one execution delivers one service."""
    override_freeze: str = ""
    """A person's reason to pass a closed line; empty: it waits."""
    gives_way: bool = False
    """Whether it begins only where nothing is under way: nobody's push waits for it."""

    def as_json(self) -> dict[str, Any]:
        """Return the plan; each of `rollouts` is what `deploy` is asked, less the driver's."""
        return {
            "kind": "deliver",
            "service": self.service.name,
            "rollouts": [self._rollout(target) for target in self.targets],
            "approvals": [
                target.name for target in self.targets if target.policy.approval.by == "manual"
            ],
            "left_out": list(self.left_out),
        }

    def _rollout(self, target: Target) -> dict[str, Any]:
        created = self.build.created
        return {
            "service": self.service.name,
            "target": target.name,
            "image": str(self.image) if self.image else None,
            "revision": self.revision,
            "build": {
                "id": self.build.id,
                "created": show_instant(created) if created else None,
                "source": self.build.source,
            },
            "force": self.force,
            "automatic": self.automatic,
            "override_freeze": self.override_freeze,
            "gives_way": self.gives_way,
        }


@dataclass(frozen=True, slots=True)
class Call:
    """One function does what a person asked for."""

    function: str
    body: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"kind": "call", "function": self.function, "body": dict(self.body)}


Plan = Ignore | Deliver | Call


def choose(announcement: Announcement, delivery: Delivery) -> Plan:
    """Plan without a look at the world. Raises BadInput for a name that is not in delivery.yaml."""
    if isinstance(announcement, Unrelated):
        return Ignore(announcement.because)
    if isinstance(announcement, ByHand):
        return _by_hand(announcement, delivery)
    if isinstance(announcement, ImageAppeared):
        return _appeared(announcement.image, delivery)
    return _built(announcement, delivery)


def settle(plan: Deliver, records: Sequence[Record]) -> Plan:
    """Drop an automatic delivery that is old news, given each target's record.

    `deploy` asks the same again when it claims the rollout; here it spares an execution.
    """
    if not plan.automatic or plan.force:
        return plan
    for record in records:
        because = stale(record, plan.build) or (under_way(record) if plan.gives_way else "")
        if because:
            return Ignore(because)
    return plan


def stale(record: Record, build: Build) -> str:
    """Say why an automatic build is old news for a target; empty if it is not."""
    if build.id and build.id in record.acted_on:
        return f"build {build.id} was already acted on"
    return overtaken(record, build)


def overtaken(record: Record, build: Build) -> str:
    """Say that a newer build than this was accepted before it; empty if none was."""
    newest = record.newest_build
    if build.created and newest and build.created < newest:
        return (
            f"build {build.id} was created at {show_instant(build.created)}, before the newest"
            f" accepted build ({show_instant(newest)})"
        )
    return ""


def under_way(record: Record) -> str:
    """Say what a build for one target alone gives way to; empty if there is nothing."""
    rollout = record.rollout
    if rollout is None:
        return ""
    way = f"the build is for {rollout.target} alone, and gives way to"
    if not rollout.ended:
        return f"{way} rollout {rollout.id}, which is under way there"
    if record.waiting:
        return f"{way} delivery {record.waiting.id}, which waits for its turn there"
    return ""


def _built(announced: BuildAnnounced, delivery: Delivery) -> Plan:
    if announced.status != "SUCCESS":
        return Ignore(f"the build's status is {announced.status}, not SUCCESS")
    pushed = {image.repository: image for image in announced.images}
    ours = [service for service in delivery.services if service.image in pushed]
    due = [service for service in ours if announced.branch in service.branches]
    if due and announced.target:
        return _built_for_one(due, pushed, announced)
    if due:
        left_out = tuple(service.name for service in due[1:])
        first = _automatic(due[0], pushed[due[0].image], announced.build)
        return replace(first, left_out=left_out)
    branches = [branch for service in ours for branch in service.branches]
    if branches:
        wanted = ", ".join(dict.fromkeys(branches))
        return Ignore(f"the build is of branch {announced.branch!r}, not of {wanted}")
    if not announced.images:
        return Ignore("the build pushed no image of its `images:` list")
    names = ", ".join(sorted({image.repository for image in announced.images}))
    return Ignore(f"the build pushed other images: {names}")


def _built_for_one(
    due: Sequence[Service], pushed: Mapping[str, Image], announced: BuildAnnounced
) -> Plan:
    """Plan a delivery to one target alone, of the first service that has it.

    It is none of the pushes that overtake each other: the next one goes to every target.
    """
    only, _, name = announced.target.rpartition("/")
    found = [(one, one.target(name)) for one in due if only in ("", one.name)]
    having = [replace(service, targets=(target,)) for service, target in found if target]
    if not having:
        known = dict.fromkeys(target.name for service in due for target in service.targets)
        return Ignore(
            f"the build is for target {announced.target!r} alone, which is none of"
            f" {', '.join(known)}"
        )
    build = replace(announced.build, created=None)
    first = _automatic(having[0], pushed[having[0].image], build)
    left_out = tuple(service.name for service in having[1:])
    return replace(first, left_out=left_out, gives_way=True)


def _appeared(image: Image, delivery: Delivery) -> Plan:
    services = [one for one in delivery.services if one.image == image.repository]
    if not services:
        return Ignore(f"the registry told of another image: {image.repository}")
    for service in services:
        if service.registry_events:
            return _automatic(service, image, Build(id=image.digest))
    return Ignore(f"registry_events is off for {', '.join(one.name for one in services)}")


def _automatic(service: Service, image: Image, build: Build) -> Deliver:
    return Deliver(service, service.targets, image, None, build, force=False, automatic=True)


def _by_hand(asked: ByHand, delivery: Delivery) -> Plan:
    service = delivery.service(asked.service)
    if service is None:
        names = ", ".join(one.name for one in delivery.services)
        raise BadInput(f"argument: service is {asked.service!r}: must be one of {names}.")
    target = service.target(asked.target)
    if asked.target and target is None:
        names = ", ".join(one.name for one in service.targets)
        raise BadInput(f"argument: target is {asked.target!r}: must be one of {names}.")
    if asked.verb != "rollout":
        return Call(FUNCTION_OF[asked.verb], _body(asked))
    if asked.image and asked.image.repository != service.image:
        raise BadInput(
            f"argument: image is {asked.image.repository!r}: must be of the repository that"
            f" delivery.yaml names for {service.name}, {service.image}."
        )
    targets = (target,) if target else service.targets
    return Deliver(
        service,
        targets,
        asked.image,
        asked.revision,
        Build(),
        asked.force,
        automatic=False,
        override_freeze=asked.reason if asked.override_freeze else "",
    )


def _body(asked: ByHand) -> dict[str, Any]:
    body: dict[str, Any] = {
        "service": asked.service,
        "target": asked.target,
        "reason": asked.reason,
        "by_hand": True,
    }
    if asked.verb == "stop":
        body["action"] = {"kind": "stop"}
    if asked.verb in ("approve", "deny"):
        body["decision"] = asked.verb
    return body
