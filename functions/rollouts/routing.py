"""Which channel is told of an event, and what. Pure: all of what `notify` decides."""

from collections.abc import Mapping
from typing import Any

from rollouts.mails import Mail, mail
from rollouts.messages import message, slack_message
from rollouts.paging import page, pages
from rollouts.policy import Channel, Delivery

Letter = Mapping[str, Any] | Mail
"""What a channel is given: a mail, or the JSON of any other."""


def is_named(delivery: Delivery, channel: Channel) -> bool:
    """Whether any service of delivery.yaml names a channel."""
    return any(
        row.channel == channel for service in delivery.services for row in service.notifications
    )


def letter(delivery: Delivery, channel: Channel, event: Mapping[str, Any]) -> Letter | None:
    """Return what a channel is told of an event; None: nothing."""
    data = event["data"]
    service, kind = delivery.service(str(data["service"])), data["event"]
    rows = [
        row
        for row in (service.notifications if service else ())
        if row.channel == channel and (not row.targets or data["target"] in row.targets)
    ]
    if channel.kind == "pagerduty":
        wanted = any(pages(data, row.events) for row in rows)
        return page(event, wanted=wanted) if rows else None
    rows = [row for row in rows if not row.events or kind in row.events]
    if not rows:
        return None
    if channel.kind == "email":
        to = tuple(dict.fromkeys(address for row in rows for address in row.to))
        return mail(event, to, rows[0].sender)
    return slack_message(data) if channel.kind == "slack" else message(data)
