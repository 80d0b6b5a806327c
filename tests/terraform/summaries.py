"""A plan as text for people: what is set on each resource, without what follows from its name.

For golden files: a reviewer sees what a change of the Terraform would change in the cloud. What changes
with every other commit (a digest of the functions, the text of the workflow) is cut short.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.terraform.plans import Plan, Resource

# What follows from the rest, is the provider's own or made up, or is the same everywhere.
UNSHOWN = frozenset(
    {
        "bcrypt_hash",
        "connection_name",
        "deletion_policy",
        "effective_annotations",
        "effective_labels",
        "email",
        "environment",
        "etag",
        "first_ip_address",
        "gcf_uri",
        "generation",
        "id",
        "labels",
        "links",
        "member",
        "output_name",
        "password",
        "registry_uri",
        "result",
        "revision_id",
        "secret_data",
        "self_link",
        "service_config.service",
        "state",
        "terraform_labels",
        "timeouts",
        "trigger_id",
        "uid",
        "unique_id",
        "uri",
        "url",
        "urls",
        "user_labels",
        "version",
    }
)
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")


def summary(plan: Plan, project: str) -> str:
    """All resources and outputs of a plan; `project` is not repeated on each of them."""
    lines = [line for one in plan for line in _resource(one, project)]
    outputs = [
        f"output {path} = {_text(value)}"
        for path, value in _leaves(dict(sorted(plan.outputs.items())), "", shown=frozenset())
    ]
    return "\n".join([*lines, *outputs]) + "\n"


def _resource(one: Resource, project: str) -> Iterator[str]:
    values = {k: v for k, v in one.values.items() if (k, v) != ("project", project)}
    if "role" in one.values and ("member" in one.values or "member" in one.unknown):
        yield f"{one.address}: {_grant(values)}"
        return
    yield one.address
    for path, value in _leaves(values, ""):
        yield f"    {path} = {_text(value)}"


def _grant(values: Mapping[str, Any]) -> str:
    about = {"role", "member", "location", "condition", "id", "etag"}
    on = [f"{k} {v}" for k, v in sorted(values.items()) if k not in about and v is not None]
    condition = "".join(f" if {one['expression']}" for one in values.get("condition") or [])
    member = values.get("member", "(known after apply)")
    return f"{values['role']} -> {member}{', on ' if on else ''}{', '.join(on)}{condition}"


def _leaves(value: Any, path: str, shown: frozenset[str] = UNSHOWN) -> Iterator[tuple[str, Any]]:
    """Values with their paths; null and empty ones, and those that are not shown, are left out."""
    if isinstance(value, dict):
        for name, one in sorted(value.items()):
            whole = f"{path}.{name}" if path else name
            if name not in shown and whole not in shown:
                yield from _leaves(one, whole, shown)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for place, one in enumerate(value):
            yield from _leaves(one, path if len(value) == 1 else f"{path}[{place}]", shown)
    elif value is not None and value not in ([], ""):
        yield path, value


def _text(value: Any) -> str:
    """A value on one line: of a text with several only the first, of a dashboard its titles."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    if text.startswith('{"') and '"displayName"' in text:
        return ", ".join(re.findall(r'"(?:displayName|title)": ?"([^"]+)"', text))
    first, *more = text.splitlines()
    return DIGEST.sub("(digest)", first) + (" ..." if more else "")
