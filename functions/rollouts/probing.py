"""Probes before traffic: what a rollout's first verdict stands on where users are few.

They go out in pairs, one to the canary and one to stable, and a coin says which goes first: of a
bad probe whose partner was fine, each role is then equally likely, whatever the platform went
through meanwhile. That is what makes them one interval at 50 %.

To the platform a probe is a request like any other. Of the canary's, nothing is counted as a
user's: what came before the first shift is never the canary's evidence. Stable's stand in
stable's history, where they add at most `probes` requests, and their failures, to 30 minutes. Not
taken off: within which minute each of them fell, only the platform knows.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from rollouts.actions import RollBack
from rollouts.decisions import Decision, with_rollout
from rollouts.instants import parse_instant, show_instant
from rollouts.intervals import PROBED, Arm, Interval, Role
from rollouts.judging import judge
from rollouts.policy import Policy, Smoke
from rollouts.record import Probed, Rollout
from rollouts.requests import StepRequest
from rollouts.seen import Change, ServiceSeen
from rollouts.smoke import Tested
from rollouts.stopping import undisturbed
from rollouts.traffic import show_shares

PAIRS_A_ROUND: Final = 10
"""A handler answers within the workflow's timeout: more pairs take more calls."""
ROUND_MAX: Final = dt.timedelta(seconds=24)
"""No pair begins that might end later. The workflow waits 30 s."""
TIMEOUT_MAX: Final = dt.timedelta(seconds=10)
WITHOUT_RIGHT: Final = (401, 403)
"""What Cloud Run answers to a caller without the right to invoke. It is Barq's, not the image's."""
BAD_FROM: Final = 500
SECOND: Final = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """How far the probes are. Travels from call to call in the workflow's `state`."""

    at: dt.datetime
    smoke: str
    """The line of the smoke tests that passed: they are not run again."""
    pairs: int = 0
    """Sent. Sent and not counted are `left_out` of them."""
    canary_bad: int = 0
    stable_bad: int = 0
    left_out: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": show_instant(self.at)}


def sent_before(state: Mapping[str, Any]) -> Sent | None:
    """Read what a call before this one left; None if there is nothing that can be read."""
    try:
        left = state["probes"]
        counts = [left[name] for name in ("pairs", "canary_bad", "stable_bad", "left_out")]
        sent = Sent(parse_instant(left["at"]), str(left["smoke"]), *map(int, counts))
    except (KeyError, TypeError, ValueError):
        return None
    counted = sent.pairs - sent.left_out
    whole = sent.left_out >= 0 and max(sent.canary_bad, sent.stable_bad) <= counted
    return sent if whole and min(sent.canary_bad, sent.stable_bad) >= 0 else None


def hindered(seen: ServiceSeen, rollout: Rollout) -> str:
    """Say why a rollout that asks for probes gets none; empty if nothing is in the way.

    The service's own URL is stable's only as long as stable alone is served.
    """
    if rollout.placeholder:
        return "stable is the installer's placeholder"
    if not rollout.policy.verify.paths:
        return "no path is set to send them to"
    if seen.served_shares != {rollout.stable: 100}:
        return f"{rollout.stable} is not served 100 % ({show_shares(seen.served_shares)})"
    return ""


def order_of(rollout: str, pair: int) -> tuple[Role, Role]:
    """Say who of a pair is asked first: a coin, and the same one whenever it is looked at."""
    heads = hashlib.sha256(f"{rollout}/{pair}".encode()).digest()[0] % 2
    return ("canary", "stable") if heads else ("stable", "canary")


def path_of(smoke: Smoke, pair: int) -> str:
    """Return the path of a pair: both get the same one, and all come in turn."""
    return smoke.paths[pair % len(smoke.paths)]


def timeout_of(smoke: Smoke) -> dt.timedelta:
    """Return how long a probe waits for its answer."""
    return min(smoke.latency_max, TIMEOUT_MAX)


def counted(sent: Sent, canary: Tested, stable: Tested) -> Sent:
    """Add a pair. It counts whole or not at all: as many of one role as of the other."""
    if canary.status in WITHOUT_RIGHT or stable.status in WITHOUT_RIGHT:
        return replace(sent, pairs=sent.pairs + 1, left_out=sent.left_out + 1)
    return replace(
        sent,
        pairs=sent.pairs + 1,
        canary_bad=sent.canary_bad + _bad(canary),
        stable_bad=sent.stable_bad + _bad(stable),
    )


def _bad(tested: Tested) -> bool:
    return tested.status is None or tested.status >= BAD_FROM


def probed_of(sent: Sent, now: dt.datetime) -> Probed | None:
    """Return what stays on record; None if no pair counted."""
    requests = sent.pairs - sent.left_out
    if not requests:
        return None
    return Probed(requests, sent.canary_bad, sent.stable_bad, sent.at, now)


def interval_of(probed: Probed) -> Interval:
    """Return the probes as the first interval of a rollout's history. It is never without length.

    It lies in the time before the first shift, beside the minutes of stable's history there.
    """
    return Interval(
        start=min(probed.at, probed.ended_at - SECOND),
        end=probed.ended_at,
        step=PROBED,
        percent=50,
        canary=Arm(probed.requests, probed.canary_bad),
        stable=Arm(probed.requests, probed.stable_bad),
        known_at=probed.ended_at,
        seen_at=probed.ended_at,
    )


def show_probed(probed: Probed) -> str:
    """Say what was sent and what came of it, apart from users' requests.

    >>> at = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    >>> show_probed(Probed(20, 10, 0, at, at))
    'of 20 probes to each, the canary failed 10 and stable 0'
    """
    bad = f"the canary failed {probed.canary_bad} and stable {probed.stable_bad}"
    return f"of {probed.requests} probes to each, {bad}"


def line_of(sent: Sent, probed: Probed | None) -> str:
    """Describe smoke tests and probes in a line."""
    parts = [sent.smoke, f"{show_probed(probed)} (no users' requests)" if probed else ""]
    if sent.left_out:
        parts.append(
            f"{sent.left_out} of {sent.pairs} pairs of probes were answered 401 or 403 and are"
            " not counted: Barq may not invoke the service"
        )
    return "; ".join(filter(None, parts))


def speaks_against(probed: Probed, policy: Policy) -> bool:
    """Whether the probes alone take a canary back. With `dry_run` only an absolute limit does."""
    verdict = judge([interval_of(probed)], policy, probed.ended_at)
    return verdict.kind == "fail" and (verdict.cause == "limit" or not policy.analysis.dry_run)


def taken_back(probed: Probed) -> RollBack:
    """Answer what the probes spoke against. The words follow from the record alone."""
    return RollBack(f"before any user met the canary: {show_probed(probed)}")


def note_against(
    seen: ServiceSeen, request: StepRequest, probed: Probed, now: dt.datetime
) -> Decision:
    """Put the probes that take a canary back on record, and ask for the rollback."""
    rollout = undisturbed(seen, request.driver, now)
    if isinstance(rollout, Decision):
        return rollout
    after = replace(rollout, probed=probed)
    return Decision(taken_back(probed), Change(with_rollout(seen.record, after)))
