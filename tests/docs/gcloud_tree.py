"""gcloud's own commands and flags: the SDK's tree, and the cut of it that the documents use.

`python -m tests.docs.gcloud_tree` makes the cut anew, on a machine with gcloud.
"""

import json
import runpy
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.docs.commands import Command, commands
from tests.docs.documents import documents

ROOT = Path(__file__).parents[2]
CUT = Path(__file__).parent / "gcloud_commands.json"


def sdk() -> Path | None:
    """Return the folder of the SDK, if there is one."""
    program = shutil.which("gcloud")
    folder = Path(program).resolve().parents[1] if program else None
    return folder if folder and (folder / "data/cli/gcloud_completions.py").is_file() else None


def told() -> list[Command]:
    return [command for page in documents(ROOT) for command in commands(page)]


def cut(folder: Path, used: Iterable[Command]) -> dict[str, Any]:
    """Return of the SDK's tree what these commands need: path, flags, whether it is a group."""
    found = runpy.run_path(str(folder / "data/cli/gcloud_completions.py"))
    tree = found["STATIC_COMPLETION_CLI_TREE"]
    paths: dict[str, Any] = {}
    for command in used:
        if command.words[0] != "gcloud":
            continue
        path: list[str] = []
        node = tree
        for word in command.words[1:]:
            if word not in node["commands"]:
                break
            node, path = node["commands"][word], [*path, word]
            group = bool(node["commands"])
            paths[" ".join(path)] = "group" if group else sorted(node["flags"])
    return {
        "sdk": (folder / "VERSION").read_text("utf-8").strip(),
        "everywhere": sorted(tree["flags"]),
        "commands": dict(sorted(paths.items())),
    }


if __name__ == "__main__":
    here = sdk()
    assert here, "there is no gcloud with data/cli/gcloud_completions.py on this machine"
    CUT.write_text(json.dumps(cut(here, told()), indent=1) + "\n", "utf-8")
