"""Runs operations one at a time and tells a watcher of each: the loop of a watched execution.

Operations are flat, entries are nested: what is open in a frame follows from the blocks around
the operation that runs.
"""

from typing import TYPE_CHECKING, Any

from local_cloud.workflows.engine.entries import Entries
from local_cloud.workflows.engine.parallel import Strand
from local_cloud.workflows.engine.program import HALT, Block, Frame, Place
from local_cloud.workflows.engine.seen import NOTHING, Seen
from local_cloud.workflows.engine.watching import Entry, Kind, State, Watcher
from local_cloud.workflows.language.faults import Fault

if TYPE_CHECKING:
    from local_cloud.workflows.engine.execution import Execution


class Trail:
    """Which steps and blocks of one execution are open, frame by frame."""

    def __init__(self, execution: "Execution", watcher: Watcher) -> None:
        self._execution = execution
        self._entries = Entries(execution, watcher)
        self._values = watcher.values

    def go(self, strand: Strand) -> bool:
        """Run operations; return whether there may be more to run."""
        execution = self._execution
        frame = execution.top(strand)
        if frame is None:
            return False
        self._came_back(frame)
        count = 0
        try:
            for count in range(1, execution.operations_at_once() + 1):  # noqa: B007 - counts.
                seen: Seen = frame.seen or self._see(frame)
                pc = frame.pc
                place = frame.routine.places[pc]
                if seen.running != pc:
                    self._begin(frame, seen, place)
                    seen.running = pc
                seen.repeats = False
                then = frame.code[pc](frame)
                if then >= 0:
                    frame.pc = then
                    self._done(frame, seen, place, entered=then == pc + 1)
                elif strand.frame is frame:
                    return False  # It waits.
                elif strand.frame is None:
                    self._left(frame, seen)
                    execution.last_place(frame, pc)
                    return False
                else:
                    above = strand.frame
                    if above.caller is not frame:
                        self._left(frame, seen)
                        if then == HALT:
                            return False
                        self._came_back(above)
                    frame = above
        except Exception:
            self._threw(frame, strand)
            raise
        finally:
            execution.charge(count)
        return True

    def failed(self, top: Frame | None, handler: Frame | None, target: int, error: Fault) -> None:
        """Close what a fault leaves: all frames above the one that handles it, and its blocks."""
        frame = top
        while frame is not None:
            seen: Seen = frame.seen or self._see(frame)
            if seen.pending is not None and self._values:
                self._entries.note(frame, seen.pending, frame.routine.places[seen.running], error)
            self._settle(seen, "STATE_FAILED", error)
            if frame is handler:
                self._sync(frame, seen, frame.routine.places[target].blocks, error, opening=False)
                return
            self._close(seen, seen.base, "STATE_FAILED", error)
            frame = frame.caller

    def over(self) -> None:
        """Close what is open: the execution has ended."""
        self._entries.end_all("STATE_CANCELLED")

    def _see(self, frame: Frame) -> Seen:
        caller = frame.caller
        if caller is not None:
            around: Seen = caller.seen or self._see(caller)
            entry = around.pending or (around.blocks[-1][1] if around.blocks else None)
            parent = around.parent if entry is None else entry.id
            frame.seen = Seen(parent, around.thread, around.depth + 1)
        elif frame.strand.join is None:
            frame.seen = Seen(None, "", 0)
        else:
            frame.seen = self._see_branch(frame)
        return frame.seen  # type: ignore[no-any-return]

    def _see_branch(self, frame: Frame) -> Seen:
        above: Seen = frame.strand.join.parent.frame.seen
        _, whole = above.blocks[-1]
        thread = f"{above.thread}/{whole.id}.{frame.strand.name}".removeprefix("/")
        seen = Seen(whole.id, thread, above.depth)
        seen.blocks = list(above.blocks)
        seen.base = len(seen.blocks)
        return seen

    def _begin(self, frame: Frame, seen: Seen, place: Place) -> None:
        kind = place.kind
        self._sync(frame, seen, place.blocks, None)
        if kind is None or kind == "STEP_FOR_ITERATION":
            return
        if place.opens:
            self._enter(frame, seen, place.opens[0], kind)
            seen.parts = place.opens
            if kind == "STEP_EXCEPT":
                return
        else:
            seen.pending = self._entries.begin(frame, seen, kind, place.step, place.position)

    def _done(self, frame: Frame, seen: Seen, place: Place, *, entered: bool) -> None:
        """An operation is done. `entered`: the one below runs next."""
        seen.running = NOTHING
        if place.kind == "STEP_FOR_ITERATION" and entered:
            each = place.opens[0]
            entry = self._enter(frame, seen, each, each.kind)
            entry.iteration = self._iteration(seen)
            self._entries.note_written(frame, entry, place)
        elif place.kind == "STEP_EXCEPT":
            self._entries.note_written(frame, seen.blocks[-1][1], place)
        elif seen.pending is not None:
            self._entries.note(frame, seen.pending, place, None)
            self._settle(seen, "STATE_SUCCEEDED", None)

    def _came_back(self, frame: Frame) -> None:
        """What the frame waited for is there: it goes on, or begins the same operation again."""
        seen: Seen | None = frame.seen
        if seen is None or seen.running == NOTHING:
            return
        if seen.repeats and seen.running == frame.pc:
            return
        if seen.pending is not None:
            self._entries.note(frame, seen.pending, frame.routine.places[seen.running], None)
            self._settle(seen, "STATE_SUCCEEDED", None)
        seen.running = NOTHING

    def _threw(self, frame: Frame, strand: Strand) -> None:
        """An operation failed. If its frame is gone, what it returned made its caller fail."""
        if frame.caller is not None and frame.caller is strand.frame:
            self._left(frame, frame.seen)

    def _left(self, frame: Frame, seen: Seen) -> None:
        """The frame has ended, by `return` or because there was no more to do."""
        execution = self._execution
        error = execution.failure if execution.state == "failed" else None
        state: State = "STATE_SUCCEEDED" if error is None else "STATE_FAILED"
        if seen.pending is not None:
            self._entries.note(frame, seen.pending, frame.routine.places[seen.running], error)
            self._settle(seen, state, error)
        self._close(seen, seen.base, state, error)

    # Blocks.

    def _sync(
        self,
        frame: Frame,
        seen: Seen,
        blocks: tuple[Block, ...],
        error: Fault | None,
        *,
        opening: bool = True,
    ) -> None:
        """Let the open blocks be these."""
        opened = seen.blocks
        same = 0
        while same < len(opened) and same < len(blocks) and opened[same][0].id == blocks[same].id:
            same += 1
        if same < len(opened):
            self._close(seen, same, "STATE_SUCCEEDED" if error is None else "STATE_FAILED", error)
        if opening:
            for block in blocks[same:]:
                self._part(frame, seen, block)

    def _part(self, frame: Frame, seen: Seen, block: Block) -> None:
        entry = self._enter(frame, seen, block, block.kind)
        if block.kind == "STEP_FOR_ITERATION":
            entry.iteration = int(frame.strand.name)
            above = frame.strand.join.parent.frame
            self._entries.note_written(frame, entry, above.routine.places[above.pc])
        elif block.kind == "STEP_CONDITION" and self._values and block in seen.parts:
            entry.values = {"condition": seen.parts.index(block)}

    def _enter(self, frame: Frame, seen: Seen, block: Block, kind: Kind) -> Entry:
        entry = self._entries.begin(frame, seen, kind, block.step, block.position)
        seen.blocks.append((block, entry))
        return entry

    def _close(self, seen: Seen, keep: int, state: State, error: Fault | None) -> None:
        for _, entry in reversed(seen.blocks[keep:]):
            self._entries.end(entry, state, error)
        del seen.blocks[keep:]

    def _settle(self, seen: Seen, state: State, error: Fault | None) -> None:
        if seen.pending is not None:
            self._entries.end(seen.pending, state, error)
        seen.pending = None
        seen.running = NOTHING

    def _iteration(self, seen: Seen) -> int:
        """Return the number of the iteration that begins: 0, 1, ..."""
        whole = seen.blocks[-2][1]
        number = 0 if whole.iteration is None else whole.iteration + 1
        whole.iteration = number
        return number

    def repeats(self, frame: Frame) -> None:
        """The operation of this frame runs again, with the value of a call in its expressions."""
        if frame.seen is not None:
            frame.seen.repeats = True

    def called(self, frame: Frame, arguments: list[Any]) -> None:
        """The call that runs has its arguments, and has not begun yet."""
        seen: Seen | None = frame.seen
        if seen is None or seen.pending is None or not self._values:
            return
        self._entries.note_arguments(seen.pending, frame.routine.places[seen.running], arguments)
