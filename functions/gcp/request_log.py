"""The request log: bad requests within seconds, by one REST call a page. No totals.

An exclusion filter of the team's may drop entries, so silence here is not health. 60 reads a
minute are a project's whole quota. Source: reference/gcp.md, section 2, "Request log".
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from gcp.ports import LogRead
from gcp.quoting import quoted
from gcp.session import Session
from rollouts.errors import Refused
from rollouts.instants import parse_instant, show_instant
from rollouts.intervals import BadRequest, Role
from rollouts.policy import ServiceRef

T = TypeVar("T", dict[str, Any], list[Any], str)
_KINDS: Final[Mapping[type, str]] = {dict: "object", list: "list", str: "text"}
PAGE_SIZE: Final = 1000
"""The most that `entries:list` gives. A page that is full is evidence enough."""
PAGES_MAX: Final = 3
"""The most pages of a look, each of them a read of the quota."""
TOO_MANY: Final = 429


class RestRequestLog:
    """Implements `ports.RequestLog`. `endpoint` is LOGGING_ENDPOINT."""

    def __init__(self, session: Session, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def bad_requests(
        self,
        ref: ServiceRef,
        revisions: Mapping[str, Role],
        since: dt.datetime,
        before: dt.datetime,
        *,
        arrived_since: dt.datetime | None = None,
        pages: int = 1,
    ) -> LogRead:
        """Return the bad requests that began in [since, before), in order of their ends.

        Newest first is the order that is asked for: stable's troubles of long ago must not fill
        the page before the canary's of now. `timestamp` is when a request began and its entry
        arrives when it has ended: `arrived_since` leaves out what looks before have seen.
        """
        assert 1 <= pages <= PAGES_MAX
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{ref.project}"],
            "filter": filter_of(ref, revisions, since, before, arrived_since),
            "orderBy": "timestamp desc",
            "pageSize": PAGE_SIZE,
        }
        entries: list[Any] = []
        for _ in range(pages):
            page, token = self._page(ref, body)
            entries += page
            if not token:
                return LogRead(bad_of(entries, revisions), before)
            body["pageToken"] = token
        # A page that is not full and not the last: the search itself ended early.
        unsearched = len(page) < PAGE_SIZE
        whole_since = None if unsearched else _began(entries[-1], "the last")
        return LogRead(bad_of(entries, revisions), before, not unsearched, unsearched, whole_since)

    def _page(self, ref: ServiceRef, body: Mapping[str, Any]) -> tuple[list[Any], str]:
        url = f"{self._endpoint}/v2/entries:list"
        not_done = f"the request log of {ref} was not read"
        answer = self._session.call("POST", url, not_done, body=dict(body))
        entries = _part(_part(answer, dict, "the answer"), list, "its entries", "entries")
        return entries, _part(answer, str, "its page token", "nextPageToken")


def filter_of(
    ref: ServiceRef,
    revisions: Iterable[str],
    since: dt.datetime,
    before: dt.datetime,
    arrived_since: dt.datetime | None = None,
) -> str:
    """Return the filter, in Logging's query language. Pure."""
    arrived = (
        ()
        if arrived_since is None
        else (f"receiveTimestamp>={quoted(show_instant(arrived_since))}",)
    )
    names = " OR ".join(quoted(name) for name in sorted(revisions))
    log = f"projects/{ref.project}/logs/run.googleapis.com%2Frequests"
    return " AND ".join(
        (
            f"logName={quoted(log)}",
            'resource.type="cloud_run_revision"',
            f"resource.labels.service_name={quoted(ref.service)}",
            f"resource.labels.location={quoted(ref.region)}",
            f"resource.labels.revision_name=({names})",
            f"(httpRequest.status>=500 OR httpRequest.status={TOO_MANY})",
            f"timestamp>={quoted(show_instant(since))}",
            f"timestamp<{quoted(show_instant(before))}",
            *arrived,
        )
    )


def bad_of(entries: Iterable[Any], revisions: Mapping[str, Role]) -> tuple[BadRequest, ...]:
    """Return the bad requests of entries, each once, in order of their ends. Pure.

    An entry without `labels.instanceId` never reached a container: the platform answered it, and
    the metrics do not count it. A 429 of a container is the application's own word to a client.
    Raises Refused for an entry that cannot be understood: one that is left out would be a
    failure that nobody counts.
    """
    found: dict[str, BadRequest] = {}
    for entry in entries:
        resource = _part(_part(entry, dict, "an entry"), dict, "a resource", "resource")
        labels = _part(resource, dict, "a resource's labels", "labels")
        role = revisions.get(_part(labels, str, "a revision's name", "revision_name"))
        own = _part(entry, dict, "an entry's labels", "labels")
        reached = bool(_part(own, str, "an instance's id", "instanceId"))
        request = _part(entry, dict, "an entry's request", "httpRequest")
        if role is None or (reached and request.get("status") == TOO_MANY):
            continue
        identity = _part(entry, str, "an entry's id", "insertId")
        if not identity:
            raise Refused("the request log was not read: an entry has no id")
        began, ended = _times(entry, request, identity)
        found[identity] = BadRequest(identity, role, began, ended, reached)
    return tuple(sorted(found.values(), key=lambda one: (one.ended, one.id)))


def _times(
    entry: Mapping[str, Any], request: Mapping[str, Any], identity: str
) -> tuple[dt.datetime, dt.datetime]:
    """Return when a request began and ended: `latency` is such as "0.355s"."""
    latency = _part(request, str, "a latency", "latency") or "0s"
    began = _began(entry, identity)
    try:
        took = dt.timedelta(seconds=float(latency.removesuffix("s")))
        return began, began + max(took, dt.timedelta(0))
    except (ValueError, OverflowError) as error:
        raise Refused(f"the request log was not read: entry {identity!r} tells no time") from error


def _began(entry: Any, identity: str) -> dt.datetime:
    """Return an entry's `timestamp`: Cloud Run writes there when the request began."""
    try:
        return parse_instant(_part(entry, dict, "an entry").get("timestamp"))
    except ValueError as error:
        raise Refused(f"the request log was not read: entry {identity!r} tells no time") from error


def _part(document: Any, kind: type[T], what: str, key: str | None = None) -> T:
    """Return `document`, or what stands at its `key`: empty if absent. Raises Refused."""
    found = document if key is None else document.get(key)
    if found is None and key is not None:
        return kind()
    if not isinstance(found, kind):
        raise Refused(f"the request log was not read: {what} is no {_KINDS[kind]}")
    return found
