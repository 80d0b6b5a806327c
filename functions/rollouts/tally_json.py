"""A tally as a short text, for the variable of the workflow that it travels in between checks.

Restored bit for bit, so the next verdict is what it would have been. Opaque to the workflow, whose
own JSON might write numbers otherwise. Whatever is odd about a text, it is as good as lost: the
tally is rebuilt from the signals then.
"""

import base64
import datetime as dt
import functools
import json
import zlib
from collections.abc import Sequence
from typing import Any, Final

from rollouts.blind_spots import Hang, Outage, Unreached
from rollouts.comparison import Group
from rollouts.error_streams import Judged
from rollouts.flat import flat
from rollouts.intervals import BEFORE, Arm, Carried, Histogram, Interval
from rollouts.past import Past
from rollouts.policy import Policy
from rollouts.step_counts import Side, StepCounts
from rollouts.tally import Tally

SCHEMA: Final = 3
READABLE: Final = (2, SCHEMA)
TEXT_MAX: Final = 4096
"""Longer ones are not kept. The unpacked size is bounded too: the text comes from outside."""
UNPACKED_MAX: Final = 1 << 20
UNSEEN: Final = Arm(None, 0)
NOTHING_SEEN: Final = [[None, 0, 0]] * 2
"""Two such arms in JSON."""
SIDES: Final = ("canary", "stable", "canary_common", "stable_common")
UNREADABLE: Final = (
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, OSError, RecursionError,
    zlib.error,
)  # fmt: skip


def dump(tally: Tally, key: str) -> str | None:
    """Return the tally's text; None as long as the first interval of users' requests is not known.

    `key` names what it belongs to, such as rollout and policy: `load` asks for the same.
    """
    if tally.counts is None or tally.counts.step < BEFORE:
        return None  # The past is not put to use yet, and too long to travel.
    document = {
        "schema": SCHEMA,
        "key": key,
        "affinity": tally.affinity,
        "past": flat(tally.past),
        "errors": tally.errors.state(),
        "limit": tally.full_limit,
        "slow": tally.slow.state(),
        "phi": tally.phi.state(),
        "unreached": flat(tally.unreached),
        "hang": flat(tally.hang),
        "outage": flat(tally.outage),
        "counts": _counts(tally.counts),
        "unseen": [_judged(one) for one in tally.unseen],
        "recent": tally.recent,
        "bad": [tally.bad_intervals, tally.bad_most],
        "full_known": tally.full_known,
    }
    plain = json.dumps(document, separators=(",", ":"))
    text = base64.b64encode(_compressed(plain.encode())).decode()
    return text if len(text) <= TEXT_MAX else None


def load(text: object, key: str, policy: Policy) -> Tally | None:
    """Return the tally of `dump`; None for any text that is not one of `key`."""
    if not isinstance(text, str) or len(text) > TEXT_MAX:
        return None
    try:
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(_packed(text), UNPACKED_MAX)
        if not unpacker.eof or unpacker.unused_data:
            return None  # Cut off, longer than may be, or with something behind it.
        document = json.loads(unpacked)
        if document["schema"] not in READABLE or document["key"] != key:
            return None
        return _restored(document, policy)
    except UNREADABLE:
        return None


def _compressed(plain: bytes) -> bytes:
    """Compress a few KiB: the usual tables of 256 KiB would take longer to fill than the rest."""
    packer = zlib.compressobj(level=1, wbits=13, memLevel=5)
    return packer.compress(plain) + packer.flush()


def _packed(text: str) -> bytes:
    """Return what was compressed. Base85 would be shorter, and takes Python 30 times as long.

    Code before this one wrote that, and its rollouts may be under way.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return base64.b85decode(text)


def _restored(document: dict[str, Any], policy: Policy) -> Tally:
    tally = Tally(policy, affinity=document["affinity"])
    tally.past = Past(**document["past"])
    tally.errors.restore(document["errors"])
    tally.limit_full(document["limit"])
    tally.slow.restore(document["slow"])
    tally.phi.restore(document["phi"])
    tally.unreached = Unreached(**document["unreached"])
    tally.hang = Hang(**document["hang"])
    tally.outage = Outage(**document["outage"])
    tally.counts = _read_counts(document["counts"])
    tally.unseen = [_read_judged(one) for one in document["unseen"]]
    tally.recent = document["recent"]
    tally.bad_intervals, tally.bad_most = document["bad"]
    tally.full_known = document["full_known"]
    return tally


def _counts(counts: StepCounts) -> dict[str, Any]:
    sides = {name: flat(getattr(counts, name)) for name in SIDES}
    latencies = {
        "latency": _histogram(counts.latency),
        "stable_latency": _histogram(counts.stable_latency),
    }
    return flat(counts) | sides | latencies


def _read_counts(told: dict[str, Any]) -> StepCounts:
    sides = {name: Side(**told[name]) for name in SIDES}
    latencies = {name: _read_histogram(told[name]) for name in ("latency", "stable_latency")}
    return StepCounts(**(told | sides | latencies))


def _judged(judged: Judged) -> list[Any]:
    """Return an interval as a list; of most there is nothing but their time to tell."""
    one = judged.interval
    span = [one.start.timestamp(), one.end.timestamp(), one.step, one.percent]
    known = one.known_at.timestamp() if one.known_at else None
    arms = [_arm(one.canary), _arm(one.stable)]
    odd = one.carried or one.seen_at or one.latency_since or judged.groups or judged.common
    if arms == NOTHING_SEEN and not odd and judged.discount == 1.0:
        return [*span, known]
    return [
        *span,
        *arms,
        [[late.step, late.percent, late.canary, late.stable] for late in one.carried],
        known,
        one.seen_at.timestamp() if one.seen_at else None,
        [[step, group.share, group.canary, group.stable] for step, group in judged.groups],
        judged.discount,
        one.latency_since.timestamp() if one.latency_since else None,
        judged.common,
    ]


def _arm(arm: Arm) -> list[Any]:
    """Latency and requests in flight stand at the end: mostly there are none yet."""
    told: list[Any] = [arm.requests, arm.errors, arm.unreached]
    if arm.latency or arm.in_flight is not None:
        told += [_histogram(arm.latency), arm.in_flight]
    return told


def _read_arm(told: Sequence[Any]) -> Arm:
    if len(told) == 3:  # noqa: PLR2004
        requests, errors, unreached = told
        return Arm(requests, errors, None, unreached)
    requests, errors, unreached, latency, in_flight = [*told, None, None][:5]
    return Arm(requests, errors, _read_histogram(latency), unreached, in_flight)


def _histogram(latency: Histogram | None) -> Any:
    return latency.state() if latency else None


def _read_histogram(told: Sequence[Sequence[Any]] | None) -> Histogram | None:
    return Histogram.restored(told) if told else None


def _read_judged(told: Sequence[Any]) -> Judged:
    start, end, step, percent, *rest = told
    if len(rest) == 1:
        span, known = (_instant(start), _instant(end)), rest[0]
        known_at = _instant(known) if known is not None else None
        return Judged(Interval(*span, step, percent, UNSEEN, UNSEEN, (), known_at), (), 1.0)
    canary, stable, carried, known, seen, groups, discount, since, common = rest
    interval = Interval(
        _instant(start),
        _instant(end),
        step,
        percent,
        _read_arm(canary),
        _read_arm(stable),
        tuple(Carried(*late) for late in carried),
        _instant(known) if known is not None else None,
        _instant(seen) if seen is not None else None,
        _instant(since) if since is not None else None,
    )
    by_step = tuple((step, Group(*group)) for step, *group in groups)
    return Judged(interval, by_step, discount, common)


@functools.lru_cache(maxsize=1024)
def _instant(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
