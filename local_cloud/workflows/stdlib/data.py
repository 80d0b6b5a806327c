"""json.*, base64.*, hash.*, time.* and uuid.* (reference sections 3 and 11)."""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
import zoneinfo
from typing import Any, Final

from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import checked_text
from local_cloud.workflows.stdlib.registry import (
    Function,
    function,
    number,
    octets,
    parameters,
    refuse,
    text,
    truth,
)

_ALGORITHMS: Final = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
_SECONDS_MAX: Final = 253402300799  # The last second of year 9999.


def json_decode(data: Any) -> Any:
    if type(data) not in (str, bytes):
        refuse("bytes or a string", data)
    try:
        return json_text.decode(data)
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def json_encode_to_string(data: Any, indent: Any) -> str:
    try:
        return checked_text(json_text.encode(data, indent=_indent(indent)))
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def _indent(indent: Any) -> tuple[str, str] | None:
    if type(indent) is dict:
        return text(indent.get("prefix", "")), text(indent.get("indent", "    "))
    return ("", "    ") if truth(indent) else None


def base64_encode(data: Any, padding: Any) -> str:
    encoded = base64.b64encode(octets(data)).decode()
    return checked_text(encoded if truth(padding) else encoded.rstrip("="))


def base64_decode(data: Any, padding: Any) -> bytes:
    encoded = text(data)
    if not truth(padding):
        encoded += "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise fault("ValueError", "illegal base64 data") from None


def checksum(data: Any, algorithm: Any) -> bytes:
    return hashlib.new(_algorithm(algorithm), octets(data)).digest()


def keyed_hash(key: Any, data: Any, algorithm: Any) -> bytes:
    return hmac.new(octets(key), octets(data), _algorithm(algorithm)).digest()


def _algorithm(name: Any) -> str:
    if text(name) not in _ALGORITHMS:
        raise fault("ValueError", f"unsupported algorithm: {name}")
    return str(name).lower()


def time_format(seconds: Any, timezone: Any) -> str:
    """Return ISO 8601 text, always with microseconds."""
    try:
        zone = zoneinfo.ZoneInfo(text(timezone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise fault("ValueError", f"unknown time zone: {timezone}") from None
    if not abs(number(seconds)) <= _SECONDS_MAX:
        raise fault("ValueError", "time is out of range")
    # Rounded from microseconds as integers: floats lose the last digit.
    instant = dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=round(seconds * 1e6))
    local = instant.astimezone(zone)
    written = local.strftime("%Y-%m-%dT%H:%M:%S.%f")
    offset = local.strftime("%z")
    return written + ("Z" if timezone == "UTC" else f"{offset[:3]}:{offset[3:5]}")


_TIME: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?"
    r"([Zz]|[-+]\d\d:?\d\d)?"
)


def parse_time(value: Any) -> float:
    """Return the seconds since 1970 of an RFC 3339 or ISO 8601 text; UTC where it names no zone."""
    found = _TIME.fullmatch(text(value))
    if found is None:
        raise fault("ValueError", f"cannot parse time: {value[:40]}")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        instant = dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)
    except ValueError:
        raise fault("ValueError", f"cannot parse time: {value[:40]}") from None
    fraction = int((found.group(7) or "0").ljust(9, "0")) / 1e9
    return instant.timestamp() + fraction - _offset_seconds(found.group(8))


def _offset_seconds(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    size = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -size if zone[0] == "-" else size


FUNCTIONS: Final[dict[str, Function]] = {
    "json.decode": function(json_decode, "data"),
    "json.encode": function(
        lambda data, indent: json_encode_to_string(data, indent).encode(), "data", indent=False
    ),
    "json.encode_to_string": function(json_encode_to_string, "data", indent=False),
    "base64.encode": function(base64_encode, "data", padding=True),
    "base64.decode": function(base64_decode, "data", padding=True),
    "hash.compute_checksum": function(checksum, "data", "algorithm"),
    "hash.compute_hmac": function(keyed_hash, "key", "data", "algorithm"),
    "time.format": function(time_format, "seconds", timezone="UTC"),
    "time.parse": function(parse_time, "value"),
    "uuid.generate": Function(parameters(), lambda execution: execution.host.uuid(), True),
}
