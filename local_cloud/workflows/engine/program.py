"""A compiled workflow: routines as flat lists of operations, and what runs them.

An operation is a closure that takes the frame and returns the index of the next operation, or
one of the negative signals. Variables are slots of a list; expressions take that list. Slot 0
is the execution itself, for the few functions that need it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from local_cloud.workflows.engine.watching import Kind
from local_cloud.workflows.language.faults import Fault, Position

SWITCH: Final = -1
"""The strand has another frame on top now, and its `pc` says where to go on."""
HALT: Final = -2
"""The strand waits or has ended."""

Variables = list[Any]
Evaluate = Callable[[Variables], Any]


class Unset:
    """The value of a variable that was declared and not assigned yet."""


UNSET: Final = Unset()


class Frame:
    """One routine being run: by a call, or by a branch of a parallel step."""

    __slots__ = (
        *("caller", "code", "depth", "pc", "receive", "routine", "seen", "strand", "variables"),
    )

    def __init__(
        self,
        routine: "Routine",
        variables: Variables,
        strand: Any,
        caller: "Frame | None",
        receive: "Callable[[Frame, Any], int] | None",
    ) -> None:
        self.routine = routine
        self.code = routine.code
        self.variables = variables
        self.strand = strand
        self.caller = caller
        self.receive = receive
        """Takes the caller's frame and the value returned; returns where the caller goes on."""
        self.pc = 0
        self.seen: Any = None
        """What the trail of a watched execution knows of it."""
        self.depth: int = 0 if caller is None else caller.depth + 1


Operation = Callable[[Frame], int]


@dataclass(frozen=True, slots=True)
class Handler:
    """Where a fault inside a `try` goes: it is kept in `slot`, and `target` runs next."""

    slot: int
    target: int


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the source that surrounds steps: a loop, a branch, a `try`, an arm of a switch.

    `id` is its own within the routine. Blocks of a loop and of its iteration, of a parallel
    step and of its branch, of a `try` with all that belongs to it and of its parts are two.
    """

    kind: Kind
    step: str
    """The step's name, or the branch's."""
    position: Position
    id: int


@dataclass(frozen=True, slots=True)
class Place:
    """Which step an operation belongs to, and what is known of it before it runs."""

    step: str
    position: Position
    kind: Kind | None = None
    """None: no step in the source, such as the end of a routine."""
    blocks: tuple[Block, ...] = ()
    """What surrounds the operation in its routine, outermost first, without what it opens."""
    opens: tuple[Block, ...] = ()
    """The blocks that begin here: the step's own first, then its parts (the arms of a switch in
    their order, the branches, the iteration of a parallel loop, the body of a `try`)."""
    function: str | None = None
    names: tuple[str, ...] = ()
    """What an assignment writes (the variables' names, one for each entry); a call's arguments
    in the operation's order, "" for one that the source leaves out; a loop's value and index;
    the variable of an `except`."""
    slots: tuple[tuple[int, bool], ...] = ()
    """Where the variables among `names` are, and whether each is a cell; a call has none."""


@dataclass(slots=True)
class Routine:
    """`main` or a subworkflow. `code`, `places` and `handlers` have one entry per operation."""

    name: str
    parameters: tuple[str, ...] = ()
    slots: tuple[int, ...] = ()
    """The slot of each parameter."""
    cells: frozenset[int] = frozenset()
    """Slots whose variable lives in a one-element list that parallel branches share."""
    defaults: tuple[Evaluate | None, ...] = ()
    code: list[Operation] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    handlers: list[Handler | None] = field(default_factory=list)
    template: Variables = field(default_factory=list)
    """A frame's variables at its start."""
    kept: tuple[tuple[int, bool], ...] = ()
    """The slot of each variable, and whether it is a cell: what counts as memory."""
    bytes_of_scalars: int = 0
    """What its variables take at most while none of them is heavy."""

    def variables(self, execution: Any, arguments: list[Any]) -> Variables:
        """Return a new frame's variables. UNSET among `arguments` takes the default."""
        variables = self.template.copy()
        variables[0] = execution
        for slot in self.cells:
            variables[slot] = [UNSET]
        for slot, default, value in zip(self.slots, self.defaults, arguments, strict=True):
            given = default(variables) if value is UNSET and default else value
            if slot in self.cells:
                variables[slot] = [given]
            else:
                variables[slot] = given
        return variables


@dataclass(frozen=True, slots=True)
class Program:
    """A deployed source. Immutable: any number of executions run it."""

    main: Routine
    routines: dict[str, Routine]


class NeedCall(Exception):
    """An expression needs a subworkflow's value; it is evaluated again when that is there."""

    def __init__(self, routine: Routine, arguments: list[Any], site: int) -> None:
        super().__init__()
        self.routine = routine
        self.arguments = arguments
        self.site = site


@dataclass(frozen=True, slots=True)
class Caught:
    """What a handler's slot holds."""

    fault: Fault
