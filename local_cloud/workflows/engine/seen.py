"""What the trail of a watched execution keeps for each frame."""

from typing import Final

from local_cloud.workflows.engine.program import Block
from local_cloud.workflows.engine.watching import Entry

NOTHING: Final = -1
"""No operation runs."""


class Seen:
    """What is open in one frame."""

    __slots__ = (
        *("base", "blocks", "depth", "parent", "parts", "pending", "repeats", "running", "thread"),
    )

    def __init__(self, parent: int | None, thread: str, depth: int) -> None:
        self.parent = parent
        self.thread = thread
        self.depth = depth
        self.blocks: list[tuple[Block, Entry]] = []
        """Those open, outermost first."""
        self.base = 0
        """How many of them are the frame's that a branch began in."""
        self.parts: tuple[Block, ...] = ()
        """The parts of the switch that was opened last."""
        self.pending: Entry | None = None
        """The step that runs, if it is none that other steps are inside of."""
        self.running = NOTHING
        """The operation that has begun and may run again before it is done."""
        self.repeats = False
        """Whether it runs again, rather than anew: a step can be the next of itself."""

    def inside(self) -> int | None:
        """Return the entry that what begins next is a part of."""
        return self.blocks[-1][1].id if self.blocks else self.parent
