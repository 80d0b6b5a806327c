"""What can be seen of an execution while it runs: an entry for each step, begun and ended.

Entries are what the Executions API lists as step entries, what call logs are made of, and what
`run` prints. An execution without a watcher runs code that knows nothing of it.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from local_cloud.workflows.language.faults import Position

Kind = Literal[
    "STEP_ASSIGN",
    "STEP_STD_LIB_CALL",
    "STEP_CONNECTOR_CALL",
    "STEP_SUBWORKFLOW_CALL",
    "STEP_CALL",
    "STEP_SWITCH",
    "STEP_CONDITION",
    "STEP_FOR",
    "STEP_FOR_ITERATION",
    "STEP_PARALLEL_FOR",
    "STEP_PARALLEL_BRANCH",
    "STEP_PARALLEL_BRANCH_ENTRY",
    "STEP_TRY_RETRY_EXCEPT",
    "STEP_TRY",
    "STEP_RETRY",
    "STEP_EXCEPT",
    "STEP_RETURN",
    "STEP_RAISE",
    "STEP_GOTO",
]
"""Source: reference/workflows.md 6.2, StepEntry."""
CALLS: Final = frozenset[Kind](
    ("STEP_STD_LIB_CALL", "STEP_CONNECTOR_CALL", "STEP_SUBWORKFLOW_CALL", "STEP_CALL")
)
State = Literal["STATE_IN_PROGRESS", "STATE_SUCCEEDED", "STATE_FAILED", "STATE_CANCELLED"]


@dataclass(slots=True)
class Entry:
    """One step, or one part of a step, of one execution."""

    id: int
    """1, 2, ... in the order in which entries begin."""
    kind: Kind
    step: str
    routine: str
    position: Position
    began: float
    """Seconds since 1970, as the host tells them; so is `ended`."""
    parent: int | None
    """The entry that this one is inside of: a loop's iteration, a branch, a call."""
    previous: int | None
    """The entry before it under the same parent and in the same thread."""
    thread: str
    """"" is the main line; a branch's is its parent's thread, the step's entry and its name."""
    depth: int
    """How many calls of subworkflows are around it."""
    iteration: int | None = None
    state: State = "STATE_IN_PROGRESS"
    ended: float | None = None
    values: dict[str, Any] | None = None
    """What the step worked with, where the watcher wants values: see `Watcher.values`."""
    error: Any = None
    """The value of the error that the step failed with."""


class Watcher(Protocol):
    """Sees the entries of one execution. Called on the engine's thread; must not raise."""

    values: bool
    """Whether entries carry values: assigned variables by name; `function`, `args` and `result`
    of a call; `condition` of a switch's arm; `return`; `raise`; `value` of an iteration."""

    def began(self, entry: Entry) -> None:
        """An entry has begun: `state` is STATE_IN_PROGRESS."""

    def ended(self, entry: Entry) -> None:
        """The same object again, with its `state`, `ended`, `values` and `error`."""
