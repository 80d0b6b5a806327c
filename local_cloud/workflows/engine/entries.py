"""Makes the entries of a watched execution, and notes in them what their steps worked with."""

from typing import TYPE_CHECKING, Any

from local_cloud.workflows.engine.program import UNSET, Frame, Place
from local_cloud.workflows.engine.seen import Seen
from local_cloud.workflows.engine.watching import CALLS, Entry, Kind, State, Watcher
from local_cloud.workflows.language.faults import Fault, Position

if TYPE_CHECKING:
    from local_cloud.workflows.engine.execution import Execution


class Entries:
    """Those of one execution. One that has ended is not kept here."""

    def __init__(self, execution: "Execution", watcher: Watcher) -> None:
        self._execution = execution
        self._watcher = watcher
        self._values = watcher.values
        self._now = execution.host.now
        self._count = 0
        self._open: dict[int, Entry] = {}
        self._last: dict[tuple[int | None, str], int] = {}
        """The last entry inside of another one, in each thread."""

    def begin(self, frame: Frame, seen: Seen, kind: Kind, step: str, position: Position) -> Entry:
        self._count += 1
        parent = seen.inside()
        inside = parent, seen.thread
        entry = Entry(
            self._count,
            kind,
            step,
            frame.routine.name,
            position,
            self._now(),
            parent,
            self._last.get(inside),
            seen.thread,
            seen.depth,
        )
        self._last[inside] = self._count
        self._open[self._count] = entry
        self._watcher.began(entry)
        return entry

    def end(self, entry: Entry, state: State, error: Fault | None = None) -> None:
        if self._open.pop(entry.id, None) is None:
            return
        entry.state, entry.ended = state, self._now()
        if error is not None:
            entry.error = error.value
        self._last.pop((entry.id, entry.thread), None)
        self._watcher.ended(entry)

    def note(self, frame: Frame, entry: Entry, place: Place, error: Fault | None) -> None:
        """Give an entry the values that its step worked with."""
        if not self._values:
            return
        execution = self._execution
        if place.kind == "STEP_ASSIGN":
            self.note_written(frame, entry, place)
        elif place.kind == "STEP_RAISE":
            entry.values = None if error is None else {"raise": error.value}
        elif place.kind == "STEP_RETURN":
            entry.values = None if error is not None else {"return": execution.gave}
        elif place.kind in CALLS:
            self._note_call(entry, place, error)

    def _note_call(self, entry: Entry, place: Place, error: Fault | None) -> None:
        entry.values = {**(entry.values or {}), "function": place.function}
        if error is None:
            entry.values["result"] = self._execution.gave

    def note_written(self, frame: Frame, entry: Entry, place: Place) -> None:
        if not self._values:
            return
        found: dict[str, Any] = {}
        for name, (slot, is_cell) in zip(place.names, place.slots, strict=True):
            value = frame.variables[slot]
            value = value[0] if is_cell else value
            if value is not UNSET:
                found[name] = value
        entry.values = found or None

    def note_arguments(self, entry: Entry, place: Place, arguments: list[Any]) -> None:
        """Give the entry of a call, which has not begun yet, its arguments."""
        if place.function is None:
            return
        pairs = zip(place.names, arguments, strict=True)
        given = {name: value for name, value in pairs if name and value is not UNSET}
        entry.values = {"function": place.function, "args": given}

    def end_all(self, state: State) -> None:
        """End what is open, the innermost first."""
        for entry in reversed(list(self._open.values())):
            self.end(entry, state)
