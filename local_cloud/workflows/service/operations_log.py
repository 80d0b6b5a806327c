"""Long-running operations of the Workflows API: all are done when they are seen."""

import datetime as dt
import random
from collections.abc import Iterable, Mapping
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.filter_fields import Field, instant
from local_cloud.workflows.service.filters import parse_filter
from local_cloud.workflows.service.names import timestamp
from local_cloud.workflows.service.pages import Asked, listed, page
from local_cloud.workflows.service.store import Store

_TYPES: Final = "type.googleapis.com/google.cloud.workflows.v1."
# The real service keeps operations for weeks; here the newest so many of all projects are kept.
KEPT_MAX: Final = 10_000


def _of_metadata(name: str) -> Any:
    return lambda operation: operation["metadata"][name]


# A guess: the reference page says no more than "the standard list filter".
_FIELDS: Final[Mapping[str, Field]] = {
    "name": Field("text", lambda operation: operation["name"]),
    "done": Field("bool", lambda operation: operation["done"]),
    "target": Field("text", _of_metadata("target")),
    "verb": Field("text", _of_metadata("verb")),
    "createTime": Field("time", lambda operation: instant(operation["metadata"]["createTime"])),
    "endTime": Field("time", lambda operation: instant(operation["metadata"]["endTime"])),
}


class Operations:
    """The operations of all projects, by full name."""

    def __init__(self, rng: random.Random, store: Store) -> None:
        self._rng = rng
        self._store = store
        self._operations: dict[str, dict[str, Any]] = {}

    def learn(self, operations: Iterable[dict[str, Any]]) -> None:
        """Take over operations, the oldest first."""
        self._operations.update((one["name"], one) for one in operations)

    def add(
        self, parent: str, target: str, verb: str, now: dt.datetime, outcome: dict[str, Any]
    ) -> dict[str, Any]:
        """Keep a finished operation. `outcome` has `response` or `error`."""
        stamp = timestamp(now)
        millis = int(now.timestamp() * 1000)
        name = f"{parent}/operations/operation-{millis}-{self._rng.getrandbits(48):012x}"
        self._operations[name] = {
            "name": name,
            "metadata": {
                "@type": _TYPES + "OperationMetadata",
                "createTime": stamp,
                "endTime": stamp,
                "target": target,
                "verb": verb,
                "apiVersion": "v1",
            },
            "done": True,
            **outcome,
        }
        self._store.operation(self._operations[name])
        while len(self._operations) > KEPT_MAX:
            self._forget(next(iter(self._operations)))
        return self._operations[name]

    def get(self, name: str) -> dict[str, Any]:
        if name not in self._operations:
            raise Refused("NOT_FOUND", f"Operation '{name}' was not found")
        return self._operations[name]

    def delete(self, name: str) -> None:
        self.get(name)
        self._forget(name)

    def _forget(self, name: str) -> None:
        self._store.drop_operation(name)
        del self._operations[name]

    def list(self, parent: str, filter_: str, asked: Asked) -> dict[str, Any]:
        """Return a page, the oldest first."""
        test = parse_filter(filter_, _FIELDS)
        found = [
            operation
            for name, operation in self._operations.items()
            if name.startswith(f"{parent}/operations/") and (test is None or test(operation))
        ]
        items, token = page(found, asked, ("operations", parent, filter_), default=500, most=1000)
        return listed("operations", items, token)


def workflow_response(workflow: dict[str, Any]) -> dict[str, Any]:
    return {"response": {"@type": _TYPES + "Workflow", **workflow}}


def empty_response() -> dict[str, Any]:
    return {"response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}
