"""A bare loop to compare with: the requests and answers of one rollout, and nothing behind them.

Each request is read by flask as a function reads it, each answer is written by flask and read
again as JSON. No workflow, no decision, no cloud: less than this no rollout over HTTP can take.
"""

import io
import json
from collections.abc import Sequence

import flask

APP = flask.Flask("yardstick")


def carry(exchanged: Sequence[tuple[bytes, bytes]]) -> None:
    """Carry every request and every answer once."""
    for body, answer in exchanged:
        environ = {
            "REQUEST_METHOD": "POST",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        flask.Request(environ).get_json(silent=True)
        with APP.app_context():
            json.loads(flask.jsonify(json.loads(answer)).get_data())
