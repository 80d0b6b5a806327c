"""What the repository's Markdown says is there: relative links, their anchors, paths in backticks.

Looked for in committed and new files alike; prose inside fenced code is not looked at.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
SKIPPED = {
    ".venv",
    ".venv-policy",
    ".venv-rival",
    ".barq",
    ".git",
    ".hypothesis",
    ".pytest_cache",
    ".ruff_cache",
    ".mypy_cache",
}
# What make makes is not always there, and a NAME in capitals stands for any.
MADE = re.compile(r"\.(venv|barq)(/.*)?|(.*/)?[A-Z]+(\.(?!md$)[a-z]+|/.*)")
_FENCE = re.compile(r"^ *(```|~~~).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]\n]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#* *$", re.MULTILINE)
_PATH = re.compile(r"[A-Za-z0-9_.*-]+(/[A-Za-z0-9_.*-]+)*/?")


@dataclass(frozen=True)
class Named:
    """Something that a document says is there."""

    document: Path
    line: int
    text: str


def documents(root: Path) -> list[Path]:
    return [
        path
        for path in sorted(root.rglob("*.md"))
        if not SKIPPED & set(path.relative_to(root).parts)
    ]


def broken_links(root: Path) -> list[str]:
    return [
        f"{_place(root, link)}: links to {link.text}, {why}"
        for document in documents(root)
        for link in _found(document, _LINK, without_code=True)
        if (why := _wrong(document, link.text))
    ]


def missing_paths(root: Path) -> list[str]:
    """Paths in backticks that begin with a folder of the repository, from its top or beside."""
    folders = {path.name for path in root.iterdir() if path.is_dir()}
    return [
        f"{_place(root, named)}: names `{named.text}`, which is not there"
        for document in documents(root)
        for named in _found(document, _CODE, without_code=False)
        if _is_path(named.text, folders) and not _exists(root, document, named.text)
    ]


def _place(root: Path, named: Named) -> str:
    return f"{named.document.relative_to(root).as_posix()}:{named.line}"


def _found(document: Path, pattern: re.Pattern[str], *, without_code: bool) -> Iterator[Named]:
    text = _FENCE.sub(_blanked, document.read_text("utf-8"))
    if without_code:
        text = _CODE.sub(_blanked, text)
    for found in pattern.finditer(text):
        yield Named(document, text.count("\n", 0, found.start()) + 1, found.group(1))


def _blanked(found: re.Match[str]) -> str:
    """Keep the lines, so that what follows has its own number."""
    return re.sub(r"[^\n]", " ", found.group())


def _wrong(document: Path, link: str) -> str:
    if ELSEWHERE.match(link):
        return ""
    path, _, anchor = link.partition("#")
    target = document.parent / unquote(path) if path else document
    if not target.exists():
        return "which is not there"
    if anchor and target.suffix == ".md" and anchor not in anchors(target.read_text("utf-8")):
        return f"which has no heading for #{anchor}"
    return ""


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub(_blanked, text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        number = 1
        while (unique := name if number == 1 else f"{name}-{number - 1}") in found:
            number += 1
        found.add(unique)
    return found


def _is_path(text: str, folders: set[str]) -> bool:
    if MADE.fullmatch(text) or not _PATH.fullmatch(text):
        return False
    first, slash, _ = text.partition("/")
    # With an ending it names a file of the top folder, such as `delivery.yaml`.
    return first in folders if slash else bool(re.fullmatch(r"[A-Za-z_]+\.(md|toml)", text))


def _exists(root: Path, document: Path, text: str) -> bool:
    return any(
        next(base.glob(text), None) is not None if "*" in text else (base / text).exists()
        for base in (root, document.parent)
    )
