"""What a look at a rollout leaves behind, so that every decision can be computed again.

A record holds the intervals that are new or corrected since the one before it, which it names:
the records of a rollout, in order, are its whole history. One that would grow too long is told in
parts, each naming the one before. Fields are only ever added.
"""

import datetime as dt
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rollouts.actions import Action
from rollouts.delivery_file import parse_policy
from rollouts.delivery_schema import shared_settings_of
from rollouts.instants import parse_instant, show_instant
from rollouts.interval_json import Layouts, read, write
from rollouts.intervals import BEFORE, Interval, Signals
from rollouts.judging import advance, begin, conclude
from rollouts.policy import Policy
from rollouts.reading import LogSpan, log_before
from rollouts.record import Rollout
from rollouts.verdict import Verdict

SCHEMA: Final = 2
CODE_VERSION: Final = "0.1.0"
INTERVALS_BYTES: Final = 48 * 1024
"""What the intervals of one record may take as JSON: with the rest it stays under 64 KiB."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a look read of the two signals, and what it made of them."""

    intervals: tuple[Interval, ...]
    """New and corrected since the record before."""
    visible_until: dt.datetime
    log_until: dt.datetime | None
    queries: tuple[str, ...] = ()
    """What was asked of which API, in words."""
    notes: tuple[str, ...] = ()
    affinity: bool = False
    before: str = ""
    """The id of the record before; empty for a history that begins here."""


class Written(NamedTuple):
    """A record as it stands in the log."""

    id: str
    text: str
    """A JSON object, its `id` in it."""


def decision_records(
    rollout: Rollout, told: Read, verdict: Verdict, action: Action, now: dt.datetime
) -> list[Written]:
    """Return the records of one decision, in order: parts of the history, then the decision."""
    common = {
        "schema": SCHEMA,
        "code_version": CODE_VERSION,
        "rollout": rollout.id,
        "service": rollout.service,
        "target": rollout.target,
        "at": show_instant(now),
        "policy_hash": rollout.policy_hash,
    }
    layouts = Layouts()
    intervals = [write(one, layouts) for one in told.intervals]
    bounds = {"latency_bounds_ms": tuple(layouts.bounds)}
    decided = {
        "policy": rollout.policy,
        "affinity": told.affinity,
        "visible_until": show_instant(told.visible_until),
        "log_until": show_instant(told.log_until) if told.log_until else None,
        "queries": list(told.queries),
        "notes": list(told.notes),
        "verdict": verdict.as_json(),
        "action": action.as_json(),
    }
    before, records = told.before, []
    whole = {**common, "before": before, **bounds, "intervals": intervals, **decided}
    text = _text(whole)
    if len(text) <= INTERVALS_BYTES:
        return [_named(text)]
    *parts, last = _parts(intervals)
    for part in parts:
        told_part = {**common, "before": before, **bounds, "intervals": part}
        records.append(_named(_text(told_part)))
        before = records[-1].id
    whole |= {"before": before, "intervals": last}
    return [*records, _named(_text(whole))]


def summary_of(decision: str, verdict: Verdict) -> dict[str, Any]:
    """Return what an event tells of the decision that led to it; the record has the rest."""
    told = verdict.as_json()
    return {"id": decision, **{key: told[key] for key in ("kind", "cause", "numbers", "evidence")}}


def queries_of(signals: Signals, asked: LogSpan) -> tuple[str, ...]:
    """Say what was read of which signal. `asked` is what the log was asked for."""
    found = []
    if signals.visible_until > signals.since:
        span = f"{show_instant(signals.since)} to {show_instant(signals.visible_until)}"
        found.append(
            f"Monitoring: request_count, request_latencies and requests in flight of {span}"
        )
    if signals.log_until:
        began = show_instant(asked.began_since)
        before = show_instant(log_before(signals.period, signals.log_until))
        found.append(
            f"request log: bad requests that began from {began} to {before} and were told of from"
            f" {show_instant(asked.arrived_since)} to {show_instant(signals.log_until)}"
        )
    return tuple(found)


_encode: Final = json.JSONEncoder().encode


def _text(document: dict[str, Any]) -> str:
    """Return a document as JSON. What one record has as another does is written out once."""
    same = [f'"{name}": {SAME[name](document[name])}' for name in SAME if name in document]
    rest = _encode({name: document[name] for name in document if name not in SAME})
    return "{" + ", ".join([*same, rest[1:]])


@functools.lru_cache(maxsize=64)
def _bounds_text(bounds: tuple[tuple[float, ...], ...]) -> str:
    return _encode(bounds)


@functools.lru_cache(maxsize=64)
def _policy_text(policy: Policy) -> str:
    return _encode(shared_settings_of(policy))


SAME: Final = {"latency_bounds_ms": _bounds_text, "policy": _policy_text}
"""What many records have alike, each with what writes it."""


def _named(text: str) -> Written:
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Written(name, f'{{"id": "{name}", {text[1:]}')


def _parts(intervals: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Cut a history so that each part fits a record; at least one, perhaps empty."""
    part: list[dict[str, Any]] = []
    size = 0
    for one in intervals:
        length = len(json.dumps(one))
        if part and size + length > INTERVALS_BYTES:
            yield part
            part, size = [], 0
        part.append(one)
        size += length
    yield part


def chain(records: Sequence[Mapping[str, Any]], last: str = "") -> list[Mapping[str, Any]]:
    """Return the records that lead to the one named `last`, oldest first; by default the newest.

    Repeats are told once. Raises LookupError if one on the way is missing.
    """
    by_id = {str(record["id"]): record for record in records}
    if not by_id:
        raise LookupError("there is no decision record")
    newest = max(by_id.values(), key=lambda one: (parse_instant(one["at"]), "verdict" in one))
    wanted = last or str(newest["id"])
    found: list[Mapping[str, Any]] = []
    while wanted:
        if wanted not in by_id:
            raise LookupError(f"the decision record {wanted} is missing")
        found.append(by_id.pop(wanted))
        wanted = str(found[-1]["before"])
    return found[::-1]


def history(records: Sequence[Mapping[str, Any]]) -> tuple[Interval, ...]:
    """Return the intervals that the records of one rollout tell, in order; later ones correct."""
    found: dict[tuple[bool, dt.datetime], Interval] = {}
    for record in records:
        layouts = Layouts(record["latency_bounds_ms"])
        for document in record["intervals"]:
            one = read(document, layouts)
            found[one.step == BEFORE, one.start] = one
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.step)))


def recompute(records: Sequence[Mapping[str, Any]]) -> Verdict:
    """Judge again what the last of a rollout's records judged, from the records alone.

    `records` is a `chain`: it begins where a history begins.
    """
    last = records[-1]
    tally = begin(policy_of(last), affinity=last["affinity"])
    return conclude(advance(tally, history(records)))


def policy_of(record: Mapping[str, Any]) -> Policy:
    """Return the policy that a decision was made by."""
    return parse_policy(record["policy"])
