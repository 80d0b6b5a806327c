"""JSON as the service writes and reads it: Go's encoding, not Python's.

Source: reference/workflows.md 2.3 (keys sorted, compact) and section 10 item 4 (integral
doubles without a fraction, no HTML escapes).
"""

import base64
import json
import math
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from local_cloud.workflows.language import work

INT_MIN = -(2**63)
INT_MAX = 2**63 - 1
# Values share their parts, so a few steps can build one that is endless when written out.
NODES_MAX = 500_000


# Between these Python writes a double without an exponent, and whole ones are exact.
_ALIKE_MIN = 1e-4
_ALIKE_MAX = 2.0**53
_PLAIN = frozenset({str, int, bool, type(None)})
_SMALL = 10_000
"""Larger values are counted as a whole before any of them is written."""
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True
)


class _Unlike(Exception):
    """Python writes this value otherwise than Go."""


class NotJson(ValueError):
    """A value or a text that JSON cannot hold. The message is for the workflow's author."""


@dataclass(frozen=True, slots=True)
class Style:
    """How JSON is written where the documentation leaves it open (reference section 10, 4)."""

    fraction: bool = False
    """Write the double five as `5.0`."""
    html_escapes: bool = False
    """Write <, > and & as Go's encoder does for HTML."""
    lenient: bool = False
    """Write somehow what JSON has no form for: for messages."""


PLAIN_STYLE: Final = Style()
_LENIENT: Final = Style(lenient=True)


def encode(
    value: Any,
    *,
    indent: tuple[str, str] | None = None,
    lenient: bool = False,
    style: Style = PLAIN_STYLE,
) -> str:
    """Return `value` as JSON text. `indent` is (prefix, indent) as of Go's MarshalIndent.

    Raises NotJson for bytes and for doubles that are not finite; `lenient` writes them somehow,
    for messages. Raises RecursionError and MemoryError for what is out of all bounds.
    """
    if lenient:
        style = _LENIENT if style is PLAIN_STYLE else replace(style, lenient=True)
    text = _encode(value, indent, style)
    if len(text) > work.SMALL:
        work.spend(len(text), work.TEXT)
    return _escaped(text, html=style.html_escapes)


def _encode(value: Any, indent: tuple[str, str] | None, style: Style) -> str:
    if indent is None:
        if not style.fraction:
            try:
                return _ENCODER.encode(_as_go(value, [0]))
            except _Unlike:
                pass
        _check_size(value)
        return _compact(value, style)
    _check_size(value)
    prefix, step = indent
    return _indented(value, "\n" + prefix, step, style)


def _escaped(text: str, *, html: bool) -> str:
    """Escape what Go escapes and Python does not; it can only stand in strings."""
    for separator in ("\u2028", "\u2029"):
        if separator in text:
            text = text.replace(separator, f"\\u{ord(separator):04x}")
    if html:
        for sign in "<>&":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _check_size(value: Any) -> None:
    count = 0
    rest = [value]
    while rest:
        item = rest.pop()
        if type(item) is list:
            count += len(item)
            rest += item
        elif type(item) is dict:
            count += len(item)
            rest += item.values()
        if count > NODES_MAX:
            raise MemoryError


def _as_go(value: Any, seen: list[int]) -> Any:
    """Return what Python's own encoder writes as Go writes `value`. Raises _Unlike.

    `seen` counts what is in maps and lists: what has a lot may be endless.
    """
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict or kind is list:
        seen[0] += len(value)
        if seen[0] > _SMALL:
            raise _Unlike
        if kind is list:
            return [one if type(one) in _PLAIN else _as_go(one, seen) for one in value]
        return {
            key: one if type(one) in _PLAIN else _as_go(one, seen) for key, one in value.items()
        }
    if kind is float:
        if _ALIKE_MIN <= abs(value) <= _ALIKE_MAX:
            return int(value) if value.is_integer() else value
        if value == 0 and math.copysign(1, value) > 0:
            return 0
    raise _Unlike


def _compact(value: Any, style: Style) -> str:
    kind = type(value)
    if kind is dict:
        parts = [f"{_string(key)}:{_compact(value[key], style)}" for key in sorted(value)]
        return "{" + ",".join(parts) + "}"
    if kind is list:
        return "[" + ",".join([_compact(item, style) for item in value]) + "]"
    return _scalar(value, style)


def _indented(value: Any, line: str, step: str, style: Style) -> str:
    inner = line + step
    if type(value) is dict and value:
        parts = [
            f"{_string(key)}: {_indented(value[key], inner, step, style)}" for key in sorted(value)
        ]
        return "{" + inner + ("," + inner).join(parts) + line + "}"
    if type(value) is list and value:
        items = [_indented(item, inner, step, style) for item in value]
        return "[" + inner + ("," + inner).join(items) + line + "]"
    return _compact(value, style)


def _scalar(value: Any, style: Style) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is int:
        return str(value)
    if kind is float:
        return _double(value, style)
    if style.lenient:
        return _string(base64.b64encode(value).decode())
    raise NotJson("bytes cannot be encoded as JSON")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _double(value: float, style: Style) -> str:
    if not math.isfinite(value):
        if style.lenient:
            return _string(format_double(value))
        raise NotJson(f"{format_double(value)} cannot be encoded as JSON")
    size = abs(value)
    if size != 0 and (size < 1e-6 or size >= 1e21):  # noqa: PLR2004 - Go's own bounds.
        mantissa, _, exponent = f"{Decimal(repr(value)):e}".partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    text = format_double(value)
    return f"{text}.0" if style.fraction and "." not in text else text


def format_double(value: float) -> str:
    """Return the shortest text of a double without an exponent: `5`, `80.6`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def decode(text: str | bytes) -> Any:
    """Read JSON: integral literals are integers, others doubles. Raises NotJson."""
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        value = _DECODER.decode(text)
        return _without_surrogates(value) if "\\ud" in text.lower() else value
    except RecursionError:
        raise NotJson("JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise NotJson("JSON text is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"invalid JSON: {_why(error)}") from None


def _why(error: json.JSONDecodeError) -> str:
    """Return what is wrong, much as Go says it; the place counts from 1."""
    found = error.doc[error.pos : error.pos + 1]
    if not found or error.msg.startswith("Unterminated"):
        return "unexpected end of JSON input"
    place = f"at line {error.lineno}, column {error.colno}"
    after = " after top-level value" if error.msg == "Extra data" else ""
    return f"invalid character {_string(found)}{after} {place}"


def whole_characters(text: str) -> str:
    """Return `text` with halves of characters replaced, as Go reads them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _without_surrogates(value: Any) -> Any:
    if type(value) is str:
        return whole_characters(value)
    if type(value) is list:
        return [_without_surrogates(item) for item in value]
    if type(value) is dict:
        return {whole_characters(key): _without_surrogates(x) for key, x in value.items()}
    return value


def _integer(literal: str) -> int | float:
    if len(literal) < 19:  # noqa: PLR2004 - 64 bits hold all of these.
        return int(literal)
    # Python refuses int() of thousands of digits with a text of its own; 64 bits hold 19.
    value = int(literal) if len(literal) <= 20 else INT_MAX + 1  # noqa: PLR2004
    return value if INT_MIN <= value <= INT_MAX else _number(literal)


def _number(literal: str) -> float:
    """Go refuses what is beyond the largest double."""
    value = float(literal)
    if math.isinf(value):
        raise NotJson(f"invalid JSON: number {literal[:24]} does not fit a double")
    return value


def _no_constant(literal: str) -> Any:
    raise NotJson(f"invalid JSON: {literal}")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_number, parse_constant=_no_constant)
