"""What a plan says: resources and their values, data, outputs. From `terraform show -json`.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """Terraform refused the configuration or its variables; `messages` say why, one for each error."""

    def __init__(self, messages: list[str]) -> None:
        super().__init__("\n\n".join(messages))
        self.messages = messages


@dataclass(frozen=True)
class Resource:
    """A resource that is to be created.

    Attributes:
        address: As Terraform writes it, with modules and keys.
        type: "google_pubsub_topic" and the like.
        values: Its attributes; unknown ones are missing.
        unknown: True at the place of each attribute that is unknown.
    """

    address: str
    type: str
    values: Mapping[str, Any]
    unknown: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def module(self) -> str:
        """The module's address; empty for the root."""
        return self.address.rpartition(f"{self.type}.")[0].rstrip(".")


@dataclass(frozen=True)
class Plan:
    """A plan, as if nothing was there before.

    Attributes:
        resources: By address.
        data: What data sources answered, by address.
        outputs: Of the root module; those that are not known are missing.
        archives: What `archive_file` would hold: output path -> name -> SHA-256.
    """

    resources: Mapping[str, Resource]
    data: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]
    archives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        """All resources of one type, sorted by address."""
        return [one for _, one in sorted(self.resources.items()) if one.type == kind]

    def one(self, kind: str, **values: Any) -> Resource:
        """The only resource of a type that has these values."""
        found = [
            one
            for one in self.of(kind)
            if all(one.values.get(name) == value for name, value in values.items())
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} of {kind} with {values}, not one")
        return found[0]

    def __getitem__(self, address: str) -> Resource:
        return self.resources[address]

    def __iter__(self) -> Iterator[Resource]:
        return (one for _, one in sorted(self.resources.items()))


def read_plan(shown: Mapping[str, Any], archives: Mapping[str, Any]) -> Plan:
    changes = [one for one in shown.get("resource_changes", []) if one["mode"] == "managed"]
    resources = {
        one["address"]: Resource(
            one["address"], one["type"], one["change"]["after"], one["change"]["after_unknown"]
        )
        for one in changes
        if one["change"]["after"] is not None
    }
    prior = shown.get("prior_state", {}).get("values", {}).get("root_module", {})
    data = {one["address"]: one["values"] for one in _all(prior) if one["mode"] == "data"}
    planned = shown.get("planned_values", {}).get("outputs", {})
    outputs = {name: one["value"] for name, one in planned.items() if "value" in one}
    return Plan(resources, data, outputs, archives)


def _all(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _all(child)
