"""The words of an event for people, with the numbers in them; a chat's message is made of them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from rollouts.console import execution_page

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
_SPACES: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
Clean = Callable[[object], str]


def outcome(data: Mapping[str, Any], clean: Clean) -> str:
    """Return what happened in a few words, each value of it made harmless by `clean`."""
    event = str(data["event"])
    said = _SIGNS.get(event) or clean(event)
    before, after = clean(data.get("percent_before")), clean(data.get("percent_after"))
    if event == "traffic.shifted":
        said += f" {before} % -> {after} %"
    if event.startswith("approval.") and data.get("percent_before"):
        said += f" at {before} %, after the deadline"
    if event == "rollout.rolled_back":
        said += f" from {before} %"
    return said


def particulars(data: Mapping[str, Any], clean: Clean) -> list[str]:
    """Return the lines below it."""
    lines = [f"{clean(data['canary'])} beside {clean(data['stable'])}"]
    if data.get("because"):
        lines.append(clean(data["because"]))
    if data.get("by"):
        lines.append(f"by {clean(data['by'])}")
    # What a build left out in an emergency stands in its source: nobody is spared it.
    source = f", from {clean(data['source'])}" if data.get("source") else ""
    return [*lines, f"rollout {clean(data['rollout'])}{source}"]


def message(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a webhook's JSON for an event's data. Markup characters in it stay text."""
    where = f"*{_escaped(data['service'])}/{_escaped(data['target'])}*"
    head = f"{where}: {outcome(data, _escaped)}"
    return {"text": "\n".join([head, *particulars(data, _escaped)])}


def slack_message(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return Slack's JSON: the same, with a link to the execution.

    No blocks: they say nothing more, and one of more than 3,000 characters is refused as a
    whole. Source: https://api.slack.com/reference/block-kit/blocks#section.
    """
    document = message(data)
    if link := execution_page(data.get("execution")):
        document["text"] += f"\n<{link}|the execution>"
    return document


def one_line(value: object) -> str:
    """Make of any text one line without control characters that every encoding of it can hold."""
    whole = str(value).encode("utf-8", "replace").decode()
    return _SPACES.sub(" ", whole).strip()


def _escaped(value: object) -> str:
    """Escape what Slack takes for links and mentions, on one line: no value adds a line of ours.

    Source: https://api.slack.com/reference/surfaces/formatting#escaping
    """
    return one_line(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
