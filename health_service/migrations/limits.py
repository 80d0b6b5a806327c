"""How long a migration may wait and work, and the way past it for what blocks nobody."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from alembic import op


@dataclass(frozen=True, slots=True)
class Limits:
    """How long each thing may take, and how often a step is tried whose lock is not got in time.

    Who waits for a lock on a table makes everybody behind wait as well. So one wait is short
    (`lock_seconds`), and the next comes after `pause_seconds`, twice as late each time.
    `turn_seconds` is how long to wait for another migrator to end.
    """

    lock_seconds: float = 2.0
    statement_seconds: float = 60.0
    attempts_max: int = 5
    pause_seconds: float = 1.0
    turn_seconds: float = 300.0

    def settings(self) -> dict[str, str]:
        """Return PostgreSQL's settings, in milliseconds."""
        return {
            "lock_timeout": f"{self.lock_seconds * 1000:.0f}",
            "statement_timeout": f"{self.statement_seconds * 1000:.0f}",
        }

    def statements(self) -> list[str]:
        return [f"SET {name} = {value}" for name, value in self.settings().items()]


@contextlib.contextmanager
def each_statement_commits() -> Iterator[None]:
    """Run what stands inside without a transaction around it.

    A step that does this may be broken off in its middle, and is then run from its beginning again:
    each of its statements must be safe to repeat.
    """
    with op.get_context().autocommit_block():
        yield


@contextlib.contextmanager
def patient() -> Iterator[None]:
    """The same, for a statement that waits long for others and blocks neither reads nor writes."""
    limits: Limits = op.get_context().opts["limits"]
    with each_statement_commits():
        op.execute("SET lock_timeout = 0")
        op.execute("SET statement_timeout = '1h'")
        try:
            yield
        finally:
            for statement in limits.statements():
                op.execute(statement)
