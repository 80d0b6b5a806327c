"""The forms of what never leaves the machine: archives, and what random and time make up once.

Chance and the clock are no good in a test: both depend on the configuration alone here.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.archives import digests
from tests.terraform.provider.values import digits, letters

LETTERS_AND_DIGITS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
NOW = "2026-01-01T00:00:00Z"


def _seed(value: Mapping[str, Any]) -> str:
    plain = {k: v for k, v in value.items() if isinstance(v, str | int | float | bool | dict)}
    return json.dumps(plain, sort_keys=True, default=str)


def _hex(value: Mapping[str, Any]) -> str:
    return letters(_seed(value), 2 * int(value["byte_length"]))


def _text(value: Mapping[str, Any]) -> str:
    seed, length = _seed(value), int(value["length"])
    picks = (int(digits(f"{seed} {n}", 6)) for n in range(length))
    return "".join(LETTERS_AND_DIGITS[pick % len(LETTERS_AND_DIGITS)] for pick in picks)


def _base64(value: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(_hex(value))).decode().rstrip("=")


_TEXT: dict[str, Any] = {
    "result": _text,
    "id": lambda v: "none" if "bcrypt_hash" in v else _text(v),
    **dict.fromkeys(("lower", "upper", "numeric", "number", "special"), lambda _: True),
    **dict.fromkeys(("min_lower", "min_upper", "min_numeric", "min_special"), lambda _: 0),
}

FORMS: dict[str, dict[str, Any]] = {
    "archive_file": digests(),
    "random_id": {"hex": _hex, "id": _base64, "b64_url": _base64},
    "random_integer": {
        "result": lambda v: int(v["min"]) + int(digits(_seed(v), 9)) % (v["max"] - v["min"] + 1),
    },
    "random_password": {**_TEXT, "id": "none", "bcrypt_hash": "$2a$10$always.the.same"},
    "random_string": _TEXT,
    "time_sleep": {"id": NOW},
    "time_static": {"rfc3339": NOW, "id": NOW, "unix": lambda _: 1767225600},
}
