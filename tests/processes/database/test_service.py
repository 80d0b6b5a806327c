"""A service lives through all that happens to its database, and says at each moment what is.

It is never restarted: that it recovers by itself is that the next test finds it ready.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from health_service.database.errors import NO_ANSWER, NO_CONNECTION, READ_ONLY, REFUSED
from health_service.database.password import UNREADABLE
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
from tests.processes.service_process import PATIENCE_SECONDS

pytestmark = pytest.mark.processes
NEW_PASSWORD = "second-s3cret"
LATE = f"no answer within {LIMIT_SECONDS + 0.1:g} s"
"""What a busy service says for what it would have said itself 0.1 s before."""


class Kept:
    """A service beside its server, and the file of its password. `limit_seconds` is its checks'."""

    def __init__(self, place: Place, folder: Path, limit_seconds: float = LIMIT_SECONDS) -> None:
        self.place = place
        self.limit_seconds = limit_seconds
        folder.mkdir(parents=True, exist_ok=True)
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD + "\n")
        self.service = Service(
            folder,
            {
                "DATABASE_URL": place.url(place.server.port),
                "DATABASE_PASSWORD_FILE": str(self.secret),
                "DATABASE_POOL_MAX": str(POOL_MAX),
                "DATABASE_TIMEOUT_MS": str(round(2 * limit_seconds * 1000)),
                "READY_TIMEOUT_MS": str(round(limit_seconds * 1000)),
                "READY_CACHE_MS": "0",
                "DETAILED_CALLERS": "public",
                "LOG_LEVEL": "DEBUG",
            },
        )


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
    await kept.place.end_connections()
    async with kept.place.hogged():
        yield


@contextlib.asynccontextmanager
async def secret_changed(kept: Kept) -> AsyncIterator[None]:
    await kept.place.server.set_password(USER, NEW_PASSWORD)
    await kept.place.end_connections()
    try:
        yield
    finally:
        kept.secret.write_text(NEW_PASSWORD + "\n")
        await kept.service.until_ready()
        await kept.place.server.set_password(USER, PASSWORD)
        kept.secret.write_text(PASSWORD + "\n")


@contextlib.asynccontextmanager
async def secret_a_pipe(kept: Kept) -> AsyncIterator[None]:
    """To open it would never end."""
    kept.secret.unlink()
    os.mkfifo(kept.secret)
    await kept.place.end_connections()
    try:
        yield
    finally:
        kept.secret.unlink()
        kept.secret.write_text(PASSWORD + "\n")


@contextlib.asynccontextmanager
async def read_only(kept: Kept) -> AsyncIterator[None]:
    setting, reload = "default_transaction_read_only", "SELECT pg_reload_conf();"
    await kept.place.admin(f"ALTER SYSTEM SET {setting} = on;{reload}")
    await kept.place.end_connections()
    try:
        yield
    finally:
        await kept.place.admin(f"SET {setting} = off; ALTER SYSTEM RESET {setting};{reload}")


@contextlib.asynccontextmanager
async def renamed(kept: Kept) -> AsyncIterator[None]:
    await kept.place.admin(f"ALTER ROLE {USER} NOLOGIN")
    await kept.place.end_connections()
    await kept.place.admin(f"ALTER DATABASE {NAME} RENAME TO gone; ALTER ROLE {USER} LOGIN")
    try:
        yield
    finally:
        await kept.place.admin(f"ALTER DATABASE gone RENAME TO {NAME}")


@contextlib.asynccontextmanager
async def locked_out(kept: Kept) -> AsyncIterator[None]:
    await kept.place.admin(f"ALTER ROLE {USER} NOLOGIN")
    await kept.place.end_connections()
    try:
        yield
    finally:
        await kept.place.admin(f"ALTER ROLE {USER} LOGIN")


FAULTS: dict[str, tuple[Fault, str]] = {
    "killed": (killed, REFUSED),
    "shut down": (shut_down, REFUSED),
    "used up": (used_up, "the database has no connection left"),
    "secret changed": (secret_changed, "the database refuses the password"),
    "secret a pipe": (secret_a_pipe, UNREADABLE),
    "read-only": (read_only, READ_ONLY),
    "renamed": (renamed, "the server has no such database"),
    "locked out": (locked_out, "the database refuses this user"),
}
"""What happens, and what every probe says of it."""
SILENCES: dict[str, tuple[Fault, list[str]]] = {
    "halted": (halted, [NO_ANSWER, NO_CONNECTION]),
    "silent": (silent, [NO_CONNECTION] * 2),
}
"""What happens, and what two probes in a row say of it, once their time is over."""


@contextlib.contextmanager
def living(place: Place, folder: Path, limit_seconds: float) -> Iterator[Kept]:
    """Migrate, and let it live; at its end it has to have kept its secrets."""
    kept = Kept(place, folder, limit_seconds)
    try:
        kept.service.migrate()
        kept.service.process.until_listening()
        yield kept
    finally:
        status = kept.service.end()
    assert status == 0
    log = kept.service.said[-1]
    assert "service.stopped" in log
    for wrong in (PASSWORD, NEW_PASSWORD, "Traceback", "never"):
        assert wrong not in log


@pytest.fixture(scope="module")
def services(
    whole_place: Place, loop_runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Kept, Kept]]:
    """One whose limits no machine is too busy for, and one whose limits can be waited for.

    At their end they have to leave no connection.
    """
    folder = tmp_path_factory.mktemp("services")
    with (
        living(whole_place, folder / "patient", PATIENCE_SECONDS / 2) as patient,
        living(whole_place, folder / "hasty", LIMIT_SECONDS) as hasty,
    ):
        yield patient, hasty
    loop_runner.run(whole_place.settle())


@pytest.fixture
def kept(services: tuple[Kept, Kept], loop_runner: asyncio.Runner) -> Kept:
    loop_runner.run(services[0].service.until_ready())
    return services[0]


@pytest.fixture
def hasty(services: tuple[Kept, Kept], loop_runner: asyncio.Runner) -> Kept:
    loop_runner.run(services[1].service.until_ready())
    return services[1]


async def unready(kept: Kept) -> str:
    """Return why the database fails, once it is sure that every level tells the truth in time."""
    get = kept.service.get
    ready, live = await asyncio.gather(get("/health/ready"), get("/health/live"))

    assert ready.status == 503
    assert ready.seconds < kept.limit_seconds + SCHEDULING_SECONDS
    assert (live.status, live.document["status"]) == (200, "alive")
    assert live.seconds < SCHEDULING_SECONDS
    return ready.why()


async def detailed(kept: Kept, why: str) -> None:
    """Be sure that the details say the same, and that the check leaves no connection in use."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    in_use = 1
    while in_use:  # The check of the schema may have one at the same time.
        answer = await kept.service.get("/health/detailed")
        assert answer.status == 200
        assert answer.seconds < kept.limit_seconds + SCHEDULING_SECONDS
        (check,) = [one for one in answer.document["checks"] if one["name"] == "database"]
        assert check["why"] in (why, LATE)
        in_use = check["details"]["pool"]["in_use"]
        assert time.monotonic() < deadline, f"{in_use} connections are in use"


async def lives_through(kept: Kept, fault: Fault, whys: list[str]) -> None:
    async with fault(kept):
        for why in whys:
            assert await unready(kept) in (why, LATE)
        await detailed(kept, whys[-1])

    await kept.service.until_ready()
    assert await kept.place.backends() <= 2 * POOL_MAX  # There are two services.


@pytest.mark.parametrize("name", FAULTS)
def test_readiness_tells_what_is_wrong_with_the_database_and_recovers_by_itself(
    kept: Kept, run: Run, name: str
) -> None:
    fault, why = FAULTS[name]

    run(lives_through(kept, fault, [why, why]))


@pytest.mark.parametrize("name", SILENCES)
def test_readiness_tells_in_time_that_the_database_says_nothing_and_recovers_by_itself(
    hasty: Kept, run: Run, name: str
) -> None:
    fault, whys = SILENCES[name]

    run(lives_through(hasty, fault, whys))


def test_a_server_that_restarted_between_two_probes_fails_neither(kept: Kept, run: Run) -> None:
    """The connections that ended with it are not lent."""

    async def story() -> None:
        await kept.place.server.restart()
        assert (await kept.service.get("/health/ready")).status == 200

    run(story())


def test_connections_that_an_administrator_ended_fail_no_probe(kept: Kept, run: Run) -> None:
    async def story() -> None:
        await kept.place.end_connections()
        assert (await kept.service.get("/health/ready")).status == 200

    run(story())


def test_two_hundred_probes_of_a_silent_server_share_one_attempt_to_connect(
    hasty: Kept, run: Run
) -> None:
    async def story() -> None:
        await hasty.place.server.stop()
        port = hasty.place.server.port
        ready = hasty.service.get
        async with Door(lambda: port, port) as door:
            door.fall_silent()
            answers = await asyncio.gather(*(ready("/health/ready") for _ in range(200)))
            seconds = max(one.seconds for one in answers)
            assert {one.status for one in answers} == {503}
            assert {one.why() for one in answers} <= {NO_CONNECTION, LATE}
            assert seconds < LIMIT_SECONDS + 2 * SCHEDULING_SECONDS
            # Those that came after the first answer share the next one; so it is with the schema.
            assert door.accepted <= 2 * (1 + seconds / LIMIT_SECONDS)
        await hasty.place.server.start()

    run(story())


def test_a_service_that_was_there_before_its_database_ends_in_time_with_it_hung(
    place: Place, run: Run, tmp_path: Path
) -> None:
    """SIGTERM finds a probe and a request under way that will never be answered."""

    async def story() -> None:
        await place.server.stop()
        kept = Kept(place, tmp_path)
        try:
            await asyncio.to_thread(kept.service.process.until_listening)
            assert await unready(kept) == REFUSED
            await place.server.start()
            await asyncio.to_thread(kept.service.migrate)
            await kept.service.until_ready()
            await place.server.pause()
            asked = [
                asyncio.create_task(kept.service.get(path))
                for path in ("/vehicles", "/health/ready")
            ]
            await asyncio.sleep(0)
            for _ in range(2):  # What is answered now came after those two.
                await kept.service.get("/health/live")
        finally:
            status = await asyncio.to_thread(kept.service.end)

        assert status == 0
        assert [answer.status for answer in await asyncio.gather(*asked)] == [503, 503]

    run(story())


def test_no_secret_and_no_address_was_said_in_all_this(kept: Kept, hasty: Kept) -> None:
    """In no answer. Its log is looked through where the service ends, for secrets and warnings."""
    said = "\n".join([*kept.service.said, *hasty.service.said])

    assert said.count("the database refuses the password")
    secrets = (PASSWORD, NEW_PASSWORD, str(kept.secret), str(hasty.secret), USER, NAME)
    for secret in (*secrets, "127.0.0.1", "Traceback", str(kept.place.server.port)):
        assert secret not in said
