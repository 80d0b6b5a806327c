"""Step entries: what the Executions API tells of each step of an execution.

Source: the StepEntry message (reference/workflows.md 6.2) and
https://cloud.google.com/workflows/docs/debug-steps: BASIC unless a level asks for DETAILED, which
adds values and the expected number of iterations.
"""

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from local_cloud.kit.errors import Refused
from local_cloud.workflows.engine import watching
from local_cloud.workflows.engine.watching import CALLS, Entry
from local_cloud.workflows.language import json_text
from local_cloud.workflows.service.filter_fields import Field, instant
from local_cloud.workflows.service.names import timestamp_of
from local_cloud.workflows.service.redaction import redacted

_DIGITS_MAX: Final = 12
STATES: Final = ("STATE_UNSPECIFIED", *get_args(watching.State))
_KINDS: Final = ("STEP_TYPE_UNSPECIFIED", *get_args(watching.Kind))
_PROGRESS: Final = {
    "STEP_FOR": "PROGRESS_TYPE_FOR",
    "STEP_SWITCH": "PROGRESS_TYPE_SWITCH",
    "STEP_TRY_RETRY_EXCEPT": "PROGRESS_TYPE_RETRY",
    "STEP_PARALLEL_FOR": "PROGRESS_TYPE_PARALLEL_FOR",
    "STEP_PARALLEL_BRANCH": "PROGRESS_TYPE_PARALLEL_BRANCH",
}
_STEPPED: Final = (
    *("STEP_FOR_ITERATION", "STEP_CONDITION", "STEP_TRY", "STEP_PARALLEL_BRANCH_ENTRY"),
)
"""The parts of a block that are its progress, in the order in which they begin."""
_COUNTED: Final = ("STEP_FOR", "STEP_PARALLEL_FOR", "STEP_PARALLEL_BRANCH")
ENDED: Final = {
    "CANCELLED": "STATE_CANCELLED",
    "FAILED": "STATE_FAILED",
    "SUCCEEDED": "STATE_SUCCEEDED",
}
FIELDS: Final[Mapping[str, Field]] = {
    "entryId": Field("number", lambda one: int(one["entryId"])),
    "createTime": Field("time", lambda one: instant(one["createTime"])),
    "updateTime": Field("time", lambda one: instant(one["updateTime"])),
    "routine": Field("text", lambda one: one["routine"]),
    "step": Field("text", lambda one: one["step"]),
    "stepType": Field("enum", lambda one: one["stepType"], _KINDS, "STEP_"),
    "parent": Field(
        "number", lambda one: int(one["navigationInfo"].get("parent", 0)), sortable=False
    ),
    "state": Field("enum", lambda one: one["state"], STATES, "STATE_"),
}


class History:
    """The entries of one execution, in the order in which they began. A Watcher.

    What is told of values and errors is written down when a step ends: later steps may change
    the same map.
    """

    __slots__ = ("_linked", "_links", "entries", "errors", "values", "variables")

    def __init__(self, *, detailed: bool) -> None:
        self.values = detailed
        self.entries: list[Entry] = []
        self.errors: dict[int, str] = {}
        self.variables: dict[int, str] = {}
        self._linked = 0
        self._links: dict[int, _Links] = {}

    def began(self, entry: Entry) -> None:
        self.entries.append(entry)

    def ended(self, entry: Entry) -> None:
        if entry.error is not None:
            self.errors[entry.id] = json_text.encode(entry.error, lenient=True)
        if entry.values and self.values:
            values = entry.values
            if "args" in values and entry.kind in CALLS:
                values = {**values, "args": redacted(values["args"])}
            self.variables[entry.id] = json_text.encode(values, lenient=True)
        entry.error = entry.values = None

    def clear(self) -> None:
        """Delete the entries; those of a running execution go on to come."""
        for part in (self.entries, self.errors, self.variables, self._links):
            part.clear()
        self._linked = 0

    def find(self, entry_id: str) -> Entry:
        """Raises Refused(NOT_FOUND)."""
        self._link()
        known = entry_id.isdecimal() and len(entry_id) < _DIGITS_MAX
        found = self._links.get(int(entry_id)) if known else None
        if found is None:
            raise Refused("NOT_FOUND", f"Step entry '{entry_id}' was not found")
        return found.entry

    def last(self) -> Entry | None:
        return self.entries[-1] if self.entries else None

    def document(self, entry: Entry, execution: str, state: str) -> dict[str, Any]:
        """Return a StepEntry; `state` is the execution's, which ends what is in progress."""
        self._link()
        in_progress = entry.state == "STATE_IN_PROGRESS"
        at = timestamp_of(entry.began)
        shown: dict[str, Any] = {
            "name": f"{execution}/stepEntries/{entry.id}",
            "createTime": at,
            "updateTime": at if entry.ended is None else timestamp_of(entry.ended),
            "routine": entry.routine,
            "step": entry.step,
            "stepType": entry.kind,
            "state": ENDED.get(state, entry.state) if in_progress else entry.state,
            "entryId": str(entry.id),
            "navigationInfo": self._links[entry.id].document(),
            "stepEntryMetadata": self._metadata(entry),
        }
        if entry.id in self.errors:
            shown["exception"] = {"payload": self.errors[entry.id]}
        if self.values and entry.id in self.variables:
            shown["variableData"] = {"variables": json.loads(self.variables[entry.id])}
        return shown

    def _metadata(self, entry: Entry) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if entry.thread:
            found["threadId"] = entry.thread
        links = self._links.get(entry.parent or 0)
        if links is not None and entry.kind in _STEPPED:
            kind = _PROGRESS.get(links.entry.kind)
            if kind is not None:
                found["progressType"] = kind
                found["progressNumber"] = str(links.order[entry.id])
        own = self._links[entry.id].order
        if self.values and own and entry.kind in _COUNTED:
            found["expectedIteration"] = str(len(own))
        return found

    def _link(self) -> None:
        """Find what is inside and behind each entry, as far as that is not known yet."""
        while self._linked < len(self.entries):
            entry = self.entries[self._linked]
            self._linked += 1
            self._links[entry.id] = _Links(entry)
            around = self._links.get(entry.parent or 0)
            if around is not None:
                around.children.append(entry.id)
                if entry.kind in _STEPPED:
                    around.order[entry.id] = len(around.order) + 1
            before = self._links.get(entry.previous or 0)
            if before is not None:
                before.next = entry.id


class _Links:
    __slots__ = ("children", "entry", "next", "order")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.next: int | None = None
        self.children: list[int] = []
        self.order: dict[int, int] = {}
        """What is this entry's progress, by id: 1, 2, ..."""

    def document(self) -> dict[str, Any]:
        """Return NavigationInfo; int64 values are JSON strings, zero is left out."""
        one = {"parent": self.entry.parent, "next": self.next, "previous": self.entry.previous}
        shown: dict[str, Any] = {name: str(value) for name, value in one.items() if value}
        if self.children:
            shown["children"] = [str(child) for child in self.children]
        return shown
