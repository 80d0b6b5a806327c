"""notify: tells chats what happened. Never moves traffic, never blocks a rollout."""

import base64
import json
from typing import Any, Final

import functions_framework
from cloudevents.http import CloudEvent

from gcp.log import log
from gcp.ports import World
from gcp.world import world
from rollouts.errors import BadInput, BarqError, Transient
from rollouts.messages import message, wanted

NEEDED: Final = ("event", "service", "target", "rollout", "canary", "stable")


def handle(event: dict[str, Any], world: World) -> int:
    """Send one event to every webhook that wants it; return how many took it.

    Raises Transient if one may take it later: the event is delivered again then, and who has
    it already is told twice. A webhook that refuses for good is logged, not tried again.
    """
    data = event["data"]
    service = world.delivery.service(str(data["service"]))
    hooks = wanted(service.notifications, str(data["event"])) if service else ()
    document = message(data)
    sent, later = 0, []
    for webhook in hooks:
        try:
            world.webhooks.post(webhook, document)
            sent += 1
        except Transient as error:
            later.append(f"{webhook}: {error.message}")
        except BarqError as error:
            log("ERROR", "notice.refused", webhook=webhook, because=error.message)
    if later:
        raise Transient("; ".join(later))
    return sent


def read(event: CloudEvent) -> dict[str, Any]:
    """Take Barq's event out of the Pub/Sub message. Raises BadInput for what is none."""
    try:
        told = json.loads(base64.b64decode(event.data["message"]["data"], validate=True))
        missing = [name for name in NEEDED if name not in told["data"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadInput("the message holds no event of Barq's") from None
    if missing:
        raise BadInput(f"the event has no {', '.join(missing)}")
    return dict(told)


@functions_framework.cloud_event
def notify(event: CloudEvent) -> None:
    """Entry point: the events topic, pushed. Raising makes Pub/Sub deliver the event again."""
    try:
        told = read(event)
        sent = handle(told, world())
    except Transient as error:
        log("WARNING", "notice.delayed", because=error.message)
        raise
    except BadInput as error:
        log("WARNING", "event.rejected", because=error.message)
        return
    except BarqError as error:
        log("ERROR", "notice.failed", because=error.message, hint=error.hint)
        return
    log("INFO", "notice.sent", notice=told["data"]["event"], webhooks=sent)
