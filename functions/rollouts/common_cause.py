"""Whether the canary that serves beside the last promotion fails as it does.

The last promotion is blamed by what stable was like before it: in a common outage that looks the
same as a fault of its own. A next canary tells the two apart, for as long as both serve. What both
images have brought along looks common too: then a person is called, by the next one's verdict.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rollouts.blame import Blame
from rollouts.intervals import BadRequest
from rollouts.record import Record, Rollout
from rollouts.suspicion import has_all, stretches

EXPECTED_MIN: Final = 3.0
"""Bad requests that the next canary would have had in an outage, before their lack tells."""


def beside(record: Record, blamed: Rollout) -> Rollout | None:
    """Return the rollout whose canary serves beside the blamed one; None without one."""
    present = record.rollout
    if present is None or present is blamed or present.ended or not present.shifts:
        return None
    split = not has_all(present.shifts[-1].percent)
    return present if split and present.stable == blamed.canary else None


def weighed_beside(
    blame: Blame, present: Rollout, bad: Sequence[BadRequest], since: dt.datetime, now: dt.datetime
) -> Blame:
    """Acquit a promotion where the next canary has at least half of its share of the failures.

    `bad` are the bad requests of the present rollout's roles that began in [since, now). While too
    few are known, nobody is to blame yet.
    """
    expected, own, both = 0.0, 0, 0
    for one in stretches(present, bad, since, now):
        of_both = one.canary + one.stable
        expected += one.percent / 100 * of_both
        own, both = own + one.canary, both + of_both
    counts = f"{own} of {both} bad requests since its first shift or in 5 minutes"
    if own and own >= expected / 2:
        why = f"{present.canary}, which serves beside it, fails alike ({counts})"
    elif expected < EXPECTED_MIN:
        why = f"too little is known of {present.canary} beside it ({counts})"
    else:
        return blame
    return replace(blame, guilty=False, because=f"{blame.because}; {why}", thin=True)
