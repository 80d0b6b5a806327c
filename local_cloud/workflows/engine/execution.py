"""Runs a program, sans I/O: effects come out, outcomes go in, nothing else happens.

There is no thread, no clock and no socket here. Branches of parallel steps are strands; each
runs until it waits, so the same outcomes in the same order always give the same run.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, Protocol

from local_cloud.workflows.engine.effects import Effect, Outcome
from local_cloud.workflows.engine.parallel import Join, Strand
from local_cloud.workflows.engine.program import HALT, SWITCH, Caught, Frame, Program, Routine
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import Fault, StackElement, fault

STEPS_MAX: Final = 100_000
DEPTH_MAX: Final = 20
RESULT_BYTES_MAX: Final = 512 * 1024
BRANCHES_AT_ONCE_MAX: Final = 20
BRANCH_FAULTS_MAX: Final = 100


class Host(Protocol):
    """What an execution knows of its surroundings without waiting for it."""

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that `sys.get_env` reads."""

    def now(self) -> float:
        """Return the seconds since 1970."""

    def uuid(self) -> str:
        """Return a new version 4 UUID."""

    def callback_url(self, callback_id: str) -> str:
        """Return the URL of a callback endpoint."""


State = Literal["ready", "active", "succeeded", "failed", "cancelled"]


class Execution:
    """One run of a program.

    `start` and `resume` run as far as they can and return the effects that came up. When
    `state` is "succeeded", `result` is the value as JSON text; when "failed", `failure` says why.
    """

    def __init__(self, program: Program, host: Host) -> None:
        self.host = host
        self.state: State = "ready"
        self.result: str | None = None
        self.failure: Fault | None = None
        self.payload: str | None = None
        """The failure's value as JSON text."""
        self.callbacks: dict[str, str] = {}
        """The ids of this execution's callback endpoints, by URL."""
        self.steps_left = STEPS_MAX
        self._program = program
        self._effects: list[Effect] = []
        self._waiting: dict[int, Strand] = {}
        self._ready: deque[Strand] = deque()
        self._joins: deque[Join] = deque()
        self._branches_running = 0
        self._branch_faults = 0
        self._last_id = 0
        self._current: Strand | None = None

    def start(self, argument: Any) -> list[Effect]:
        """Begin with the runtime argument (null if there is none)."""
        assert self.state == "ready"
        self.state = "active"
        main = self._program.main
        strand = Strand(None, "")
        arguments = [argument] if main.parameters else []
        strand.frame = Frame(main, main.variables(self, arguments), strand, None, None)
        return self._run_all(strand)

    def resume(self, effect_id: int, outcome: Outcome) -> list[Effect]:
        """Go on with the outcome of an effect. Nothing happens when nobody waits for it."""
        strand = self._waiting.pop(effect_id, None)
        if strand is None or self.state != "active":
            return []
        strand.deliver(outcome)
        return self._run_all(strand)

    def cancel(self) -> None:
        """End now; outcomes that come later are ignored."""
        if self.state == "active":
            self._end("cancelled")

    def current_steps(self) -> list[tuple[str, str]]:
        """Return (routine, step) of what runs, or ran last: the stack, outermost first."""
        strand = next(reversed(self._waiting.values()), self._current)
        frame = strand.frame if strand else None
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
        """Give out an effect that nobody waits for."""
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

    def fork(self, join: Join) -> None:
        """Run the branches of a parallel step; `join.parent` goes on when all have ended."""
        if join.parent.join is not None:
            self._branches_running -= 1  # It waits, so that its own branches can run.
        self._joins.append(join)
        self._fill()

    # The loop.

    def _run_all(self, strand: Strand) -> list[Effect]:
        self._ready.append(strand)
        while self._ready and self.state == "active":
            self._current = self._ready.popleft()
            self._run(self._current)
        effects, self._effects = self._effects, []
        return effects

    def _run(self, strand: Strand) -> None:
        """Run one strand until it waits or ends. This is the hot loop."""
        while strand.frame is not None and self.state == "active":
            frame = strand.frame
            pc = frame.pc
            count = 0
            try:
                if strand.delivery is not None:
                    pc = strand.take_delivery()
                code = frame.code
                try:
                    for count in range(1, self.steps_left + 1):  # noqa: B007 - counts.
                        pc = code[pc](frame)
                        if pc < 0:
                            break
                    else:
                        frame.pc = pc
                finally:
                    self.steps_left -= count
                if pc == HALT:
                    break
                if self.steps_left <= 0:
                    self._fail(strand, strand.frame or frame, frame.pc, _too_many_steps())
            except Fault as error:
                self._fail(strand, frame, pc, error)
            except (RecursionError, MemoryError, OverflowError) as error:
                self._fail(strand, frame, pc, _too_large(error))
            except Exception as error:  # noqa: BLE001 - a bug here must not end the local cloud.
                self._fail(strand, frame, pc, _internal(error))

    def returned(self, frame: Frame, value: Any) -> int:
        """End `frame` with a value: its caller goes on, or its strand ends."""
        caller = frame.caller
        strand: Strand = frame.strand
        strand.frame = caller
        if caller is None:
            self._ended(strand, value)
            return HALT
        assert frame.receive is not None
        pc = frame.receive(caller, value)
        if pc == HALT:
            return HALT
        caller.pc = pc
        return SWITCH

    def _fail(self, strand: Strand, ran: Frame, pc: int, error: Fault) -> None:
        """Go to the handler of the innermost `try` around the fault, or end the strand."""
        frame = strand.frame
        if frame is ran:
            ran.pc = pc if pc >= 0 else ran.pc
        if error.stack is None:
            error.stack = _stack(frame, error)
        while frame is not None and error.catchable:
            handler = frame.routine.handlers[frame.pc]
            if handler is not None:
                frame.variables[handler.slot] = Caught(error)
                frame.pc = handler.target
                strand.frame = frame
                return
            frame = frame.caller
        self._died(strand, error)

    def _ended(self, strand: Strand, value: Any) -> None:
        if strand.join is not None:
            self._branch_ended(strand.join)
            return
        try:
            self.result = json_text.encode(value)
        except json_text.NotJson as error:
            self._died(strand, fault("ValueError", str(error)))
            return
        except (RecursionError, MemoryError) as error:
            self._died(strand, _too_large(error))
            return
        if len(self.result) > RESULT_BYTES_MAX:
            self._died(strand, fault("ResourceLimitError", "result size limit exceeded"))
            return
        self._end("succeeded")

    def _died(self, strand: Strand, error: Fault) -> None:
        if strand.join is None or not error.catchable:
            self._failed(error)
            return
        strand.join.failed(strand.name, error)
        strand.frame = None
        self._branch_faults += 1
        if self._branch_faults > BRANCH_FAULTS_MAX:
            self._failed(fault("ResourceLimitError", "too many unhandled branch errors"))
            return
        self._branch_ended(strand.join)

    def _failed(self, error: Fault) -> None:
        try:
            self.payload = json_text.encode(error.value, lenient=True)
        except (RecursionError, MemoryError) as cause:
            stack, error = error.stack, _too_large(cause)
            error.stack = stack
            self.payload = json_text.encode(error.value)
        self.failure = error
        self.result = None
        self._end("failed")

    def _end(self, state: State) -> None:
        self.state = state
        self._ready.clear()
        self._joins.clear()
        self._waiting.clear()

    # Parallel steps.

    def _branch_ended(self, join: Join) -> None:
        self._branches_running -= 1
        join.running -= 1
        if join.is_done():
            if join in self._joins:
                self._joins.remove(join)
            self._joined(join)
        self._fill()

    def _joined(self, join: Join) -> None:
        if join.parent.join is not None:
            self._branches_running += 1
        join.finish()
        self._ready.append(join.parent)

    def _fill(self) -> None:
        """Start branches of the oldest parallel steps first, as far as the limits allow."""
        for join in list(self._joins):
            while self._branches_running < BRANCHES_AT_ONCE_MAX and join.may_start():
                self._branches_running += 1
                self._ready.append(join.start_next())
            if join.exhausted():
                self._joins.remove(join)
                if join.is_done():
                    self._joined(join)


def _stack(frame: Frame | None, error: Fault) -> list[StackElement]:
    elements: list[StackElement] = []
    while frame is not None:
        place = frame.routine.places[frame.pc]
        position = error.position if error.position and not elements else place.position
        elements.append(StackElement(place.step, frame.routine.name, position))
        frame = frame.caller
    return elements


def _too_many_steps() -> Fault:
    return fault("ResourceLimitError", f"step limit of {STEPS_MAX} exceeded", catchable=False)


def _too_large(error: BaseException) -> Fault:
    found = fault("ResourceLimitError", "value is nested too deeply or too large", catchable=False)
    found.__cause__ = error
    return found


def _internal(error: Exception) -> Fault:
    found = fault("SystemError", "internal error", catchable=False)
    found.__cause__ = error
    return found
