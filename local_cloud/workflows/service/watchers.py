"""Who sees the steps of an execution: its history, its call log, and whoever else asked to."""

from collections import deque
from collections.abc import Sequence

from local_cloud.workflows.engine.watching import Entry, Watcher
from local_cloud.workflows.service.entries import History


class Watchers:
    """Several watchers as one. The history comes last: it takes away what it has written down."""

    __slots__ = ("every", "values")

    def __init__(self, every: Sequence[Watcher]) -> None:
        self.every = sorted(every, key=lambda one: isinstance(one, History))
        self.values = any(one.values for one in every)

    def began(self, entry: Entry) -> None:
        for watcher in self.every:
            watcher.began(entry)

    def ended(self, entry: Entry) -> None:
        for watcher in self.every:
            watcher.ended(entry)


def together(every: Sequence[Watcher]) -> Watcher | None:
    """Return one watcher for all, None for none."""
    return every[0] if len(every) == 1 else Watchers(every) if every else None


def history_of(watcher: Watcher | None) -> History | None:
    """Return the history among what watches an execution."""
    if isinstance(watcher, Watchers):
        watcher = watcher.every[-1]
    return watcher if isinstance(watcher, History) else None


class Histories:
    """The histories of executions that have ended: of too many entries the oldest go."""

    def __init__(self, entries_max: int) -> None:
        self._entries_max = entries_max
        self._kept: deque[tuple[History, int]] = deque()
        self._entries = 0

    def add(self, history: History) -> None:
        self._kept.append((history, len(history.entries)))
        self._entries += len(history.entries)
        while self._entries > self._entries_max:
            oldest, count = self._kept.popleft()
            self._entries -= count
            oldest.clear()
