"""Reads text from an environment into values, and says in one sentence what is wrong with each.

Pure. Not here: which settings there are (`settings.py`).
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable. `parse` raises ValueError; an empty value counts as not set.

    The value of a `secret` one stands in no message.
    """

    name: str
    default: str
    rule: str
    example: str
    parse: Callable[[str], Any]
    secret: bool = False

    def problem(self, value: str) -> str:
        shown = "not as it should be" if self.secret else repr(value)
        return f"{self.name} is {shown}: must be {self.rule}, such as {self.example}."


def read(
    settings: Iterable[Setting], env: Mapping[str, str], problems: list[str]
) -> dict[str, Any]:
    """Return the value of each setting; None for a wrong one, whose problem is added."""
    return {setting.name: _one(setting, env, problems) for setting in settings}


def _one(setting: Setting, env: Mapping[str, str], problems: list[str]) -> Any:
    value = env.get(setting.name) or setting.default
    if not value:
        return None
    try:
        return setting.parse(value)
    except (ValueError, KeyError):
        problems.append(setting.problem(value))
        return None


def ratio(text: str) -> float:
    return _within(_number(text), 0.0, 1.0)


def seconds(text: str) -> float:
    return _within(_number(text), 0.0, math.inf)


def _number(text: str) -> float:
    # Python reads more than people would expect: digits of other scripts, `1_0`, spaces.
    if not re.fullmatch(r"[0-9eE+.-]+", text):
        raise ValueError
    return float(text)


def _within(number: float, low: float, high: float) -> float:
    # NaN compares false with everything, so it is refused here too.
    if not (low <= number <= high) or math.isinf(number):
        raise ValueError
    return number


def integer(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise ValueError
    return int(text)


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `low` to `high`, both included."""

    def read_whole(text: str) -> int:
        number = integer(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return read_whole


def yes_or_no(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def one_of(*names: str) -> Callable[[str], str]:
    """Return a reader of one of `names`, in whatever case it is written."""
    by_folded = {name.lower(): name for name in names}
    return lambda text: by_folded[text.lower()]


def emails(text: str) -> frozenset[str]:
    """Read addresses between commas, folded to lower case as Google's tokens have them."""
    found = frozenset(part.strip().lower() for part in text.split(","))
    if not all(name and domain for name, _, domain in (one.partition("@") for one in found)):
        raise ValueError
    return found


def database_url(text: str) -> str:
    """Take a PostgreSQL URL that names user, host and database and holds no password."""
    parts = urlsplit(text)
    whole_url = parts.scheme in ("postgresql", "postgres") and parts.username and parts.path[1:]
    query = parse_qs(parts.query, keep_blank_values=True)
    # Also the one of a key: `sslpassword`.
    if not whole_url or parts.password is not None or any("password" in n.lower() for n in query):
        raise ValueError
    if not (parts.hostname or "host" in query):
        raise ValueError
    _ = parts.port  # Raises ValueError for what is no port.
    return text


def https_url(text: str) -> str:
    """Take an https URL; plain http only to this machine, where nobody listens in between."""
    parts = urlsplit(text)
    local = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or not (parts.scheme == "https" or local):
        raise ValueError
    return text
