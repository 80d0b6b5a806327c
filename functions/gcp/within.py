"""A limit for a whole exchange, however many answers it takes. Not: limits of one answer."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from rollouts.errors import Transient

T = TypeVar("T")


def within(seconds: float, not_done: str, call: Callable[[], T]) -> T:
    """Return what `call` does. Raises Transient if it is not through in time.

    What is not through is left alone, on a thread of its own: a library's socket has a limit for
    each wait, and a peer that sends a byte now and then meets none of them. It may still be
    taken, so who is asked again must bear being told twice.
    """
    box: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            box.put((call(), None))
        except Exception as error:  # noqa: BLE001 - raised below, where somebody waits.
            box.put((None, error))

    threading.Thread(target=run, daemon=True, name="within").start()
    try:
        found, error = box.get(timeout=seconds)
    except queue.Empty:
        raise Transient(f"{not_done}: not through within {seconds:g} s") from None
    if error is not None:
        raise error
    return found  # type: ignore[return-value]
