"""Which entries a query means: syntax trees become predicates over LogEntry documents.

Source: https://cloud.google.com/logging/docs/view/logging-query-language ("Missing fields",
"Values and conversions"): a label or payload field that is not there fails every comparison,
`!=` included; a field of LogEntry itself that is not there has its type's default value.
"""

import datetime as dt
import functools
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from local_cloud.kit.errors import Refused
from local_cloud.logging.query import And, Compare, LogId, Node, Not, Or
from local_cloud.logging.values import SEVERITIES, duration_of, instant_of, severity_of

Predicate = Callable[[Mapping[str, Any]], bool]

_MISSING: Final = object()
INSTANTS: Final = (("timestamp",), ("receiveTimestamp",))
_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_TEXT: Final = frozenset(
    {
        *("logName", "insertId", "trace", "spanId", "resource.type", "operation.id"),
        *("operation.producer", "sourceLocation.file", "sourceLocation.function"),
        *("httpRequest.requestMethod", "httpRequest.requestUrl", "httpRequest.userAgent"),
        *("httpRequest.remoteIp", "httpRequest.serverIp", "httpRequest.referer"),
        "httpRequest.protocol",
    }
)
_NUMBERS: Final = frozenset(
    {"httpRequest.status", "httpRequest.requestSize", "httpRequest.responseSize"}
)
_FLAGS: Final = frozenset({"traceSampled", "httpRequest.cacheHit", "httpRequest.cacheLookup"})
_OPEN: Final = ("labels", "resource.labels", "jsonPayload", "protoPayload", "textPayload")
"""Fields below these are what the writer made them: typed by their value, or missing."""


def check(term: Node) -> None:
    """Refuse what `predicate` refuses. Mostly only instants differ from the filter before."""
    if isinstance(term, Compare) and term.path in INSTANTS:
        _comparison(term)
    else:
        _checked(term)


@functools.lru_cache(maxsize=512)
def _checked(term: Node) -> None:
    predicate(term)


def predicate(node: Node) -> Predicate:
    """Compile a tree. Raises Refused(INVALID_ARGUMENT) for fields and values it cannot mean."""
    if isinstance(node, And):
        return _all([predicate(term) for term in node.terms])
    if isinstance(node, Or):
        return _any([predicate(term) for term in node.terms])
    if isinstance(node, Not):
        inner = predicate(node.term)
        return lambda entry: not inner(entry)
    if isinstance(node, LogId):
        wanted = node.log_id
        return lambda entry: unquote(str(entry.get("logName", "")).partition("/logs/")[2]) == wanted
    return _comparison(node)


def _all(terms: list[Predicate]) -> Predicate:
    # Plain loops here and below: thousands of entries are looked at for each query.
    def test(entry: Mapping[str, Any]) -> bool:
        for term in terms:  # noqa: SIM110
            if not term(entry):
                return False
        return True

    return test


def _any(choices: list[Predicate]) -> Predicate:
    def test(entry: Mapping[str, Any]) -> bool:
        for choice in choices:  # noqa: SIM110
            if choice(entry):
                return True
        return False

    return test


def resolve(entry: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    """Return the value at `path`, or a private mark if it is missing."""
    value: Any = entry
    try:
        for name in path:
            value = value[name]
    except (KeyError, TypeError):  # Not there, or nothing that has names in it.
        return _MISSING
    return value


def _comparison(node: Compare) -> Predicate:
    name = ".".join(node.path)
    path = node.path
    if node.operator == ":" and node.operand == "*" and not node.quoted:
        _kind(name)
        return lambda entry: resolve(entry, path) is not _MISSING
    test = _TESTS[_kind(name)](name, node)
    return lambda entry: test(resolve(entry, path))


def _kind(name: str) -> str:
    if name in ("timestamp", "receiveTimestamp"):
        return "instant"
    if name == "severity":
        return "severity"
    if name == "httpRequest.latency":
        return "duration"
    for kind, names in (("number", _NUMBERS), ("flag", _FLAGS), ("text", _TEXT)):
        if name in names:
            return kind
    if any(name == root or name.startswith(root + ".") for root in _OPEN):
        return "open"
    raise Refused("INVALID_ARGUMENT", f"Unparseable filter: field {name!r} is not known.")


def _refused(name: str, node: Compare, rule: str) -> Refused:
    return Refused(
        "INVALID_ARGUMENT",
        f"Unparseable filter: {name} {node.operator} {node.operand!r}: {rule}.",
    )


def _ordered(
    convert: Callable[[Any], Any], default: Any, rule: str
) -> Callable[[str, Compare], Callable[[Any], bool]]:
    """Return a maker of tests for a field of LogEntry whose type has an order."""

    def make(name: str, node: Compare) -> Callable[[Any], bool]:
        # ":" means "=" where there is no text to look into.
        compare = _ORDER.get("=" if node.operator == ":" else node.operator)
        if compare is None:
            raise _refused(name, node, "a regular expression needs a text field")
        try:
            wanted = convert(node.operand)
        except (ValueError, OverflowError):
            raise _refused(name, node, rule) from None

        def test(value: Any) -> bool:
            try:
                return compare(default if value is _MISSING else convert(value), wanted)
            except (ValueError, OverflowError, TypeError):
                return False

        return test

    return make


def _text(name: str, node: Compare) -> Callable[[Any], bool]:
    test = _open(name, node)
    return lambda value: test("" if value is _MISSING else value)


def _open(name: str, node: Compare) -> Callable[[Any], bool]:
    if node.operator in ("=~", "!~"):
        return _regex(name, node)
    as_text = _text_test(node)
    as_number = _number_test(node)
    # `x != 1` also holds for a value of another type; a missing one still fails.
    mismatch = node.operator == "!="

    def test(value: Any) -> bool:
        if isinstance(value, str):
            return as_text(value)
        if value is None:
            return (node.operand == "NULL_VALUE" and not node.quoted) != mismatch
        if isinstance(value, bool):
            return as_text(str(value))
        if isinstance(value, int | float):
            return mismatch if as_number is None else as_number(value)
        if isinstance(value, list):
            return any(test(item) for item in value)
        return False  # Missing, or a structure: neither can be compared.

    return test


def _text_test(node: Compare) -> Callable[[str], bool]:
    wanted = node.operand.casefold()
    if node.operator == ":":
        return lambda value: wanted in value.casefold()
    compare = _ORDER[node.operator]
    return lambda value: compare(value.casefold(), wanted)


def _number_test(node: Compare) -> Callable[[float], bool] | None:
    try:
        wanted = float(node.operand)
    except ValueError:
        return None
    compare = _ORDER["=" if node.operator == ":" else node.operator]
    return lambda value: compare(value, wanted)


def _regex(name: str, node: Compare) -> Callable[[Any], bool]:
    if not node.quoted:
        raise _refused(name, node, "a regular expression stands in double quotes")
    if re.search(r"\(\?[=!<]|\\[1-9]", node.operand):
        raise _refused(name, node, "RE2 has no look-around and no back-references")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = re.compile(node.operand)
    except (re.error, OverflowError, RecursionError):
        raise _refused(name, node, "it is not a regular expression") from None
    wanted = node.operator == "=~"
    return lambda value: isinstance(value, str) and (pattern.search(value) is not None) == wanted


def _flag_of(value: Any) -> bool:
    text = str(value).casefold()
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_TESTS: Final = {
    "instant": _ordered(
        instant_of,
        dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        "must be an instant such as 2026-01-31T12:00:00Z, in double quotes",
    ),
    "severity": _ordered(severity_of, 0, f"must be one of {', '.join(SEVERITIES)}"),
    "duration": _ordered(duration_of, 0.0, "must be a duration such as 0.5s"),
    "number": _ordered(float, 0.0, "must be a number"),
    "flag": _ordered(_flag_of, False, "must be true or false"),
    "text": _text,
    "open": _open,
}
