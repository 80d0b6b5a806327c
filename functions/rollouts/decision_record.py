"""What a look at a rollout leaves behind, so that every decision can be computed again.

A record holds the intervals that are new or corrected since the one before it, which it names:
the records of a rollout, in order, are its whole history. Fields are only ever added.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rollouts.actions import Action
from rollouts.delivery_file import parse_policy
from rollouts.delivery_schema import settings_of
from rollouts.instants import parse_instant, show_instant
from rollouts.intervals import Arm, Histogram, Interval, Signals
from rollouts.judging import judge
from rollouts.record import Rollout
from rollouts.verdict import Verdict

SCHEMA: Final = 1
CODE_VERSION: Final = "0.1.0"
INTERVALS_MAX: Final = 180
"""Newest intervals kept in one record: a record stays under 64 KiB."""


def decision_record(
    rollout: Rollout,
    signals: Signals,
    intervals: Sequence[Interval],
    verdict: Verdict,
    action: Action,
    now: dt.datetime,
    *,
    before: str,
    told_until: dt.datetime | None = None,
) -> dict[str, Any]:
    """Return the record of one decision.

    `before` is the id of the one before it, `told_until` up to where that one's intervals were
    final; empty and None for the first, which then holds everything.
    """
    new = [one for one in intervals if told_until is None or one.end > told_until]
    kept = new[-INTERVALS_MAX:]
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "code_version": CODE_VERSION,
        "rollout": rollout.id,
        "service": rollout.service,
        "target": rollout.target,
        "at": show_instant(now),
        "before": before,
        "policy_hash": rollout.policy_hash,
        "policy": settings_of(rollout.policy),
        "visible_until": show_instant(signals.visible_until),
        "log_until": show_instant(signals.log_until) if signals.log_until else None,
        "notes": list(signals.notes),
        "latency_bounds_ms": _bounds(kept),
        "intervals": [_interval(one) for one in kept],
        "intervals_left_out": len(new) - len(kept),
        "verdict": verdict.as_json(),
        "action": action.as_json(),
    }
    text = json.dumps(document, sort_keys=True)
    return {"id": hashlib.sha256(text.encode()).hexdigest()[:16], **document}


def history(records: Sequence[Mapping[str, Any]]) -> tuple[Interval, ...]:
    """Return the intervals that the records of one rollout tell, in order; later ones correct."""
    found: dict[dt.datetime, Interval] = {}
    for record in records:
        for document in record["intervals"]:
            one = _read(document, record["latency_bounds_ms"])
            found[one.start] = one
    return tuple(found[start] for start in sorted(found))


def recompute(records: Sequence[Mapping[str, Any]]) -> Verdict:
    """Judge again what the last of a rollout's records judged, from the records alone."""
    last = records[-1]
    return judge(history(records), parse_policy(last["policy"]), parse_instant(last["at"]))


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "start": show_instant(interval.start),
        "end": show_instant(interval.end),
        "step": interval.step,
        "percent": interval.percent,
        "canary": _arm(interval.canary),
        "stable": _arm(interval.stable)[:2],
    }


def _arm(arm: Arm) -> list[Any]:
    """Return [requests, errors, latency counts]; the counts end at the last that is not 0."""
    if arm.latency is None:
        return [arm.requests, arm.errors]
    counts = list(arm.latency.counts)
    while counts and not counts[-1]:
        counts.pop()
    return [arm.requests, arm.errors, counts]


def _bounds(intervals: Sequence[Interval]) -> list[float]:
    """Return the one layout of the latency buckets; empty where there are none."""
    found = (one.canary.latency for one in intervals if one.canary.latency)
    layout = next(found, None)
    return list(layout.bounds_ms) if layout else []


def _read(document: Mapping[str, Any], bounds: Sequence[float]) -> Interval:
    return Interval(
        parse_instant(document["start"]),
        parse_instant(document["end"]),
        document["step"],
        document["percent"],
        _read_arm(document["canary"], bounds),
        _read_arm(document["stable"], bounds),
    )


def _read_arm(told: Sequence[Any], bounds: Sequence[float]) -> Arm:
    requests, errors, *latency = told
    if not latency:
        return Arm(requests, errors)
    counts = tuple(latency[0]) + (0,) * (len(bounds) + 1 - len(latency[0]))
    return Arm(requests, errors, Histogram(tuple(bounds), counts))
