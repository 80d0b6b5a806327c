"""Why a decision was made: the sum that led to it, computed again from the decision records."""

import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rollouts.decision_record import CODE_VERSION, chain, history, policy_of, recompute
from rollouts.delivery_schema import policy_hash
from rollouts.durations import show_duration
from rollouts.error_streams import FLOOR
from rollouts.errors import BadRecord, Missing
from rollouts.instants import show_instant
from rollouts.tracing import Row, Trace, effects, rows, surest_ratio, trace
from rollouts.verdict import Verdict
from rollouts.weighing import WEIGHT_ERRORS, WEIGHT_FULL, WEIGHT_LATENCY, guarded

HEAD: Final = (
    "from (UTC)", "for", "share", "canary bad", "stable bad", "worth", "factor", "evidence",
)  # fmt: skip
FLOOR_ENOUGH: Final = round(math.exp(FLOOR))
"""`FLOOR` as people read it."""
SHOWN: Final = 0.005
"""A smaller part of the evidence is left out."""
UNREADABLE: Final = (KeyError, IndexError, TypeError, ValueError, AssertionError)


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision, explained for people and for programs."""

    text: str
    document: dict[str, Any]


def explain(records: Sequence[Mapping[str, Any]], decision: str = "") -> Explained:
    """Explain the decision of that id; by default the newest of the rollout's records.

    Raises Missing if a record on the way is not there, and BadRecord if one cannot be read.
    """
    try:
        told = chain(records, decision)
        last = told[-1]
        again = recompute(told)
        traced = trace(history(told), policy_of(last), affinity=last["affinity"])
        return _explained(last, again, traced)
    except UNREADABLE as error:
        raise BadRecord(
            "the decision cannot be explained: its records are not of a kind that this code reads",
            hint="explain it with the code that wrote it: the record names its version",
        ) from error
    except LookupError as error:  # Of `chain`: a lookup that failed in a record is UNREADABLE.
        raise Missing(
            f"the decision cannot be explained: {error.args[0]}",
            hint="the log keeps its lines for a time only, and an exclusion filter may drop them",
        ) from error


def _explained(last: Mapping[str, Any], again: Verdict, traced: Trace) -> Explained:
    differs = _differences(last, again)
    by_errors = again.kind == "fail" and again.cause == "errors"
    ratio = surest_ratio(traced) if by_errors else None
    table = rows(traced)
    parts = [
        _head(last, again),
        _table(table),
        _mix(traced),
        _sum(again, traced),
        _ratio(ratio, traced),
        _recomputed(differs),
    ]
    facts = ("rollout", "service", "target", "policy_hash", "code_version", "action", "notes")
    document = {
        "decision": last["id"],
        "decided_at": last["at"],
        **{name: last[name] for name in facts},
        "verdict": last["verdict"],
        "recomputed": {"same": not differs, "differs": differs},
        "ratio_at_least": ratio,
        "intervals": [_as_json(row) for row in table],
    }
    return Explained("\n\n".join(part for part in parts if part) + "\n", document)


def _as_json(row: Row) -> dict[str, Any]:
    told = asdict(row) | {"start": show_instant(row.start), "end": show_instant(row.end)}
    return told | {"canary": None if row.canary is None else round(row.canary, 3)}


def _differences(last: Mapping[str, Any], again: Verdict) -> list[str]:
    """Say what a verdict computed now has that the recorded one has not."""
    found = []
    now, then = json.loads(json.dumps(again.as_json())), last["verdict"]
    if now != then:
        named = [name for name in sorted({*now, *then}) if now.get(name) != then.get(name)]
        found.append(f"{', '.join(named)}: now {again.kind}, {again.because}")
        if last["code_version"] != CODE_VERSION:
            version = last["code_version"]
            found.append(f"written by code version {version}, this is {CODE_VERSION}")
    own = policy_hash(policy_of(last))
    if own != last["policy_hash"]:
        found.append(f"the recorded policy has the hash {own}, not {last['policy_hash']}")
    return found


def _recomputed(differs: Sequence[str]) -> str:
    if not differs:
        return "recomputed: the same verdict"
    return "recomputed: it differs\n" + "\n".join(f"  {one}" for one in differs)


def _head(last: Mapping[str, Any], again: Verdict) -> str:
    verdict = last["verdict"]
    lines = [
        f"rollout {last['rollout']} of {last['service']}/{last['target']}",
        f"decision {last['id']} at {last['at']}: {verdict['kind']}, then {last['action']['kind']}",
        f"  {verdict['because']}",
        *(f"  note: {note}" for note in last["notes"]),
    ]
    numbers = again.numbers
    for role, bounds in (("canary", numbers.canary_ratio), ("stable", numbers.stable_ratio)):
        if bounds:
            low, high = (round(100 * one, 6) for one in bounds)
            lines.append(f"  {role}'s error ratio in this step: {low:.3g} to {high:.3g} %")
    return "\n".join(lines)


def _table(table: Sequence[Row]) -> str:
    if not table:
        return "no interval of the rollout was known"
    cells = [HEAD, *map(_cells, table)]
    wide = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    lines = [
        "  ".join(f"{cell:>{width}}" for cell, width in zip(line, wide, strict=False)) + note
        for line, note in zip(cells, ("", *map(_note, table)), strict=True)
    ]
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    canary = "?" if row.canary is None else f"{'~' * row.estimated}{row.canary:,.0f}"
    stable = "?" if row.stable is None else f"{row.stable:,}"
    return (
        f"{row.start.astimezone(dt.UTC):%m-%d %H:%M:%S}",
        show_duration(row.end - row.start),
        f"{row.percent} %",
        f"{row.canary_bad:,} of {canary}",
        f"{row.stable_bad:,} of {stable}",
        f"{row.discount:.2f}",
        _number(row.factor),
        _number(row.evidence),
    )


def _note(row: Row) -> str:
    if row.earlier:
        return f"  {row.earlier} of the bad began at another share"
    return f"  {row.intervals} intervals" if row.intervals > 1 else ""


def _mix(traced: Trace) -> str:
    """Say how many times worse the canary is, by the evidence."""
    if traced.tally.affinity or not any(taken.judged.groups for taken in traced.taken):
        return ""
    margin = 1.0 + traced.tally.policy.analysis.error_increase_tolerated
    found = effects(traced.streams)
    shown = [
        f"{_number(margin * effect)} times {part:.0%}" for effect, part in found if part >= SHOWN
    ]
    later = 1.0 - sum(part for _, part in found)
    if later >= SHOWN:
        shown.append(f"worse only later {later:.0%}")
    said = "where the evidence lies, by how many times stable's error odds the canary's are:"
    return f"{said}\n  {', '.join(shown)}"


def _sum(again: Verdict, traced: Trace) -> str:
    if traced.tally.affinity:
        return "clients stick to a revision: nothing was compared, only limits act"
    found = again.evidence
    edges = " and ".join(f"{one.edge.ms:.0f} ms" for one in traced.tally.slow.streams)
    past = traced.tally.past
    before = f"against stable before: {past.errors:,} of {past.requests:,}"
    slow = f"slower than {edges}" if edges else "not compared"
    parts = (
        ("errors", WEIGHT_ERRORS, found.errors, _held_down(again, traced)),
        ("latency", WEIGHT_LATENCY, found.latency, slow),
        ("at 100 %", WEIGHT_FULL, found.full, before),
    )
    lines = [
        f"{name:9}{weight:.1f} x {_number(value):>9}  {note}" for name, weight, value, note in parts
    ]
    total = f"{_number(found.total):>9}  {_number(found.threshold)} rolls back"
    return "\n".join([*lines, f"{'evidence':9}      {total}"])


def _held_down(again: Verdict, traced: Trace) -> str:
    """Say what the floor is, and what keeps the errors from counting for more than 1."""
    streams = traced.streams
    floor = f"floor {_number(again.evidence.floor)}, {FLOOR_ENOUGH} is enough"
    if streams.log_floor < FLOOR:
        return f"{floor}: too rare to act on"
    return f"{floor}; too few intervals with errors" if guarded(traced.tally) else floor


def _ratio(ratio: float | None, traced: Trace) -> str:
    if ratio is None:
        return ""
    sure = 100 * (1.0 - traced.tally.policy.analysis.alpha)
    return (
        f"the canary's error odds are at least {_down(ratio)} times stable's"
        f" ({sure:g} % sure, however often it was looked at)"
    )


def _down(ratio: float) -> str:
    """Show two digits, never more than there are."""
    digits = 1 if ratio < 10 else 0  # noqa: PLR2004
    scale = 10.0**digits
    return f"{int(ratio * scale) / scale:,.{digits}f}"


def _number(value: float) -> str:
    if value >= 100:  # noqa: PLR2004
        return f"{value:,.0f}" if value < 1e9 else f"{value:.1e}"  # noqa: PLR2004
    return f"{value:.3g}"
