"""The service's OpenAPI document, every route and every answer, served at /openapi.json.

Made when it is first asked for, in a thread: pydantic is not wanted for anything else by a service
without a database. Not here: the health routes' part, which travels with that package.
"""

import asyncio
import json
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from health_service.fleet.absent import PATH, VEHICLE_PATH
from health_service.health import openapi as health

OPENAPI_PATH: Final = "/openapi.json"
_JSON: Final = "application/json"
_DESCRIPTION: Final = """\
A small fleet service. Answers are JSON; an answer that is no success says why in `error`, in plain \
words. A method that a path does not have is 405 with `Allow`, any other path 404. On 503 the same \
request may be sent again after `Retry-After`: a VIN is taken only once, so a vehicle is never \
created twice.
"""
_ABOUT: Final = {
    "type": "object",
    "description": "What answers here.",
    "properties": {
        name: {"type": "string"} for name in ("service", "version", "revision", "message")
    },
    "required": ["service", "version", "revision", "message"],
    "additionalProperties": False,
}
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
            "/": {
                "get": _operation("about", "What answers here", {"200": _answer("About", "It.")})
            },
            OPENAPI_PATH: {"get": _operation("openapi", "This document", {"200": _THIS})},
            PATH: {"get": _list(), "post": _create()},
            VEHICLE_PATH: {"get": _get()},
        },
        "components": {"schemas": {"About": _ABOUT, **_fleet_schemas()}},
    }
    health.add_to(made, health_prefix)
    return made


_THIS: Final = {
    "description": "This document.",
    "content": {_JSON: {"schema": {"type": "object", "required": ["openapi", "info", "paths"]}}},
}


def _list() -> Document:
    # Imported late: see the module's docstring.
    from health_service.fleet.models import LIMIT_DEFAULT, LIMIT_MAX  # noqa: PLC0415

    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}
    after = {"type": "string", "format": "uuid"}
    return {
        **_operation(
            "list_vehicles",
            "A page of the vehicles, oldest first",
            {"200": _answer("Page", "The page."), "422": _REFUSED, "503": _UNAVAILABLE},
        ),
        "parameters": [
            _parameter("limit", "query", limit, "How many at most."),
            _parameter("after", "query", after, "The `after` of the page before."),
        ],
    }


def _create() -> Document:
    created = {
        **_answer("Vehicle", "It is stored."),
        "headers": {
            "Location": {
                "description": "Where it is.",
                "required": True,
                "schema": {"type": "string", "format": "uri-reference"},
            }
        },
        "links": {
            "vehicle": {"operationId": "get_vehicle", "parameters": {"id": "$response.body#/id"}}
        },
    }
    return {
        **_operation(
            "create_vehicle",
            "Store a vehicle",
            {
                "201": created,
                "400": _failure("The body is not JSON."),
                "409": _failure("The VIN is taken."),
                "413": _failure("The body is too large."),
                "415": _failure("The body is not said to be JSON."),
                "422": _REFUSED,
                "503": _UNAVAILABLE,
            },
        ),
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("NewVehicle")}}},
    }


def _get() -> Document:
    return {
        **_operation(
            "get_vehicle",
            "One vehicle",
            {
                "200": _answer("Vehicle", "The vehicle."),
                "404": _failure("No vehicle has this id, also if it could not be one."),
                "503": _UNAVAILABLE,
            },
        ),
        "parameters": [_parameter("id", "path", {"type": "string", "format": "uuid"}, "Its id.")],
    }


def _fleet_schemas() -> Document:
    from pydantic.json_schema import models_json_schema  # noqa: PLC0415

    from health_service.fleet import models  # noqa: PLC0415

    _, made = models_json_schema(
        [
            (models.NewVehicle, "validation"),
            (models.Vehicle, "serialization"),
            (models.Page, "serialization"),
            (models.Refusal, "serialization"),
            (models.Failure, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    schemas: Document = made["$defs"]
    return schemas


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


def _answer(schema: str, description: str) -> Document:
    return {"description": description, "content": {_JSON: {"schema": _ref(schema)}}}


def _failure(description: str) -> Document:
    return _answer("Failure", description)


def _ref(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}


_REFUSED: Final = _answer("Refusal", "It was understood and is not accepted: all that is wrong.")
_UNAVAILABLE: Final = {
    **_failure("The database does not answer, its schema lacks something, or there is none."),
    "headers": {
        "Retry-After": {
            "description": "Seconds.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    },
}
