"""In real time, as threads wait for nobody's virtual clock. What hangs here hangs until told."""

import asyncio
import os
import threading

import pytest

from health_service.database.errors import Unavailable
from health_service.database.password import LATE, UNREADABLE, Reading, reader, was_late


async def words(reading):
    with pytest.raises(Unavailable) as caught:
        await reading()
    return str(caught.value)


def test_without_a_file_the_password_is_the_one_given():
    assert reader("s3cret", "")() == "s3cret"


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_files_line_end_is_not_part_of_the_password(tmp_path, end):
    file = tmp_path / "password"
    file.write_bytes(f" s3 cret {end}".encode())

    assert reader("", str(file))() == " s3 cret "


def test_a_file_is_read_anew_each_time(tmp_path):
    file = tmp_path / "password"
    read = reader("", str(file))

    for password in ("first", "second"):
        file.write_text(password)
        assert read() == password


def not_there(_path):
    """Nothing is made."""


@pytest.mark.parametrize(
    "make",
    [not_there, os.mkdir, os.mkfifo, lambda path: path.write_bytes(b"\xff\xfe")],
    ids=["not there", "a folder", "a pipe that nobody writes to", "no text"],
)
def test_what_is_no_file_of_text_is_told_at_once_and_recovered_from(tmp_path, make):
    path = tmp_path / "password"
    make(path)
    reading = Reading(reader("", str(path)))

    async def story():
        async with asyncio.timeout(30):
            assert await words(reading) == UNREADABLE
        if path.exists():
            path.rename(tmp_path / "wrong")
        path.write_text("s3cret")
        assert await reading() == "s3cret"

    asyncio.run(story())


def test_a_read_that_hangs_costs_one_thread_and_is_recovered_from_by_itself():
    """Whoever waits for it in vain can tell by what the time was used up."""
    release, reads = threading.Event(), []

    def read():
        reads.append(1)
        release.wait(30)
        return "s3cret"

    async def story():
        reading = Reading(read)
        for _ in range(20):
            with pytest.raises(TimeoutError) as caught:
                async with asyncio.timeout(0.001):
                    await reading()
            assert was_late(caught.value)
        assert len(reads) == 1
        # The threads that others use are free.
        assert await asyncio.to_thread(len, reads) == 1
        release.set()
        assert await reading() == "s3cret"
        assert await reading() == "s3cret"
        assert len(reads) == 2

    asyncio.run(story())


def test_a_read_that_hangs_for_longer_than_its_limit_is_told():
    release = threading.Event()

    async def story():
        with pytest.raises(Unavailable, match="did not answer in time"):
            await Reading(lambda: str(release.wait(30))).within(0.001)
        assert await Reading(lambda: "s3cret").within(30) == "s3cret"

    try:
        asyncio.run(story())
    finally:
        release.set()


def test_who_is_cancelled_does_not_end_the_read_that_others_wait_for():
    release = threading.Event()

    def read():
        release.wait(30)
        return "s3cret"

    async def story():
        reading = Reading(read)
        first, second = (asyncio.create_task(reading()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await second == "s3cret"

    asyncio.run(story())


def test_closing_waits_for_nobody_and_leaves_no_task():
    release = threading.Event()

    async def story():
        reading = Reading(lambda: str(release.wait(30)))
        asking = asyncio.create_task(reading())
        await asyncio.sleep(0)
        reading.close()
        with pytest.raises(Unavailable, match="did not answer in time"):
            await asking
        assert asyncio.all_tasks() == {asyncio.current_task()}

    try:
        asyncio.run(story())
    finally:
        release.set()


def test_another_limit_is_not_blamed_on_the_password():
    async def story():
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0):
                await asyncio.sleep(30)
        assert not was_late(caught.value)
        assert LATE.endswith("in time")

    asyncio.run(story())
