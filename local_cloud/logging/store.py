"""Log entries kept in memory, found by project, service and time. No query language here."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]


class Stored:
    """One entry; the document of a request is only made when somebody reads it.

    `visible` is the entry's receiveTimestamp: nobody reads it before.
    """

    __slots__ = ("_document", "_make", "recorded", "timestamp", "visible")

    def __init__(
        self,
        recorded: dt.datetime,
        visible: dt.datetime,
        timestamp: dt.datetime,
        make: Callable[[], Document],
    ) -> None:
        self.recorded = recorded
        self.visible = visible
        self.timestamp = timestamp
        self._make: Callable[[], Document] | None = make
        self._document: Document = {}

    def document(self) -> Document:
        if self._make is not None:
            self._document = self._make()
            self._make = None
        return self._document


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is certain about the entries of a query before any is looked at; None: anything."""

    services: frozenset[str] | None = None
    since: dt.datetime | None = None
    """Of the timestamp, inclusive; so is the next of the receiveTimestamp."""
    received_since: dt.datetime | None = None
    only_bad: bool = False


class Shelf:
    """The entries of one service, the bad ones apart so that good ones cannot push them out."""

    def __init__(self, bad_max: int, others_max: int) -> None:
        self._bad: deque[Stored] = deque(maxlen=bad_max)
        self._others: deque[Stored] = deque(maxlen=others_max)
        # How far a timestamp ran ahead of its recording: a writer may give a later one.
        self._ahead = dt.timedelta(0)

    def add(self, stored: Stored, *, bad: bool, kept_since: dt.datetime) -> None:
        self._ahead = max(self._ahead, stored.timestamp - stored.recorded)
        (self._bad if bad else self._others).append(stored)
        for entries in (self._bad, self._others):
            while entries and entries[0].recorded < kept_since:
                entries.popleft()

    def scan(self, wanted: Wanted) -> Iterator[Stored]:
        """Yield what was recorded late enough to be wanted, the newest recording first."""
        for entries in (self._bad,) if wanted.only_bad else (self._bad, self._others):
            for stored in reversed(entries):
                # A difference, for a sum may leave the years that instants can have.
                if wanted.since is not None and wanted.since - stored.recorded > self._ahead:
                    break
                if wanted.since is not None and stored.timestamp < wanted.since:
                    continue
                if wanted.received_since is None or stored.visible >= wanted.received_since:
                    yield stored

    def __len__(self) -> int:
        return len(self._bad) + len(self._others)


class Store:
    """Shelves by project and service; `""` holds what belongs to no service."""

    def __init__(self, bad_max: int, others_max: int, retention: dt.timedelta) -> None:
        self._bad_max = bad_max
        self._others_max = others_max
        self._retention = retention
        self._shelves: dict[str, dict[str, Shelf]] = {}

    def add(self, project: str, service: str, stored: Stored, *, bad: bool) -> None:
        shelves = self._shelves.setdefault(project, {})
        # The query language ignores case, so the index does.
        shelf = shelves.get(service.casefold())
        if shelf is None:
            shelf = shelves[service.casefold()] = Shelf(self._bad_max, self._others_max)
        shelf.add(stored, bad=bad, kept_since=stored.recorded - self._retention)

    def scan(self, project: str, wanted: Wanted) -> Iterator[Stored]:
        for service, shelf in self._shelves.get(project, {}).items():
            if wanted.services is None or service in wanted.services:
                yield from shelf.scan(wanted)

    def __len__(self) -> int:
        return sum(len(shelf) for shelves in self._shelves.values() for shelf in shelves.values())
