"""The fleet's routes where no database is configured. Imports no pydantic: a start stays quick."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PATH: Final = "/vehicles"
VEHICLE_PATH: Final = "/vehicles/{id}"
RETRY_AFTER_SECONDS: Final = 5


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
