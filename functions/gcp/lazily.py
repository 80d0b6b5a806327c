"""Makes a client of one of Google's libraries at its first use, once, whatever thread asks."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Lazy(Generic[C]):
    """Holds what `make` makes. Making a client looks up the identity, so it may fail."""

    def __init__(self, make: Callable[[], C]) -> None:
        self._make = make
        self._made: C | None = None
        self._lock = threading.Lock()

    def __call__(self) -> C:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
