"""The rules of DESIGN.md, asked of every write of Barq's. Each is a function of one write."""

import datetime as dt
from typing import Any, Final

from rollouts.errors import NoTransition
from rollouts.overdue import limit_of
from rollouts.record import Rollout
from rollouts.transitions import made
from tests.simulation.watching import OVER, Watch, Write

SKEW: Final = dt.timedelta(seconds=125)
"""Clocks of functions may be so far apart here: one jumps back a minute, another forward."""
TROUBLED: Final = dt.timedelta(minutes=25)
"""How long a fault may hold up a driver: retries, and the next look."""
FINAL_TO: Final = {
    ("promoted", "rolled_back"), ("stopped", "rolled_back"), ("superseded", "rolled_back"),
}  # fmt: skip


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


def final(watch: Watch, write: Write) -> None:
    """Rules 2 and 3: a rollback is final, and what has ended stays so."""
    new, old, truth = write.after.rollout, write.before.rollout, watch.truth
    if new is None:
        return
    more = write.after.share(new.canary) > write.before.share(new.canary)
    if new.id in truth.rolled_back:
        watch.ask("2", not more, f"{new.id} got more after its rollback, by {write.by}")
        watch.ask("2", new.state != "promoted", f"{new.id} is promoted after its rollback")
    # An older object brings an earlier state back; what is noted there moves nothing.
    moved = old is None or (old.id, old.state, old.shifts) != (new.id, new.state, new.shifts)
    if new.id in truth.ended and moved:
        words = f"{new.id} is {new.state} after it was {truth.ended[new.id]}"
        watch.ask("3", new.state in OVER, words)
    if old is not None and old.id == new.id and old.state in OVER and old.state != new.state:
        way = (old.state, new.state)
        watch.ask("3", way in FINAL_TO, f"{new.id} was {old.state} and is {new.state}")


def one_driver(watch: Watch, write: Write) -> None:
    """Rule 3: one execution drives a rollout, beside one stable."""
    new, old, truth = write.after.rollout, write.before.rollout, watch.truth
    if new is None:
        return
    driver = truth.drivers.get(new.id, new.execution)
    watch.ask("3", driver == new.execution, f"{new.id} changed its driver")
    roles = truth.roles.get(new.id, (new.stable, new.canary))
    watch.ask("3", roles == (new.stable, new.canary), f"{new.id} changed its stable or canary")
    asked = write.body.get("execution", "")
    driving = write.by in ("deploy", "verify", "shift_traffic", "check_metrics", "rollback")
    same = old is not None and old.id == new.id
    stop = write.body.get("action", {}).get("kind") == "stop"
    other = stop or write.queues or new.state in ("superseded", "stopped") or write.body.get("by_hand")
    if driving and same and not other:
        words = f"{write.by} wrote {new.id} for {asked[-8:]}, it is driven by {new.execution[-8:]}"
        watch.ask("3", asked == new.execution, words)


def data(watch: Watch, write: Write) -> None:
    """Rule 4: no shift beyond the first and no promotion without data of the present step."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id != new.id or not old.shifts:
        return
    if not _onward(old, new) or _let_on(old):
        return
    policy, step = old.policy, old.shifts[-1].step
    # Totals come by the minute: that of the shift may count whole.
    since = watch.truth.shifted_at[old.id].replace(second=0, microsecond=0)
    served = watch.sim.users.served(write.key, old.canary, since)
    needed = policy.analysis.requests_needed(step)
    if served == 0 or served < needed:
        silent = policy.no_data == "pass" and "no_data: pass" in new.because
        words = f"{served} requests since {since:%H:%M:%S}, {needed} are needed: {new.because}"
        watch.ask("4", silent, words)
        return
    read = watch.sim.striking.read_metrics_at
    silent = policy.no_data == "pass" and "no_data: pass" in new.because
    watch.ask("4", silent or (read and read > since), "no metric was read in this step")


def _onward(old: Rollout, new: Rollout) -> bool:
    promoted = new.state == "promoted" != old.state
    return promoted or len(new.shifts) > len(old.shifts)


def _let_on(old: Rollout) -> bool:
    """Whether something else than data lets a rollout go on."""
    approval, analysis = old.deadline_approval, old.policy.analysis
    said = approval is not None and approval.decision == "approved"
    lenient = analysis.dry_run or analysis.watch_action == "alert"
    return bool(said and approval and approval.asked_at >= old.shifts[-1].at) or (
        old.placeholder or lenient
    )


def fresh(watch: Watch, write: Write) -> None:
    """Rule 6: the canary never gets more on a verdict that is older than the bound."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id != new.id or not old.shifts or not _onward(old, new):
        return
    decision = write.body.get("action", {}).get("decision") or {}
    made_at = watch.truth.decided.get(str(decision.get("id")))
    if made_at is None:
        watch.refute("9", f"{write.by} acts on no decision that is recorded")
        return
    bound = dt.timedelta(seconds=30) + old.policy.check_every * 2 + SKEW
    age = write.at - made_at
    watch.ask("6", age <= bound, f"a verdict of {age} ago gave the canary more")


def legal(watch: Watch, write: Write) -> None:
    """Rule 6: every write is a known transition of the very state that it replaced."""
    read = watch.truth.read.get((write.by, write.target))
    state = (write.before.text, write.before.traffic, write.before.template)
    watch.ask(
        "6", read is None or read == state, f"{write.by} wrote onto a state that it never read"
    )
    try:
        names = [one.name for one in made(write.before.record, write.after.record)]
    except NoTransition as error:
        watch.refute("6", f"{write.by}: {error}")
        return
    watch.transitions.update(names)
    watch.rollouts += sum(name in ("started", "adopted") for name in names)
    watch.outcomes.update(name for name in names if name in OVER)


def foreign(watch: Watch, write: Write) -> None:
    """Rule 6: what is not Barq's stays as it was a moment before, template and labels too."""
    old, new = write.before, write.after
    watch.ask("6", old.labels == new.labels, f"{write.by} wrote labels: {new.labels}")
    if old.template != new.template:
        watch.ask("6", write.by == "deploy", f"{write.by} changed the template")
        same = _but_image(old.template) == _but_image(new.template)
        watch.ask("6", same, f"{write.by} changed more of the template than the image")
    else:
        watch.ask("6", old.annotations == new.annotations, f"{write.by} changed annotations")


def _but_image(template: Any) -> Any:
    containers = [{**one, "image": ""} for one in template["spec"]["containers"]]
    annotations = dict(template.get("metadata", {}).get("annotations", {}))
    annotations.pop("client.knative.dev/user-image", None)
    return {**template["spec"], "containers": containers}, annotations


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
    further = _onward(old, new) or write.after.share(new.canary) > write.before.share(new.canary)
    watch.ask("7", not further, f"{write.by} went on with {new.id} after {who} wrote")


def takes_over(watch: Watch, write: Write) -> None:
    """Rule 3: a rollout under way gives way as its policy says, and the newer has its stable."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id == new.id or old.state in OVER or write.by != "deploy":
        return
    if not watch.gone(old.execution):
        way = watch.sim.scenario.targets[write.target]["second_push"]
        watch.ask("3", way == "supersede", f"{new.id} took the place of {old.id}: {way}")
    if write.before.shares == old.shares:
        words = f"{new.id} took {new.stable} as stable, where {old.stable} was"
        watch.ask("3", new.stable == old.stable, words)


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


def sweeper(watch: Watch, write: Write) -> None:
    """The sweeper takes back only what nobody drives, or what is long over its limits."""
    old, new = write.before.rollout, write.after.rollout
    if (
        write.by != "sweep"
        or old is None
        or new is None
        or old.state in OVER
        or new.state not in OVER
    ):
        return
    if not watch.gone(old.execution) and write.target not in watch.truth.touched:
        limit = limit_of(old)
        words = f"the sweeper ended {new.id}, which is driven and in time"
        watch.ask("sweep", write.at >= limit - SKEW, words)
        words = f"{new.id} is driven, nothing went wrong, and it was not ended in time"
        watch.ask("3", watch.sim.striking.struck_since(write.at - TROUBLED), words)


def alerts(watch: Watch, write: Write) -> None:
    """An alert moves traffic only if it is an incident of this target's, open, and no test."""
    new = write.after.rollout
    if write.by != "on_alert" or new is None or write.after.shares == write.before.shares:
        return
    for kind in ("test", "closed", "elsewhere", "other_revision", "old"):
        watch.ask("alert", f"alert {kind}" not in new.because, f"it acted on: {new.because}")


RULES: Final = (
    sums, explained, final, one_driver, data, fresh, legal, foreign, builds, approved, person,
    untouched, takes_over, line, digest, sweeper, alerts,
)  # fmt: skip
