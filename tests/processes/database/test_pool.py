"""The pool and its check on a real server that hangs, ends, refuses and comes back."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any

import asyncpg
import pytest
import uvloop

from health_service.database import pool
from health_service.database.errors import (
    NO_ANSWER,
    NO_CONNECTION,
    NO_FILE,
    REFUSED,
    WRONG_KIND,
    WRONG_PARAMETER,
    Lost,
    Unavailable,
)
from health_service.database.password import LATE
from health_service.health.checks import Result
from tests.processes.database.conftest import (
    NAME,
    PASSWORD,
    POOL_MAX,
    SCHEDULING_SECONDS,
    USER,
    Place,
    Run,
    Used,
)
from tests.processes.service_process import PATIENCE_SECONDS

pytestmark = pytest.mark.processes
SHUT_DOWN = "the database is shutting down, or its administrator ended the connection"
ALL_IN_USE = f"all {POOL_MAX} connections are in use, and none came free in time"
both_ways = pytest.mark.parametrize("in_transaction", [False, True], ids=["plain", "transaction"])


async def words(asked: Coroutine[Any, Any, Any]) -> str:
    """Return why a question could not be served."""
    with pytest.raises(Unavailable) as caught:
        await asked
    return str(caught.value)


async def until_running(place: Place, count: int) -> None:
    """Wait until the server works on so many statements of the user."""
    busy = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{USER}' AND state = 'active'"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while int(await place.admin(busy)) < count:
        assert time.monotonic() < deadline


async def half_done(used: Used) -> None:
    async with used.db.connection() as connection, connection.transaction():
        await connection.execute("CREATE TABLE half_done ()")
        raise KeyError


def details(result: Result) -> Any:
    """Return what was found, to be looked into."""
    return result.details


def test_a_healthy_database_is_told_with_its_latency_and_pool(place: Place, run: Run) -> None:
    async def story() -> None:
        async with Used(place) as used:
            result = await used.well()

        assert details(result)["latency_ms"] > 0
        assert details(result)["pool"] == {
            "size": 1,
            "idle": 1,
            "in_use": 0,
            "max": POOL_MAX,
            "waiting": 0,
        }

    run(story())


def test_a_latency_is_told_finer_than_the_clock_of_a_fast_loop(place: Place) -> None:
    """uvloop's, under which the service runs, counts whole milliseconds."""

    async def story() -> list[float]:
        async with Used(place, url=place.url(place.server.port)) as used:
            return [details(await used.well())["latency_ms"] for _ in range(20)]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        latencies = runner.run(story())

    assert all(one > 0 for one in latencies)
    assert sum(one % 1 > 0 for one in latencies) > 10


def test_two_hundred_who_ask_of_a_halted_server_share_one_question(place: Place, run: Run) -> None:
    """And one attempt to connect. None asks it to cancel: it would never answer that either."""

    async def story() -> None:
        async with Used(place) as used:
            await used.well()
            await place.server.pause()
            before = place.door.accepted

            on_the_old = await asyncio.gather(*(used.check() for _ in range(200)))
            assert {one.why for one in on_the_old} == {NO_ANSWER}
            assert place.door.accepted == before

            on_a_new = await asyncio.gather(*(used.check() for _ in range(200)))
            assert {one.why for one in on_a_new} == {NO_CONNECTION}
            assert place.door.accepted == before + 1

            await place.server.resume()
            await used.well()

    run(story())


@both_ways
def test_a_statement_on_a_halted_server_is_given_up_in_time(
    place: Place, run: Run, in_transaction: bool
) -> None:
    async def story() -> None:
        async with Used(place, statement_seconds=0.3) as used:
            await used.well()
            before = place.door.accepted
            await place.server.pause()
            began = time.monotonic()

            assert await words(used.ask(in_transaction=in_transaction)) == NO_ANSWER
            assert time.monotonic() - began < 0.55 + SCHEDULING_SECONDS
            assert place.door.accepted == before
            assert used.db.stats().in_use == 0

    run(story())


@both_ways
def test_who_is_cancelled_on_a_halted_server_is_gone_at_once(
    place: Place, run: Run, in_transaction: bool
) -> None:
    """It stays cancelled, too: the rollback that cannot be sent does not stand in its place."""

    async def story() -> None:
        async with Used(place) as used:
            asked = asyncio.create_task(
                used.ask("SELECT pg_sleep(60)", in_transaction=in_transaction)
            )
            await until_running(place, 1)
            before = place.door.accepted
            await place.server.pause()

            asked.cancel()
            done, _ = await asyncio.wait({asked}, timeout=SCHEDULING_SECONDS)

            assert done
            assert asked.cancelled()
            assert place.door.accepted == before
            assert used.db.stats().in_use == 0

    run(story())


def test_who_is_cancelled_between_two_statements_does_not_wait_for_a_halted_server(
    place: Place, run: Run
) -> None:
    async def story() -> None:
        async with Used(place) as used:
            lent, never = asyncio.Event(), asyncio.Event()

            async def think() -> None:
                async with used.db.connection():
                    lent.set()
                    await never.wait()

            thinking = asyncio.create_task(think())
            await lent.wait()
            await place.server.pause()
            thinking.cancel()
            done, _ = await asyncio.wait({thinking}, timeout=SCHEDULING_SECONDS)

            assert done
            assert used.db.stats().size == 0

    run(story())


@both_ways
def test_a_slow_statement_is_ended_by_the_server_and_its_connection_lives_on(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch, in_transaction: bool
) -> None:
    monkeypatch.setattr(pool, "GRACE_SECONDS", PATIENCE_SECONDS)

    async def story() -> None:
        async with Used(place, statement_seconds=0.3) as used:
            backend = await used.ask("SELECT pg_backend_pid()")

            why = await words(used.ask("SELECT pg_sleep(99)", in_transaction=in_transaction))

            assert why == "the database ended a statement that took too long"
            assert await used.ask("SELECT pg_backend_pid()") == backend

    run(story())


def test_a_wrong_statement_is_its_senders_matter_and_costs_no_connection(
    place: Place, run: Run
) -> None:
    async def story() -> None:
        async with Used(place) as used:
            backend = await used.ask("SELECT pg_backend_pid()")

            with pytest.raises(asyncpg.PostgresSyntaxError):
                await used.ask("SELEKT 1")
            with pytest.raises(KeyError):
                await half_done(used)

            assert await used.ask("SELECT pg_backend_pid()") == backend
            assert await used.ask("SELECT to_regclass('half_done')") is None

    run(story())


def test_what_was_done_stands_though_the_server_hangs_right_after(place: Place, run: Run) -> None:
    """The connection is reset for the next user: that cannot fail what the last one did."""

    async def story() -> None:
        async with Used(place, statement_seconds=1.0) as used:
            async with used.db.connection() as connection:
                found = await connection.fetchval("SELECT 42")
                await place.server.pause()
                began = time.monotonic()

            assert found == 42
            assert time.monotonic() - began < 1.0 + SCHEDULING_SECONDS
            assert used.db.stats().size == 0

    run(story())


def test_a_pool_that_is_used_up_is_told_and_who_waits_is_counted(place: Place, run: Run) -> None:
    async def story() -> None:
        async with Used(place) as used:
            async with used.db.connection(), used.db.connection():
                waiting = asyncio.create_task(used.ask("SELECT 42"))
                result = await used.check()

                assert result.why == ALL_IN_USE
                assert details(result)["pool"]["in_use"] == POOL_MAX
                assert details(result)["pool"]["waiting"] == 1
            assert await waiting == 42
            await used.well()

    run(story())


def test_a_pool_that_hangs_on_a_silent_server_is_told_with_the_reason(
    place: Place, run: Run
) -> None:
    """Whoever looks must not search for a leak of connections."""

    async def story() -> None:
        async with Used(place, connect_seconds=0.6) as used:
            place.door.fall_silent()
            assert await words(used.ask()) == NO_CONNECTION

            asked = [asyncio.create_task(words(used.ask())) for _ in range(POOL_MAX)]
            await asyncio.sleep(0)
            assert (await used.check()).why == f"{ALL_IN_USE}: {NO_CONNECTION}"

            assert await asyncio.gather(*asked) == [NO_CONNECTION] * POOL_MAX
            place.door.carry_again()
            await used.open_all()
            async with used.db.connection(), used.db.connection():
                assert (await used.check()).why == ALL_IN_USE

    run(story())


def test_connections_that_died_in_silence_do_not_fail_the_next_request(
    place: Place, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first of them is waited for; the rest are as old as that one."""
    monkeypatch.setattr(pool, "TRUSTED_SECONDS", 0.5)

    async def story() -> None:
        async with Used(place) as used:
            await used.open_all()
            place.door.fall_silent()
            place.door.carry_again()
            before = place.door.accepted
            await asyncio.sleep(0.6)  # None of them is trusted any more.

            assert await used.ask("SELECT 42") == 42
            assert used.db.stats().size == 1
            assert place.door.accepted == before + 1

    run(story())


def test_a_connection_whose_end_is_still_on_its_way_fails_no_check(place: Place, run: Run) -> None:
    """The driver has heard the server's last word, and lends the connection all the same."""

    async def story() -> None:
        async with Used(place, check_seconds=PATIENCE_SECONDS) as used:
            for asked_again in (False, True):
                await used.ask()
                place.door.hide_ends()
                await place.end_connections()
                if asked_again:
                    assert (await used.check()).why == ""
                else:
                    with pytest.raises(Lost):
                        await used.ask()

    run(story())


def test_a_shutdown_ends_what_runs_and_the_next_server_is_found(place: Place, run: Run) -> None:
    async def story() -> None:
        past_the_door = place.url(place.server.port)
        async with Used(place, url=past_the_door) as used:
            asked = [
                asyncio.create_task(words(used.ask("SELECT pg_sleep(60)", in_transaction=way)))
                for way in (False, True)
            ]
            await until_running(place, 2)
            await place.server.stop()

            assert await asyncio.gather(*asked) == [SHUT_DOWN, SHUT_DOWN]
            assert (await used.check()).why == REFUSED
            await place.server.start()
            await used.well()

    run(story())


def test_closing_waits_for_what_is_lent_and_lends_no_more(place: Place, run: Run) -> None:
    async def story() -> None:
        async with Used(place) as used:
            async with used.db.connection() as connection:
                closing = asyncio.create_task(used.db.close(20))
                await asyncio.sleep(0)

                assert await words(used.ask()) == "this instance is shutting down"
                assert await connection.fetchval("SELECT 42") == 42
                assert not closing.done()
            await closing
            assert used.db.stats().size == 0

    run(story())


def test_closing_does_not_wait_for_a_hung_server(place: Place, run: Run) -> None:
    """One hangs in a statement, one in its connection, and one waits for a turn."""

    async def story() -> None:
        used = Used(place)
        asked = [asyncio.create_task(words(used.ask("SELECT pg_sleep(60)")))]
        await until_running(place, 1)
        place.door.fall_silent()
        asked += [asyncio.create_task(words(used.ask())) for _ in range(2)]
        await asyncio.sleep(0)
        began = time.monotonic()

        await used.db.close(0.1)

        assert time.monotonic() - began < 0.1 + SCHEDULING_SECONDS
        for one in asked:
            one.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*asked)

    run(story())


def test_a_password_that_cannot_be_read_is_told_without_its_file(place: Place, run: Run) -> None:
    async def story() -> None:
        def unreadable() -> str:
            raise FileNotFoundError(2, "No such file", "/secrets/of-fleet")

        async with Used(place, unreadable) as used:
            why = await words(used.ask())
            assert why == "the file of the database's password cannot be read"

    run(story())


def test_a_password_whose_file_hangs_is_told_as_that_and_is_recovered_from(
    place: Place, run: Run
) -> None:
    """The database's name must not be dragged into it, and no thread of others is used up."""
    release, reads = threading.Event(), []

    def hanging() -> str:
        reads.append(1)
        release.wait(PATIENCE_SECONDS)
        return PASSWORD

    async def story() -> None:
        async with Used(place, hanging, connect_seconds=0.2) as used:
            said = [await words(used.ask()) for _ in range(10)]
            result = await used.check()

            assert set(said) == {LATE}
            assert result.why == LATE
            assert len(reads) == 1
            assert await asyncio.to_thread(len, reads) == 1
            release.set()
            await used.open_all()

    try:
        run(story())
    finally:
        release.set()


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("connect_timeout=1", WRONG_PARAMETER),
        ("nix=1", WRONG_PARAMETER),
        ("work_mem=much", WRONG_PARAMETER),
        ("options=-x", WRONG_PARAMETER),
        ("max_connections=7", WRONG_PARAMETER),
        ("sslmode=verify-full&sslrootcert=/nope", NO_FILE),
        ("host=/nope", NO_FILE),
        ("target_session_attrs=read-only", WRONG_KIND),
        ("sslmode=bogus", "the database's address is not one; DATABASE_URL is wrong"),
    ],
)
def test_a_mistake_in_the_address_is_told_as_that(
    place: Place, run: Run, query: str, why: str
) -> None:
    """The server is well, and nobody should look for the fault there."""

    async def story() -> None:
        url = place.url(place.server.port)
        if query.startswith("host="):
            url = f"postgresql://{USER}@/{NAME}"
        async with Used(place, url=f"{url}?{query}") as used:
            assert await words(used.ask()) == why

    run(story())
