"""Conformance cases: read from tests/conformance/cases/*.yaml, one file a chapter.

A case says where its fact is written (`source`), what is run, and what comes of it. README.md
beside this file tells the fields. Nothing here knows the engine.
"""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

FOLDER: Final = Path(__file__).parent / "cases"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

TAGS: Final = {
    "D": "documentation",
    "S": "official sample or schema",
    "G": "gcloud and generated clients",
    "O": "output of the real service",
    "E": "second hand",
    "M": "recollection",
    "U": "open question",
}
"""The strength of evidence. Source: reference/workflows.md 0."""
SOURCE: Final = re.compile(
    r"(?P<tags>(\[[DSGOEMU]( [^\[\]]+)?\] )+)(?P<place>\d+(\.\d+)?( item \d+)?)"
)

WHAT: Final = frozenset({"expression", "workflow", "calls"})
GIVEN: Final = frozenset(
    {
        *("variables", "argument", "fill", "answers", "callbacks", "cancel_after"),
        *("environment", "account", "choices", "settings"),
    }
)
OUTCOMES: Final = frozenset(
    {
        *("result", "result_includes", "result_text", "error", "error_includes", "payload"),
        *("context", "stack", "deploy", "logs", "seconds", "requests", "document"),
    }
)
FIELDS: Final = WHAT | GIVEN | OUTCOMES | {"id", "source", "covers"}


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `fields` is as its file says."""

    chapter: str
    id: str
    source: str
    fields: dict[str, Any]

    def tags(self) -> list[str]:
        """Return the letters of its evidence, as they stand."""
        found = SOURCE.fullmatch(self.source)
        return re.findall(r"\[([A-Z])", found["tags"]) if found else []

    def samples(self) -> list[str]:
        """Return the official samples that its fact comes from."""
        return re.findall(r"\[S ([^\]]+)\]", self.source)

    def text(self) -> str:
        """Return what is run, as text."""
        return "\n".join(str(self.fields[name]) for name in sorted(WHAT & set(self.fields)))


@functools.cache
def all_cases() -> tuple[Case, ...]:
    return tuple(_read())


def chapters() -> dict[str, str]:
    """Return each chapter's title by its file's name, in the order of the files."""
    return {path.stem: _load(path)["chapter"] for path in sorted(FOLDER.glob("*.yaml"))}


def _read() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.yaml")):
        for fields in _load(path)["cases"]:
            yield Case(path.stem, str(fields["id"]), str(fields["source"]), fields)


@functools.cache
def _load(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(path.read_text(), _LOADER)
    return document
