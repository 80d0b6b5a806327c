"""What Barq may be told to do, by builds, people and alerts: rule 5 of one write.

The numbers are those of docs/concepts/reliability.md.
"""

from tests.simulation.watching import Watch
from tests.simulation.writes import SKEW, Write


def builds(watch: Watch, write: Write) -> None:
    """Rule 5: a build starts once, none older than the newest accepted, no refused digest."""
    new, old, truth = write.after.rollout, write.before.rollout, watch.truth
    if new is None or (old is not None and old.id == new.id) or new.id in truth.drivers:
        return
    forced = bool(write.body.get("force"))
    refused = new.digest and write.before.record.refusal(new.digest)
    watch.ask("5", forced or not refused, f"{new.id} delivers a digest that was refused")
    build = new.build
    if build.id:
        truth.begun[write.target, build.id] += 1
        times = truth.begun[write.target, build.id]
        watch.ask("5", times == 1, f"build {build.id} began {times} rollouts")
    newest = truth.newest.get(write.target)
    if build.created:
        older = newest is not None and build.created < newest
        watch.ask("5", not older, f"build {build.id} is older than the newest accepted")
        truth.newest[write.target] = max(newest or build.created, build.created)


def approved(watch: Watch, write: Write) -> None:
    """Rule 5: an approval opens the rollout that it was meant for; none opens by itself."""
    old, new = write.before.rollout, write.after.rollout
    if new is None:
        return
    same = old is not None and old.id == new.id
    for was, given in (
        (old.approval if same and old else None, new.approval),
        (old.deadline_approval if same and old else None, new.deadline_approval),
    ):
        if given is not None and given.decision and (was is None or not was.decision):
            meant = watch.sim.approvals.get(given.reason, "")
            watch.ask("5", meant in ("", new.id), f"the approval of {meant} opened {new.id}")
            in_time = write.at < given.expires_at + SKEW
            watch.ask("5", in_time, f"an approval that had expired opened {new.id}")
    first = new.shifts and same and old and not old.shifts
    if first and new.policy.approval.by == "manual":
        yes = new.approval is not None and new.approval.decision == "approved"
        watch.ask("5", yes, f"{new.id} got traffic that nobody approved")


def alerts(watch: Watch, write: Write) -> None:
    """An alert moves traffic only if it is an incident of this target's, open, and no test."""
    new = write.after.rollout
    if write.by != "on_alert" or new is None or write.after.shares == write.before.shares:
        return
    for kind in ("test", "closed", "elsewhere", "other_revision", "old"):
        watch.ask("alert", f"alert {kind}" not in new.because, f"it acted on: {new.because}")
