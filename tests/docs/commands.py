"""Commands that the documents tell a reader to type: in fenced and indented code, and in backticks.

Not: whether they exist (`test_commands.py`).
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("gcloud", "terraform", "make", "curl", "python")
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^(?: {4}|\t).*\n?)+", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`((?:gcloud|terraform|make|curl|python3?) [^`]+)`(?!`)")
_INNER = re.compile(r"\$\(([^()]*)\)")
_SHELL = {"bash", "sh", "shell", "console"}


@dataclass(frozen=True)
class Command:
    """One program with its words, and where it is told."""

    document: Path
    words: tuple[str, ...]
    inline: bool

    def __str__(self) -> str:
        return f"{self.document.name}: {' '.join(self.words)[:150]}"


def commands(document: Path) -> list[Command]:
    return [
        Command(document, words, inline)
        for text, inline in _texts(document.read_text("utf-8"))
        for words in _split(text)
    ]


def _texts(page: str) -> Iterator[tuple[str, bool]]:
    """Yield what is code, and whether it stands in a sentence or a table."""
    for _, language, body in _FENCE.findall(page):
        if language in _SHELL:
            yield body, False
    rest = _FENCE.sub("", page)
    for found in _INDENTED.findall(rest):
        lines = [line.strip() for line in found.splitlines()]
        if lines[0].startswith("$ "):
            yield _typed(lines), False
        elif lines[0].startswith(PROGRAMS):
            yield "\n".join(lines), False
    for found in _SPAN.findall(_INDENTED.sub("", rest)):
        yield found, True


def _typed(lines: list[str]) -> str:
    """Return what is typed in a transcript: lines after a `$`, and what they go on in."""
    kept: list[str] = []
    for line in lines:
        if line.startswith("$ "):
            kept.append(line.removeprefix("$ "))
        elif kept and kept[-1].endswith("\\"):
            kept.append(line)
    return "\n".join(kept)


def _split(text: str) -> Iterator[tuple[str, ...]]:
    for inner in _INNER.findall(text):
        yield from _split(inner)
    plain = _INNER.sub("INNER", text.replace("\\\n", " "))
    for line in _lines(plain):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&")
        lexer.whitespace_split = True
        try:
            tokens = list(lexer)
        except ValueError as wrong:
            message = f"no shell reads {line!r}: {wrong}"
            raise AssertionError(message) from wrong
        yield from _programs(tokens)


def _lines(text: str) -> Iterator[str]:
    """Yield logical lines: one whose quotes are open goes on in the next."""
    whole = ""
    for line in text.splitlines():
        whole = f"{whole}\n{line}" if whole else line
        if whole.count("'") % 2 == 0 and whole.count('"') % 2 == 0:
            yield whole
            whole = ""
    if whole:
        yield whole


def _programs(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    words: list[str] = []
    for token in [*tokens, ";"]:
        if not set(token) <= set(";|&"):
            words.append(token)
            continue
        while words and (words[0] == "do" or re.fullmatch(r"[A-Z_]+=.*", words[0], re.DOTALL)):
            words = words[1:]
        if words and words[0].rsplit("/", 1)[-1] in PROGRAMS:
            yield (words[0].rsplit("/", 1)[-1], *words[1:])
        words = []
