"""One connection to PostgreSQL that is never waited for: what it does when it is given up."""

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    _Base: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    _Base = asyncpg.Connection


class Connection(_Base):
    """A connection that ends where asyncpg's would ask its server to cancel a statement.

    That request travels on a connection of its own, and its end is waited for: by the task that
    was cancelled, by the rollback of its transaction, by the pool. A halted server never ends it.
    """

    _answered_at = float("-inf")

    def answered(self, at: float) -> None:
        """Note that the server answered, at a time of the monotonic clock."""
        self._answered_at = at

    def answered_at(self) -> float:
        """Return when the server answered last, as far as is known."""
        return self._answered_at

    def _cancel_current_command(
        self,
        waiter: "asyncio.Future[None]",  # noqa: ARG002 - asyncpg's.
        cancel_waiter: "asyncio.Future[None] | None" = None,  # noqa: ARG002
    ) -> None:
        # Both are completed by the end of the connection. Not at once: the caller, asyncpg's
        # protocol, still has its own state to set.
        asyncio.get_running_loop().call_soon(self.terminate)


def end(connection: Connection) -> None:
    """End a connection without a word to its server. Safe to repeat."""
    with contextlib.suppress(asyncpg.InterfaceError):  # The pool has it back already.
        connection.terminate()


def is_ended(connection: Connection) -> bool:
    """Whether nothing can be asked on it any more, as far as this side has heard."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:  # The pool has it back already.
        return True
