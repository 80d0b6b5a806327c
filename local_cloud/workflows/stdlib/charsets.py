"""Character sets of text.encode and text.decode, by IANA name.

Source: the page of text.encode: "IANA charset name; e.g. UTF-8, US-ASCII, ISO-8859-2",
case-insensitive. Which ones there are is not documented; these are those of Go's registry that
Python knows as well.
"""

from typing import Final

from local_cloud.workflows.language.faults import Fault, fault

_ISO_PARTS: Final = (*range(1, 12), 13, 14, 15, 16)
_WINDOWS_PAGES: Final = range(1250, 1259)
_CODECS: Final[dict[str, str]] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "ascii",
    "ascii": "ascii",
    "latin1": "iso8859-1",
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in _ISO_PARTS},
    **{f"windows-{page}": f"cp{page}" for page in _WINDOWS_PAGES},
    "windows-874": "cp874",
    "ibm437": "cp437",
    "ibm850": "cp850",
    "ibm866": "cp866",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "macintosh": "mac-roman",
    "utf-16": "utf-16",
    "utf-16be": "utf-16-be",
    "utf-16le": "utf-16-le",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "iso-2022-jp": "iso2022_jp",
    "euc-kr": "euc_kr",
    "big5": "big5",
    "gb2312": "gb2312",
    "gbk": "gbk",
    "gb18030": "gb18030",
}
_MARK: Final = b"\xfe\xff"
_MARKS: Final = (_MARK, b"\xff\xfe")
_NAME_MAX: Final = 40


def codec(name: str) -> str | None:
    """Return Python's name, None for a character set that is not there."""
    return _CODECS.get(name.lower())


def encode(text: str, charset: str) -> bytes:
    name = _known(charset)
    try:
        if name == "utf-16":  # Python's own would depend on the machine.
            return _MARK + text.encode("utf-16-be")
        return text.encode(name)
    except UnicodeError:
        raise fault("ValueError", f"text cannot be represented in {charset}") from None


def decode(data: bytes, charset: str) -> str:
    name = _known(charset)
    if name == "utf-16" and not data.startswith(_MARKS):
        name = "utf-16-be"
    try:
        return data.decode(name)
    except UnicodeError:
        raise fault("ValueError", f"data cannot be decoded as {charset}") from None


def _known(charset: str) -> str:
    name = codec(charset)
    if name is None:
        raise _unsupported(charset)
    return name


def _unsupported(charset: str) -> Fault:
    return fault("ValueError", f"unsupported charset: {charset[:_NAME_MAX]}")
