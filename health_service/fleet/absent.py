"""The fleet's routes where no database is configured. Imports no pydantic: a start stays quick."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from health_service.fleet.paths import PATH, RETRY_AFTER_SECONDS, VEHICLE_PATH


def routes() -> list[Route]:
    """Return routes that say what is missing."""
    return [
        Route(PATH, _no_database, methods=["GET", "POST"]),
        Route(VEHICLE_PATH, _no_database, methods=["GET"]),
    ]


async def _no_database(_request: Request) -> Response:
    return JSONResponse(
        {"error": "no database is configured"},
        503,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
