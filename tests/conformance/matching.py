"""Compares what a case expects with what came: whole, or only what it names."""

import re
from typing import Any


def differences(expected: Any, got: Any, at: str = "") -> list[str]:
    """Return where `got` lacks something of `expected`.

    Maps may have more keys. A text that begins with `~` is a pattern for the whole text;
    lists are compared item by item, all of them.
    """
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return [f"{at or 'value'} is {got!r}, not a map"]
        found: list[str] = []
        for key, value in expected.items():
            if key not in got:
                found.append(f"{at}.{key} is missing in {sorted(got)}")
            else:
                found += differences(value, got[key], f"{at}.{key}")
        return found
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            return [f"{at or 'value'} is {got!r}, not {expected!r}"]
        pairs = enumerate(zip(expected, got, strict=True))
        return [one for i, (a, b) in pairs for one in differences(a, b, f"{at}[{i}]")]
    if isinstance(expected, str) and expected.startswith("~"):
        if isinstance(got, str) and re.fullmatch(expected[1:], got, re.DOTALL):
            return []
        return [f"{at or 'value'} is {got!r}, not like {expected[1:]}"]
    if not same(expected, got):
        return [f"{at or 'value'} is {got!r}, not {expected!r}"]
    return []


def same(expected: Any, got: Any) -> bool:
    """Whether two JSON values are the same: 1 is not true, and 1 is not 1.0."""
    if type(expected) is not type(got):
        return False
    if isinstance(expected, dict):
        return expected.keys() == got.keys() and all(same(expected[k], got[k]) for k in expected)
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    return bool(expected == got)
