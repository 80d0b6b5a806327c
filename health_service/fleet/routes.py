"""Vehicles over HTTP: create, list, get. Errors are JSON in plain words: no SQL, no stack trace.

| status | when |
|---|---|
| 400 | the body is no JSON |
| 404 | no vehicle has the id, also if it could not be one, or the `after` of a list |
| 409 | the VIN is taken |
| 413, 415 | the body is too large, or said to be something other than JSON |
| 422 | fields or parameters are not accepted: all of them at once |
| 503 | the database does not answer, or lacks a column or a right; with `Retry-After` |
"""

from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from health_service.database.errors import Unavailable
from health_service.database.pool import Database
from health_service.fleet.models import Failure, Refusal
from health_service.fleet.parsing import (
    NotJson,
    Refused,
    parse_id,
    parse_new_vehicle,
    parse_page_query,
)
from health_service.fleet.paths import PATH, RETRY_AFTER_SECONDS, VEHICLE_PATH
from health_service.fleet.schema import LACKING, GoodLook, why_lacking
from health_service.fleet.store import Vehicles

BODY_BYTES_MAX: Final = 16_384
Handler = Callable[[Request], Awaitable[Response]]


class _TooLarge(Exception):
    """The body is longer than BODY_BYTES_MAX."""


def routes(database: Database, good_look: GoodLook) -> list[Route]:
    """Return the fleet's routes, for an application whose other errors are JSON as well.

    A request that meets a schema that does not do makes the check forget its good look.
    """
    vehicles = Vehicles(database)

    async def collection(request: Request) -> Response:
        if request.method == "POST":
            return await _create(request, vehicles)
        return await _list(request, vehicles)

    async def one(request: Request) -> Response:
        return await _get(request, vehicles)

    # One route for both methods: the router takes `Allow` from a single one.
    return [
        Route(PATH, _told(collection, good_look), methods=["GET", "POST"]),
        Route(VEHICLE_PATH, _told(one, good_look), methods=["GET"]),
    ]


async def _create(request: Request, vehicles: Vehicles) -> Response:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        return _failure(415, "the body must be application/json")
    new = parse_new_vehicle(await _body(request))
    created = await vehicles.create(new)
    if created is None:
        return _failure(409, f"a vehicle with the VIN {new.vin} exists already")
    return _json(201, created, {"Location": f"{PATH}/{created.id}"})


async def _list(request: Request, vehicles: Vehicles) -> Response:
    query = parse_page_query(request.query_params.multi_items())
    page = await vehicles.page(query)
    if page is None:
        return _failure(404, "no vehicle has the id `after`; begin again without it")
    return _json(200, page)


async def _get(request: Request, vehicles: Vehicles) -> Response:
    id_ = parse_id(request.path_params["id"])
    vehicle = await vehicles.get(id_) if id_ else None
    if vehicle is None:
        return _failure(404, "no vehicle has this id")
    return _json(200, vehicle)


async def _body(request: Request) -> bytes:
    """Read the body, and no more of it than is allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES_MAX:
            raise _TooLarge
    return bytes(body)


def _told(handler: Handler, good_look: GoodLook) -> Handler:
    """Turn what went wrong into an answer."""

    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as refused:
            error = "the request is not accepted"
            return _json(422, Refusal(error=error, problems=refused.problems))
        except NotJson as broken:
            return _failure(400, f"the body is not JSON: {broken}")
        except _TooLarge:
            return _failure(413, f"the body is larger than {BODY_BYTES_MAX} bytes")
        except Unavailable as gone:
            return _unavailable(str(gone))
        except LACKING as error:
            good_look.forget()
            return _unavailable(why_lacking(error))
        except ClientDisconnect:
            return _failure(400, "the request ended before its body did")  # Nobody hears it.

    return handle


def _unavailable(why: str) -> Response:
    return _failure(503, why, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _failure(status: int, error: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, Failure(error=error), headers)


def _json(status: int, model: BaseModel, headers: dict[str, str] | None = None) -> Response:
    body = model.model_dump_json()
    return Response(body, status, headers, media_type="application/json")
