"""The service's OpenAPI document, every route and every answer, served at /openapi.json.

Made when it is first asked for, in a thread: without a database nothing else wants pydantic. Not
here: the health routes' part, which travels with that package.
"""

import asyncio
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from health_service.fleet.paths import PATH, VEHICLE_PATH
from health_service.health import openapi as health

OPENAPI_PATH: Final = "/openapi.json"
_JSON: Final = "application/json"
_DESCRIPTION: Final = (
    "A small fleet service. Answers are JSON; one that is no success says why in `error`, in plain"
    " words. Any path that is not here is 404. Headers of more than 64 KiB are 431. What is no HTTP"
    " that the server understands, such as a method that it does not know, is 400 in plain text. On"
    " 503 the same request may be sent again after `Retry-After`: a VIN is taken only once, so a"
    " vehicle is never created twice."
)
Document = dict[str, Any]


def route(version: str, health_prefix: str) -> Route:
    """Return the route that serves the document."""
    kept: list[bytes] = []

    async def openapi(_request: Request) -> Response:
        if not kept:
            kept.append(await asyncio.to_thread(_bytes, version, health_prefix))
        return Response(kept[0], media_type=_JSON)

    return Route(OPENAPI_PATH, openapi)


def _bytes(version: str, health_prefix: str) -> bytes:
    return json.dumps(document(version, health_prefix)).encode()


def document(version: str, health_prefix: str) -> Document:
    """Return the whole document, OpenAPI 3.1."""
    made: Document = {
        "openapi": "3.1.0",
        "info": {"title": "Fleet", "version": version, "description": _DESCRIPTION},
        "paths": {
            "/": _path("GET, HEAD", get=_about()),
            OPENAPI_PATH: _path("GET, HEAD", get=_this()),
            PATH: _path("GET, HEAD, POST", get=_list(), post=_create()),
            VEHICLE_PATH: _path("GET, HEAD", get=_get()),
        },
        "components": {"schemas": _schemas()},
    }
    return health.add_to(made, health_prefix)


def _about() -> Document:
    return _operation("about", "What answers here", {"200": _answer("About", "It.")})


def _this() -> Document:
    schema = {"type": "object", "required": ["openapi", "info", "paths"]}
    this = {"description": "This document.", "content": {_JSON: {"schema": schema}}}
    return _operation("openapi", "This document", {"200": this})


def _list() -> Document:
    # Imported late: see the module's docstring.
    from health_service.fleet.models import LIMIT_DEFAULT, LIMIT_MAX  # noqa: PLC0415

    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
    after = {"type": "string", "format": "uuid"}
    responses = {
        "200": _answer("Page", "The page."),
        "404": _failure("No vehicle has the id `after`."),
        "422": _REFUSED,
        "503": _UNAVAILABLE,
    }
    return {
        **_operation("list_vehicles", "A page of the vehicles, oldest first", responses),
        "parameters": [
            _parameter("limit", "query", limit, "How many at most."),
            _parameter("after", "query", after, "The `after` of the page before."),
        ],
    }


def _create() -> Document:
    where = _header("Where it is.", {"type": "string", "format": "uri-reference"})
    link = {"operationId": "get_vehicle", "parameters": {"id": "$response.body#/id"}}
    responses = {
        "201": {
            **_answer("Vehicle", "It is stored."),
            "headers": {"Location": where},
            "links": {"vehicle": link},
        },
        "400": _failure("The body is not JSON."),
        "409": _failure("The VIN is taken."),
        "413": _failure("The body is too large."),
        "415": _failure("The body is not said to be JSON."),
        "422": _REFUSED,
        "503": _UNAVAILABLE,
    }
    return {
        **_operation("create_vehicle", "Store a vehicle", responses),
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("NewVehicle")}}},
    }


def _get() -> Document:
    responses = {
        "200": _answer("Vehicle", "The vehicle."),
        "404": _failure("No vehicle has this id, also if it could not be one."),
        "503": _UNAVAILABLE,
    }
    return {
        **_operation("get_vehicle", "One vehicle", responses),
        "parameters": [_parameter("id", "path", {"type": "string", "format": "uuid"}, "Its id.")],
    }


def _schemas() -> Document:
    from pydantic.json_schema import models_json_schema  # noqa: PLC0415

    from health_service.fleet import models  # noqa: PLC0415

    told = (models.Vehicle, models.Page, models.Refusal, models.Failure)
    _, made = models_json_schema(
        [(models.NewVehicle, "validation"), *((model, "serialization") for model in told)],
        ref_template="#/components/schemas/{model}",
    )
    names = ("service", "version", "revision", "message")
    about = {
        "type": "object",
        "description": "What answers here.",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
        "additionalProperties": False,
    }
    return {"About": about, **made["$defs"]}


def _path(allowed: str, **operations: Document) -> Document:
    """Return a path item, with what all of its methods share."""
    refused = {
        **_failure(f"Another method than {allowed}."),
        "headers": {"Allow": _header("What is allowed, in any order.", {"type": "string"})},
    }
    for operation in operations.values():
        operation["responses"]["405"] = refused
    return {**operations, "head": _bodiless(operations["get"])}


def _bodiless(get: Document) -> Document:
    responses = {
        status: {key: value for key, value in response.items() if key != "content"}
        for status, response in get["responses"].items()
    }
    name, words = f"{get['operationId']}_head", f"{get['summary']}, without a body"
    return {**get, "operationId": name, "summary": words, "responses": responses}


def _operation(name: str, summary: str, responses: Document) -> Document:
    return {"operationId": name, "summary": summary, "responses": responses}


def _parameter(name: str, place: str, schema: Document, description: str) -> Document:
    return {
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
    }


def _header(description: str, schema: Document) -> Document:
    return {"description": description, "required": True, "schema": schema}


def _answer(schema: str, description: str) -> Document:
    return {"description": description, "content": {_JSON: {"schema": _ref(schema)}}}


def _failure(description: str) -> Document:
    return _answer("Failure", description)


def _ref(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}


_REFUSED: Final = _answer("Refusal", "It was understood and is not accepted: all that is wrong.")
_UNAVAILABLE: Final = {
    **_failure("The database does not answer, its schema lacks something, or there is none."),
    "headers": {"Retry-After": _header("Seconds.", {"type": "integer", "minimum": 1})},
}
