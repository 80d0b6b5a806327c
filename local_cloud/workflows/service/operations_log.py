"""Long-running operations of the Workflows API: all are done when they are seen."""

import datetime as dt
import random
from typing import Any

from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.names import timestamp

_TYPES = "type.googleapis.com/google.cloud.workflows.v1."


class Operations:
    """The operations of all projects, by full name."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._operations: dict[str, dict[str, Any]] = {}

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
        return self._operations[name]

    def get(self, name: str) -> dict[str, Any]:
        if name not in self._operations:
            raise Refused("NOT_FOUND", f"Operation '{name}' was not found")
        return self._operations[name]

    def of(self, parent: str) -> list[dict[str, Any]]:
        return [
            operation
            for name, operation in self._operations.items()
            if name.startswith(f"{parent}/operations/")
        ]


def workflow_response(workflow: dict[str, Any]) -> dict[str, Any]:
    return {"response": {"@type": _TYPES + "Workflow", **workflow}}


def empty_response() -> dict[str, Any]:
    return {"response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}
