"""`status`: asks the status function of the cloud that runs, and shows it to people."""

import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from local_cloud.up.asking import NotAnswered, NothingRuns, ask

Paint = Callable[[str, str], str]
"""Gives a text a colour by what it says, or leaves it as it is."""
_COLOURS: Final = {
    "promoted": "32", "pass": "32",
    "rolled_back": "31", "fail": "31", "stopped": "31", "error": "31",
    "shifting": "33", "inconclusive": "33", "no_data": "33", "approval": "35",
}  # fmt: skip


def run(folder: Path, *, as_json: bool) -> int:
    """Print the status; return the exit status."""
    try:
        document = ask(folder, "status")
    except (NotAnswered, NothingRuns) as error:
        sys.stderr.write(f"{str(error).rstrip()}\n")
        return 1
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return 0
    paint = colours if sys.stdout.isatty() else plain
    sys.stdout.write(show(document, local_time, paint))
    return 0


def plain(_kind: str, text: str) -> str:
    return text


def colours(kind: str, text: str) -> str:
    return f"\x1b[{_COLOURS[kind]}m{text}\x1b[0m" if kind in _COLOURS else text


def local_time(instant: str) -> str:
    """Return an RFC 3339 instant as a clock of this machine's time zone shows it."""
    return dt.datetime.fromisoformat(instant).astimezone().strftime("%H:%M:%S")


def show(document: Mapping[str, Any], clock: Callable[[str], str], paint: Paint) -> str:
    """Return one block of lines for each target."""
    blocks = [f"Status at {clock(document['at'])}\n"]
    for target in document["targets"]:
        head = f"{target['service']} {target['target']}  ({target['where']})\n"
        facts = [(name, text) for name, text in _facts(target, clock, paint) if text]
        blocks.append(head + "".join(f"  {name:<10}{text}\n" for name, text in facts))
    return "\n".join(blocks)


def _facts(
    target: Mapping[str, Any], clock: Callable[[str], str], paint: Paint
) -> list[tuple[str, str]]:
    if "error" in target:
        return [("error", paint("error", target["error"]))]
    rollout = target["rollout"]
    facts = [("split", _split(target["split"], rollout))]
    if target["served"] != target["split"]:
        facts.append(("served", _split(target["served"], rollout)))
    if rollout is None:
        return [*facts, ("state", "no rollout yet")]
    state = paint(rollout["state"], rollout["state"])
    because = f": {rollout['because']}" if rollout["because"] else ""
    facts += [
        ("rollout", rollout["id"]),
        ("state", f"{state}{because}"),
        ("differs", target["differs"]),
        ("step", _step(target, clock)),
        ("verdict", _verdict(target.get("verdict"), paint)),
        ("waits for", _waits(target, clock, paint)),
        ("next", _next(target.get("next"))),
    ]
    return facts + [("note", note) for note in target.get("notes", ())]


def _split(split: Mapping[str, int], rollout: Mapping[str, Any] | None) -> str:
    roles = {}
    if rollout and rollout["state"] != "promoted":
        roles = {rollout["stable"]: " (stable)", rollout["canary"]: " (canary)"}
    shares = [f"{name}{roles.get(name, '')} {percent} %" for name, percent in split.items()]
    return ", ".join(shares) or "nothing"


def _step(target: Mapping[str, Any], clock: Callable[[str], str]) -> str:
    shifts = target.get("shifts")
    if not shifts:
        return ""
    return f"{target['step']}: {shifts[-1]['percent']} % since {clock(shifts[-1]['at'])}"


def _verdict(verdict: Mapping[str, Any] | None, paint: Paint) -> str:
    if not verdict:
        return ""
    return f"{paint(verdict['kind'], verdict['kind'])}: {verdict['because']}"


def _waits(target: Mapping[str, Any], clock: Callable[[str], str], paint: Paint) -> str:
    what = target.get("waits_for")
    if not what:
        return ""
    until = target.get("until") or target.get("deadline")
    text = paint(what, what.replace("_", " "))
    return f"{text}, until {clock(until)}" if until else text


def _next(action: Mapping[str, Any] | None) -> str:
    if not action:
        return ""
    match action["kind"]:
        case "hold":
            return f"look again in {action['wait_seconds']} s"
        case "shift":
            return f"shift to {action['percent']} %"
    return str(action["kind"]).replace("_", " ")
