"""Values as a trace shows them: JSON on one line, cut when long, and then with their size."""

import json
from typing import Any, Final

ROOM: Final = 72
"""Characters that one value may take before it is cut."""
_NAMES: Final = {list: "item", dict: "key", str: "character"}


class _Full(Exception):
    """There is no room for more."""


def short(value: Any, room: int = ROOM) -> str:
    """Return a value in about `room` characters, whatever its size.

    No more of it is looked at than is shown: a trace of large values must not cost their size.
    """
    writer = _Writer(room)
    try:
        writer.write(value)
    except _Full:
        return "".join(writer.parts) + "\u2026" + _size(value)
    return "".join(writer.parts)


def seconds(length: float) -> str:
    """Return a length of time as people say it, such as `12 ms` or `3 min 20 s`."""
    if length < 0.9995:  # noqa: PLR2004 - what is written as 1,000 ms otherwise.
        return f"{length * 1000:.0f} ms"
    if length < 60:  # noqa: PLR2004 - a minute.
        return f"{length:.2f}".rstrip("0").rstrip(".") + " s"
    whole = round(length)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min")]
    parts.append((whole % 60, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


class _Writer:
    def __init__(self, room: int) -> None:
        self.parts: list[str] = []
        self._left = room

    def write(self, value: Any) -> None:
        if isinstance(value, dict):
            self._map(value)
        elif isinstance(value, list):
            self._list(value)
        elif isinstance(value, str):
            self._put(json.dumps(value[: self._left + 1], ensure_ascii=False), whole=False)
        elif isinstance(value, bytes):
            self._put(f"<{len(value):,} bytes>")
        elif isinstance(value, float) and value.is_integer():
            self._put(f"{value:.1f}" if abs(value) < 1e15 else repr(value))  # noqa: PLR2004 - as JSON.
        else:
            self._put(_LITERALS[value] if _is_literal(value) else str(value))

    def _map(self, value: dict[str, Any]) -> None:
        self._put("{")
        for count, (key, item) in enumerate(value.items()):
            self._put(", " if count else "")
            self._put(json.dumps(key[: self._left + 1], ensure_ascii=False), whole=False)
            self._put(": ")
            self.write(item)
        self._put("}")

    def _list(self, value: list[Any]) -> None:
        self._put("[")
        for count, item in enumerate(value):
            self._put(", " if count else "")
            self.write(item)
        self._put("]")

    def _put(self, text: str, *, whole: bool = True) -> None:
        """Write a text, or what there is room for; half a number would be another one."""
        if len(text) > self._left:
            if not whole:
                self.parts.append(text[: self._left])
            raise _Full
        self.parts.append(text)
        self._left -= len(text)


_LITERALS: Final = {None: "null", True: "true", False: "false"}


def _is_literal(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _size(value: Any) -> str:
    name = next((name for kind, name in _NAMES.items() if isinstance(value, kind)), "")
    return f" ({len(value):,} {name}{'s' * (len(value) != 1)})" if name else ""
