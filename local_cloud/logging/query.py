"""The Logging query language: text to syntax tree. What an entry means to it: match.py.

Not the whole language: global text search, `SEARCH`, `sample`, `source` and `ip_in_net` are
refused by name. Source: https://cloud.google.com/logging/docs/view/logging-query-language
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeGuard

from local_cloud.kit.errors import Refused

LENGTH_MAX: Final = 20_000
"""Characters. Source: the language's page, "a query can't exceed 20,000 characters"."""
DEPTH_MAX: Final = 60

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
      | (?P<quoted>"(?:[^"\\]|\\.)*")
      | (?P<op>=~|!~|!=|>=|<=|=|>|<|:)
      | (?P<punct>[().,])
      | (?P<word>[^\s"()=!<>:,.~]+)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{3})|(.))", re.DOTALL)
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z")
_HOLE: Final = '"\0"'
"""Where an instant stood."""
_SHORT: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Compare:
    """`path operator operand`, such as `httpRequest.status >= 500`."""

    path: tuple[str, ...]
    operator: str
    operand: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class LogId:
    """`log_id("run.googleapis.com/requests")`: the log's name without project and escapes."""

    log_id: str


@dataclass(frozen=True, slots=True)
class Not:
    term: "Node"


@dataclass(frozen=True, slots=True)
class And:
    terms: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    terms: tuple["Node", ...]


Node = Compare | LogId | Not | And | Or


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse(text: str) -> Node:
    """Return the tree of `text`; an empty text is And(()), which matches every entry.

    OR binds tighter than AND, and NOT tighter than both; terms side by side are joined by
    AND. Raises Refused(INVALID_ARGUMENT) for everything else.
    """
    if len(text) > LENGTH_MAX:
        raise _unparseable(f"it is longer than {LENGTH_MAX} characters")
    return _Parser(_tokens(text)).query()


def shape_of(text: str) -> tuple[str, tuple[str, ...]] | None:
    """Return a text with holes in the place of its instants, and these; None without any.

    Many queries differ from an earlier one in their instants alone.
    """
    if len(text) > LENGTH_MAX or _HOLE in text or "\\" in text or "--" in text:
        return None
    plain, *quoted = text.split('"')
    instants, parts = [], [plain]
    for index, part in enumerate(quoted):
        is_instant = index % 2 == 0 and _INSTANT.fullmatch(part)
        instants += [part] if is_instant else []
        parts.append(_HOLE[1:-1] if is_instant else part)
    return ('"'.join(parts), tuple(instants)) if instants else None


def is_hole(node: Node) -> TypeGuard[Compare]:
    """Whether an instant goes here."""
    return isinstance(node, Compare) and node.quoted and node.operand == _HOLE[1:-1]


def _unparseable(why: str) -> Refused:
    return Refused("INVALID_ARGUMENT", f"Unparseable filter: {why}.")


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _unparseable(
                f"syntax error at character {position + 1}, token {text[position]!r}"
            )
        kind = str(found.lastgroup)
        if kind != "space":
            tokens.append(_Token(kind, found.group(), position))
        position = found.end()
    return [*tokens, _Token("end", "", len(text))]


def _unquote(literal: str) -> str:
    def plain(found: re.Match[str]) -> str:
        unicode, hexadecimal, octal, character = found.groups()
        if unicode or hexadecimal:
            return chr(int(unicode or hexadecimal, 16))
        if octal:
            return chr(int(octal, 8))
        return _SHORT.get(character, character)

    return _ESCAPE.sub(plain, literal[1:-1])


class _Parser:
    """Recursive descent over the tokens; one method a rule."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def query(self) -> Node:
        if self._peek().kind == "end":
            return And(())
        node = self._conjunction()
        if self._peek().kind != "end":
            raise self._unexpected()
        return node

    def _conjunction(self) -> Node:
        terms = [self._disjunction()]
        while self._take_word("AND") or self._begins_term():
            terms.append(self._disjunction())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _disjunction(self) -> Node:
        terms = [self._term()]
        while self._take_word("OR"):
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _term(self) -> Node:
        if self._take_word("NOT") or self._take_minus():
            return Not(self._nested(self._term))
        if self._take_punct("("):
            node = self._nested(self._conjunction)
            self._expect(")")
            return node
        return self._comparison()

    def _nested(self, rule: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise _unparseable(f"it is nested deeper than {DEPTH_MAX} levels")
        node = rule()
        self._depth -= 1
        return node

    def _comparison(self) -> Node:
        path = self._path()
        token = self._peek()
        if token.text == "(" and token.kind == "punct":
            return self._function(path)
        if token.kind != "op":
            raise _unparseable(
                f"{'.'.join(path)!r} stands without a comparison: searching all fields for"
                " a text is not supported here; compare a field, such as textPayload:robot"
            )
        self._next += 1
        if self._take_punct("("):
            node = self._nested(lambda: self._values(path, token.text))
            self._expect(")")
            return node
        return self._value(path, token.text)

    def _function(self, path: tuple[str, ...]) -> Node:
        if path != ("log_id",):
            raise _unparseable(f"function {'.'.join(path)!r} is not supported here: only log_id")
        self._expect("(")
        token = self._peek()
        if token.kind != "quoted":
            raise self._unexpected()
        self._next += 1
        self._expect(")")
        return LogId(_unquote(token.text))

    def _values(self, path: tuple[str, ...], operator: str) -> Node:
        """Parse `"a" OR "b"` behind `field = (`: the comparison is repeated for each."""
        if operator in ("=~", "!~"):
            raise _unparseable("a regular expression cannot be a list in parentheses")
        terms = [self._value(path, operator)]
        joint = self._peek().text
        while joint in ("OR", "AND") and self._take_word(joint):
            terms.append(self._value(path, operator))
        if len(terms) == 1:
            return terms[0]
        return Or(tuple(terms)) if joint == "OR" else And(tuple(terms))

    def _value(self, path: tuple[str, ...], operator: str) -> Node:
        token = self._peek()
        if token.kind == "quoted":
            self._next += 1
            return Compare(path, operator, _unquote(token.text), quoted=True)
        text = self._run_together()
        if not text or text in ("AND", "OR", "NOT"):
            raise self._unexpected()
        return Compare(path, operator, text, quoted=False)

    def _run_together(self) -> str:
        """Take an unquoted value, whose dots came as tokens of their own: 0.5, a.b.c."""
        first = self._peek()
        end = first.position
        text = ""
        while (token := self._peek()).position == end and (
            token.kind == "word" or token.text == "."
        ):
            text += token.text
            end += len(token.text)
            self._next += 1
        return text

    def _path(self) -> tuple[str, ...]:
        names = [self._name()]
        while self._take_punct("."):
            names.append(self._name())
        return tuple(names)

    def _name(self) -> str:
        token = self._peek()
        if token.kind == "quoted":
            self._next += 1
            return _unquote(token.text)
        if token.kind != "word" or token.text in ("AND", "OR", "NOT"):
            raise self._unexpected()
        self._next += 1
        return token.text

    def _begins_term(self) -> bool:
        token = self._peek()
        if token.kind == "word":
            return token.text not in ("AND", "OR")
        return token.kind == "quoted" or token.text == "("

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take_word(self, word: str) -> bool:
        token = self._peek()
        if token.kind != "word" or token.text != word:
            return False
        self._next += 1
        return True

    def _take_minus(self) -> bool:
        """Take the `-` of `-field:value`, which means NOT."""
        token = self._peek()
        if token.kind != "word" or not token.text.startswith("-"):
            return False
        rest = _Token("word", token.text[1:], token.position + 1)
        self._tokens[self._next : self._next + 1] = [rest] if rest.text else []
        return True

    def _take_punct(self, character: str) -> bool:
        token = self._peek()
        if token.kind != "punct" or token.text != character:
            return False
        self._next += 1
        return True

    def _expect(self, character: str) -> None:
        if not self._take_punct(character):
            raise self._unexpected()

    def _unexpected(self) -> Refused:
        token = self._peek()
        what = f"token {token.text!r}" if token.text else "the end of the filter"
        return _unparseable(f"syntax error at character {token.position + 1}, {what}")
