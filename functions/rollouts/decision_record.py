"""What a look at a rollout leaves behind, so that every decision can be computed again."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from rollouts.actions import Action
from rollouts.instants import show_instant
from rollouts.intervals import Arm, Interval, Signals
from rollouts.judging import Verdict
from rollouts.record import Rollout

SCHEMA: Final = 1
CODE_VERSION: Final = "0.1.0"
INTERVALS_MAX: Final = 240
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
) -> dict[str, Any]:
    """Return the record of one decision. `before` is the id of the one before it, or empty."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "code_version": CODE_VERSION,
        "rollout": rollout.id,
        "service": rollout.service,
        "target": rollout.target,
        "at": show_instant(now),
        "before": before,
        "policy_hash": rollout.policy_hash,
        "visible_until": show_instant(signals.visible_until),
        "log_until": show_instant(signals.log_until) if signals.log_until else None,
        "notes": list(signals.notes),
        "intervals": [_interval(one) for one in intervals[-INTERVALS_MAX:]],
        "intervals_left_out": max(0, len(intervals) - INTERVALS_MAX),
        "verdict": verdict.as_json(),
        "action": action.as_json(),
    }
    text = json.dumps(document, sort_keys=True)
    return {"id": hashlib.sha256(text.encode()).hexdigest()[:16], **document}


def _interval(interval: Interval) -> dict[str, Any]:
    return {
        "start": show_instant(interval.start),
        "end": show_instant(interval.end),
        "step": interval.step,
        "percent": interval.percent,
        "canary": _arm(interval.canary),
        "stable": _arm(interval.stable),
    }


def _arm(arm: Arm) -> list[int | None]:
    return [arm.requests, arm.errors]
