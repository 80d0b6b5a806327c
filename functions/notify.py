"""notify: tells chats what happened. Never moves traffic, never blocks a rollout."""

import base64
import binascii
import json
from typing import Any

import functions_framework
from cloudevents.http import CloudEvent

from gcp.log import log
from gcp.ports import World
from gcp.world import world
from rollouts.errors import BarqError, Transient
from rollouts.messages import message, wanted


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


@functions_framework.cloud_event
def notify(event: CloudEvent) -> None:
    """Entry point: the events topic, pushed. Raising makes Pub/Sub deliver the event again."""
    try:
        told = json.loads(base64.b64decode(event.data["message"]["data"], validate=True))
        sent = handle(told, world())
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        log("WARNING", "event.rejected", because=type(error).__name__)
        return
    except Transient as error:
        log("WARNING", "notice.delayed", because=error.message)
        raise
    except BarqError as error:
        log("ERROR", "notice.failed", because=error.message, hint=error.hint)
        return
    log("INFO", "notice.sent", notice=told["data"]["event"], webhooks=sent)
