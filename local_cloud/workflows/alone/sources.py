"""Workflow sources as the command line names them: FILE, id=FILE, or `-` for standard input."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloud.workflows.alone.wrong import Wrong

STANDARD_INPUT: Final = "-"
ENDINGS: Final = (".yaml", ".yml", ".json")
"""Of the files that count as workflows in a folder."""
_ID: Final = re.compile(r"[a-zA-Z](?:[a-zA-Z0-9_-]{0,62}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class Named:
    """A file, and the workflow that it is."""

    workflow: str
    path: Path


@dataclass(frozen=True, slots=True)
class Unreadable(Exception):
    """A file without a text. `why` says so in a sentence without the file's name."""

    why: str


def named(word: str) -> Named:
    """Read FILE, whose name without its ending is the workflow's id, or id=FILE. Raises Wrong."""
    given, equals, rest = word.partition("=")
    if equals and not Path(word).exists():
        if not _ID.fullmatch(given):
            raise Wrong(f"{given!r} is no workflow id", _ID_RULE)
        return Named(given, Path(rest))
    path = Path(word)
    stem = stem_of(path)
    if not _ID.fullmatch(stem):
        raise Wrong(f"{stem!r} is no workflow id", f"name it: my-workflow={word}")
    return Named(stem, path)


_ID_RULE: Final = (
    "1 to 64 letters, digits, underscores and hyphens; a letter first, no hyphen or underscore last"
)


def stem_of(path: Path) -> str:
    """Return a file's name without its ending; Google's samples end in `.workflows.yaml`."""
    return re.sub(r"\.workflows?$", "", path.stem)


def id_for(word: str) -> str:
    """Return an id for a workflow that nobody else has to name, whatever its file is called."""
    plain = re.sub(r"[^a-zA-Z0-9_-]+", "-", stem_of(Path(word))).strip("-_")[:64].rstrip("-_")
    return plain if _ID.fullmatch(plain) else "workflow"


def in_folder(folder: Path) -> list[Named]:
    """Return the workflows of a folder, by name. What has no id for a name is left out."""
    return [
        Named(stem_of(path), path)
        for path in sorted(folder.iterdir())
        if path.suffix in ENDINGS and _ID.fullmatch(stem_of(path)) and path.is_file()
    ]


def text_of(path: Path) -> str:
    """Return a file's text. Raises Unreadable."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable("is not UTF-8 text") from error


def read(word: str) -> str:
    """Return the text of a file, or of standard input for `-`. Raises Wrong."""
    if word == STANDARD_INPUT:
        try:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Wrong("standard input is not UTF-8 text") from error
    try:
        return text_of(Path(word))
    except Unreadable as error:
        raise Wrong(f"{word} {error.why}") from error
