"""Runs a cloudbuild.yaml on this machine, with whatever programs stand in a folder.

What it keeps of Cloud Build: substitutions, the order that `waitFor` leaves, one workspace, nothing but
the step's own environment, the end at the first failure, and the message that tells of the build.
What it has not: containers, so a step finds the same programs whatever its image is.
Source: https://cloud.google.com/build/docs/build-config-file-schema
"""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "cloudbuild.yaml"
BUILT_IN = {
    "PROJECT_ID": "barq-build",
    "BUILD_ID": "b-1",
    "COMMIT_SHA": "c0ffee" + "0" * 34,
    "REPO_NAME": "fleet",
    "BRANCH_NAME": "main",
}
_NAME = re.compile(r"\$\$|\$(?:\{([A-Z0-9_]+)\}|([A-Z_][A-Z0-9_]*))")


def read(text: str = "") -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(text or FILE.read_text("utf-8"))
    return document


def names_in(value: Any) -> set[str]:
    """Return the substitutions that a value names. A `script` is handed on as it is written."""
    if isinstance(value, dict):
        return set().union(*(names_in(v) for k, v in value.items() if k != "script"))
    if isinstance(value, list):
        return set().union(*(names_in(v) for v in value))
    if isinstance(value, str):
        return {one or other for one, other in _NAME.findall(value)} - {""}
    return set()


def substituted(value: Any, names: Mapping[str, str]) -> Any:
    """Put in what the names stand for; a name without a value is empty (ALLOW_LOOSE)."""
    if isinstance(value, dict):
        return {k: v if k == "script" else substituted(v, names) for k, v in value.items()}
    if isinstance(value, list):
        return [substituted(v, names) for v in value]
    if isinstance(value, str):
        return _NAME.sub(lambda m: "$" if m[0] == "$$" else names.get(m[1] or m[2], ""), value)
    return value


def before(steps: list[dict[str, Any]]) -> dict[str, set[str]]:
    """Return for each step those that it waits for itself."""
    found: dict[str, set[str]] = {}
    for step in steps:
        # Without waitFor it would wait for all above it.
        waits = step.get("waitFor") or list(found)
        found[step["id"]] = set(waits) - {"-"}
    return found


def in_order(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps so that each comes after those it waits for; raises ValueError if none can."""
    left, done, ordered = before(steps), set[str](), []
    while left:
        ready = [one for one, waits in left.items() if waits <= done]
        if not ready:
            raise ValueError(f"these wait for each other, or for nothing known: {sorted(left)}")
        ordered += [step for step in steps if step["id"] in ready]
        done.update(ready)
        left = {one: waits for one, waits in left.items() if one not in done}
    return ordered


@dataclass
class Built:
    """How a build ended."""

    status: str
    failed: str
    """The id of the step that ended it, or empty."""
    log: str
    calls: list[list[str]]
    document: dict[str, Any] = field(default_factory=dict)

    def called(self, *words: str) -> list[list[str]]:
        """The calls that begin with these words."""
        return [call for call in self.calls if tuple(call[: len(words)]) == words]


def run(
    document: Mapping[str, Any], given: Mapping[str, str], programs: Path, workspace: Path
) -> Built:
    """Run the steps one at a time, each where `waitFor` allows it, then push what `images` names."""
    names = {**document.get("substitutions", {}), **BUILT_IN, **given}
    build = substituted(document, names)
    log, failed = "", ""
    for step in in_order(build["steps"]):
        done = _run_step(step, programs, workspace)
        log += done.stdout
        if done.returncode:
            failed = step["id"]
            break
    calls = [line.split("\t") for line in _text(programs / "calls").splitlines()]
    status = "FAILURE" if failed else "SUCCESS"
    results = {} if failed else {"images": [_pushed(one, programs) for one in build["images"]]}
    message = {"id": names["BUILD_ID"], "status": status, "substitutions": names}
    message |= {"createTime": "2026-11-23T12:00:00Z", "results": results}
    return Built(status, failed, log, calls, message)


def _run_step(
    step: Mapping[str, Any], programs: Path, workspace: Path
) -> subprocess.CompletedProcess[str]:
    script = programs / f"step-{step['id']}"
    script.write_text(step["script"], "utf-8")
    script.chmod(0o755)
    env = dict(one.split("=", 1) for one in step.get("env", []))
    return subprocess.run(
        [script],
        cwd=workspace,
        env={"PATH": f"{programs}:/usr/bin:/bin", "HOME": str(programs)} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )


def _pushed(name: str, programs: Path) -> dict[str, str]:
    return {"name": name, "digest": _text(programs / "digest").strip()}


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
