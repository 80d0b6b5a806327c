"""Runs one function as the functions framework does, once, against canned answers of Google's.

Started with a copy of `functions/` as its working directory and nothing on its path. Reads what
it is asked from stdin; its last line tells the answer, the calls, and the client libraries that
it has loaded by then.
"""

import json
import os
import sys
from typing import Any

import functions_framework
import requests

ASKED: dict[str, Any] = json.load(sys.stdin)
HEAVY = ("grpc", "google.api_core", "google.cloud.", "google.protobuf", "google.pubsub", "proto.")
FRAMEWORKS_OWN = frozenset(sys.modules)
"""It has a package below google.cloud itself, and no client in it."""
CALLS: list[str] = []


class Canned:
    """Answers what a session of ours asks."""

    def request(self, method: str, url: str, **_given: Any) -> requests.Response:
        answer = requests.Response()
        answer.status_code = 200
        for word, document in ASKED["answers"].items():
            if word in url:
                CALLS.append(f"{method} {word}")
                answer._content = json.dumps(document).encode()
                return answer
        raise AssertionError(url)


def main() -> None:
    app = functions_framework.create_app(
        ASKED["function"], ASKED["source"], signature_type=ASKED["signature"]
    )
    from gcp import world  # noqa: PLC0415 - the framework has made the path to it.
    from gcp.session import Session  # noqa: PLC0415

    lean = world.lean_world()
    lean._session = Session(Canned)  # type: ignore[attr-defined, arg-type]
    answer = app.test_client().post("/", json=ASKED["body"], headers=ASKED["headers"])
    if ASKED.get("heavy"):
        _ = world.world().metrics
    loaded = [name for name in sys.modules.keys() - FRAMEWORKS_OWN if name.startswith(HEAVY)]
    found = {"status": answer.status_code, "text": answer.text, "calls": CALLS, "loaded": loaded}
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    # As it is started in the cloud: by the framework, with its own folder nowhere on the path.
    sys.path = [one for one in sys.path if one != os.path.dirname(__file__)]  # noqa: PTH120
    main()
