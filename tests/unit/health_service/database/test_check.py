"""What the check makes of what the pool says. A real server: tests/processes/database."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

from health_service.database.check import database_check
from health_service.database.errors import LOST, NO_ANSWER, READ_ONLY, REFUSED, Lost, Unavailable
from health_service.database.pool import Database, PoolStats
from health_service.health.checks import Checks, Result

Run = Callable[..., Any]
POOL = {"size": 1, "idle": 0, "in_use": 1, "max": 2, "waiting": 3}


class FakeDatabase:
    """Answers each question by what comes next: a value, or an error. Each takes a second."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)
        self.limits: list[tuple[float, float]] = []

    @contextlib.asynccontextmanager
    async def connection(self, limit_seconds: float) -> AsyncIterator["FakeDatabase"]:
        self._limit_seconds = limit_seconds
        yield self

    async def fetchval(self, _: str, timeout: float) -> str:  # noqa: ASYNC109 - asyncpg's.
        self.limits.append((self._limit_seconds, timeout))
        await asyncio.sleep(1)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stats(self) -> PoolStats:
        return PoolStats(**POOL)


async def result_of(db: FakeDatabase) -> Result:
    now = asyncio.get_running_loop().time
    checks = Checks(now)
    checks.add(database_check(cast("Database", db), now, timeout_seconds=5, cache_seconds=0))
    (result,) = await checks.results()
    return result


def test_a_database_that_answers_is_healthy_and_shows_its_latency_and_pool(run: Run) -> None:
    result = run(result_of(FakeDatabase("off")))

    assert result.healthy
    assert result.details == {"latency_ms": 1000.0, "pool": POOL}


def test_a_database_that_takes_no_writes_is_not_healthy(run: Run) -> None:
    result = run(result_of(FakeDatabase("on")))

    assert result.why == READ_ONLY
    assert result.details == {"latency_ms": 1000.0, "pool": POOL}


def test_what_the_pool_says_is_the_reason(run: Run) -> None:
    result = run(result_of(FakeDatabase(Unavailable(NO_ANSWER))))

    assert result.why == NO_ANSWER
    assert result.details == {"pool": POOL}


def test_a_connection_that_ended_is_asked_for_once_more_within_the_same_limit(run: Run) -> None:
    db = FakeDatabase(Lost(LOST), "off")

    assert run(result_of(db)).healthy
    assert db.limits == [(5.0, 5.0), (4.0, 4.0)]


def test_what_the_second_attempt_finds_is_what_is_said(run: Run) -> None:
    """That the last connection was lost is news of the past; the server may be gone or back."""
    assert run(result_of(FakeDatabase(Lost(LOST), Unavailable(REFUSED)))).why == REFUSED


def test_there_is_no_third_attempt(run: Run) -> None:
    db = FakeDatabase(Lost(LOST), Lost(LOST), "off")

    assert run(result_of(db)).why == LOST
    assert db.answers == ["off"]


def test_only_an_end_is_worth_a_second_attempt(run: Run) -> None:
    db = FakeDatabase(Unavailable(NO_ANSWER), "off")

    assert not run(result_of(db)).healthy
    assert db.answers == ["off"]
