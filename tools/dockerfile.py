"""Reads the service's Dockerfile and lays out what its COPY lines would take from the context.

A stand-in where there is no builder: nothing is run, and a base image is only a name.

Source: https://docs.docker.com/build/concepts/context/#dockerignore-files
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "health_service"
# What Debian calls its releases, and the Python that each one has.
DEBIAN = {"12": ("bookworm", "3.11"), "13": ("trixie", "3.13")}


@dataclass(frozen=True)
class Stage:
    """One FROM and what follows: instructions without comments, continued lines joined."""

    base: str
    lines: list[str]

    def all(self, word: str) -> list[str]:
        """The arguments of every instruction of one kind."""
        return [
            line.removeprefix(word).strip() for line in self.lines if line.startswith(word + " ")
        ]


def stages(text: str) -> list[Stage]:
    """Split a Dockerfile into its stages."""
    whole = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = [line for line in re.sub(r"\\\n\s*", " ", whole).splitlines() if line.strip()]
    starts = [n for n, line in enumerate(lines) if line.startswith("FROM ")]
    ends = [*starts[1:], len(lines)]
    return [Stage(lines[a].split()[1], lines[a + 1 : b]) for a, b in zip(starts, ends, strict=True)]


def disagreements(text: str) -> list[str]:
    """What keeps wheels of the first stage from running in the last one."""
    first, last = stages(text)
    built = re.fullmatch(r"python:(\d+\.\d+)-slim-(\w+)@sha256:[0-9a-f]{64}", first.base)
    run = re.fullmatch(
        r"gcr\.io/distroless/python3-debian(\d+):nonroot@sha256:[0-9a-f]{64}", last.base
    )
    if built is None or run is None:
        return ["a base is not pinned by digest, or is of another kind"]
    release, minor = DEBIAN[run[1]]
    found = []
    if built[2] != release:
        found.append(f"glibc of {built[2]}, run on {release}")
    if built[1] != minor:
        found.append(f"wheels for Python {built[1]}, run by {minor}")
    commands = [json.loads(line)[0] for word in ("RUN", "ENTRYPOINT") for line in last.all(word)]
    if wrong := {one for one in commands if one != f"/usr/bin/python{minor}"}:
        found.append(f"no such file there: {', '.join(sorted(wrong))}")
    return found


def lay_out(context: Path, root: Path) -> None:
    """Copy into `root` what the last stage's COPY lines take from the context."""
    rules = (context / ".dockerignore").read_text("utf-8").splitlines()
    for line in stages((context / "Dockerfile").read_text("utf-8"))[-1].all("COPY"):
        if line.startswith("--from="):
            continue
        source, target = line.split()
        assert source == ".", "only whole contexts are understood here"
        for file in sorted(context.rglob("*")):
            name = file.relative_to(context).as_posix()
            if file.is_file() and is_sent(name, rules):
                copy = root / target.lstrip("/") / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)


def is_sent(name: str, rules: list[str]) -> bool:
    """Whether .dockerignore lets a file into the context: the last rule that meets it decides.

    A rule meets a file also by meeting a folder above it.
    """
    parts = name.split("/")
    paths = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    sent = True
    for rule in rules:
        pattern = rule.strip().removeprefix("!")
        if pattern and not pattern.startswith("#"):
            expression = _expression(pattern)
            if any(expression.fullmatch(path) for path in paths):
                sent = rule.startswith("!")
    return sent


def _expression(pattern: str) -> re.Pattern[str]:
    """`**/` is any number of folders, `*` anything but a slash."""
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))
