"""Cloud Logging: the request log of Cloud Run, entries that others write, and their reading.

No sinks, no buckets. What Monitoring makes of entries: local_cloud/monitoring/log_metrics.py.
Source: reference/gcp.md, section 2, "Request log".
"""

import base64
import datetime as dt
import functools
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.quota import MinuteQuota, QuotaName
from local_cloud.kit.scheduler import Scheduler
from local_cloud.kit.traffic import ServedRequest
from local_cloud.logging.compiled import BAD_STATUS_MIN, TOO_MANY_REQUESTS, compiled
from local_cloud.logging.entries import project_of, request_entry, written_entry
from local_cloud.logging.store import Document, Store, Stored
from local_cloud.logging.values import SEVERITIES, instant_of, severity_of

SERVICE: Final = "google.logging.v2.LoggingServiceV2"
Read = Callable[[], Document]
"""Makes the document of an entry: that of a request is made when somebody asks for it."""
OnEntry = Callable[[str, Read, bool], None]
"""Is told of each entry: its project, how to read it, and whether it is stored."""
PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    """How the log behaves, and how much of it is kept."""

    reads_per_minute: int = 60
    """`entries.list` calls a project, every page one. Google's default."""
    receive_delay_seconds: float = 0.1
    """From a request's end to its entry being visible. Seen on real entries: 0.05 to 0.25 s."""
    exclusions: tuple[str, ...] = ()
    """Filters of the `_Default` sink: what matches one is never stored."""
    bad_per_service_max: int = 100_000
    others_per_service_max: int = 20_000
    retention_seconds: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class EntriesPage:
    entries: tuple[Document, ...]
    next_page_token: str
    """Empty on the last page."""


class LoggingModel:
    """The logs of all projects."""

    def __init__(
        self, scheduler: Scheduler, audit: Audit, settings: LoggingSettings | None = None
    ) -> None:
        self._scheduler = scheduler
        self._audit = audit
        self.settings = settings or LoggingSettings()
        self.on_entry: list[OnEntry] = []
        self._exclusions = [compiled(text).matches for text in self.settings.exclusions]
        self._number = 0
        self._store = Store(
            self.settings.bad_per_service_max,
            self.settings.others_per_service_max,
            dt.timedelta(seconds=self.settings.retention_seconds),
        )
        self._quota = MinuteQuota(
            scheduler,
            metric="Read requests",
            limit="Read requests per minute",
            service="logging.googleapis.com",
            per_minute=self.settings.reads_per_minute,
            name=QuotaName(
                "logging.googleapis.com/read_requests", "ReadRequestsPerMinutePerProject"
            ),
        )

    def record(self, served: ServedRequest) -> None:
        """Write the request-log entry of a request that has ended."""
        received = self._received(served.ended)
        make = functools.partial(request_entry, served, self._next_number(), received)
        stored = Stored(self._scheduler.now(), received, served.began, make)
        self._add(served.project, served.service, stored, bad=_is_bad_status(served.status))

    def write(self, entry: Mapping[str, Any]) -> None:
        """Write an entry of a service's or function's own. Raises Refused(INVALID_ARGUMENT)."""
        now = self._scheduler.now()
        received = self._received(now)
        document = written_entry(entry, self._next_number(), now, received)
        labels = document["resource"].get("labels")
        service = labels.get("service_name", "") if isinstance(labels, Mapping) else ""
        stored = Stored(now, received, instant_of(document["timestamp"]), lambda: document)
        self._add(project_of(document), str(service), stored, bad=_is_bad(document))

    def write_entries(self, entries: Sequence[Mapping[str, Any]], caller: str | None) -> None:
        """Answer `entries.write`: all of the entries, or none and Refused."""
        projects = sorted({project_of(entry) for entry in entries})
        for project in projects:
            self._audit.note(caller, f"{SERVICE}.WriteLogEntries", f"projects/{project}")
        now = self._scheduler.now()
        for entry in entries:
            written_entry(entry, 0, now, now)
        for entry in entries:
            self.write(entry)

    def list_entries(
        self,
        resource_names: Sequence[str],
        filter: str = "",  # noqa: A002 - Google's name.
        order_by: str = "",
        page_size: int = 0,
        page_token: str = "",
        *,
        caller: str | None = None,
    ) -> EntriesPage:
        """Answer `entries.list`: one page, which counts as one read of the first project.

        `order_by` is "timestamp asc" (the default) or "timestamp desc"; equal instants are in
        the order of their insertId. Raises Refused(INVALID_ARGUMENT, RESOURCE_EXHAUSTED).
        """
        for name in resource_names:
            self._audit.note(caller, f"{SERVICE}.ListLogEntries", name)
        projects = _projects(resource_names)
        self._quota.take(f"project:{projects[0]}")
        query = compiled(filter)
        newest_first = _newest_first(order_by)
        size = _size(page_size)
        now = self._scheduler.now()
        found = [
            stored
            for project in projects
            for stored in self._store.scan(project, query.wanted)
            if stored.visible <= now and query.matches(stored.document())
        ]
        found.sort(key=_position, reverse=newest_first)
        asked = zlib.crc32(repr((filter, newest_first, projects)).encode())
        if page_token:
            last = _read_token(page_token, asked)
            found = [
                stored
                for stored in found
                if (_position(stored) < last if newest_first else _position(stored) > last)
            ]
        page = found[:size]
        token = _token(page[-1], asked) if len(found) > size else ""
        return EntriesPage(tuple(stored.document() for stored in page), token)

    def __len__(self) -> int:
        """Return how many entries are kept."""
        return len(self._store)

    def _add(self, project: str, service: str, stored: Stored, *, bad: bool) -> None:
        kept = not any(matches(stored.document()) for matches in self._exclusions)
        if kept:
            self._store.add(project, service, stored, bad=bad)
        for told in self.on_entry:
            told(project, stored.document, kept)

    def _received(self, ended: dt.datetime) -> dt.datetime:
        return ended + dt.timedelta(seconds=self.settings.receive_delay_seconds)

    def _next_number(self) -> int:
        self._number += 1
        return self._number


def _is_bad_status(status: int) -> bool:
    return status >= BAD_STATUS_MIN or status == TOO_MANY_REQUESTS


def _is_bad(document: Document) -> bool:
    request = document.get("httpRequest")
    status = str(request.get("status")) if isinstance(request, Mapping) else ""
    if status.isdecimal() and _is_bad_status(int(status)):
        return True
    return severity_of(document["severity"]) >= SEVERITIES["ERROR"]


def _projects(resource_names: Sequence[str]) -> list[str]:
    if not resource_names:
        raise Refused("INVALID_ARGUMENT", "resourceNames is empty: name a project.")
    projects = []
    for name in resource_names:
        kind, _, project = name.partition("/")
        if kind != "projects" or not project or "/" in project:
            raise Refused(
                "INVALID_ARGUMENT",
                f"resourceNames has {name!r}: only projects/PROJECT is supported here.",
            )
        projects.append(project)
    return list(dict.fromkeys(projects))


def _newest_first(order_by: str) -> bool:
    words = order_by.casefold().split()
    if words in ([], ["timestamp"], ["timestamp", "asc"]):
        return False
    if words == ["timestamp", "desc"]:
        return True
    raise Refused(
        "INVALID_ARGUMENT",
        f"orderBy is {order_by!r}: must be 'timestamp asc' or 'timestamp desc'.",
    )


def _size(page_size: int) -> int:
    if page_size < 0:
        raise Refused("INVALID_ARGUMENT", f"pageSize is {page_size}: must not be negative.")
    return min(page_size or PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX)


def _position(stored: Stored) -> tuple[dt.datetime, str]:
    return stored.timestamp, str(stored.document()["insertId"])


def _token(last: Stored, asked: int) -> str:
    timestamp, insert = _position(last)
    text = f"{asked} {timestamp.isoformat()} {insert}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_token(token: str, asked: int) -> tuple[dt.datetime, str]:
    """Return the position that a token means; it is only good for the call that gave it."""
    refusal = Refused(
        "INVALID_ARGUMENT", "pageToken is not one of this filter, order and resource."
    )
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
        number, instant, insert = text.split(" ", 2)
        position = instant_of(instant), insert
    except (ValueError, OverflowError):
        raise refusal from None
    if number != str(asked):
        raise refusal
    return position
