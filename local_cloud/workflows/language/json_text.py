"""JSON as the service writes and reads it: Go's encoding, not Python's.

Source: reference/workflows.md 2.3 (keys sorted, compact) and section 10 item 4 (integral
doubles without a fraction, no HTML escapes).
"""

import base64
import json
import math
from decimal import Decimal
from typing import Any

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


def encode(value: Any, *, indent: tuple[str, str] | None = None, lenient: bool = False) -> str:
    """Return `value` as JSON text. `indent` is (prefix, indent) as of Go's MarshalIndent.

    Raises NotJson for bytes and for doubles that are not finite; `lenient` writes them somehow,
    for messages. Raises RecursionError and MemoryError for what is out of all bounds.
    """
    if indent is None:
        try:
            return _ENCODER.encode(_as_go(value, [0]))
        except _Unlike:
            _check_size(value)
            return _compact(value, lenient=lenient)
    _check_size(value)
    prefix, step = indent
    return _indented(value, "\n" + prefix, step, lenient=lenient)


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


def _compact(value: Any, *, lenient: bool) -> str:
    kind = type(value)
    if kind is dict:
        parts = [f"{_string(key)}:{_compact(value[key], lenient=lenient)}" for key in sorted(value)]
        return "{" + ",".join(parts) + "}"
    if kind is list:
        return "[" + ",".join([_compact(item, lenient=lenient) for item in value]) + "]"
    return _scalar(value, lenient=lenient)


def _indented(value: Any, line: str, step: str, *, lenient: bool) -> str:
    inner = line + step
    if type(value) is dict and value:
        parts = [
            f"{_string(key)}: {_indented(value[key], inner, step, lenient=lenient)}"
            for key in sorted(value)
        ]
        return "{" + inner + ("," + inner).join(parts) + line + "}"
    if type(value) is list and value:
        items = [_indented(item, inner, step, lenient=lenient) for item in value]
        return "[" + inner + ("," + inner).join(items) + line + "]"
    return _compact(value, lenient=lenient)


def _scalar(value: Any, *, lenient: bool) -> str:
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
        return _double(value, lenient=lenient)
    if lenient:
        return _string(base64.b64encode(value).decode())
    raise NotJson("bytes cannot be encoded as JSON")


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _double(value: float, *, lenient: bool) -> str:
    if not math.isfinite(value):
        if lenient:
            return _string(format_double(value))
        raise NotJson(f"{format_double(value)} cannot be encoded as JSON")
    size = abs(value)
    if size != 0 and (size < 1e-6 or size >= 1e21):  # noqa: PLR2004 - Go's own bounds.
        mantissa, _, exponent = f"{Decimal(repr(value)):e}".partition("e")
        return f"{mantissa}e{int(exponent):+d}"
    return format_double(value)


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
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson(f"invalid JSON: {error}") from None


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
    return value if INT_MIN <= value <= INT_MAX else float(literal)


def _no_constant(literal: str) -> Any:
    raise NotJson(f"invalid JSON: {literal}")


_DECODER = json.JSONDecoder(parse_int=_integer, parse_constant=_no_constant)
