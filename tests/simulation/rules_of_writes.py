"""How Barq writes: rule 6 of one write.

The numbers are those of docs/concepts/reliability.md.
"""

import datetime as dt
from typing import Any

from rollouts.errors import NoTransition
from rollouts.transitions import made
from tests.simulation.watching import Watch
from tests.simulation.writes import OVER, SKEW, Write, onward


def fresh(watch: Watch, write: Write) -> None:
    """Rule 6: the canary never gets more on a verdict that is older than the bound."""
    old, new = write.before.rollout, write.after.rollout
    if old is None or new is None or old.id != new.id or not old.shifts or not onward(old, new):
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
