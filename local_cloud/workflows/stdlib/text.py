"""text.*: strings and bytes (reference sections 3 and 11)."""

import re
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import checked_text
from local_cloud.workflows.stdlib.registry import Function, function, octets, text, whole

_CHARSETS: Final = {"utf-8": "utf-8", "utf8": "utf-8"}
# Only these stay as they are (reference section 11); quote() keeps "~" of its own accord.
_URL_SAFE: Final = ".-_"


def encode(value: Any, charset: Any) -> bytes:
    try:
        return text(value).encode(_charset(charset))
    except UnicodeEncodeError:
        raise fault("ValueError", "text cannot be encoded") from None


def decode(data: Any, charset: Any) -> str:
    try:
        return checked_text(octets(data).decode(_charset(charset)))
    except UnicodeDecodeError:
        raise fault("ValueError", "data cannot be decoded as UTF-8") from None


def _charset(name: Any) -> str:
    known = _CHARSETS.get(text(name).lower())
    if known is None:
        raise fault("ValueError", f"unsupported charset: {name}")
    return known


def find_all(source: Any, substr: Any) -> list[int]:
    """Return the positions of `substr`, not overlapping."""
    if not text(substr):
        raise fault("ValueError", "substr must not be empty")
    found = []
    at = text(source).find(substr)
    while at >= 0:
        found.append(at)
        at = source.find(substr, at + len(substr))
    return found


def find_all_regex(source: Any, regexp: Any) -> list[dict[str, Any]]:
    return [
        {"index": found.start(), "match": found.group()}
        for found in _compiled(regexp).finditer(text(source))
    ]


def match_regex(source: Any, regexp: Any) -> bool:
    return _compiled(regexp).search(text(source)) is not None


def replace_all_regex(source: Any, regexp: Any, repl: Any) -> str:
    template = text(repl)
    pattern = _compiled(regexp)
    return checked_text(pattern.sub(lambda found: _filled(template, found), text(source)))


def _filled(template: str, found: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        number = int(reference.group(1))
        return found.group(number) or "" if number <= (found.re.groups or 0) else ""

    return re.sub(r"\\([0-9])", group, template)


def _compiled(regexp: Any) -> re.Pattern[str]:
    pattern = text(regexp)
    # RE2 has neither look-around nor back-references; accepting them would hide a mistake.
    if re.search(r"\(\?(=|!|<=|<!|P=|\()|\\[1-9]", pattern):
        raise fault("ValueError", f"invalid regular expression: {pattern}")
    try:
        return re.compile(pattern.replace("\\z", "\\Z"))
    except (re.error, OverflowError):
        raise fault("ValueError", f"invalid regular expression: {pattern}") from None


def split(source: Any, separator: Any) -> list[str]:
    if not text(separator):
        raise fault("ValueError", "separator must not be empty")
    return text(source).split(separator)


def substring(source: Any, start: Any, end: Any) -> str:
    """Return [start, end), clamped to the text."""
    return text(source)[max(whole(start), 0) : max(whole(end), 0)]


def replace_all(source: Any, substr: Any, repl: Any) -> str:
    return checked_text(text(source).replace(text(substr), text(repl)))


def url_encode(source: Any) -> str:
    return quote(text(source), safe=_URL_SAFE, errors="replace").replace("~", "%7E")


def url_decode(source: Any) -> str:
    """Decode both forms: `+` and `%20` are a space."""
    if re.search("%(?![0-9a-fA-F]{2})", text(source)):
        raise fault("ValueError", "invalid URL escape")
    return decode(unquote_to_bytes(source.replace("+", " ")), "UTF-8")


FUNCTIONS: Final[dict[str, Function]] = {
    "text.encode": function(encode, "text", charset="UTF-8"),
    "text.decode": function(decode, "data", charset="UTF-8"),
    "text.find_all": function(find_all, "source", "substr"),
    "text.find_all_regex": function(find_all_regex, "source", "regexp"),
    "text.match_regex": function(match_regex, "source", "regexp"),
    "text.replace_all": function(replace_all, "source", "substr", "repl"),
    "text.replace_all_regex": function(replace_all_regex, "source", "regexp", "repl"),
    "text.split": function(split, "source", "separator"),
    "text.substring": function(substring, "source", "start", "end"),
    "text.to_lower": function(lambda source: text(source).lower(), "source"),
    "text.to_upper": function(lambda source: text(source).upper(), "source"),
    "text.url_encode": function(url_encode, "source"),
    "text.url_encode_plus": function(
        lambda source: url_encode(source).replace("%20", "+"), "source"
    ),
    "text.url_decode": function(url_decode, "source"),
}
