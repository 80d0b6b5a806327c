"""One clear chat message for each event, with the numbers in it. Slack's and its kin's format."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rollouts.policy import Notification

_SIGNS: Final = {
    "rollout.started": "new canary",
    "rollout.verified": "smoke-tested",
    "traffic.shifted": "shifted",
    "rollout.promoted": "promoted",
    "rollout.rolled_back": "rolled back",
    "rollout.stopped": "stopped",
    "rollout.superseded": "superseded",
    "rollout.frozen": "held by a closed line",
    "approval.requested": "approval wanted",
    "approval.given": "approved",
    "approval.denied": "denied",
    "delivery.ignored": "a push began nothing",
    "traffic.stuck": "traffic did not arrive: look now",
    "verdict.page": "stable fails as well: look now",
    "verdict.alert": "fails at 100 %, and is left there: look now",
}


def wanted(notifications: Sequence[Notification], event: str) -> tuple[str, ...]:
    """Return the webhooks that are told of a kind of event, each once, in order."""
    told = [one.webhook for one in notifications if not one.events or event in one.events]
    return tuple(dict.fromkeys(told))


def message(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the webhook's JSON for an event's data. Markup characters in it stay text."""
    event = str(data["event"])
    where = f"*{_clean(data['service'])}/{_clean(data['target'])}*"
    head = f"{where}: {_SIGNS.get(event) or _clean(event)}"
    before, after = _clean(data.get("percent_before")), _clean(data.get("percent_after"))
    if event == "traffic.shifted":
        head += f" {before} % -> {after} %"
    if event.startswith("approval.") and data.get("percent_before"):
        head += f" at {before} %, after the deadline"
    if event == "rollout.rolled_back":
        head += f" from {before} %"
    lines = [head, f"{_clean(data['canary'])} beside {_clean(data['stable'])}"]
    if data.get("because"):
        lines.append(_clean(data["because"]))
    if data.get("by"):
        lines.append(f"by {_clean(data['by'])}")
    lines.append(f"rollout {_clean(data['rollout'])}")
    return {"text": "\n".join(lines)}


def _clean(value: object) -> str:
    """Escape what Slack takes for markup of its own.

    Source: https://api.slack.com/reference/surfaces/formatting#escaping
    """
    return str(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
