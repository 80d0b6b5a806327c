"""The tokens of expressions, and how text that is none is refused: in ANTLR's words.

Source: reference/workflows.md 2.2 and 1.3. ANTLR names the characters from where a token would
begin to the one that fits none.
"""

import re
from dataclasses import dataclass
from typing import Final

from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.json_text import whole_characters


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """number, string, name, operator (signs and the words and, or, not, in) or end."""
    text: str
    at: int


# Only these spaces, letters and digits: Python's own classes know all of Unicode's.
_TOKEN: Final = re.compile(
    r"""[ \t\r\n]*(?:
      (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<string>"(?:[^"\\]|\\.)*")
    | (?P<quoted>'(?:[^'\\]|\\.)*')
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<sign>//|==|!=|<=|>=|[-+*/%<>()\[\].,])
    | (?P<end>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_SPACES: Final = re.compile(r"[ \t\r\n]*")
WORD_OPERATORS: Final = {
    "and": "and",
    "AND": "and",
    "or": "or",
    "OR": "or",
    "not": "not",
    "NOT": "not",
    "in": "in",
}


def tokens(text: str, *, single_quotes: bool) -> list[Token]:
    """Return the tokens of an expression, the end among them. Raises BuildError."""
    found: list[Token] = []
    at = 0
    while not found or found[-1].kind != "end":
        match = _TOKEN.match(text, at)
        kind = (match.lastgroup or "") if match else ""
        if match is None or (kind == "quoted" and not single_quotes):
            raise _unknown(text, at)
        word = match.group(kind)
        start = match.start(kind)
        if kind == "word" and word in WORD_OPERATORS:
            found.append(Token("operator", WORD_OPERATORS[word], start))
        else:
            found.append(Token(_KINDS.get(kind, kind), word, start))
        at = match.end()
    return found


_KINDS: Final = {"word": "name", "sign": "operator", "quoted": "string"}


def _unknown(text: str, at: int) -> BuildError:
    spaces = _SPACES.match(text, at)
    start = spaces.end() if spaces else at
    if text[start] == '"':
        wrong = text[start:]  # A string that nothing closes.
    else:
        wrong = text[start : start + (2 if text[start] in "!=" else 1)]
    return recognition_error(wrong, start)


def recognition_error(wrong: str, at: int) -> BuildError:
    shown = wrong.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return BuildError(f"token recognition error at: '{shown}' at character {at + 1}")


_ESCAPES: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED: Final = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "a": "\a",
    "v": "\v",
    "0": "\0",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "/": "/",
}


def string_value(token: Token) -> str:
    """Return what a string literal means. Raises BuildError for an unknown escape."""

    def unescaped(found: re.Match[str]) -> str:
        escape = found.group(1)
        if escape[0] in "ux" and len(escape) > 1:
            return chr(int(escape[1:], 16))
        if escape in _ESCAPED:
            return _ESCAPED[escape]
        raise recognition_error(token.text[: found.end() + 1], token.at)

    text = _ESCAPES.sub(unescaped, token.text[1:-1])
    return whole_characters(text)  # Two \u escapes may be the halves of one.
