"""What an execution asks its surroundings for, without waiting: the port of the engine."""

from collections.abc import Mapping
from typing import Protocol


class Host(Protocol):
    """What an execution knows of its surroundings without waiting for it.

    A run can be repeated from a journal of what `now`, `uuid`, `random` and `callback_url`
    returned, of `environment` as it was at the start, and of the outcomes, all in their order.
    """

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that `sys.get_env` reads."""

    def now(self) -> float:
        """Return the seconds since 1970."""

    def uuid(self) -> str:
        """Return a new version 4 UUID."""

    def random(self) -> float:
        """Return a number that is at least 0 and less than 1."""

    def callback_url(self, callback_id: str) -> str:
        """Return the URL of a callback endpoint."""
