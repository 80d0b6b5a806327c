"""The executions of one workflow: found by id, listed by creation, filtered without being shown."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Final

from local_cloud.workflows.service.filter_fields import Field, ordered
from local_cloud.workflows.service.filters import parse_filter
from local_cloud.workflows.service.pages import Asked, first_of, page, token
from local_cloud.workflows.service.run import Run
from local_cloud.workflows.service.watchers import history_of

STATES: Final = (
    *("STATE_UNSPECIFIED", "ACTIVE", "SUCCEEDED", "FAILED", "CANCELLED", "UNAVAILABLE", "QUEUED"),
)


class Executions:
    """Lists cost what they show: pages are found by the order of creation."""

    __slots__ = ("_by_id", "_last", "_numbers", "_runs")

    def __init__(self) -> None:
        self._by_id: dict[str, Run] = {}
        self._last = 0
        self._numbers: list[int] = []
        self._runs: list[Run] = []

    def __iter__(self) -> Iterator[Run]:
        """The oldest first."""
        return iter(self._by_id.values())

    def add(self, run: Run) -> None:
        self._last += 1
        self._by_id[run.execution_id] = run
        self._numbers.append(self._last)
        self._runs.append(run)

    def get(self, execution_id: str) -> Run | None:
        return self._by_id.get(execution_id)

    def forget(self, run: Run) -> None:
        """Safe to repeat."""
        self._by_id.pop(run.execution_id, None)
        if len(self._runs) > 2 * len(self._by_id) + 100:
            pairs = zip(self._numbers, self._runs, strict=True)
            left = [(number, one) for number, one in pairs if one.execution_id in self._by_id]
            self._numbers = [number for number, _ in left]
            self._runs = [one for _, one in left]

    def page(
        self, parent: str, filter_: str, order_by: str, asked: Asked, most: int
    ) -> tuple[list[Run], str]:
        """Return one page and the token of the next, the newest first unless an order is given.

        Raises Refused(INVALID_ARGUMENT).
        """
        test = parse_filter(filter_, FIELDS)
        scope = ("executions", parent, filter_, order_by)
        if order_by.strip():
            runs = [run for _, run in self._newest_first(None) if test is None or test(run)]
            some, more = page(ordered(runs, order_by, FIELDS), asked, scope, default=100, most=most)
            return list(some), more
        newest = self._newest_first(asked.position(scope))
        found = (pair for pair in newest if test is None or test(pair[1]))
        some_pairs, is_more = first_of(found, asked.count(default=100, most=most))
        more = token(scope, some_pairs[-1][0]) if is_more else ""
        return [run for _, run in some_pairs], more

    def _newest_first(self, before: int | None) -> Iterator[tuple[int, Run]]:
        """What was created before a number. What has been forgotten is passed over."""
        end = len(self._runs) if before is None else bisect_left(self._numbers, before)
        for at in range(end - 1, -1, -1):
            run = self._runs[at]
            if run.execution_id in self._by_id:
                yield self._numbers[at], run


def _duration(run: Run) -> float | None:
    if run.started is None:
        return None
    return ((run.ended or run.world.scheduler.now()) - run.started).total_seconds()


def _steps(run: Run) -> set[str] | None:
    history = history_of(run.watcher)
    return None if history is None else {entry.step for entry in history.entries}


# Source: the reference page of executions.list; `stepName` is any step that has begun, a guess.
FIELDS: Final[Mapping[str, Field]] = {
    "executionId": Field("text", lambda run: run.execution_id),
    "state": Field("enum", lambda run: run.state, STATES),
    "createTime": Field("time", lambda run: run.created),
    "startTime": Field("time", lambda run: run.started),
    "endTime": Field("time", lambda run: run.ended),
    "duration": Field("duration", _duration),
    "workflowRevisionId": Field("text", lambda run: run.revision.revision_id),
    "stepName": Field("names", _steps, sortable=False),
    "label": Field("map", lambda run: run.document.get("labels"), sortable=False),
    "labels": Field("map", lambda run: run.document.get("labels"), sortable=False),
    "disableConcurrencyQuotaOverflowBuffering": Field(
        "bool",
        lambda run: run.document.get("disableConcurrencyQuotaOverflowBuffering", False),
        sortable=False,
    ),
}
