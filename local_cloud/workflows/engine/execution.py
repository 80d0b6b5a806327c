"""Runs a program, sans I/O: effects come out, outcomes go in, nothing else happens.

There is no thread, no clock and no socket here. Branches of parallel steps are strands; each
runs until it waits, so the same outcomes in the same order always give the same run.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

from local_cloud.workflows.engine import endings
from local_cloud.workflows.engine.branches import Branches
from local_cloud.workflows.engine.effects import BREATH_ID, Breathe, Effect, Outcome
from local_cloud.workflows.engine.host import Host
from local_cloud.workflows.engine.memory import HEAVY, Memory, of_strands
from local_cloud.workflows.engine.parallel import Join, Strand
from local_cloud.workflows.engine.program import (
    HALT,
    SWITCH,
    UNSET,
    Caught,
    Frame,
    Program,
    Routine,
)
from local_cloud.workflows.engine.trail import Trail
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.language import work
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import Fault, fault

STEPS_MAX: Final = 100_000
DEPTH_MAX: Final = 20
BREATH_OPERATIONS: Final = 20_000
_OPERATIONS_AT_ONCE: Final = 200
_SMALL_MEMORY_BYTES: Final = 16 * 1024
_EFFECT_OPERATIONS: Final = 100
"""What writing a log entry is worth, in operations."""


State = Literal["ready", "active", "succeeded", "failed", "cancelled"]


class Execution:
    """One run of a program.

    `start` and `resume` run as far as they can and return the effects that came up. When
    `state` is "succeeded", `result` is the value as JSON text; when "failed", `failure` says why.
    """

    def __init__(
        self,
        program: Program,
        host: Host,
        choices: Choices = DEFAULT,
        watcher: Watcher | None = None,
    ) -> None:
        self.host = host
        self.choices = choices
        self.state: State = "ready"
        self.result: str | None = None
        self.failure: Fault | None = None
        self.payload: str | None = None
        """The failure's value as JSON text."""
        self.callbacks: dict[str, str] = {}
        """The ids of this execution's callback endpoints, by URL."""
        self.steps_left = STEPS_MAX
        self.memory = Memory(self._count_memory)
        self._program = program
        self._effects: list[Effect] = []
        self._waiting: dict[int, Strand] = {}
        self._ready: list[Strand] = []
        self._branches = Branches(self._ready, self.memory)
        self._last_id = 0
        self._current: Strand | None = None
        self._breath = 0
        self._pausing = False
        self._last_steps: list[tuple[str, str]] = []
        self.trail = None if watcher is None else Trail(self, watcher)
        self.gave: Any = None
        """What the last call, return or subworkflow gave: for the trail."""

    def start(self, argument: Any) -> list[Effect]:
        """Begin with the runtime argument (null if there is none)."""
        assert self.state == "ready"
        self.state = "active"
        main = self._program.main
        strand = Strand(None, "")
        arguments = [argument] if main.parameters else []
        strand.frame = Frame(main, main.variables(self, arguments), strand, None, None)
        self._ready.append(strand)
        try:
            self.memory.bound = main.bytes_of_scalars + self.memory.size(argument)
            self.memory.settle()
        except Fault as error:
            strand.delivery = error
        return self._run_all()

    def resume(self, effect_id: int, outcome: Outcome) -> list[Effect]:
        """Go on with the outcome of an effect. Nothing happens when nobody waits for it."""
        if not self.awaits(effect_id):
            return []
        if effect_id == BREATH_ID:
            self._pausing = False
            return self._run_all()
        strand = self._waiting.pop(effect_id)
        strand.deliver(outcome)
        self._ready.append(strand)
        return [] if self._pausing else self._run_all()

    def awaits(self, effect_id: int) -> bool:
        """Whether the outcome of this effect would change anything."""
        if effect_id == BREATH_ID:
            return self._pausing and self.state == "active"
        return effect_id in self._waiting

    def cancel(self) -> None:
        """End now; outcomes that come later are ignored."""
        if self.state == "active":
            self._end("cancelled")

    def fail(self, error: Fault) -> None:
        """End now with an error that nothing catches; outcomes that come later are ignored."""
        if self.state in ("ready", "active"):
            error.stack = endings.stack_of(self._current.frame if self._current else None, error)
            self._failed(error)

    def current_steps(self) -> list[tuple[str, str]]:
        """Return (routine, step) of what runs, or ran last: the stack, outermost first."""
        strand = next(reversed(self._waiting.values()), self._current)
        frame = strand.frame if strand else None
        if frame is None:
            return self._last_steps
        steps: list[tuple[str, str]] = []
        while frame is not None:
            steps.append((frame.routine.name, frame.routine.places[frame.pc].step))
            frame = frame.caller
        return steps[::-1]

    # What operations and library functions use.

    def new_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def emit(self, effect: Effect) -> None:
        """Give out an effect that nobody waits for. Performing it costs others their turn."""
        self._breath -= _EFFECT_OPERATIONS
        self._effects.append(effect)

    def place(self) -> tuple[str, str]:
        """Return (step, routine) of what runs."""
        assert self._current is not None
        frame = self._current.frame
        assert frame is not None
        return frame.routine.places[frame.pc].step, frame.routine.name

    def wait(
        self, frame: Frame, effect: Any, finish: Callable[[Any], Any], then: Callable[[Any], int]
    ) -> int:
        """Give out an effect; its outcome goes through `finish` to `then`, which tells the pc."""
        strand: Strand = frame.strand
        strand.awaits(finish, then)
        self._waiting[effect.id] = strand
        self._effects.append(effect)
        return HALT

    def push(
        self,
        frame: Frame,
        routine: Routine,
        arguments: list[Any],
        receive: Callable[[Frame, Any], int],
    ) -> None:
        """Put a call on top of `frame`, whose `pc` is the calling operation."""
        if frame.depth >= DEPTH_MAX:
            raise fault("RecursionError", f"call stack depth exceeds {DEPTH_MAX}")
        called = Frame(routine, routine.variables(self, arguments), frame.strand, frame, receive)
        frame.strand.frame = called
        memory = self.memory
        memory.bound += routine.bytes_of_scalars
        try:
            for slot, argument in zip(routine.slots, arguments, strict=True):
                value = argument
                if value is UNSET:  # Its default.
                    value = called.variables[slot]
                    value = value[0] if slot in routine.cells else value
                if type(value) in HEAVY:
                    memory.keep(value, None)
        except Fault:
            frame.strand.frame = frame  # It is the call that fails, not the first step behind it.
            raise

    def fork(self, join: Join) -> None:
        """Run the branches of a parallel step; `join.parent` goes on when all have ended."""
        self._branches.fork(join)

    # The loop.

    def _run_all(self) -> list[Effect]:
        self._breath = BREATH_OPERATIONS
        work.take()
        while self._ready and self.state == "active" and not self._pausing:
            self._current = self._ready.pop(0)
            self._run(self._current)
        self.memory.forget()
        effects, self._effects = self._effects, []
        return effects

    def _run(self, strand: Strand) -> None:
        """Run one strand until it waits or ends, or has computed for long."""
        go = self._go if self.trail is None else self.trail.go
        while strand.frame is not None and self.state == "active":
            try:
                if not go(strand):
                    return
                if self.steps_left <= 0:
                    self._fail(strand, _too_many_steps())
                elif self._breath <= 0:
                    self._pause(strand)
                    return
            except Fault as error:
                self._fail(strand, error)
            except (RecursionError, MemoryError, OverflowError) as error:
                self._fail(strand, endings.too_large(error))
            except Exception as error:  # noqa: BLE001 - a bug here must not end the local cloud.
                self._fail(strand, endings.internal(error))

    def _go(self, strand: Strand) -> bool:
        """Run operations; return whether there may be more to run. This is the hot loop."""
        top = self.top(strand)
        if top is None:
            return False
        frame, count = top, 0
        pc = last = frame.pc
        code = frame.code
        try:
            for count in range(1, self.operations_at_once() + 1):  # noqa: B007 - counts.
                last = pc
                pc = code[pc](frame)
                if pc < 0:
                    if pc == HALT:
                        break
                    frame = strand.frame  # type: ignore[assignment] # SWITCH says there is one.
                    code = frame.code
                    pc = frame.pc
        except Exception:
            frame.pc = pc
            raise
        finally:
            self.charge(count)
        if pc == HALT:
            if strand.frame is None:
                self.last_place(frame, last)
            return False
        frame.pc = pc
        return True

    # What the two loops share: the one above, and the trail's.

    def top(self, strand: Strand) -> Frame | None:
        """Return the frame that runs next, with what the strand waited for.

        None: the strand waits again.
        """
        frame = strand.frame
        assert frame is not None
        if strand.delivery is not None:
            pc = strand.take_delivery()
            if pc == HALT:
                return None
            frame.pc = pc
        return frame

    def operations_at_once(self) -> int:
        """Return how many may run before their work is counted: fewer, the more one can cost."""
        bound = self.memory.bound
        some = _OPERATIONS_AT_ONCE * _SMALL_MEMORY_BYTES // (_SMALL_MEMORY_BYTES + bound)
        return max(0, min(self.steps_left, self._breath, 1 + some))

    def charge(self, operations: int) -> None:
        self.steps_left -= operations
        self._breath -= operations + work.take()

    def last_place(self, frame: Frame, pc: int) -> None:
        """Remember the last step of a strand that has ended.

        Where it just came to its end, that is the step above the end.
        """
        places = frame.routine.places
        step = places[pc] if places[pc].kind is not None else places[pc - 1]
        self._last_steps = [(frame.routine.name, step.step)]

    def _pause(self, strand: Strand) -> None:
        """Let other executions have their turn; the strand is the next to run here."""
        self._ready.insert(0, strand)
        self._pausing = True
        self._effects.append(Breathe())

    def _count_memory(self, size: Callable[[Any], int]) -> int:
        strands: dict[int, Strand] = {}
        rest = [*self._waiting.values(), *self._ready]
        if self._current is not None:
            rest.append(self._current)
        while rest:
            strand = rest.pop()
            if id(strand) not in strands:
                strands[id(strand)] = strand
                if strand.join is not None:
                    rest.append(strand.join.parent)
        return of_strands(strands.values(), size)

    def returned(self, frame: Frame, value: Any) -> int:
        """End `frame` with a value: its caller goes on, or its strand ends."""
        caller = frame.caller
        strand: Strand = frame.strand
        strand.frame = caller
        self.gave = value
        if caller is None:
            self._ended(strand, value)
            return HALT
        assert frame.receive is not None
        pc = frame.receive(caller, value)
        if pc == HALT:
            return HALT
        caller.pc = pc
        return SWITCH

    def _fail(self, strand: Strand, error: Fault) -> None:
        """Go to the handler of the innermost `try` around the fault, or end the strand."""
        frame = strand.frame
        if error.stack is None:
            error.stack = endings.stack_of(frame, error)
        handler = None
        while frame is not None and error.catchable:
            handler = frame.routine.handlers[frame.pc]
            if handler is not None:
                break
            frame = frame.caller
        if handler is None or frame is None:
            if self.trail is not None:
                self.trail.failed(strand.frame, None, 0, error)
            self._died(strand, error)
            return
        if self.trail is not None:
            self.trail.failed(strand.frame, frame, handler.target, error)
        frame.variables[handler.slot] = Caught(error)
        frame.pc = handler.target
        strand.frame = frame

    def _ended(self, strand: Strand, value: Any) -> None:
        if strand.join is not None:
            self._branches.ended(strand.join)
            return
        try:
            self.result = endings.result_text(value, self.choices)
        except Fault as error:
            self._failed(error)
        else:
            self._end("succeeded")

    def _died(self, strand: Strand, error: Fault) -> None:
        """End a strand with an error that it does not handle."""
        join = strand.join
        if join is None or not error.catchable:
            self._failed(error)
            return
        strand.frame = None
        try:
            self._branches.failed(join, strand.name, error)
        except Fault as too_many:
            self._failed(too_many)
        else:
            self._branches.ended(join)

    def _failed(self, error: Fault) -> None:
        self.failure, self.payload = endings.failure_text(error, self.choices)
        self.result = None
        self._end("failed")

    def _end(self, state: State) -> None:
        self._last_steps = self.current_steps()
        self.state = state
        if self.trail is not None and state != "succeeded":
            self.trail.over()
        self._ready.clear()
        self._branches.clear()
        self._waiting.clear()


def _too_many_steps() -> Fault:
    return fault("ResourceLimitError", f"step limit of {STEPS_MAX} exceeded", catchable=False)
