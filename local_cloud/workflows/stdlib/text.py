"""text.*: strings and bytes. Positions count characters (code points).

Source: reference/workflows.md 3 and 11; the functions' own pages.
"""

import re
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import checked_text
from local_cloud.workflows.stdlib import charsets, patterns
from local_cloud.workflows.stdlib.limits import check_elements, check_text_bytes
from local_cloud.workflows.stdlib.registry import Function, function, octets, text, whole

# Only these stay as they are (reference section 11); quote() keeps "~" of its own accord.
_URL_SAFE: Final = ".-_"
_BROKEN_ESCAPE: Final = re.compile("%(?![0-9a-fA-F]{2})")
_MATCH_BYTES: Final = 58
"""A map with `index` and `match`, by the documented accounting (reference 1.7)."""


def encode(value: Any, charset: Any) -> bytes:
    return charsets.encode(text(value), text(charset))


def decode(data: Any, charset: Any) -> str:
    return checked_text(charsets.decode(octets(data), text(charset)))


def find_all(source: Any, substr: Any) -> list[int]:
    """Return the positions of `substr`, not overlapping."""
    text(source)
    if not text(substr):  # Not documented.
        raise fault("ValueError", "substr must not be empty")
    check_elements(source.count(substr))
    found = []
    at = source.find(substr)
    while at >= 0:
        found.append(at)
        at = source.find(substr, at + len(substr))
    return found


def find_all_regex(source: Any, regexp: Any) -> list[dict[str, Any]]:
    data = _utf8(source)
    pattern = patterns.compiled(text(regexp))
    found: list[dict[str, Any]] = []
    index = last = 0
    for start, end in pattern.spans(data):
        index += len(data[last:start].decode())
        match = data[start:end].decode()
        found.append({"index": index, "match": match})
        check_elements(len(found), _MATCH_BYTES)
        index += len(match)
        last = end
    return found


def match_regex(source: Any, regexp: Any) -> bool:
    data = _utf8(source)
    return patterns.compiled(text(regexp)).is_in(data)


def replace_all_regex(source: Any, regexp: Any, repl: Any) -> str:
    r"""Put `repl` as it stands for each match: it cannot refer to groups, by `\1` or otherwise.

    Source: the function's page.
    """
    data = _utf8(source)
    pattern = patterns.compiled(text(regexp))
    put = _utf8(repl)
    parts: list[bytes] = []
    size = len(data)
    last = 0
    for start, end in pattern.spans(data):
        size += len(put) - (end - start)
        # Matches to come can take away no more than what is left.
        check_text_bytes(size - (len(data) - end))
        parts += (data[last:start], put)
        last = end
    check_text_bytes(size)
    parts.append(data[last:])
    return b"".join(parts).decode()


def _utf8(value: Any) -> bytes:
    return text(value).encode("utf-8", "replace")


def split(source: Any, separator: Any) -> list[str]:
    text(source)
    if not text(separator):
        raise fault("ValueError", "separator must not be empty")
    check_elements(source.count(separator) + 1)
    parts: list[str] = source.split(separator)
    return parts


def substring(source: Any, start: Any, end: Any) -> str:
    """Return [start, end), clamped to the text."""
    return text(source)[max(whole(start), 0) : max(whole(end), 0)]


def replace_all(source: Any, substr: Any, repl: Any) -> str:
    """An empty `substr` stands before each character and at the end, as in Go."""
    text(source)
    count = source.count(text(substr))
    growth = len(_utf8(repl)) - len(_utf8(substr))
    check_text_bytes(len(_utf8(source)) + count * growth)
    return str(source.replace(substr, repl))


def to_lower(source: Any) -> str:
    return _by_character(text(source), str.lower)


def to_upper(source: Any) -> str:
    return _by_character(text(source), str.upper)


def _by_character(source: str, change: Any) -> str:
    """Change the case as Go does: each character by itself, into a single one."""
    if source.isascii():
        return str(change(source))
    changed = {}
    for character in set(source):
        found = change(character)
        if len(found) > 1:
            found = character.title() if change is str.upper else found[0]
        changed[ord(character)] = found if len(found) == 1 else character
    return checked_text(source.translate(changed))


def url_encode(source: Any) -> str:
    quoted = quote(text(source), safe=_URL_SAFE, errors="replace").replace("~", "%7E")
    return checked_text(quoted)


def url_decode(source: Any) -> str:
    """Decode both forms: `+` and `%20` are a space."""
    if _BROKEN_ESCAPE.search(text(source)):
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
    "text.to_lower": function(to_lower, "source"),
    "text.to_upper": function(to_upper, "source"),
    "text.url_encode": function(url_encode, "source"),
    "text.url_encode_plus": function(
        lambda source: url_encode(source).replace("%20", "+"), "source"
    ),
    "text.url_decode": function(url_decode, "source"),
}
