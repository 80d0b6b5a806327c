"""What PagerDuty is told of an event, if anything: the table, and the words.

All of a rollout is one alert, so that it pages once, however often a person must look. Events
come again, and a subscription of a channel hands them over in the order of the rollout; this
table keeps right what that order cannot: a word that is told anew, much later, closes nothing.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

from rollouts.console import execution_page
from rollouts.messages import one_line, outcome

Severity = Literal["critical", "error", "warning"]
Act = Literal["trigger", "acknowledge", "resolve"]

TRIGGERS: Final[Mapping[str, Severity]] = {
    "traffic.stuck": "critical",
    "verdict.page": "critical",
    "verdict.alert": "critical",
    "rollout.rolled_back": "error",
    "rollout.stopped": "warning",
    "approval.requested": "warning",
}
"""What a person must look at. Users are hit, or may be, by what is critical."""
BY_PEOPLE: Final = frozenset({"rollout.rolled_back", "rollout.stopped"})
"""What nobody is paged for who did it by hand: it tells that somebody looks."""
ANSWERS: Final = frozenset({"approval.given", "approval.denied"})
WELL_ENDED: Final = frozenset({"rollout.promoted", "rollout.superseded"})
"""After these nothing of the rollout is left to look at."""
_NOBODY: Final = ("", "barq", "alert")
SUMMARY_MAX: Final = 1024
"""Source: https://developer.pagerduty.com/docs/send-alert-event."""
_TOLD: Final = (
    "because", "verdict", "by", "percent_before", "percent_after", "stable", "canary", "digest",
    "build", "source", "rollout", "execution", "policy_hash",
)  # fmt: skip


def act_of(data: Mapping[str, Any]) -> Act | None:
    """Return what an event does to the alert of its rollout; None: nothing."""
    event = str(data["event"])
    if event in WELL_ENDED:
        return "resolve"
    if event in ANSWERS or (event in BY_PEOPLE and data.get("by", "") not in _NOBODY):
        return "acknowledge"
    return "trigger" if event in TRIGGERS else None


def pages(data: Mapping[str, Any], named: Collection[str]) -> bool:
    """Whether a trigger is wanted. `named`: the events asked for by name, none means all.

    Unless it is named, a question before the first request pages nobody: no user meets the
    canary yet.
    """
    if named:
        return data["event"] in named
    return data["event"] != "approval.requested" or bool(data.get("percent_before"))


def key_of(data: Mapping[str, Any]) -> str:
    """Return what makes two events one alert.

    What is amiss after a promotion is an alert of its own. The promotion's word may come again
    after it, from a call that is repeated, and must not resolve it.
    """
    place = (one_line(data[name])[:80] for name in ("service", "target", "rollout"))
    late = act_of(data) == "trigger" and data.get("state") == "promoted"
    return "/".join((*place, "watch") if late else place)


def page(event: Mapping[str, Any], *, wanted: bool = True) -> dict[str, Any] | None:
    """Return the event for PagerDuty's Events API v2, without its key; None: it is told nothing.

    `wanted` is asked of a trigger alone. What ends an alert is told in any case: PagerDuty
    ignores it where none is open. Source: https://developer.pagerduty.com/docs/send-alert-event.
    """
    data = event["data"]
    act = act_of(data)
    if act is None or (act == "trigger" and not wanted):
        return None
    document: dict[str, Any] = {"event_action": act, "dedup_key": key_of(data)}
    if act != "trigger":
        return document
    document |= {"client": "Barq", "payload": _payload(event)}
    if link := execution_page(data.get("execution")):
        document |= {"client_url": link, "links": [{"href": link, "text": "the execution"}]}
    return document


def _payload(event: Mapping[str, Any]) -> dict[str, Any]:
    data = event["data"]
    kind, where = str(data["event"]), f"{one_line(data['service'])}/{one_line(data['target'])}"
    summary = f"{where}: {outcome(data, one_line)}. {one_line(data.get('because', ''))}"
    payload = {
        "summary": summary.strip()[:SUMMARY_MAX],
        "source": where,
        "severity": TRIGGERS[kind],
        "component": one_line(data["canary"]),
        "group": one_line(data["target"]),
        "class": kind,
        "custom_details": {name: data[name] for name in _TOLD if data.get(name) not in (None, "")},
    }
    if event.get("time"):
        payload["timestamp"] = str(event["time"])
    return payload
