"""The record as the JSON text of its annotation, and back. Not: when it is written."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from rollouts.delivery_file import parse_policy
from rollouts.delivery_schema import settings_of
from rollouts.errors import BadRecord, BarqError
from rollouts.instants import parse_instant, show_instant
from rollouts.record import (
    EMPTY,
    KEPT_MAX,
    SCHEMA,
    ApprovalGiven,
    Build,
    Record,
    RefusedDigest,
    Rollout,
    ShiftDone,
    State,
)

_INSTANTS: Final = frozenset(
    {"at", "created", "asked_at", "expires_at", "claimed_at", "ended_at", "newest_build"}
)


def show_record(record: Record) -> str:
    """Write a record as compact JSON, a few KiB at most (annotations together hold 256 KiB)."""
    document = {
        "schema": SCHEMA,
        "generation": record.generation,
        "newest_build": _shown(record.newest_build),
        "acted_on": list(record.acted_on[-KEPT_MAX:]),
        "refused": [_document(one) for one in record.refused[-KEPT_MAX:]],
        "rollout": _rollout_document(record.rollout) if record.rollout else None,
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def parse_record(text: str | None) -> Record:
    """Read a record; None or empty is a service that Barq never touched.

    Raises BadRecord for a damaged one and for one that newer code wrote. Fields that this
    schema does not know are ignored within its own schema number.
    """
    if not text:
        return EMPTY
    try:
        document = json.loads(text)
        newer = document["schema"] > SCHEMA
        record = EMPTY if newer else _record(document)
    except (ValueError, KeyError, TypeError, AttributeError, BarqError) as error:
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
    rollout = document.get("rollout")
    return Record(
        rollout=_rollout(rollout) if rollout else None,
        generation=int(document.get("generation", 0)),
        refused=tuple(_build(RefusedDigest, one) for one in document.get("refused", ())),
        newest_build=_instant(document.get("newest_build")),
        acted_on=tuple(str(one) for one in document.get("acted_on", ())),
    )


def _rollout(document: Mapping[str, Any]) -> Rollout:
    if document["state"] not in get_args(State):
        raise ValueError(document["state"])
    approval = document.get("approval")
    values = {
        **document,
        "build": _build(Build, document.get("build") or {}),
        "policy": parse_policy(document["policy"]),
        "approval": _build(ApprovalGiven, approval) if approval else None,
        "shifts": tuple(_build(ShiftDone, one) for one in document.get("shifts", ())),
    }
    built: Rollout = _build(Rollout, values)
    return built


def _rollout_document(rollout: Rollout) -> dict[str, Any]:
    return {
        **_document(rollout),
        "build": _document(rollout.build),
        "policy": settings_of(rollout.policy),
        "approval": _document(rollout.approval) if rollout.approval else None,
        "shifts": [_document(one) for one in rollout.shifts],
    }


def _build(kind: Any, document: Mapping[str, Any]) -> Any:
    known = {one.name for one in fields(kind)}
    values = {
        key: _instant(value) if key in _INSTANTS else value
        for key, value in document.items()
        if key in known
    }
    return kind(**values)


def _document(value: Any) -> dict[str, Any]:
    return {one.name: _shown(getattr(value, one.name)) for one in fields(value)}


def _shown(value: Any) -> Any:
    return show_instant(value) if isinstance(value, dt.datetime) else value


def _instant(text: object) -> dt.datetime | None:
    return None if text in (None, "") else parse_instant(text)
