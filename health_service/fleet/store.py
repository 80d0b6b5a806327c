"""Vehicles in PostgreSQL: the only SQL of the fleet routes.

These statements run beside those of the revision before and of the revision after, on a schema that
may be one step ahead: docs/ROLLBACK_PROCEDURES.md, "Databases". So every column is named (in
`schema.COLUMNS` too), and the odometer is read from the new column or, where the backfill has not
been yet, from the old one.
"""

from typing import Final
from uuid import UUID

import asyncpg

from health_service.database.connection import Connection
from health_service.database.pool import Database
from health_service.database.reading import read
from health_service.fleet.models import NewVehicle, Page, Vehicle
from health_service.fleet.parsing import PageQuery

_READ: Final = "id, vin, name, coalesce(odometer_km, odometer) AS odometer_km, created"
# A trigger writes the old column too, for the revision before.
CREATE: Final = f"""
INSERT INTO vehicles (vin, name, odometer_km) VALUES ($1, $2, $3)
ON CONFLICT (vin) DO NOTHING RETURNING {_READ}
"""
GET: Final = f"SELECT {_READ} FROM vehicles WHERE id = $1"
FIRST_PAGE: Final = f"SELECT {_READ} FROM vehicles ORDER BY created, id LIMIT $1"
NEXT_PAGE: Final = f"""
SELECT {_READ} FROM vehicles
WHERE (created, id) > (SELECT created, id FROM vehicles WHERE id = $2)
ORDER BY created, id LIMIT $1
"""
KNOWN: Final = "SELECT 1 FROM vehicles WHERE id = $1"


class Vehicles:
    """The stored vehicles. Every method raises the database's Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, new: NewVehicle) -> Vehicle | None:
        """Store a vehicle; None if its VIN is taken. So it is safe to repeat."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(CREATE, new.vin, new.name, new.odometer_km)
        return _vehicle(row) if row else None

    async def get(self, id_: UUID) -> Vehicle | None:
        row = await read(self._database, lambda connection: connection.fetchrow(GET, id_))
        return _vehicle(row) if row else None

    async def page(self, query: PageQuery) -> Page | None:
        """Return a page, oldest first; None if no vehicle has the cursor's id.

        A vehicle that is stored while somebody pages is behind the last one, but for those stored
        in the very moment in which that last page is read: their time may be a little earlier.
        """
        rows = await read(self._database, lambda connection: _rows(connection, query))
        if rows is None:
            return None
        vehicles = [_vehicle(row) for row in rows[: query.limit]]
        more = len(rows) > query.limit
        return Page(vehicles=vehicles, after=vehicles[-1].id if more else None)


async def _rows(connection: Connection, query: PageQuery) -> "list[asyncpg.Record] | None":
    """Return a page's rows and one more, which tells of a next page; None: no such cursor."""
    if query.after is None:
        return await connection.fetch(FIRST_PAGE, query.limit + 1)
    rows = await connection.fetch(NEXT_PAGE, query.limit + 1, query.after)
    return rows if rows or await _known(connection, query.after) else None


async def _known(connection: Connection, id_: UUID) -> bool:
    return await connection.fetchval(KNOWN, id_) is not None


def _vehicle(row: asyncpg.Record) -> Vehicle:
    return Vehicle.model_construct(**dict(row))
