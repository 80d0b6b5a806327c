"""The fleet's routes on a real database, through the real process."""

import asyncio
import datetime as dt
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes.fleet_database import Fresh, FreshDatabases, connected
from tests.processes.fleet_service import FleetService

pytestmark = pytest.mark.processes
NEVER = "5f0c0a52-6d0b-4b5e-9a3c-0d8f3f1b7c11"
NUMBERS = itertools.count(1)


def vehicle(**fields: object) -> dict[str, object]:
    return {"vin": f"1HGCM82633A{next(NUMBERS):06}", "name": "Van 12", **fields}


def ids(service: FleetService, query: str = "limit=100") -> list[str]:
    return [one["id"] for one in service.ask("GET", f"/vehicles?{query}").document["vehicles"]]


@pytest.fixture
def database(fresh_databases: FreshDatabases) -> Fresh:
    return fresh_databases()


def test_a_vehicle_that_is_created_is_where_its_answer_says(fleet: FleetService):
    asked = vehicle(name="Kühlwagen 🚐 'x'; --", odometer_km=1200)

    created = fleet.ask("POST", "/vehicles", asked)

    assert created.status == 201
    assert {name: created.document[name] for name in asked} == asked
    got = fleet.ask("GET", created.headers["location"])
    assert (got.status, got.document) == (200, created.document)


def test_the_time_of_creation_is_utc_and_of_the_moment(fleet: FleetService):
    began = dt.datetime.now(dt.UTC)

    text = fleet.ask("POST", "/vehicles", vehicle()).document["created"]

    assert text.endswith("Z")
    assert began <= dt.datetime.fromisoformat(text) <= dt.datetime.now(dt.UTC)


def test_a_vin_is_taken_only_once(fleet: FleetService):
    asked = vehicle()
    assert fleet.ask("POST", "/vehicles", asked).status == 201

    second = fleet.ask("POST", "/vehicles", {**asked, "name": "Other"})

    assert second.status == 409
    assert second.document == {"error": f"a vehicle with the VIN {asked['vin']} exists already"}


def test_of_many_who_create_the_same_vehicle_at_once_one_succeeds(fleet: FleetService):
    asked = vehicle()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: fleet.ask("POST", "/vehicles", asked), range(16)))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 15


def test_pages_hold_every_vehicle_once_in_the_order_of_their_creation(fleet: FleetService):
    made = [fleet.ask("POST", "/vehicles", vehicle()).document["id"] for _ in range(5)]
    every = ids(fleet)

    seen, query = [], "limit=2"
    while query:
        page = fleet.ask("GET", f"/vehicles?{query}").document
        assert 1 <= len(page["vehicles"]) <= 2
        seen += [one["id"] for one in page["vehicles"]]
        query = f"limit=2&after={page['after']}" if page["after"] else ""

    assert seen == every
    assert every[-5:] == made


def test_the_last_page_says_that_it_is_the_last(fleet: FleetService):
    last = fleet.ask("POST", "/vehicles", vehicle()).document["id"]

    page = fleet.ask("GET", f"/vehicles?after={last}")

    assert page.document == {"vehicles": [], "after": None}


@pytest.mark.parametrize(
    ("method", "path", "document", "headers", "status"),
    [
        ("GET", f"/vehicles/{NEVER}", None, {}, 404),
        ("GET", "/vehicles/1", None, {}, 404),
        ("GET", f"/vehicles?after={NEVER}", None, {}, 404),
        ("GET", "/vehicles?after=1&limit=x&page=2", None, {}, 422),
        ("POST", "/vehicles", {"vin": "x", "colour": "red"}, {}, 422),
        ("POST", "/vehicles", {"name": "a\x00b"}, {}, 422),
        ("POST", "/vehicles", ["x" * 20_000], {}, 413),
        ("POST", "/vehicles", {}, {"Content-Type": "text/plain"}, 415),
    ],
)
def test_what_is_refused_is_refused_as_documented(
    fleet: FleetService, method, path, document, headers, status
):
    assert fleet.ask(method, path, document, **headers).status == status


def test_a_service_whose_migration_has_not_come_gets_no_traffic_until_it_has(
    database: Fresh, tmp_path: Path
):
    def why() -> dict[str, str]:
        failed = service.ask("GET", "/health/ready").document.get("failed", [])
        return {one["check"]: one["why"] for one in failed}

    with FleetService(tmp_path, database.env) as service:
        assert "run the migration" in why()["schema"]
        early = service.ask("POST", "/vehicles", vehicle())
        assert (early.status, early.headers["retry-after"]) == (503, "5")
        assert "run the migration" in early.document["error"]

        asyncio.run(database.upgrade())

        service.until(lambda: not why())
        assert service.ask("POST", "/vehicles", vehicle()).status == 201


@pytest.mark.parametrize(
    ("spoil", "mend", "word"),
    [
        (
            "ALTER TABLE vehicles RENAME odometer_km TO gone",
            "ALTER TABLE vehicles RENAME gone TO odometer_km",
            "run the migration",
        ),
        (
            "REVOKE ALL ON vehicles FROM CURRENT_USER",
            "GRANT ALL ON vehicles TO CURRENT_USER",
            "lacks a right",
        ),
        (
            "REVOKE INSERT ON vehicles FROM CURRENT_USER",
            "GRANT INSERT ON vehicles TO CURRENT_USER",
            "lacks a right",
        ),
    ],
    ids=["column", "every right", "right to write"],
)
def test_a_service_that_can_serve_no_request_is_soon_not_ready(
    database: Fresh, tmp_path: Path, spoil: str, mend: str, word: str
):
    """Its schema was seen to be good a moment ago, and that would count for half a minute."""

    async def run(statement: str) -> None:
        async with connected(database) as connection:
            await connection.execute(statement)

    def whys() -> list[str]:
        failed = service.ask("GET", "/health/ready").document.get("failed", [])
        return [one["why"] for one in failed if one["check"] == "schema"]

    asyncio.run(database.upgrade())
    with FleetService(tmp_path, database.env) as service:
        service.until(lambda: not whys())
        began = time.monotonic()
        asyncio.run(run(spoil))

        refused = service.ask("POST", "/vehicles", vehicle())
        assert refused.status == 503
        assert word in refused.document["error"]
        service.until(whys)
        assert time.monotonic() - began < 25
        assert word in whys()[0]

        asyncio.run(run(mend))
        service.until(lambda: not whys())
        assert service.ask("POST", "/vehicles", vehicle()).status == 201


def test_a_database_that_refuses_is_told_by_every_route(database: Fresh, tmp_path: Path):
    env = {**database.env, "DATABASE_PASSWORD": "wrong"}
    with FleetService(tmp_path, env) as service:
        for method, path in (
            ("POST", "/vehicles"),
            ("GET", "/vehicles"),
            ("GET", f"/vehicles/{NEVER}"),
        ):
            answer = service.ask(method, path, vehicle() if method == "POST" else None)
            assert (answer.status, answer.headers["retry-after"]) == (503, "5")
            assert answer.document == {"error": "the database refuses the password"}


def test_without_a_database_the_service_runs_and_its_fleet_says_so(tmp_path: Path):
    """And it has imported nothing that only a database, or who asks for its document, wants."""
    with FleetService(tmp_path, {}, "-X", "importtime") as service:
        assert service.send("GET", "/health/ready").status == 200
        answer = service.send("GET", "/vehicles")
        assert answer.status == 503
        assert answer.document == {"error": "no database is configured"}

    imported = set(imports(service))
    assert "starlette" in imported
    assert not imported & {"pydantic", "asyncpg", "alembic", "sqlalchemy"}


def test_the_service_imports_nothing_of_its_migrator(database: Fresh, tmp_path: Path):
    asyncio.run(database.upgrade())
    with FleetService(tmp_path, database.env, "-X", "importtime") as service:
        assert service.ask("POST", "/vehicles", vehicle()).status == 201

    imported = set(imports(service))
    assert "asyncpg" in imported
    assert not imported & {"alembic", "sqlalchemy"}


def imports(service: FleetService) -> Iterator[str]:
    """Yield the packages that the process imported, as `-X importtime` tells."""
    for line in service.process.errors.read_text().splitlines():
        if line.startswith("import time:"):
            yield line.rpartition("|")[2].strip().partition(".")[0]
