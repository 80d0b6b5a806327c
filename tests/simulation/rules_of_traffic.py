"""Who may be given requests, and on what: rules 1, 4, 7 and 8 of one write, and closed lines.

The numbers are those of docs/concepts/reliability.md.
"""

import datetime as dt
from typing import Final

from rollouts.record import Rollout
from tests.simulation.watching import Watch
from tests.simulation.writes import SKEW, Write, onward

NOTICED: Final = dt.timedelta(seconds=5)
"""A clock that is further off than this is a fault."""


def sums(watch: Watch, write: Write) -> None:
    """Rule 1: whatever Barq writes sums to 100 %, names its revisions, and they are Ready."""
    old, new = write.before.rollout, write.after.rollout
    begins = new is not None and (old is None or old.id != new.id)
    if write.after.traffic == write.before.traffic and not begins:
        return
    total = sum(one.percent or 0 for one in write.after.traffic)
    watch.ask("1", total == 100, f"{write.by} wrote {total} %")
    for one in write.after.traffic:
        watch.ask("1", one.revision, f"{write.by} wrote LATEST into the split")
        if one.percent and one.revision:
            state = watch.sim.cloud.run.revision(write.key, one.revision).state
            watch.ask("1", state == "ready", f"{one.revision} gets traffic and is {state}")


def explained(watch: Watch, write: Write) -> None:
    """Rule 1: the record says what is written, unless a person's traffic was left as it was."""
    rollout = write.after.rollout
    if rollout is None:
        watch.refute("6", f"{write.by} lost the record")
    elif write.after.traffic != write.before.traffic:
        found = write.after.shares
        watch.ask(
            "1", found == rollout.shares, f"written {found}, the record says {rollout.shares}"
        )


def data(watch: Watch, write: Write) -> None:
    """Rule 4: no shift beyond the first and no promotion without data of the present step."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id != new.id or not old.shifts:
        return
    if not onward(old, new) or _let_on(old):
        return
    policy, step = old.policy, old.shifts[-1].step
    # Totals come by the minute: that of the shift may count whole.
    shifted = watch.truth.shifted_at[old.id]
    since = shifted.replace(second=0, microsecond=0)
    served = watch.sim.users.served(write.key, old.canary, since)
    needed = policy.analysis.requests_needed(step)
    if shifted - old.shifts[-1].at > NOTICED:
        # A clock that is slow dates the shift before the tests, which totals count as users'.
        smoke = policy.verify
        needed -= policy.analysis.probes + smoke.attempts * len(smoke.paths)
    if served == 0 or served < needed:
        silent = policy.no_data == "pass" and "no_data: pass" in new.because
        words = f"{served} requests since {since:%H:%M:%S}, {needed} are needed: {new.because}"
        watch.ask("4", silent, words)
        return
    read = watch.sim.striking.read_metrics_at
    silent = policy.no_data == "pass" and "no_data: pass" in new.because
    watch.ask("4", silent or (read and read > since), "no metric was read in this step")


def _let_on(old: Rollout) -> bool:
    """Whether something else than data lets a rollout go on."""
    approval, analysis = old.deadline_approval, old.policy.analysis
    said = approval is not None and approval.decision == "approved"
    lenient = analysis.dry_run or analysis.watch_action == "alert"
    return bool(said and approval and approval.asked_at >= old.shifts[-1].at) or (
        old.placeholder or lenient
    )


def person(watch: Watch, write: Write) -> None:
    """Rule 7: what somebody else did to traffic is not overwritten, but at a person's word."""
    truth, new = watch.truth, write.after.rollout
    who = truth.disturbed.get(write.target)
    if who and write.after.shares != write.before.shares and not write.by_hand:
        watch.refute("7", f"{write.by} overwrote what {who} gave: {write.before.shares}")
    if new and write.after.shares == new.shares:
        truth.disturbed.pop(write.target, None)


def untouched(watch: Watch, write: Write) -> None:
    """Rule 7: who finds traffic, tags, template or record changed by somebody else goes no further."""
    old, new = write.before.rollout, write.after.rollout
    who = watch.truth.touched.get(write.target)
    if not who or old is None or new is None or old.id != new.id:
        return
    further = onward(old, new) or write.after.share(new.canary) > write.before.share(new.canary)
    watch.ask("7", not further, f"{write.by} went on with {new.id} after {who} wrote")


def line(watch: Watch, write: Write) -> None:
    """A closed line gives no canary a new share, but at a person's word."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id != new.id or len(new.shifts) <= len(old.shifts):
        return
    open_ = new.override_freeze or not watch.sim.closed(write.target, SKEW)
    watch.ask("freeze", open_, f"{new.id} got {new.percent} % on a closed line")


def digest(watch: Watch, write: Write) -> None:
    """Rule 8: what gets traffic as canary is what was announced, or a child of it."""
    new = write.after.rollout
    if new is None or new.adopted or not new.digest:
        return
    if write.after.share(new.canary) <= write.before.share(new.canary):
        return
    revision = watch.sim.cloud.run.revision(write.key, new.canary)
    image = revision.images[revision.ingress_container.name].digest
    says = watch.sim.faults.resolves_to.get(image, image)
    announced = watch.sim.cloud.images.resolve(f"{new.repository}@{new.digest}").digest
    watch.ask("8", says in (new.digest, announced), f"{new.canary} serves {says}, not {new.digest}")
