"""Methods of Google's APIs, read from the files in `discovery/` when first asked for."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

PREFIX: Final = "googleapis."
_FOLDER: Final = Path(__file__).parent / "discovery"
SERVICES: Final = frozenset(path.stem for path in _FOLDER.glob("*.json"))
"""The services that connectors are there for, such as `run.v2`."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a method's path or query."""

    name: str
    place: Literal["path", "query"]
    required: bool
    repeated: bool


@dataclass(frozen=True, slots=True)
class Method:
    """A method's form on the wire."""

    name: str
    """As a workflow calls it: `googleapis.run.v2.projects.locations.services.get`."""
    verb: str
    root: str
    """Scheme and host, with a slash at its end."""
    path: str
    """Below `root`; `{name}` and `{+name}` stand for fields."""
    fields: tuple[Field, ...]
    has_body: bool
    waits: Literal["operation", "status", "job"] | None
    """Which kind of operation it answers with; see `tools/discovery.py`."""
    operations: str
    """The path, below `root`, at which an operation is read; "" if there is none."""
    upload: str
    """The path of a media upload, below `root`; "" if there is none."""
    scopes: tuple[str, ...]
    """What its token needs; () is cloud-platform."""

    @property
    def short_name(self) -> str:
        """The name without `googleapis.`."""
        return self.name.removeprefix(PREFIX)


def service_of(name: str) -> str:
    """Return `run.v2` for any method of it; "" for what is no connector's name."""
    parts = name.split(".")
    return ".".join(parts[1:3]) if name.startswith(PREFIX) else ""


def find(name: str) -> Method | None:
    """Return the method that a workflow calls by `name`."""
    service = service_of(name)
    if service not in SERVICES:
        return None
    return methods(service).get(name)


@functools.cache
def methods(service: str) -> Mapping[str, Method]:
    """Return all methods of one of SERVICES, by full name."""
    form = json.loads((_FOLDER / f"{service}.json").read_text(encoding="utf-8"))
    prefix = f"{PREFIX}{service}."
    return {
        prefix + name: _method(prefix + name, document, form)
        for name, document in form["methods"].items()
    }


def _method(name: str, document: Mapping[str, Any], form: Mapping[str, Any]) -> Method:
    return Method(
        name=name,
        verb=document["verb"],
        root=form["rootUrl"],
        path=form["servicePath"] + document["path"],
        fields=tuple(
            Field(key, one["in"], one.get("required", False), one.get("repeated", False))
            for key, one in document["parameters"].items()
        ),
        has_body="body" in document,
        waits=document.get("waits"),
        operations=form.get("operations", ""),
        upload=document.get("upload", ""),
        scopes=tuple(document.get("scopes", ())),
    )
