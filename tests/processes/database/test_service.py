"""One service lives through all that happens to its database, and says at each moment what is.

It is never restarted: that it recovers by itself is that the next test finds it ready.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from health_service.database.errors import NO_ANSWER, NO_CONNECTION, READ_ONLY, REFUSED
from tests.processes.database.conftest import (
    LIMIT_SECONDS,
    NAME,
    PASSWORD,
    POOL_MAX,
    SCHEDULING_SECONDS,
    USER,
    Place,
    Run,
)
from tests.processes.database.door import Door
from tests.processes.database.service import Service

pytestmark = pytest.mark.processes
NEW_PASSWORD = "second-s3cret"
NO_CONNECTION_LEFT = "the database has no connection left"


class Kept:
    """A service beside its server, and the file of its password."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD + "\n")
        self.service = Service(
            folder,
            {
                "DATABASE_URL": place.url(place.server.port),
                "DATABASE_PASSWORD_FILE": str(self.secret),
                "DATABASE_POOL_MAX": str(POOL_MAX),
                "DATABASE_TIMEOUT_MS": "500",
                "READY_TIMEOUT_MS": str(round(LIMIT_SECONDS * 1000)),
                "READY_CACHE_MS": "0",
                "DETAILED_CALLERS": "public",
                "LOG_LEVEL": "DEBUG",
            },
        )

    async def end_connections(self) -> None:
        """End them, and wait until the server has done it."""
        assert await self.place.server.end_connections(USER)
        deadline = time.monotonic() + 10
        while await self.place.backends():
            assert time.monotonic() < deadline


Fault = Callable[[Kept], AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def killed(kept: Kept) -> AsyncIterator[None]:
    await kept.place.server.kill()
    try:
        yield
    finally:
        await kept.place.server.start()


@contextlib.asynccontextmanager
async def shut_down(kept: Kept) -> AsyncIterator[None]:
    await kept.place.server.stop()
    try:
        yield
    finally:
        await kept.place.server.start()


@contextlib.asynccontextmanager
async def halted(kept: Kept) -> AsyncIterator[None]:
    await kept.place.server.pause()
    try:
        yield
    finally:
        await kept.place.server.resume()


@contextlib.asynccontextmanager
async def silent(kept: Kept) -> AsyncIterator[None]:
    """Somebody accepts connections where the server was, and never speaks."""
    await kept.place.server.stop()
    port = kept.place.server.port
    try:
        async with Door(lambda: port, port) as door:
            door.fall_silent()
            yield
    finally:
        await kept.place.server.start()


@contextlib.asynccontextmanager
async def used_up(kept: Kept) -> AsyncIterator[None]:
    await kept.end_connections()
    async with kept.place.hogged():
        yield


@contextlib.asynccontextmanager
async def secret_changed(kept: Kept) -> AsyncIterator[None]:
    await kept.place.server.set_password(USER, NEW_PASSWORD)
    await kept.end_connections()
    try:
        yield
    finally:
        kept.secret.write_text(NEW_PASSWORD + "\n")
        await kept.service.until_ready()
        await kept.place.server.set_password(USER, PASSWORD)
        kept.secret.write_text(PASSWORD + "\n")


@contextlib.asynccontextmanager
async def read_only(kept: Kept) -> AsyncIterator[None]:
    setting, reload = "default_transaction_read_only", "SELECT pg_reload_conf();"
    await kept.place.admin(f"ALTER SYSTEM SET {setting} = on;{reload}")
    await kept.end_connections()
    try:
        yield
    finally:
        await kept.place.admin(f"SET {setting} = off; ALTER SYSTEM RESET {setting};{reload}")


@contextlib.asynccontextmanager
async def renamed(kept: Kept) -> AsyncIterator[None]:
    await kept.place.admin(f"ALTER ROLE {USER} NOLOGIN")
    await kept.end_connections()
    await kept.place.admin(f"ALTER DATABASE {NAME} RENAME TO gone; ALTER ROLE {USER} LOGIN")
    try:
        yield
    finally:
        await kept.place.admin(f"ALTER DATABASE gone RENAME TO {NAME}")


@contextlib.asynccontextmanager
async def locked_out(kept: Kept) -> AsyncIterator[None]:
    await kept.place.admin(f"ALTER ROLE {USER} NOLOGIN")
    await kept.end_connections()
    try:
        yield
    finally:
        await kept.place.admin(f"ALTER ROLE {USER} LOGIN")


FAULTS: dict[str, tuple[Fault, list[str]]] = {
    "killed": (killed, [REFUSED] * 2),
    "shut down": (shut_down, [REFUSED] * 2),
    "halted": (halted, [NO_ANSWER, NO_CONNECTION]),
    "silent": (silent, [NO_CONNECTION] * 2),
    "used up": (used_up, [NO_CONNECTION_LEFT] * 2),
    "secret changed": (secret_changed, ["the database refuses the password"] * 2),
    "read-only": (read_only, [READ_ONLY] * 2),
    "renamed": (renamed, ["the server has no such database"] * 2),
    "locked out": (locked_out, ["the database refuses this user"] * 2),
}
"""What happens, and what two probes in a row say of it."""


@pytest.fixture(scope="module")
def whole_kept(
    whole_place: Place, loop_runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Kept]:
    """The service; at its end it has to leave no connection, and to have kept its secrets."""
    kept = Kept(whole_place, tmp_path_factory.mktemp("service"))
    try:
        kept.service.run("health_service.migrate")
        loop_runner.run(kept.service.until_listening())
        yield kept
    finally:
        status = kept.service.end()
    assert status == 0
    log = kept.service.said[-1]
    assert "service.stopped" in log
    for wrong in (PASSWORD, NEW_PASSWORD, "Traceback", "never"):
        assert wrong not in log
    loop_runner.run(whole_place.settle())


@pytest.fixture
def kept(whole_kept: Kept, loop_runner: asyncio.Runner) -> Kept:
    loop_runner.run(whole_kept.service.until_ready())
    return whole_kept


async def unready(service: Service) -> str:
    """Return why the database fails, once it is sure that every level tells the truth in time."""
    ready, live = await asyncio.gather(service.get("/health/ready"), service.get("/health/live"))

    assert ready.status == 503
    assert ready.seconds < LIMIT_SECONDS + SCHEDULING_SECONDS
    assert (live.status, live.document["status"]) == (200, "alive")
    assert live.seconds < SCHEDULING_SECONDS
    return ready.why()


@pytest.mark.parametrize("name", FAULTS)
def test_readiness_tells_what_is_wrong_with_the_database_and_recovers_by_itself(
    kept: Kept, run: Run, name: str
) -> None:
    fault, whys = FAULTS[name]

    async def story() -> None:
        async with fault(kept):
            assert [await unready(kept.service) for _ in whys] == whys

            detailed = await kept.service.get("/health/detailed")
            assert detailed.status == 200
            assert detailed.seconds < LIMIT_SECONDS + SCHEDULING_SECONDS
            (check,) = [one for one in detailed.document["checks"] if one["name"] == "database"]
            assert check["why"] == whys[-1]
            assert check["details"]["pool"]["in_use"] == 0

        await kept.service.until_ready()
        assert await kept.place.backends() <= POOL_MAX

    run(story())


def test_a_server_that_restarted_between_two_probes_fails_neither(kept: Kept, run: Run) -> None:
    """The connections that ended with it are not lent."""

    async def story() -> None:
        await kept.place.server.restart()
        assert (await kept.service.get("/health/ready")).status == 200

    run(story())


def test_connections_that_an_administrator_ended_fail_no_probe(kept: Kept, run: Run) -> None:
    async def story() -> None:
        assert await kept.place.server.end_connections(USER)
        assert (await kept.service.get("/health/ready")).status == 200

    run(story())


def test_two_hundred_probes_of_a_silent_server_share_one_attempt_to_connect(
    kept: Kept, run: Run
) -> None:
    async def story() -> None:
        await kept.place.server.stop()
        port = kept.place.server.port
        async with Door(lambda: port, port) as door:
            door.fall_silent()
            answers = await asyncio.gather(*(kept.service.get("/health/ready") for _ in range(200)))
            assert {(one.status, one.why()) for one in answers} == {(503, NO_CONNECTION)}
            assert max(one.seconds for one in answers) < LIMIT_SECONDS + 2 * SCHEDULING_SECONDS
            # Those that came after the first answer share the next one.
            assert door.accepted <= 1 + max(one.seconds for one in answers) / LIMIT_SECONDS
        await kept.place.server.start()

    run(story())


def test_a_service_that_was_there_before_its_database_ends_in_time_with_it_hung(
    place: Place, run: Run, tmp_path: Path
) -> None:
    """SIGTERM finds a probe and a request under way that will never be answered."""

    async def story() -> None:
        await place.server.stop()
        kept = Kept(place, tmp_path)
        try:
            await kept.service.until_listening()
            assert await unready(kept.service) == REFUSED
            await place.server.start()
            kept.service.run("health_service.migrate")
            await kept.service.until_ready()
            await place.server.pause()
            asked = [
                asyncio.create_task(kept.service.get(path))
                for path in ("/vehicles", "/health/ready")
            ]
            await asyncio.sleep(0)
            for _ in range(2):  # What is answered now came after those two.
                await kept.service.get("/health/live")
            began = time.monotonic()
        finally:
            status = await asyncio.to_thread(kept.service.end)

        assert status == 0
        assert time.monotonic() - began < 10
        assert [answer.status for answer in await asyncio.gather(*asked)] == [503, 503]

    run(story())


def test_no_secret_and_no_address_was_said_in_all_this(kept: Kept) -> None:
    """In no answer. Its log is looked through where the service ends, for secrets and warnings."""
    said = "\n".join(kept.service.said)

    assert said.count("the database refuses the password")
    for secret in (PASSWORD, NEW_PASSWORD, str(kept.secret), USER, NAME, "127.0.0.1", "Traceback"):
        assert secret not in said
    assert str(kept.place.server.port) not in said
