"""`explain`: asks the explain function of the cloud that runs why a rollout was decided so."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_cloud.up.asking import NotAnswered, NothingRuns, ask


def run(folder: Path, rollout: str, *, as_json: bool) -> int:
    """Print the explanation; return the exit status."""
    try:
        document = ask(folder, "explain", {"rollout": rollout}) if rollout else {}
        problem = "" if rollout else _missing(ask(folder, "status"))
    except (NotAnswered, NothingRuns) as error:
        problem = str(error).rstrip()
    if problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    said = json.dumps(document, indent=2) + "\n" if as_json else document["text"]
    sys.stdout.write(said)
    return 0


def _missing(status: Mapping[str, Any]) -> str:
    """Say which rollouts there are to be explained."""
    known = [
        f"  {one['rollout']['id']}  {one['service']} {one['target']}, {one['rollout']['state']}\n"
        for one in status["targets"]
        if one.get("rollout")
    ]
    listed = "".join(known) or "  none yet: push an image first\n"
    return (
        f"error: ROLLOUT is missing: must be the id of a rollout\n{listed}"
        " hint: make explain ROLLOUT=..."
    )
