"""Traffic entries: reading them, judging them, and finding the revisions they mean. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.run.resources import Revision, ServedTarget, Target

LATEST: Final = (Target(None, 100),)
"""What a service gets that was written without traffic."""

_TAG: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Blocked:
    """A split that cannot be served: `failed` for good, or not yet."""

    failed: bool
    reason: str
    message: str


def read(entries: Any) -> tuple[Target, ...]:
    """Read `spec.traffic` of the v1 API. Entries stay as given. Raises Refused."""
    if not entries:
        return LATEST
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused("INVALID_ARGUMENT", "Invalid value at 'spec.traffic'.")
    return tuple(_target(entry, index) for index, entry in enumerate(entries))


def check(targets: Sequence[Target], known: Collection[str], service: str, length_max: int) -> None:
    """Raise Refused for a split that the real service does not take.

    Wording of the sum: knative.dev/serving, route_validation.go. Of an unknown revision:
    https://github.com/terraform-google-modules/terraform-docs-samples/pull/269
    """
    tags = [target.tag for target in targets if target.tag]
    for tag in tags:
        if tags.count(tag) > 1:
            raise _invalid(f'Multiple definitions for "{tag}": spec.traffic')
        if not _TAG.fullmatch(tag) or len(tag) + len(service) > length_max:
            raise _invalid(
                f"Invalid traffic tag '{tag}': must be lower case letters, digits and hyphens, and"
                f" with the service's name at most {length_max} characters."
            )
    for index, target in enumerate(targets):
        if not 0 <= (target.percent or 0) <= 100:  # noqa: PLR2004 - a percent.
            raise _invalid(f"expected 0 <= {target.percent} <= 100: spec.traffic[{index}].percent")
    total = sum(target.percent or 0 for target in targets)
    if total != 100:  # noqa: PLR2004 - a percent.
        raise _invalid(f"Traffic targets sum to {total}, want 100: spec.traffic")
    for target in targets:
        if target.revision is not None and target.revision not in known:
            raise _invalid(_gone(target.revision))


def resolve(
    targets: Iterable[Target], revisions: Mapping[str, Revision], newest: str, latest_ready: str
) -> tuple[ServedTarget, ...] | Blocked:
    """Return the entries with their revisions, or why they cannot be served.

    A LATEST entry means `latest_ready`, and waits for `newest` if there is no other yet.
    """
    found: list[ServedTarget] = []
    for target in targets:
        name = target.revision or latest_ready or newest
        revision = revisions.get(name)
        if revision is None:
            return Blocked(failed=True, reason="RevisionMissing", message=_gone(name))
        if revision.state == "pending":
            return Blocked(failed=False, reason="Deploying", message="Deploying Revision.")
        if revision.state == "failed":
            return Blocked(failed=True, reason=revision.reason, message=not_ready(revision))
        found.append(ServedTarget(name, target.percent, target.tag, target.revision is None))
    return tuple(found)


def not_ready(revision: Revision) -> str:
    """Source: https://github.com/google-github-actions/deploy-cloudrun/issues/465."""
    return f"Revision '{revision.name}' is not ready and cannot serve traffic. {revision.message}"


def _target(entry: Mapping[str, Any], index: int) -> Target:
    where = f"spec.traffic[{index}]"
    name, latest = entry.get("revisionName"), bool(entry.get("latestRevision"))
    percent, tag = entry.get("percent"), entry.get("tag") or None
    if bool(name) == latest:
        raise _invalid(f"expected exactly one, got both or neither: {where}.latestRevision,"
                       f" {where}.revisionName")  # fmt: skip
    if name is not None and not isinstance(name, str):
        raise _invalid(f"Invalid value at '{where}.revisionName'.")
    if name and "/" in name:
        raise _invalid(f"Invalid value at '{where}.revisionName': must be a bare revision name.")
    if percent is not None and (not isinstance(percent, int) or isinstance(percent, bool)):
        raise _invalid(f"Invalid value at '{where}.percent'.")
    if tag is not None and not isinstance(tag, str):
        raise _invalid(f"Invalid value at '{where}.tag'.")
    return Target(name or None, percent, tag)


def _gone(revision: str) -> str:
    return (
        f"Revision '{revision}' does not exist or is deleted."
        " Update all traffic to route to currently available revisions."
    )


def _invalid(message: str) -> Refused:
    return Refused("INVALID_ARGUMENT", message)
