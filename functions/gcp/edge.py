"""The edge that every HTTP function shares: JSON in, JSON out, errors as sentences.

Statuses mean something to the workflow: 5xx is worth another attempt, 4xx is not.
"""

import json
import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

import flask

from gcp.log import Severity, log
from gcp.ports import World
from rollouts.errors import BadInput, BarqError

T = TypeVar("T")
Answer = tuple[flask.Response, int]


def respond(
    name: str,
    request: flask.Request,
    parse: Callable[[Any], T],
    handle: Callable[[T, World], dict[str, Any]],
    world: Callable[[], World],
) -> Answer:
    """Answer one request of function `name`; log it in one line. Never shows a traceback."""
    began = time.monotonic()
    facts: dict[str, Any] = {"function": name}
    try:
        document = _json(request)
        facts |= _driver(document)
        answer = handle(parse(document), world())
    except BarqError as error:
        severity: Severity = "WARNING" if error.http_status < 500 else "ERROR"  # noqa: PLR2004
        log(severity, "request.refused", **facts, because=error.message, status=error.http_status)
        return _answer({"error": {"message": error.message, "hint": error.hint}}, error.http_status)
    except Exception as error:  # noqa: BLE001 - the last edge: a person must act.
        log(
            "ERROR",
            "request.failed",
            **facts,
            because=type(error).__name__,
            traceback=traceback.format_exc(),
        )
        message = f"{name} failed for a reason that it does not know; its log says more"
        return _answer({"error": {"message": message, "hint": "read the function's log"}}, 500)
    elapsed = round((time.monotonic() - began) * 1000)
    log("INFO", "request.handled", **facts, **_outcome(answer), elapsed_ms=elapsed)
    return _answer(answer, 200)


def _json(request: flask.Request) -> Any:
    body = request.get_data(cache=True)
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise BadInput("the request's body is no JSON: must be a JSON object.") from None


def _driver(document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        return {}
    known = ("execution", "service", "target")
    return {key: document[key] for key in known if isinstance(document.get(key), str)}


def _outcome(answer: dict[str, Any]) -> dict[str, Any]:
    action = answer.get("action")
    if not isinstance(action, dict):
        return {"kind": answer.get("kind")}
    facts = {"action": action.get("kind"), "because": action.get("because")}
    for key in ("rollout", "verdict"):
        if answer.get(key):
            facts[key] = answer[key]
    return facts


def _answer(document: dict[str, Any], status: int) -> Answer:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return flask.Response(text + "\n", mimetype="application/json"), status
