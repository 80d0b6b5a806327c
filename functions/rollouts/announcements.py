"""What the workflow was started with: an event of a build or of a registry, or a person's words.

Not: whether to act on it. Events that say nothing wrong but nothing for us are ignored with a
reason; what a person typed wrong is an error that says what would be right.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from rollouts.errors import BadInput
from rollouts.images import DIGEST, Image, parse_image, repository_of
from rollouts.instants import parse_instant
from rollouts.record import Build
from rollouts.requests import Reader, parse_revision, read_name, shown

Verb = Literal["rollout", "status", "verify", "approve", "deny", "roll_back", "stop"]
VERBS: Final[tuple[Verb, ...]] = (
    "rollout", "status", "verify", "approve", "deny", "roll_back", "stop",
)  # fmt: skip
PUBSUB: Final = "google.cloud.pubsub.topic.v1.messagePublished"
PULL_REQUEST: Final = ("_PR_NUMBER", "_HEAD_REPO_URL", "_HEAD_BRANCH")
"""What Cloud Build adds to builds of pull requests, whose BRANCH_NAME is the contributor's own.

Source: https://cloud.google.com/build/docs/configuring-builds/substitute-variable-values
"""
ONLY_TARGET: Final = "_BARQ_TARGET"
"""The substitution of a build that is for one target alone, such as a drill's: TARGET, or
SERVICE/TARGET where several services share an image."""
SKIPPED: Final = {"_SKIP_TESTS": "tests", "_SKIP_SCAN": "scan"}
"""The emergency switches of cloudbuild.yaml: each is "true" in a build that went without."""
SOURCE_MAX: Final = 200
NEEDS_REASON: Final = frozenset({"roll_back", "stop", "deny"})


@dataclass(frozen=True, slots=True)
class BuildAnnounced:
    """A Cloud Build build changed its state."""

    status: str
    branch: str
    images: tuple[Image, ...]
    build: Build
    target: str = ""
    """The one target that it is for, by itself or as SERVICE/TARGET; empty: all, in order."""


@dataclass(frozen=True, slots=True)
class ImageAppeared:
    """The registry tells of a new image; nothing is known of tests or branch."""

    image: Image


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person started the workflow."""

    verb: Verb
    service: str
    target: str
    """Empty: all targets in order, for `rollout`; all of them, for `status`."""
    image: Image | None
    revision: str | None
    force: bool
    reason: str
    override_freeze: bool = False
    """Whether the rollout may pass a closed line."""


@dataclass(frozen=True, slots=True)
class Unrelated:
    """An event that asks for nothing; `because` says why."""

    because: str


Announcement = BuildAnnounced | ImageAppeared | ByHand | Unrelated


def parse_announcement(argument: Any) -> Announcement:
    """Read the workflow's argument as it came. Raises BadInput for what is neither."""
    if isinstance(argument, dict) and "action" in argument:
        return _by_hand(argument)
    if isinstance(argument, dict) and argument.get("type") == PUBSUB:
        return _message(argument)
    raise BadInput(
        f"the argument is {shown(argument)}: must be an event of Pub/Sub, or"
        ' {"action": "rollout", "service": "api", "image": "HOST/P/R/NAME@sha256:..."}'
        f" with an action of {', '.join(VERBS)}.",
        hint="see docs/reference/functions.md, plan",
    )


def _message(event: Mapping[str, Any]) -> Announcement:
    try:
        document = json.loads(base64.b64decode(event["data"]["message"]["data"], validate=True))
    except (KeyError, TypeError, ValueError, RecursionError):
        return Unrelated("the event's message holds no JSON")
    if not isinstance(document, dict):
        return Unrelated("the event's message is no JSON object")
    if "status" in document and "id" in document:
        return _build(document)
    if document.get("action") in ("INSERT", "DELETE"):
        return _registry(document)
    return Unrelated("the event is neither of a build nor of a registry")


def _build(document: Mapping[str, Any]) -> Announcement:
    results = document.get("results")
    listed = results.get("images") if isinstance(results, dict) else None
    images = []
    for one in listed if isinstance(listed, list) else []:
        name = one.get("name") if isinstance(one, dict) else None
        digest = one.get("digest") if isinstance(one, dict) else None
        if isinstance(name, str) and isinstance(digest, str) and DIGEST.fullmatch(digest):
            images.append(Image(repository_of(name), digest))
    names = document.get("substitutions")
    given = names if isinstance(names, dict) else {}
    if any(given.get(key) for key in PULL_REQUEST):
        return Unrelated("the build is of a pull request")
    try:
        created = parse_instant(document.get("createTime"))
    except ValueError:
        created = None
    return BuildAnnounced(
        status=str(document["status"]),
        branch=str(given.get("BRANCH_NAME", "")),
        images=tuple(images),
        build=Build(str(document["id"])[:100], created, _source(given)),
        target=str(given.get(ONLY_TARGET) or ""),
    )


def _source(given: Mapping[str, Any]) -> str:
    """Name the source to a person, and what the build left out: that is never cut off."""
    parts = [str(given.get(key, "")) for key in ("REPO_NAME", "BRANCH_NAME")]
    commit = str(given.get("COMMIT_SHA", ""))[:12]
    name = "@".join(part for part in ("/".join(filter(None, parts)), commit) if part)
    skipped = [word for key, word in SKIPPED.items() if given.get(key) == "true"]
    without = f"built without {' and '.join(skipped)}" if skipped else ""
    room = SOURCE_MAX - len(without) - len(", ")
    return ", ".join(filter(None, (name[:room] if without else name[:SOURCE_MAX], without)))


def _registry(document: Mapping[str, Any]) -> Announcement:
    if document["action"] != "INSERT":
        return Unrelated("an image or tag was deleted")
    try:
        return ImageAppeared(parse_image(document.get("digest")))
    except ValueError:
        return Unrelated("the registry's event names no digest")


def _by_hand(argument: Mapping[str, Any]) -> ByHand:
    reader = Reader(argument, "argument")
    known = {"action", "service", "target", "image", "revision", "force", "reason"}
    known.add("override_freeze")
    for key in argument:
        if key not in known:
            reader.problems.append(
                f"{key} is not known: must be one of {', '.join(sorted(known))}."
            )
    verb = argument.get("action")
    if verb not in VERBS:
        reader.problems.append(f"action is {shown(verb)}: must be one of {', '.join(VERBS)}.")
    asked = ByHand(
        verb=verb if verb in VERBS else "status",
        service=read_name(reader, "service", "api"),
        target=read_name(reader, "target", "production") if argument.get("target") else "",
        image=reader.parsed("image", parse_image),
        revision=reader.parsed("revision", parse_revision),
        force=reader.switch("force"),
        reason=reader.words("reason"),
        override_freeze=reader.switch("override_freeze"),
    )
    _check_together(asked, argument, reader)
    reader.done()
    return asked


def _check_together(asked: ByHand, argument: Mapping[str, Any], reader: Reader) -> None:
    named = [key for key in ("image", "revision") if argument.get(key)]
    if asked.verb == "rollout" and len(named) != 1:
        reader.problems.append(
            "image and revision: must be exactly one of the two, such as"
            ' "image": "HOST/P/R/NAME@sha256:...".'
        )
    if asked.verb == "rollout" and "revision" in named and not asked.target:
        reader.problems.append(
            "target is missing: a revision lives in one target, such as production."
        )
    if asked.verb not in ("rollout", "status") and not asked.target:
        reader.problems.append("target is missing: must be a target's name, such as production.")
    if asked.override_freeze and asked.verb != "rollout":
        reader.problems.append(
            f"override_freeze is given: {asked.verb} passes no freeze, must stand beside rollout."
        )
    if (asked.verb in NEEDS_REASON or asked.override_freeze) and not asked.reason:
        needs = asked.verb if asked.verb in NEEDS_REASON else "override_freeze"
        reader.problems.append(
            f'reason is missing: {needs} needs one, such as "checkout is failing".'
        )
