"""The notifications of a service in delivery.yaml: who is told what. Not: the words of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rollouts import settings
from rollouts.paging import TRIGGERS
from rollouts.policy import CHANNELS, Channel, Notification
from rollouts.setting_reader import mapping, shown, values_of

_OF_EMAIL: Final = ("to", "from")
_MAIL: Final = "{email: team, to: [team@example.com], from: barq@example.com}"


def parse_notifications(
    listed: Any, where: str, targets: Sequence[str], problems: list[str]
) -> tuple[Notification, ...]:
    """Read the list of a service with these targets. A row with a problem is left out."""
    if not isinstance(listed, list):
        problems.append(f"{where} is {shown(listed)}: must be a list, such as - slack: team.")
        return ()
    rows = []
    senders: dict[Channel, tuple[str, str]] = {}
    for index, item in enumerate(listed):
        inside = f"{where}[{index}]"
        row = _row(item, inside, targets, problems)
        if row is None:
            continue
        rows.append(row)
        first, sender = senders.setdefault(row.channel, (inside, row.sender))
        if sender != row.sender:
            problems.append(
                f"{inside}.from is {row.sender!r}: must be the same in all rows of"
                f" {row.channel}, such as {sender!r} of {first}."
            )
    return tuple(rows)


def _row(
    item: Any, inside: str, targets: Sequence[str], problems: list[str]
) -> Notification | None:
    before = len(problems)
    given = mapping(item, inside, problems, "{slack: team}")
    values = values_of(given, settings.NOTIFICATION, inside, problems)
    if isinstance(item, dict):
        problems += _disagreements(given, inside)
    if len(problems) == before:
        problems += _beyond(given, values, inside, targets)
    if len(problems) > before:
        return None
    (kind,) = (kind for kind in CHANNELS if kind in given)
    return Notification(
        Channel(kind, values[kind]),
        values["events"],
        values["targets"],
        values["to"] or (),
        values["from"] or "",
    )


def _disagreements(given: Mapping[str, Any], inside: str) -> list[str]:
    """Return a line for each setting that the others in its row do not go with."""
    named = [kind for kind in CHANNELS if kind in given]
    found = []
    if len(named) != 1:
        names = " and ".join(named) or "no channel"
        found.append(
            f"{inside} names {names}: must name exactly one of {', '.join(CHANNELS)}, such as"
            " {slack: team}."
        )
    for key in _OF_EMAIL:
        kind = settings.NOTIFICATION[key].kind
        if "email" in given and key not in given:
            found.append(f"{inside}.{key} is missing: must be {kind.rule}, such as {kind.example}.")
        if "email" not in given and key in given:
            found.append(
                f"{inside}.{key} is {shown(given[key])}: must stand beside email alone, such as"
                f" {_MAIL}."
            )
    return found


def _beyond(
    given: Mapping[str, Any], values: Mapping[str, Any], inside: str, targets: Sequence[str]
) -> list[str]:
    """Return a line for each name that this service or this kind of channel does not know."""
    found = []
    if not set(values["targets"]) <= set(targets):
        found.append(
            f"{inside}.targets is {shown(given['targets'])}: must be targets of this service"
            f" ({', '.join(targets) or 'it has none'}), such as [{(*targets, 'production')[0]}]."
        )
    if "pagerduty" in given and not set(values["events"]) <= set(TRIGGERS):
        found.append(
            f"{inside}.events is {shown(given['events'])}: must be of what triggers PagerDuty"
            f" ({', '.join(TRIGGERS)}), such as [rollout.rolled_back]; what ends well resolves"
            " it without being named."
        )
    return found
