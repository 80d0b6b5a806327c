"""What a connector call sends: a method and its arguments become a request. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from local_cloud.workflows.connectors.documents import Field, Method, service_of
from local_cloud.workflows.connectors.special import (
    BODY_FIELDS,
    GLOBAL_FIELDS,
    REGIONAL,
    UPLOAD_FIELDS,
)
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.language.values import as_text
from local_cloud.workflows.stdlib.registry import Parameter, mapping, refuse

_PLACE: Final = re.compile(r"\{\+?([^}]+)\}")
# Not even a slash is encoded: that is the author's to do, with text.url_encode.
# Source: https://cloud.google.com/workflows/docs/troubleshooting, names of Cloud Storage objects.
_KEPT: Final = "/:@!$&'()*+,;=~%"
_LOCATION: Final = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request but for its token and its timeout."""

    verb: str
    url: str
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] | None = None


def parameters(method: Method) -> tuple[Parameter, ...]:
    """Return what the call step may give as `args`."""
    fields = sorted(method.fields, key=lambda one: not one.required)
    names = [one.name for one in fields]
    extra = [*GLOBAL_FIELDS, *(UPLOAD_FIELDS if method.upload else ())]
    extra += BODY_FIELDS.get(method.short_name, ())
    extra += sorted({_holder(name) for name in names if "." in name})
    if service_of(method.name) in REGIONAL:
        extra.append("location")
    if method.has_body:
        extra.append("body")
    return (
        *(
            Parameter(one.name, within="query" if one.place == "query" else None)
            if one.required
            else Parameter(one.name, None)
            for one in fields
        ),
        *(
            Parameter(name, None)
            for name in (*extra, "query", "connector_params")
            if name not in names
        ),
    )


def request(method: Method, given: Mapping[str, Any]) -> Request:
    """Return the request of a call; `given` has a value or null for each parameter.

    Raises Fault: TypeError, ValueError.
    """
    given = {**given, **_held(method, given)}
    uploads = bool(method.upload) and given.get("uploadType") == "media"
    path = method.upload if uploads else method.path
    url = root(method, given.get("location")) + expanded(path, given)
    in_path = frozenset(_PLACE.findall(path))
    fields = [one for one in method.fields if one.name not in in_path]
    fields += [Field(name, "query", False, False) for name in (*GLOBAL_FIELDS, *UPLOAD_FIELDS)]
    query = {
        one.name: _queried(one, given[one.name])
        for one in fields
        if given.get(one.name) is not None
    }
    if "query" not in {one.name for one in method.fields} and given.get("query") is not None:
        # Source: sample connector_firestore, and the documentation's sample of a translation that
        # waits for a callback. That fields of no such name are sent as they are is a guess.
        query.update({name: _written(value) for name, value in mapping(given["query"]).items()})
    for one in fields:
        if one.required and one.name not in query:
            raise fault("TypeError", f"argument '{one.name}' is missing")
    body = _body(method, given)
    headers = None
    if uploads and type(body) is str:
        headers = {"Content-Type": "text/plain; charset=utf-8"}  # A guess: what it holds is text.
    return Request(method.verb, url, query, body, headers)


def _holder(name: str) -> str:
    return name.partition(".")[0]


def _held(method: Method, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dotted fields that are given as maps: `updateMask: {fieldPaths: [a]}`.

    Source: the documentation's sample of a translation that waits for a callback; the methods'
    pages have them dotted.
    """
    names = {one.name for one in method.fields}
    left = [(name, given.get(name)) for name in {_holder(one) for one in names if "." in one}]
    held: dict[str, Any] = {}
    while left:
        name, value = left.pop()
        if name in names:
            held[name] = value
        elif not any(one.startswith(f"{name}.") for one in names):
            raise fault("ValueError", f"unexpected argument '{name}'")
        elif value is not None:
            left += [(f"{name}.{key}", item) for key, item in mapping(value).items()]
    return held


def _body(method: Method, given: Mapping[str, Any]) -> Any:
    """Return the body with the fields of it that stand beside it."""
    body = given.get("body")
    names = BODY_FIELDS.get(method.short_name, ())
    beside = {name: given[name] for name in names if given.get(name) is not None}
    if not beside:
        return body
    return {**beside, **({} if body is None else mapping(body))}


def root(method: Method, location: Any = None) -> str:
    """Return scheme and host, with a slash at the end; a location's host where there are such."""
    regional = REGIONAL.get(service_of(method.name))
    if regional is None:
        return method.root
    named = regional.default if location is None else location
    if type(named) is not str:
        refuse("a string", named)
    if named == "":
        return method.root
    if not _LOCATION.fullmatch(named):
        raise fault("ValueError", f"location is {named}: must be one such as us-central1")
    return f"https://{regional.host.format(location=named)}/"


def expanded(path: str, given: Mapping[str, Any]) -> str:
    """Fill in a path's fields. Raises Fault for one that is null, empty, a map or a list."""

    def fill(found: re.Match[str]) -> str:
        name = found.group(1)
        value = given[name]
        if value is None or type(value) in (dict, list, bytes):
            raise fault("TypeError", f"argument '{name}' must be a string")
        if value == "":
            raise fault("ValueError", f"argument '{name}' is empty")
        return quote(as_text(value), safe=_KEPT)

    return _PLACE.sub(fill, path)


def _queried(one: Field, value: Any) -> Any:
    if type(value) is list and not one.repeated:
        raise fault("TypeError", f"argument '{one.name}' must not be a list")
    return _written(value)


def _written(value: Any) -> Any:
    return [as_text(item) for item in value] if type(value) is list else as_text(value)
