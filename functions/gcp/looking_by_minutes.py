"""One look at a rollout's signals by whole sample periods, without a state.

To be removed with `rollouts/by_minutes.py` once check_metrics and status ask `gcp/looking.py`.
"""

import datetime as dt
from typing import Final

from gcp.looking import roles
from gcp.ports import Totals, World
from rollouts.by_minutes import assemble
from rollouts.errors import BarqError
from rollouts.intervals import BadRequest, Interval, Signals
from rollouts.policy import ServiceRef
from rollouts.record import Rollout

BEFORE: Final = dt.timedelta(minutes=30)
"""How much of stable's own past is read: it tells whether the service has traffic at all."""
OVERLAP: Final = dt.timedelta(seconds=60)
"""How far the log is read back behind the totals: requests end later than they begin.

In the first step it is read from the first shift on: that shift's own period never gets totals.
"""


def look(
    world: World, ref: ServiceRef, rollout: Rollout, now: dt.datetime
) -> tuple[Signals, tuple[Interval, ...]]:
    """Read both signals and cut them into intervals. Needs a first shift."""
    began = rollout.shifts[0].at
    notes: list[str] = []
    asked_since = began - BEFORE
    totals = Totals((), asked_since, dt.timedelta(seconds=60))
    try:
        totals = world.metrics.totals(ref, roles(rollout), asked_since, now)
    except BarqError as error:
        notes.append(f"Cloud Monitoring could not be read: {error.message}")
    bad: tuple[BadRequest, ...] = ()
    until = None
    try:
        since = began if len(rollout.shifts) == 1 else max(began, totals.visible_until - OVERLAP)
        found = world.request_log.bad_requests(ref, roles(rollout), since, now)
        bad, until = tuple(one for one in found.bad if one.reached), found.until
        if found.capped:
            notes.append("the request log holds more bad requests than one read returns")
        if found.unsearched:
            notes.append("the request log was not searched to the end: it may hold more")
    except BarqError as error:
        notes.append(f"the request log could not be read: {error.message}")
    signals = Signals(
        totals.points, asked_since, totals.visible_until, totals.period, bad, until, tuple(notes)
    )
    return signals, assemble(signals, rollout.shifts, now)
