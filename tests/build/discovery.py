"""Holds a document to a schema of a Google discovery document. Not: what its values mean.

Unknown keys, wrong types, unknown enum values, malformed durations, and what only Google may fill in.
Source: https://developers.google.com/discovery/v1/reference/apis
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCUMENT = json.loads((Path(__file__).parent / "cloudbuild_schema.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["schemas"]
KINDS: dict[str, Any] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "array": list,
    "object": dict,
}
FORMATS = {
    "google-duration": re.compile(r"\d+(\.\d{1,9})?s"),
    "int64": re.compile(r"-?\d+"),
}


def problems(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    """Yield a sentence for each thing in `value` that the API would refuse."""
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"]]
    kind = schema.get("type")
    if schema.get("readOnly"):
        yield f"{where} is only for Google to write"
    elif kind == "any" or kind is None:
        return
    elif type(value) is not KINDS[kind]:
        yield f"{where} is {value!r}: must be of type {kind}"
    elif kind == "string":
        yield from _text(value, schema, where)
    elif kind == "array":
        for number, item in enumerate(value):
            yield from problems(item, schema["items"], f"{where}[{number}]")
    elif kind == "object":
        yield from _fields(value, schema, where)


def _text(value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}: must be one of {', '.join(schema['enum'])}"
    form = FORMATS.get(schema.get("format", ""))
    if form and not form.fullmatch(value):
        yield f"{where} is {value!r}: must be a {schema['format']}"


def _fields(value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
    known, rest = schema.get("properties", {}), schema.get("additionalProperties")
    for key, inner in value.items():
        if key in known:
            yield from problems(inner, known[key], f"{where}.{key}")
        elif rest is not None:
            yield from problems(inner, rest, f"{where}.{key}")
        else:
            yield f"{where}.{key} is not known"
