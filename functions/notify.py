"""notify: tells people what happened. Never moves traffic, never blocks a rollout."""

import base64
import json
import traceback
from typing import Any, Final, Literal

import flask
import functions_framework

from gcp.log import log
from gcp.ports import World
from gcp.world import world
from rollouts.errors import BadInput, BadSettings, BarqError, Transient
from rollouts.policy import CHANNELS, Channel
from rollouts.routing import is_named, letter

NEEDED: Final = ("event", "service", "target", "rollout", "canary", "stable")
Outcome = Literal["sent", "unwanted", "unknown"]
TAKEN, AGAIN = ("", 204), ("", 503)


def handle(event: dict[str, Any], channel: Channel, world: World) -> Outcome:
    """Tell one channel of one event, if it wants it; return what became of it.

    Raises Transient if it may take it later: Pub/Sub delivers the event again then, to this
    channel alone.
    """
    if not is_named(world.delivery, channel):
        return "unknown"
    found = letter(world.delivery, channel, event)
    if found is None:
        return "unwanted"
    world.channels.send(channel, found)
    return "sent"


def read_channel(path: str) -> Channel:
    """Read the channel that a subscription's URL ends in: `/slack/team`. Raises BadInput."""
    asked, _, name = path.strip("/").partition("/")
    kind = next((kind for kind in CHANNELS if kind == asked), None)
    if kind is None or not name or "/" in name:
        raise BadInput(f"the path is {path[:80]!r}: must be KIND/NAME, such as /slack/team.")
    return Channel(kind, name)


def read_event(body: bytes) -> dict[str, Any]:
    """Take Barq's event out of what Pub/Sub pushes. Raises BadInput for what is none."""
    try:
        pushed = json.loads(body)
        told = json.loads(base64.b64decode(pushed["message"]["data"], validate=True))
        missing = [name for name in NEEDED if name not in dict(told["data"])]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadInput("the message holds no event of Barq's") from None
    if missing:
        raise BadInput(f"the event has no {', '.join(missing)}")
    return dict(told)


def answer(path: str, body: bytes, world: World) -> tuple[str, int]:
    """Answer one push: 204 acknowledges, 503 has it delivered again.

    What no second delivery cures is logged and acknowledged. What a redeploy cures, our own
    faults among it, is delivered again, and in the end kept with the dead letters.
    """
    facts: dict[str, Any] = {}
    try:
        channel = read_channel(path)
        facts["channel"] = str(channel)
        event = read_event(body)
        facts |= {"notice": event["data"]["event"], "rollout": event["data"]["rollout"]}
        outcome = handle(event, channel, world)
    except (Transient, BadSettings) as error:
        log("WARNING", "notice.delayed", **facts, because=error.message)
        return AGAIN
    except BadInput as error:
        log("WARNING", "event.rejected", **facts, because=error.message)
        return TAKEN
    except BarqError as error:
        log("ERROR", "notice.refused", **facts, because=error.message)
        return TAKEN
    except Exception as error:  # noqa: BLE001 - the last edge: a person must act.
        # Where, and no more: what a library says may hold what it was given.
        where = traceback.format_tb(error.__traceback__)
        log("ERROR", "notice.failed", **facts, because=type(error).__name__, traceback=where)
        return AGAIN
    log("WARNING" if outcome == "unknown" else "INFO", f"notice.{outcome}", **facts)
    return TAKEN


@functions_framework.http
def notify(request: flask.Request) -> tuple[str, int]:
    """Entry point: the events topic, pushed once for each channel to /KIND/NAME."""
    return answer(request.path, request.get_data(), world())
