"""json.*, base64.*, hash.*, uuid.* and time.* (reference sections 3 and 11; their own pages)."""

import base64
import binascii
import hashlib
import hmac
from typing import Any, Final

from local_cloud.workflows.engine.memory import MEMORY_BYTES_MAX
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import STRING_BYTES_MAX, checked_text
from local_cloud.workflows.stdlib import times
from local_cloud.workflows.stdlib.limits import check_json, check_text_bytes
from local_cloud.workflows.stdlib.registry import (
    Function,
    function,
    octets,
    parameters,
    refuse,
    text,
    truth,
)

_ALGORITHMS: Final = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
_INDENT: Final = "    "
_LINE_ENDS: Final = str.maketrans("", "", "\r\n")
_NAME_MAX: Final = 40


def json_decode(data: Any) -> Any:
    if type(data) not in (str, bytes):
        refuse("bytes or a string", data)
    try:
        return json_text.decode(data)
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def json_encode_to_string(data: Any, indent: Any) -> str:
    return checked_text(_json(data, _indent(indent), STRING_BYTES_MAX))


def json_encode(data: Any, indent: Any) -> bytes:
    return _json(data, _indent(indent), MEMORY_BYTES_MAX).encode("utf-8", "replace")


def _json(data: Any, indent: tuple[str, str] | None, most: int) -> str:
    check_json(data, most, indent)
    try:
        return json_text.encode(data, indent=indent)
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def _indent(indent: Any) -> tuple[str, str] | None:
    """Return (prefix, indent), None for neither. What else the map holds does not matter."""
    if indent is None:
        return None
    if type(indent) is dict:
        return text(indent.get("prefix", "")), text(indent.get("indent", _INDENT))
    if type(indent) is bool:
        return ("", _INDENT) if indent else None
    return refuse("a boolean or a map", indent)


def base64_encode(data: Any, padding: Any) -> str:
    check_text_bytes(len(octets(data)) * 4 // 3)
    encoded = base64.b64encode(data).decode()
    return checked_text(encoded if truth(padding) else encoded.rstrip("="))


def base64_decode(data: Any, padding: Any) -> bytes:
    """Line ends do not count; without padding there must be none. Source: the function's page."""
    encoded = text(data).translate(_LINE_ENDS)
    if not truth(padding):
        if encoded.endswith("="):
            raise fault("ValueError", "illegal base64 data")
        encoded += "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise fault("ValueError", "illegal base64 data") from None


def checksum(data: Any, algorithm: Any) -> bytes:
    return hashlib.new(_algorithm(algorithm), octets(data), usedforsecurity=False).digest()


def keyed_hash(key: Any, data: Any, algorithm: Any) -> bytes:
    return hmac.new(octets(key), octets(data), _algorithm(algorithm)).digest()


def _algorithm(name: Any) -> str:
    if text(name) not in _ALGORITHMS:
        raise fault("ValueError", f"unsupported algorithm: {name[:_NAME_MAX]}")
    return str(name).lower()


FUNCTIONS: Final[dict[str, Function]] = {
    **times.FUNCTIONS,
    "json.decode": function(json_decode, "data"),
    "json.encode": function(json_encode, "data", indent=False),
    "json.encode_to_string": function(json_encode_to_string, "data", indent=False),
    "base64.encode": function(base64_encode, "data", padding=True),
    "base64.decode": function(base64_decode, "data", padding=True),
    "hash.compute_checksum": function(checksum, "data", "algorithm"),
    "hash.compute_hmac": function(keyed_hash, "key", "data", "algorithm"),
    "uuid.generate": Function(
        parameters(), lambda execution: execution.host.uuid(), needs_host=True
    ),
}
