"""What speaks against a canary: worse than stable, beyond a limit, or bad as stable is.

Asked at once, whatever the window. Not: what is missing for a pass (`holding`).
"""

import datetime as dt

from rollouts.durations import show_duration
from rollouts.finding import Finding
from rollouts.limits import broken
from rollouts.showing import show, show_evidence
from rollouts.verdict import Cause, Verdict
from rollouts.weighing import strongest


def failed(found: Finding) -> Verdict | None:
    """Return the fail, or the page of what both roles suffer; None if nothing speaks against."""
    analysis = found.tally.policy.analysis
    if analysis.dry_run:  # Only limits act then: they are asked first.
        return _beyond_limits(found) or _compared(found) or _shared(found)
    worse = _compared(found)
    if worse and analysis.only_tells(worse.cause, found.numbers.percent):
        return _beyond_limits(found) or worse  # What a person alone is told hides no limit.
    return worse or _beyond_limits(found) or _shared(found)


def _compared(found: Finding) -> Verdict | None:
    seen = show(found.numbers)
    if found.evidence.total >= found.evidence.threshold:
        cause = strongest(found.evidence)
        sure = show_evidence(found.evidence)
        return found.says("fail", f"{seen}; {_worse_in(cause, found)} ({sure})", cause=cause)
    hang = "" if found.tally.affinity else found.tally.hang.fails
    return found.says("fail", f"{seen}; {hang}", cause="hang") if hang else None


def _worse_in(cause: Cause, found: Finding) -> str:
    slow = (f"{stream.edge.ms:.0f} ms" for stream in found.tally.slow.streams)
    edges = " and ".join(dict.fromkeys(slow))
    said: dict[Cause, str] = {
        "errors": "the canary fails more often than stable",
        "latency": f"more of its requests than of stable's take longer than {edges}",
        "full": "the canary fails more often than stable did before the rollout",
    }
    return said[cause]


def _beyond_limits(found: Finding) -> Verdict | None:
    limit = broken(found.tally, found.counts, found.numbers)
    if limit is None:
        return None
    if limit.stable_too:
        # The precaution says nothing of the image: `_shared` says it, and is asked next.
        precaution = _precaution(found) and not found.tally.affinity
        both = f"{limit.because}, and stable breaks it too"
        return None if precaution else _both_bad(found, both, doubt="limit")
    return found.says("fail", limit.because, cause="limit")


def _shared(found: Finding) -> Verdict | None:
    """Both roles are bad: wait and call a person, then go back as a precaution."""
    outage = found.tally.outage
    if outage.since is None or outage.spares_canary or found.tally.affinity:
        return None
    seen = show(found.numbers)
    if not outage.takes_part:
        because = f"{seen}; stable itself is bad"
        return found.says("inconclusive", because, settled=False, page=because, cause="shared")
    if not _precaution(found):
        return _both_bad(found, f"{seen}; stable is equally bad")
    lasted = show_duration(dt.timedelta(seconds=int(outage.seconds)))
    because = f"{seen}; both are bad for {lasted}, and were not before the rollout"
    return found.says("fail", f"{because}: a precaution", cause="shared")


def _both_bad(found: Finding, because: str, doubt: Cause = "shared") -> Verdict:
    if found.tally.policy.analysis.stable_also_bad == "roll_back":
        return found.says("fail", because, cause="shared")
    return found.says("inconclusive", because, settled=False, page=because, cause=doubt)


def _precaution(found: Finding) -> bool:
    outage, past = found.tally.outage, found.tally.past
    longest = found.tally.policy.analysis.common_outage_max.total_seconds()
    lasting = outage.since is not None and outage.seconds >= longest
    return lasting and past.exists and not past.was_bad and outage.takes_part
