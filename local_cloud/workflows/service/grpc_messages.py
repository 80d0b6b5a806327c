"""Protobuf messages to and from the documents of the REST APIs, which the model speaks."""

import json
from typing import Any

from google.longrunning import operations_pb2
from google.protobuf import json_format


def as_json(message: Any) -> dict[str, Any]:
    """Return a proto-plus message as the REST API writes it."""
    text = type(message).to_json(
        message, use_integers_for_enums=False, always_print_fields_with_no_presence=False
    )
    document: dict[str, Any] = json.loads(text)
    return document


def message_of(kind: Any, document: dict[str, Any]) -> Any:
    """Return a proto-plus message; it leaves out what the client's version does not know."""
    return kind.from_json(json.dumps(document), ignore_unknown_fields=True)


def protobuf_of(kind: Any, document: dict[str, Any]) -> Any:
    """Return a message of plain protobuf, which google.longrunning and its like have."""
    return json_format.ParseDict(document, kind(), ignore_unknown_fields=True)


def operation_of(document: dict[str, Any]) -> Any:
    return protobuf_of(operations_pb2.Operation, document)
