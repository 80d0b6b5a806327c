"""Who drives a rollout, and what its end means: rules 2 and 3 of one write, and the sweeper's.

The numbers are those of docs/concepts/reliability.md.
"""

import datetime as dt
from typing import Final

from rollouts.overdue import limit_of
from tests.simulation.watching import Watch
from tests.simulation.writes import OVER, SKEW, Write

TROUBLED: Final = dt.timedelta(minutes=25)
"""How long a fault may hold up a driver: retries, and the next look."""
DRIVING: Final = ("deploy", "verify", "shift_traffic", "check_metrics", "rollback")
FINAL_TO: Final = {
    ("promoted", "rolled_back"), ("stopped", "rolled_back"), ("superseded", "rolled_back"),
}  # fmt: skip


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
    same = old is not None and old.id == new.id
    # A newcomer ends what it finds; a person's word comes by an execution of its own.
    ends = write.by == "deploy" and new.state in ("superseded", "stopped")
    by_hand = write.body.get("by_hand") or write.body.get("action", {}).get("kind") == "stop"
    if write.by in DRIVING and same and not (ends or by_hand or write.queues):
        words = f"{write.by} wrote {new.id} for {asked[-8:]}, it is driven by {new.execution[-8:]}"
        watch.ask("3", asked == new.execution, words)


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
