"""A rollout of the past as counts per minute: the cells of a table into values. Opens no file.

The first line names the columns. `percent` and the latencies (`le_100ms` ... `le_inf`, each the
requests that took at most so long) may be left out.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from rollouts.durations import parse_duration, show_duration
from rollouts.errors import BadInput
from rollouts.instants import parse_instant, show_instant
from rollouts.intervals import Arm, Histogram, Role

MINUTE: Final = dt.timedelta(minutes=1)
COLUMNS: Final = ("time", "role", "requests", "errors")
HINT: Final = "docs/concepts/verdict.md#a-replay-of-your-own-history describes the file"
ROLES: Final[tuple[Role, Role]] = ("canary", "stable")
YEARS: Final = (1970, 9000)
"""A minute outside of these is a slip."""
_WHOLE: Final = re.compile(r"[0-9]{1,12}")
_BUCKET: Final = "le_"
_LAST: Final = "le_inf"
Rows = Iterable[tuple[int, Sequence[str]]]
"""Each row's line number and cells."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What the file says of one minute. A role without a row is None."""

    start: dt.datetime
    percent: int | None
    """The canary's share; None if the file has no such column."""
    arms: Mapping[Role, Arm]


@dataclass(frozen=True, slots=True)
class Recording:
    """Minutes in order: stable's past, then every one from the canary's first to its last."""

    past: tuple[Minute, ...]
    minutes: tuple[Minute, ...]


def read_recording(header: Sequence[str], rows: Rows) -> Recording:
    """Read a table of counts. Raises BadInput with every problem, a line each."""
    reading = _Reading()
    reading.header(header)
    for line, cells in rows:
        if any(cell.strip() for cell in cells):
            reading.row(line, cells)
    if not reading.problems:
        recording = reading.recording()
    if reading.problems:
        raise BadInput(reading.problems, hint=HINT)
    return recording


@dataclass(slots=True)
class _Row:
    line: int
    percent: int | None
    arm: Arm


@dataclass(slots=True)
class _Reading:
    """One file on its way; goes on behind every problem, so that all are told."""

    problems: list[str] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    buckets: list[str] = field(default_factory=list)
    bounds_ms: tuple[float, ...] = ()
    found: dict[tuple[dt.datetime, Role], _Row] = field(default_factory=dict)

    def header(self, header: Sequence[str]) -> None:
        self.columns = [name.strip() for name in header]
        for name in COLUMNS:
            if name not in self.columns:
                rule = f"names with {name} among them, such as {','.join(COLUMNS)}"
                self._wrong(1, "the first line", ",".join(self.columns), rule)
        self.buckets = [name for name in self.columns if name.startswith(_BUCKET)]
        for number, name in enumerate(self.columns):
            known = name in (*COLUMNS, "percent", *self.buckets)
            if not known or name in self.columns[:number]:
                rule = "one of time, role, requests, errors, percent and le_..., once each, such as"
                self._wrong(1, "a column", name, f"{rule} le_100ms")
        if self.buckets:
            self._bounds()

    def _bounds(self) -> None:
        *bounds, last = self.buckets
        try:
            read = [parse_duration(name.removeprefix(_BUCKET)) for name in bounds]
        except ValueError:
            read = []
        rising = all(one < other for one, other in pairwise(read))
        if last != _LAST or not read or not rising:
            rule = "rising durations and le_inf at last, such as le_100ms,le_1s,le_inf"
            self._wrong(1, "the list of latencies", ",".join(self.buckets), rule)
        self.bounds_ms = tuple(one.total_seconds() * 1000 for one in read)

    def row(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self.columns):
            rule = f"one for each name of the first line, such as {len(self.columns)}"
            self._wrong(line, "the number of cells", len(cells), rule)
            return
        told = {name: cell.strip() for name, cell in zip(self.columns, cells, strict=True)}
        time = self._cell(
            line, told, "time", _minute, "the start of a minute, such as 2026-01-31T12:00:00Z"
        )
        role = self._cell(line, told, "role", _role, "canary or stable, such as stable")
        percent = self._cell(
            line, told, "percent", _percent, "a whole number from 0 to 100, such as 10"
        )
        arm = self._arm(line, told)
        if time is None or role is None:
            return
        before = self.found.get((time, role))
        if before:
            rule = f"a minute that line {before.line} does not tell of {role} already"
            self._wrong(line, "time", told["time"], f"{rule}, such as another minute")
        self.found[time, role] = _Row(line, percent, arm)

    def _arm(self, line: int, told: Mapping[str, str]) -> Arm:
        count = "a whole number, such as 120"
        requests = self._cell(line, told, "requests", _whole, count)
        errors = self._cell(line, told, "errors", _whole, count)
        if requests is not None and errors is not None and errors > requests:
            self._wrong(line, "errors", errors, f"at most the requests, such as {requests}")
        return Arm(requests, errors or 0, self._latency(line, told, requests))

    def _latency(
        self, line: int, told: Mapping[str, str], requests: int | None
    ) -> Histogram | None:
        if not any(told[name] for name in self.buckets):
            return None
        count = "a whole number in each le_ column or in none, such as 118"
        sums = [self._cell(line, told, name, _whole, count) for name in self.buckets]
        known = [one for one in sums if one is not None]
        if len(known) < len(sums) or requests is None:
            return None
        if known != sorted(known) or known[-1] > requests:
            example = sorted(min(one, requests) for one in known)
            rule = f"rising, and at most the requests at last, such as {example}"
            self._wrong(line, "the latency", known, rule)
            return None
        counts = [one - before for one, before in zip(known, [0, *known], strict=False)]
        return Histogram(self.bounds_ms, tuple(counts))

    def _cell(
        self,
        line: int,
        told: Mapping[str, str],
        name: str,
        read: Callable[[str], Any],
        rule: str,
    ) -> Any:
        """Return a cell's value; None if it is wrong, or its column is not there."""
        if name not in told:
            return None
        try:
            return read(told[name])
        except ValueError:
            self._wrong(line, name, told[name], rule)
            return None

    def _wrong(self, line: int, name: str, value: object, rule: str) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."  # noqa: PLR2004
        self.problems.append(f"line {line}: {name} is {shown}: must be {rule}.")

    # All rows together.

    def recording(self) -> Recording:
        """Return the minutes. Adds to `problems` what only shows among all rows."""
        shared = [
            time
            for (time, role), row in self.found.items()
            if role == "canary" and row.percent != 0
        ]
        if not shared:
            self.problems.append(
                "the file has no row of the canary's with a share: must have a row of each role"
                " for each minute of the rollout, such as 2026-01-31T12:00:00Z,canary,120,0."
            )
            return Recording((), ())
        first, last = min(shared), max(shared)
        for role in ROLES:
            self._gaps(role, first, last)
        if self.problems:
            return Recording((), ())
        minutes = [time for time, role in self.found if role == "canary" and first <= time <= last]
        past = [time for time, role in self.found if role == "stable" and time < first]
        return Recording(
            tuple(Minute(time, 0, self._arms(time, "stable")) for time in sorted(past)),
            tuple(self._both(time) for time in sorted(minutes)),
        )

    def _gaps(self, role: Role, first: dt.datetime, last: dt.datetime) -> None:
        """Refuse minutes of the rollout without a row: a missing one is not read as 0."""
        rows = sorted(time for time, of in self.found if of == role and first <= time <= last)
        for before, after in pairwise([first - MINUTE, *rows, last + MINUTE]):
            missing = (after - before) // MINUTE - 1
            if missing:
                start = show_instant(before + MINUTE)
                long = show_duration(missing * MINUTE)
                self.problems.append(
                    f"{role} has no row for {long} from {start} on: must have one for each"
                    f" minute of the rollout, such as {start},{role},0,0 for no requests."
                )

    def _both(self, time: dt.datetime) -> Minute:
        """Return a minute of the rollout: both roles, one share."""
        rows = [self.found[time, role] for role in ROLES]
        shares = [row.percent for row in rows]
        if len(set(shares)) > 1:
            rule = "the same for both roles of a minute, such as 10 and 10"
            self._wrong(max(row.line for row in rows), "percent", shares, rule)
        return Minute(time, shares[0], self._arms(time, *ROLES))

    def _arms(self, time: dt.datetime, *roles: Role) -> dict[Role, Arm]:
        return {role: self.found[time, role].arm for role in roles}


def _minute(text: str) -> dt.datetime:
    time = parse_instant(text)
    if time.second or time.microsecond or not YEARS[0] <= time.year < YEARS[1]:
        raise ValueError(text)
    return time


def _role(text: str) -> Role:
    if text == "canary":
        return "canary"
    if text == "stable":
        return "stable"
    raise ValueError(text)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _percent(text: str) -> int:
    value = _whole(text)
    if value > 100:  # noqa: PLR2004
        raise ValueError(text)
    return value
