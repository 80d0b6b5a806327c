"""Bodies and header names of HTTP, as a workflow writes and reads them.

Source: reference/workflows.md 3 (http) and 0.2 item 5; https://cloud.google.com/workflows/docs/http-requests.
"""

from typing import Any, Final
from urllib.parse import urlencode

from local_cloud.workflows.engine.memory import MEMORY_BYTES_MAX
from local_cloud.workflows.language import choices, json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import as_text
from local_cloud.workflows.stdlib import charsets
from local_cloud.workflows.stdlib.limits import check_json
from local_cloud.workflows.stdlib.registry import text

_SHOWN_MAX: Final = 80


def canonical(name: str) -> str:
    """Return a header's name as Go writes it: `Content-Type`."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def encoded(body: Any, headers: dict[str, str]) -> bytes:
    """Encode a body as its Content-Type says, and say one where there is none."""
    if body is None:
        return b""
    stated = headers.get("Content-Type")
    if stated is None:
        if type(body) is bytes:
            headers["Content-Type"] = "application/octet-stream"
            return body
        headers["Content-Type"] = "application/json; charset=utf-8"
        return _json(body)
    if type(body) is bytes:
        return body
    kind = _kind(stated)
    if _is_json(kind):
        return _json(body)
    if kind == "application/x-www-form-urlencoded" and type(body) is dict:
        # The documentation asks for a string here; its own samples send maps.
        pairs = [(name, as_text(value)) for name, value in sorted(body.items())]
        return urlencode(pairs, errors="replace").encode()
    if kind == "application/x-www-form-urlencoded" or kind.startswith("text/"):
        return text(body).encode("utf-8", "replace")
    raise fault("ValueError", f"unsupported Content-Type for this body: {stated[:_SHOWN_MAX]}")


def _json(body: Any) -> bytes:
    check_json(body, MEMORY_BYTES_MAX)
    try:
        return json_text.encode(body).encode("utf-8", "replace")
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def decoded_body(body: bytes, content_type: str, chosen: choices.Choices = choices.DEFAULT) -> Any:
    """Return a body as a workflow sees it: JSON decoded, text as string, else bytes.

    Empty and malformed JSON bodies are open in the reference (section 10 item 6): see Choices.
    """
    if not body:
        return "" if chosen.empty_body == "string" else None
    kind = _kind(content_type)
    if _is_json(kind):
        try:
            return json_text.decode(body)
        except json_text.NotJson:
            return body.decode("utf-8", "replace") if chosen.malformed_json == "string" else body
    if kind.startswith("text/") or kind == "":
        try:
            return body.decode(_codec(content_type))
        except UnicodeError:
            return body
    return body


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _codec(content_type: str) -> str:
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return charsets.codec(value.strip().strip('"')) or "utf-8"
    return "utf-8"
