"""Every grant of the three environments, as values: who, which role, on what.

The list of them that reviews look at is golden/grants.txt; `make golden` rewrites it.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from tests.terraform.environments import ENVIRONMENTS, planned
from tests.terraform.plans import Plan, Resource
from tests.terraform.role_permissions import ROLES, SPARE

LIST: Final = Path(__file__).parent / "golden" / "grants.txt"
_KIND = re.compile(r"google_(?P<on>\w+)_iam_(member|binding|policy)")
_ON: Final = {
    "artifact_registry_repository": "projects/{project}/locations/{location}/repositories/{repository}",
    "cloud_run_v2_job": "projects/{project}/locations/{location}/jobs/{name}",
    "cloud_run_v2_service": "projects/{project}/locations/{location}/services/{name}",
    "project": "projects/{project}",
    "pubsub_subscription": "projects/{project}/subscriptions/{subscription}",
    "pubsub_topic": "projects/{project}/topics/{topic}",
    "secret_manager_secret": "projects/{project}/secrets/{secret_id}",
    "service_account": "{service_account_id}",
    "storage_bucket": "buckets/{bucket}",
}


class Grant(NamedTuple):
    """One line of the list."""

    member: str
    role: str
    resource: str
    """What it is granted on; after `if`, the condition."""

    def __str__(self) -> str:
        return f"{self.member} | {self.role} | {self.resource}"


def grants_of(plan: Plan) -> set[Grant]:
    """Return every grant of a plan. Raises KeyError for a kind that is not known here."""
    found = set()
    for one in plan:
        kind = _KIND.fullmatch(one.type)
        if kind:
            assert kind[2] == "member", (
                f"{one.address} is authoritative: it would take others' away"
            )
            found.add(Grant(one["member"], one["role"], _resource(one, _ON[kind["on"]])))
    return found


def _resource(one: Resource, pattern: str) -> str:
    short = {name: str(value).rpartition("/")[2] for name, value in one.values.items()}
    whole = {"service_account_id": one.values.get("service_account_id")}
    conditions = "".join(f" if {each['expression']}" for each in one.values["condition"])
    return pattern.format(**{**short, **whole}) + conditions


@functools.cache
def all_grants() -> frozenset[Grant]:
    """All three environments', as their examples configure them."""
    return frozenset().union(*(grants_of(planned(name)) for name in ENVIRONMENTS))


@functools.cache
def custom_roles() -> Mapping[str, frozenset[str]]:
    """Whole name of each role of ours -> its permissions."""
    return {
        one["id"]: frozenset(one["permissions"])
        for name in ENVIRONMENTS
        for one in planned(name).of("google_project_iam_custom_role")
    }


def held(grant: Grant, roles: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return what a grant gives, without what its role has to spare."""
    if grant.role in roles:
        return roles[grant.role]
    return ROLES[grant.role] - SPARE.get(grant.role, (frozenset(), ""))[0]


def permissions(
    grants: Iterable[Grant], roles: Mapping[str, frozenset[str]]
) -> dict[str, set[str]]:
    """Short name of each account of Barq's -> all that it may, wherever."""
    found: dict[str, set[str]] = {}
    for grant in grants:
        name = barqs(grant.member)
        if name:
            found.setdefault(name, set()).update(held(grant, roles))
    return found


def barqs(member: str) -> str:
    """Return the short name of an account of Barq's; empty for anybody else."""
    match = re.fullmatch(
        r"serviceAccount:(barq-[a-z-]+)@barq-delivery\.iam\.gserviceaccount\.com", member
    )
    return match[1] if match else ""


def listed() -> str:
    return "".join(f"{grant}\n" for grant in sorted(all_grants()))
