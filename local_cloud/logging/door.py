"""Cloud Logging's REST door: `entries:list` and `entries:write`, what gcloud and functions call."""

from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.logging.model import LoggingModel

_LIST_FIELDS: Final = {
    "resourceNames": list,
    "filter": str,
    "orderBy": str,
    "pageSize": int,
    "pageToken": str,
}
_WRITE_FIELDS: Final = {
    "logName": str,
    "resource": dict,
    "labels": dict,
    "entries": list,
    "partialSuccess": bool,
    "dryRun": bool,
}


def router(model: LoggingModel) -> Router:
    """Return the routes under `/v2/`."""
    routes = Router()

    def list_entries(request: ApiRequest, _: dict[str, str]) -> ApiResponse:
        body = _body(request, _LIST_FIELDS)
        page = model.list_entries(
            _strings(body.get("resourceNames", [])),
            body.get("filter", ""),
            body.get("orderBy", ""),
            body.get("pageSize", 0),
            body.get("pageToken", ""),
            caller=request.caller,
        )
        answer: dict[str, Any] = {}
        # Google leaves out what is empty.
        if page.entries:
            answer["entries"] = list(page.entries)
        if page.next_page_token:
            answer["nextPageToken"] = page.next_page_token
        return ApiResponse.of(answer)

    def write_entries(request: ApiRequest, _: dict[str, str]) -> ApiResponse:
        body = _body(request, _WRITE_FIELDS)
        common = {name: body[name] for name in ("logName", "resource") if name in body}
        entries = []
        for entry in body.get("entries", []):
            if not isinstance(entry, dict):
                raise Refused("INVALID_ARGUMENT", "Invalid value at 'entries': must be objects.")
            labels = {**body.get("labels", {}), **_labels(entry)}
            entries.append({**common, **entry, **({"labels": labels} if labels else {})})
        if body.get("dryRun"):
            return ApiResponse.of({})
        model.write_entries(entries, request.caller)
        return ApiResponse.of({})

    routes.add("POST", "/v2/entries:list", list_entries)
    routes.add("POST", "/v2/entries:write", write_entries)
    return routes


def _body(request: ApiRequest, fields: dict[str, type]) -> dict[str, Any]:
    """Return the body, checked against its fields. Raises Refused(INVALID_ARGUMENT)."""
    body = request.json()
    if not isinstance(body, dict):
        raise Refused("INVALID_ARGUMENT", "Invalid JSON payload received. Root must be an object.")
    for name, value in body.items():
        if name not in fields:
            raise Refused(
                "INVALID_ARGUMENT",
                f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.',
            )
        wanted = fields[name]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise Refused(
                "INVALID_ARGUMENT", f"Invalid value at '{name}': must be {wanted.__name__}."
            )
    return body


def _strings(values: list[Any]) -> list[str]:
    if not all(isinstance(value, str) for value in values):
        raise Refused("INVALID_ARGUMENT", "Invalid value at 'resource_names': must be strings.")
    return values


def _labels(entry: dict[str, Any]) -> dict[str, Any]:
    labels = entry.get("labels", {})
    if not isinstance(labels, dict):
        raise Refused("INVALID_ARGUMENT", "Invalid value at 'labels': must be an object.")
    return labels
