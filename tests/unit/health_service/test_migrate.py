"""The migrator's command line and settings. With a database: tests/processes/test_migrations.py."""

import asyncio
from typing import Never

import pytest

from health_service.migrate import main, why_no_connection
from health_service.migrations.limits import Limits
from health_service.migrations.upgrade import NotConnected, upgrade


def test_the_sql_of_every_migration_is_printed_without_a_database(capsys):
    assert main(["--sql"], {}) == 0

    said = capsys.readouterr().out
    assert said.startswith("SET lock_timeout = 2000;")
    assert "CREATE INDEX CONCURRENTLY vehicles_by_age" in said
    assert "SET version_num='0004'" in said


def test_the_limits_of_the_command_stand_in_the_sql(capsys):
    assert main(["--sql", "--lock-timeout-ms", "500"], {}) == 0

    assert capsys.readouterr().out.count("SET lock_timeout = 500;") == 2


def test_without_a_database_nothing_is_done_and_the_setting_is_named(capsys):
    assert main([], {}) == 2

    assert capsys.readouterr().err == (
        "error: the schema was not looked at; the settings are wrong\n"
        "DATABASE_URL is not set: must be the database's URL,"
        " such as postgresql://fleet@127.0.0.1:5432/fleet.\n"
    )


def test_wrong_settings_are_told_all_at_once(capsys):
    assert main([], {"DATABASE_URL": "mysql://x", "DATABASE_POOL_MAX": "none"}) == 2

    error, *problems = capsys.readouterr().err.splitlines()
    assert error == "error: the schema was not looked at; the settings are wrong"
    assert [problem.split()[0] for problem in problems] == ["DATABASE_URL", "DATABASE_POOL_MAX"]


@pytest.mark.parametrize("option", ["--lock-timeout-ms", "--attempts", "--turn-seconds"])
@pytest.mark.parametrize("value", ["0", "-1", "x", "1.5", "\uff15"])
def test_a_limit_is_a_whole_number_above_zero(option, value, capsys):
    with pytest.raises(SystemExit) as ended:
        main([option, value], {})

    assert ended.value.code == 2
    assert f"argument {option}: must be a whole number above 0" in capsys.readouterr().err


def test_a_database_that_never_answers_is_said_not_to_answer():
    async def halted() -> Never:
        async with asyncio.timeout(0.01):
            await asyncio.get_running_loop().create_future()
        raise AssertionError

    with pytest.raises(NotConnected) as failed:
        asyncio.run(upgrade(halted, Limits(), print))

    assert why_no_connection(failed.value) == (
        "the database did not answer a new connection in time"
    )
