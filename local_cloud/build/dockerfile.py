"""The one kind of build that needs no engine: an image of this registry with more environment.

A step of the docker builder whose script pipes a Dockerfile of FROM, ENV and LABEL into
`docker build`. Everything else is refused in plain words: nothing here runs a shell.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.registry.images import Reference

BUILDERS: Final = ("docker", "gcr.io/cloud-builders/docker")
"""Images whose `docker` is meant, with any tag and digest."""
_SCRIPT: Final = re.compile(
    r"(?:#!/(?:usr/bin/env bash|bin/bash|bin/sh)\n)?"
    r"docker build (?:--tag|-t)[ =](?P<tag>\S+) - <<'(?P<end>\w+)'\n"
    r"(?P<dockerfile>.*)\n(?P=end)\n?",
    re.DOTALL,
)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Derived:
    """What such a step makes."""

    base: str
    tag: str
    """Repository and tag of the result."""
    env: Mapping[str, str]
    labels: Mapping[str, str]


def read_build(document: Mapping[str, Any]) -> Derived:
    """Return what a build makes. Raises Refused(UNIMPLEMENTED) for what takes an engine."""
    steps = document["steps"]
    if len(steps) != 1 or document.get("source") or document.get("artifacts"):
        raise _too_much("a build of several steps, or of a source, or with artifacts")
    derived = _read_step(steps[0])
    if document.get("images", []) != [derived.tag]:
        raise _too_much(f"other `images:` than the one that its step tags, {derived.tag}")
    return derived


def _read_step(step: Mapping[str, Any]) -> Derived:
    name = Reference.parse(str(step["name"])).repository
    found = _SCRIPT.fullmatch(str(step.get("script", "")))
    if name not in BUILDERS or found is None or step.keys() - {"name", "script", "id", "timeout"}:
        raise _too_much(f"a step that is not `docker build --tag NAME - <<'END'` in {BUILDERS[0]}")
    env: dict[str, str] = {}
    labels: dict[str, str] = {}
    base = ""
    for number, line in enumerate(found["dockerfile"].splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        if word == "FROM" and not base and rest and " " not in rest:
            base = rest
        elif word in ("ENV", "LABEL") and base:
            (env if word == "ENV" else labels).update(_pairs(rest, number, line))
        elif line.strip() and not line.startswith("#"):
            raise _too_much(f"line {number} of its Dockerfile, {line[:80]!r}")
    if not base:
        raise _too_much("a Dockerfile without FROM")
    return Derived(base, found["tag"], env, labels)


def _pairs(text: str, number: int, line: str) -> dict[str, str]:
    try:
        words = [word.partition("=") for word in shlex.split(text)]
    except ValueError:
        words = []
    if not words or not all(equals and _NAME.fullmatch(name) for name, equals, _ in words):
        raise _too_much(f"line {number} of its Dockerfile, {line[:80]!r}")
    return {name: value for name, _, value in words}


def _too_much(what: str) -> Refused:
    return Refused(
        "UNIMPLEMENTED",
        f"The local cloud builds without a container engine, and so not {what}: one step of"
        f" {BUILDERS[0]} whose script pipes FROM, ENV and LABEL into `docker build` is all that it"
        " knows.",
    )
