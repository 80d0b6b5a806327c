"""Reads a workflow's source, YAML or JSON, into a tree that knows where everything stands.

Neither reader recurses, expands aliases without bound or lets `yes`, `no`, `on` and `off` be
booleans. Nothing of the language is known here.
"""

import json.decoder
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.json_text import INT_MAX, INT_MIN, whole_characters

SOURCE_BYTES_MAX: Final = 128 * 1024
NODES_MAX: Final = 100_000
DEPTH_MAX: Final = 100

_HALF_A_CHARACTER: Final = re.compile("[\ud800-\udfff]")
_scan_string: Any = json.decoder.scanstring  # type: ignore[attr-defined]
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# The only expression of a flow list, which YAML itself takes for the begin of a map.
# Source: samples callback-event-sample and state-management-firestore: `fieldPaths: [${key}]`;
# connector_cloudbuild: `args: ["build", "-t", ${image_path}, "."]`.
# Several in one list are "not valid YAML": cloud.google.com/workflows/docs/troubleshooting.
_FLOW_EXPRESSION: Final = re.compile(
    r"(\[(?:[^\[\]{}$\n]*,)?[ \t]*)(\$\{[^{}\n\"'#]*\})(?=[ \t]*(?:,[^\[\]{}$\n]*)?\])"
)
_HIDE: Final = {ord(kept): chr(0xE000 + ord(kept)) for kept in "{}[],"}
_SHOW: Final = {ord(hidden): chr(kept) for kept, hidden in _HIDE.items()}
"""Such items are read with their brackets exchanged for characters of no meaning to YAML."""
_HIDDEN: Final = frozenset(_HIDE.values())


@dataclass(frozen=True, slots=True)
class Scalar:
    value: Any
    """None, bool, int, float or str."""
    position: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple["Node", ...]
    position: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[tuple[Scalar, "Node"], ...]
    """Keys are strings."""
    position: Position

    def get(self, name: str) -> "Node | None":
        return next((value for key, value in self.entries if key.value == name), None)


Node = Scalar | Sequence | Mapping


def read_source(text: str) -> Node:
    """Read a source. Raises BuildError."""
    if len(text.encode("utf-8", "replace")) > SOURCE_BYTES_MAX:
        raise BuildError(f"source is larger than {SOURCE_BYTES_MAX // 1024} KB")
    text = text.removeprefix("\ufeff")  # The byte order mark.
    if not text.strip():
        raise BuildError("source is empty")
    half = _HALF_A_CHARACTER.search(text)
    if half is not None:
        raise BuildError("yaml: source is not UTF-8 text", _position_at(text, half.start()))
    if text.lstrip()[0] in "{[":
        try:
            return _Builder().tree(_json_events(text))
        except BuildError as error:
            if not isinstance(error, _NotJsonSource):
                raise
    try:
        return _yaml_tree(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        position = Position(mark.line + 1, mark.column + 1, 1) if mark else None
        raise BuildError(f"yaml: {error.problem or error.context}", position) from None
    except yaml.reader.ReaderError as error:
        # Control characters. The reader in C counts bytes, so the place is looked up here.
        wrong = chr(error.character)
        at = _position_at(text, text.index(wrong)) if wrong in text else None
        raise BuildError(f"yaml: control characters are not allowed: {wrong!a}", at) from None
    except yaml.YAMLError as error:
        raise BuildError(f"yaml: {str(error).splitlines()[0]}") from None


def _yaml_tree(text: str) -> Node:
    try:
        return _Builder().tree(_yaml_events(text))
    except yaml.MarkedYAMLError:
        hidden = _FLOW_EXPRESSION.sub(lambda one: one[1] + one[2].translate(_HIDE), text)
        if hidden == text or not _HIDDEN.isdisjoint(text):
            raise
        return _Builder().tree(_yaml_events(hidden, _SHOW))


def _position_at(text: str, index: int) -> Position:
    line = text.count("\n", 0, index) + 1
    return Position(line, index - text.rfind("\n", 0, index), 1)


class _NotJsonSource(BuildError):
    """The text is no JSON; it may still be YAML in flow style."""


@dataclass(frozen=True, slots=True)
class _Event:
    kind: str
    """scalar, list, map, end, alias."""
    position: Position
    value: Any = None
    anchor: str | None = None


class _Builder:
    """Builds the tree from a flat stream of events, so that no nesting can exhaust a stack."""

    def __init__(self) -> None:
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._count = 0
        self._open: list[tuple[_Event, list[Node], int]] = []

    def tree(self, events: Iterator[_Event]) -> Node:
        root: Node | None = None
        for event in events:
            done = self._take(event)
            if done is None:
                continue
            if self._open:
                self._open[-1][1].append(done)
            elif root is None:
                root = done
            else:
                raise BuildError("source has more than one document", event.position)
        if root is None:
            raise BuildError("source is empty")
        return root

    def _take(self, event: _Event) -> Node | None:
        """Return the node that is complete with this event, if one is."""
        self._grow(_weight(event.value) if event.kind == "scalar" else 1, event)
        if event.kind == "scalar":
            node = Scalar(event.value, event.position)
            return self._named(event, node, _weight(event.value))
        if event.kind == "alias":
            return self._alias(event)
        if event.kind != "end":
            if len(self._open) >= DEPTH_MAX:
                raise BuildError(f"source is nested deeper than {DEPTH_MAX}", event.position)
            self._open.append((event, [], self._count))
            return None
        opened, items, count_before = self._open.pop()
        made: Node = (
            Sequence(tuple(items), opened.position)
            if opened.kind == "list"
            else Mapping(_entries(items), opened.position)
        )
        return self._named(opened, made, self._count - count_before + 1)

    def _named(self, event: _Event, node: Node, size: int) -> Node:
        if event.anchor:
            self._anchors[event.anchor] = (node, size)
        return node

    def _alias(self, event: _Event) -> Node:
        if event.value not in self._anchors:
            raise BuildError(f"yaml: unknown anchor '{event.value}'", event.position)
        node, size = self._anchors[event.value]
        self._grow(size, event)
        return node

    def _grow(self, size: int, event: _Event) -> None:
        self._count += size
        if self._count > NODES_MAX:
            raise BuildError("yaml: document contains excessive aliasing", event.position)


def _weight(value: Any) -> int:
    """Return what a scalar counts: long ones, repeated by aliases, take long to compile too."""
    return 1 + len(value) // 2 if isinstance(value, str) else 1


def _entries(items: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
    entries: list[tuple[Scalar, Node]] = []
    seen: set[str] = set()
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(key, Scalar):
            raise BuildError("yaml: a key must be a scalar", key.position)
        name = _key_text(key.value)
        if name in seen:
            raise BuildError(f"yaml: mapping key '{name}' already defined", key.position)
        seen.add(name)
        entries.append((Scalar(name, key.position), value))
    return tuple(entries)


def _key_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _yaml_events(text: str, shown: dict[int, str] | None = None) -> Iterator[_Event]:
    for event in yaml.parse(text, Loader=_LOADER):
        position = _span(event.start_mark, event.end_mark)
        if isinstance(event, yaml.ScalarEvent):
            value = event.value.translate(shown) if shown else event.value
            yield _Event("scalar", position, _yaml_value(event, value, position), event.anchor)
        elif isinstance(
            event, yaml.SequenceStartEvent | yaml.MappingStartEvent
        ) and event.tag not in (
            None,
            *_COLLECTION_TAGS,
        ):
            raise BuildError(f"yaml: unknown tag '{event.tag}'", position)
        elif isinstance(event, yaml.SequenceStartEvent):
            yield _Event("list", position, None, event.anchor)
        elif isinstance(event, yaml.MappingStartEvent):
            yield _Event("map", position, None, event.anchor)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            yield _Event("end", position)
        elif isinstance(event, yaml.AliasEvent):
            yield _Event("alias", position, event.anchor)


def _yaml_value(event: Any, text: str, position: Position) -> Any:
    """Return what a scalar means, plain, quoted or tagged. Raises BuildError."""
    if event.tag in (None, "!") and not event.implicit[0]:
        return text
    if event.tag == "tag:yaml.org,2002:str":
        return text
    if event.tag not in (None, "!", *_CORE_TAGS):
        raise BuildError(f"yaml: unknown tag '{event.tag}'", position)
    if event.tag is None and text == "<<":
        raise BuildError("yaml: merge keys ('<<') are not supported", position)
    return _plain_value(text)


def _span(start: Any, end: Any) -> Position:
    length = end.index - start.index if start.line == end.line else 1
    return Position(start.line + 1, start.column + 1, max(length, 1))


_COLLECTION_TAGS: Final = ("!", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map")
_CORE_TAGS: Final = tuple(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OTHER_INT: Final = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _plain_value(text: str) -> Any:
    """Return what a plain scalar means in YAML 1.2's core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) <= 20:  # noqa: PLR2004 - 64 bits and a sign.
        return _fitting(int(text), text)
    if _OTHER_INT.fullmatch(text) and len(text) <= 24:  # noqa: PLR2004 - 64 bits in octal.
        return _fitting(int(text, 0), text)
    if _FLOAT.fullmatch(text) and math.isfinite(found := float(text)):
        return found
    return text  # Also a number beyond the largest double, as in Go's reader.


def _fitting(value: int, text: str) -> int | float | str:
    if INT_MIN <= value <= INT_MAX:
        return value
    return text if text.startswith("0") else float(text)


_JSON_SPACE: Final = re.compile(r"[ \t\r\n]*")
_JSON_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_JSON_WORD: Final = re.compile(r"true|false|null")


class _JsonReader:
    """A cursor over JSON text. YAML readers know neither its tabs nor its surrogate pairs."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line = 1
        self._line_start = 0
        self._counted_to = 0
        self.at = 0

    def space(self) -> None:
        found = _JSON_SPACE.match(self._text, self.at)
        self.at = found.end() if found else self.at

    def peek(self) -> str:
        return self._text[self.at : self.at + 1]

    def position(self, length: int = 1) -> Position:
        newlines = self._text.count("\n", self._counted_to, self.at)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rfind("\n", 0, self.at) + 1
        self._counted_to = self.at
        return Position(self._line, self.at - self._line_start + 1, length)

    def error(self) -> BuildError:
        return _NotJsonSource("json: unexpected text", self.position())

    def scalar(self) -> _Event:
        begin = self.at
        position = self.position()
        value: Any
        if self.peek() == '"':
            try:
                text, self.at = _scan_string(self._text, self.at + 1, True)
                value = whole_characters(text)
            except ValueError:
                raise self.error() from None
        elif found := _JSON_WORD.match(self._text, self.at):
            value, self.at = _WORDS[found.group()], found.end()
        elif found := _JSON_NUMBER.match(self._text, self.at):
            value = _plain_value(found.group())
            if isinstance(value, str):
                what = f"json: number {value[:24]} does not fit a double"
                raise BuildError(what, Position(position.line, position.column, len(value)))
            self.at = found.end()
        else:
            raise self.error()
        return _Event("scalar", Position(position.line, position.column, self.at - begin), value)


def _json_events(text: str) -> Iterator[_Event]:
    reader = _JsonReader(text)
    open_: list[str] = []
    while True:
        reader.space()
        opening = reader.peek()
        if opening in ("{", "["):
            yield _Event("map" if opening == "{" else "list", reader.position())
            open_.append("}" if opening == "{" else "]")
            reader.at += 1
            reader.space()
            if reader.peek() != open_[-1]:
                yield from _json_key(reader, open_)
                continue
        else:
            yield reader.scalar()
        yield from _json_after(reader, open_)
        if not open_:
            return


def _json_key(reader: _JsonReader, open_: list[str]) -> Iterator[_Event]:
    """Read `"key":` where a map wants one."""
    if open_[-1] != "}":
        return
    reader.space()
    if reader.peek() != '"':
        raise reader.error()
    yield reader.scalar()
    reader.space()
    if reader.peek() != ":":
        raise reader.error()
    reader.at += 1


def _json_after(reader: _JsonReader, open_: list[str]) -> Iterator[_Event]:
    """Read what may follow a value: ends, then a comma and the next key, or the end of all."""
    while open_:
        reader.space()
        if reader.peek() == ",":
            reader.at += 1
            yield from _json_key(reader, open_)
            reader.space()
            if reader.peek() in ("}", "]"):
                raise reader.error()
            return
        if reader.peek() != open_[-1]:
            raise reader.error()
        yield _Event("end", reader.position())
        open_.pop()
        reader.at += 1
    reader.space()
    if reader.peek():
        raise reader.error()
