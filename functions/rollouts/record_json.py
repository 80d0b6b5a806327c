"""The record as the JSON text of its annotation, and back. Not: when it is written."""

import datetime as dt
import functools
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, Literal, get_args, get_origin

from rollouts.delivery_file import parse_policy
from rollouts.delivery_schema import shared_settings_of
from rollouts.errors import BadRecord, BarqError
from rollouts.instants import parse_instant, show_instant
from rollouts.policy import Policy
from rollouts.record import (
    EMPTY,
    KEPT_MAX,
    SCHEMA,
    ApprovalGiven,
    Build,
    Probed,
    Record,
    RefusedDigest,
    Rollout,
    ShiftDone,
    Usual,
    Waiting,
)

_INSTANTS: Final = frozenset(
    {
        "at",
        "created",
        "asked_at",
        "expires_at",
        "claimed_at",
        "ended_at",
        "newest_build",
        "paged_at",
        "alerted_at",
        "frozen_at",
        "overdue_at",
        "stuck_at",
        "since",
    }
)
_PROSE: Final = frozenset(
    {"because", "verdict", "verified", "reason", "by", "ended_by", "frozen", "override_freeze"}
)
_PROSE_MAX: Final = 500
"""Longer words of people and platforms are cut, so that a record stays under 20 KiB."""


def show_record(record: Record) -> str:
    """Write a record as compact JSON, a few KiB at most (annotations together hold 256 KiB)."""
    document = {
        "schema": SCHEMA,
        "generation": record.generation,
        "spec": record.spec,
        "newest_build": _shown(record.newest_build),
        "acted_on": list(record.acted_on[-KEPT_MAX:]),
        "refused": [_document(one) for one in record.refused[-KEPT_MAX:]],
        "rollout": _rollout_document(record.rollout) if record.rollout else None,
        "promoted": _rollout_document(record.promoted) if record.promoted else None,
        "past": list(record.past[-KEPT_MAX:]),
        "waiting": _waiting_document(record.waiting) if record.waiting else None,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def parse_record(text: str | None) -> Record:
    """Read a record; None or empty is a service that Barq never touched.

    Raises BadRecord for a damaged one and for one that newer code wrote. Fields that this
    schema does not know are ignored within its own schema number.
    """
    return _parsed(text) if text else EMPTY


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> Record:
    """Read a record's text. Records do not change, and most looks find the same one again."""
    try:
        document = json.loads(text)
        schema = document["schema"]
        newer = _is(schema, int) and schema > SCHEMA
        record = EMPTY if newer else _record(document)
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, BarqError,
    ) as error:  # fmt: skip
        raise BadRecord(
            f"the rollout record cannot be read ({type(error).__name__}); nothing was changed",
            hint="look at the annotation rollout.barq.dev/record; remove it to begin afresh",
        ) from error
    if newer:
        raise BadRecord(
            f"the rollout record has schema {document['schema']}, this code reads up to"
            f" {SCHEMA}; nothing was changed",
            hint="deploy the newer functions again, or wait until every one is replaced",
        )
    return record


def _record(document: Mapping[str, Any]) -> Record:
    if not _is(document["schema"], int) or document["schema"] < 1:
        raise ValueError(document["schema"])
    rollout, promoted = document.get("rollout"), document.get("promoted")
    values = {
        **document,
        "rollout": _rollout(rollout) if rollout is not None else None,
        "promoted": _rollout(promoted) if promoted is not None else None,
        "refused": tuple(_build(RefusedDigest, one) for one in document.get("refused", ())),
        "acted_on": tuple(str(one) for one in document.get("acted_on", ())),
        "past": tuple(str(one) for one in document.get("past", ())),
        "waiting": _waiting(document.get("waiting")),
    }
    record: Record = _build(Record, values)
    return record


def _rollout(document: Mapping[str, Any]) -> Rollout:
    probed, usual = document.get("probed"), document.get("usual")
    values = {
        **document,
        "build": _build(Build, document.get("build") or {}),
        "policy": _policy(json.dumps(document["policy"])),
        "approval": _approval(document.get("approval")),
        "deadline_approval": _approval(document.get("deadline_approval")),
        "shifts": tuple(_build(ShiftDone, one) for one in document.get("shifts", ())),
        "probed": _build(Probed, probed) if probed is not None else None,
        "usual": _build(Usual, usual) if usual is not None else None,
    }
    built: Rollout = _build(Rollout, values)
    return built


def _waiting(document: Mapping[str, Any] | None) -> Waiting | None:
    if document is None:
        return None
    values = {**document, "build": _build(Build, document.get("build") or {})}
    built: Waiting = _build(Waiting, values)
    return built


def _waiting_document(waiting: Waiting) -> dict[str, Any]:
    return {**_document(waiting), "build": _document(waiting.build)}


@functools.lru_cache(maxsize=64)
def _policy(text: str) -> Policy:
    """Read a policy; a rollout keeps its own, whatever else of a record changes."""
    return parse_policy(json.loads(text))


def _approval(document: Mapping[str, Any] | None) -> ApprovalGiven | None:
    built: ApprovalGiven | None = None if document is None else _build(ApprovalGiven, document)
    return built


def _rollout_document(rollout: Rollout) -> dict[str, Any]:
    return {
        **_document(rollout),
        "build": _document(rollout.build),
        "policy": shared_settings_of(rollout.policy),
        "approval": _document(rollout.approval) if rollout.approval else None,
        "deadline_approval": (
            _document(rollout.deadline_approval) if rollout.deadline_approval else None
        ),
        "shifts": [_document(one) for one in rollout.shifts],
        "probed": _document(rollout.probed) if rollout.probed else None,
        "usual": _document(rollout.usual) if rollout.usual else None,
    }


def _build(kind: Any, document: Mapping[str, Any]) -> Any:
    """Build a value of its known fields. Raises ValueError for a field of another kind."""
    known = {one.name: one.type for one in fields(kind)}
    values = {
        key: _instant(value) if key in _INSTANTS else value
        for key, value in document.items()
        if key in known
    }
    for key, value in values.items():
        if not _is(value, known[key]):
            raise ValueError(key)
    return kind(**values)


def _is(value: Any, kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind in (int, float):
        return isinstance(value, int | kind) and not isinstance(value, bool)
    return isinstance(value, get_origin(kind) if get_origin(kind) is tuple else kind)


def _document(value: Any) -> dict[str, Any]:
    return {
        one.name: _shown(getattr(value, one.name), prose=one.name in _PROSE)
        for one in fields(value)
    }


def _shown(value: Any, *, prose: bool = False) -> Any:
    if isinstance(value, dt.datetime):
        return show_instant(value)
    return value[:_PROSE_MAX] if prose else value


def _instant(text: object) -> dt.datetime | None:
    return None if text in (None, "") else parse_instant(text)
