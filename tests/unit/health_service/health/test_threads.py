"""In real time: a thread waits for nobody's virtual clock. Nothing here sleeps."""

import asyncio
import subprocess
import sys
import threading

import pytest

from health_service.health.checks import Check, Checks, Unhealthy
from health_service.health.threads import in_thread


async def only(checks):
    [result] = await checks.results()
    return result


def test_what_a_look_returns_and_raises_comes_back_out_of_its_thread():
    def broken():
        raise Unhealthy("the disk is full")

    async def main():
        assert await in_thread(threading.get_ident)() != threading.get_ident()
        with pytest.raises(Unhealthy, match="the disk is full"):
            await in_thread(broken)()

    asyncio.run(main())


def test_a_look_that_blocks_holds_nobody_up_and_gets_no_second_thread():
    """However often it is asked, what hangs for good costs one thread."""
    release, ended = threading.Event(), threading.Event()
    looks, unseen = [], []

    def look():
        looks.append(1)
        release.wait(30)
        ended.set()
        return {"look": len(looks)}

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: unseen.append(context))
        checks = Checks(loop.time)
        checks.add(Check("disk", in_thread(look), timeout_seconds=0.01, cache_seconds=0))
        said = [(await only(checks)).why for _ in range(3)]
        release.set()
        ended.wait(30)
        for _ in range(100_000):  # The thread has yet to say so to the loop.
            if (result := await only(checks)).healthy:
                return said, result
        pytest.fail("it never recovered")

    said, recovered = asyncio.run(main())

    assert said == ["no answer within 0.01 s", *["an earlier run still hangs"] * 2]
    assert recovered.details == {"look": len(looks)}
    assert not unseen


def test_a_hung_thread_does_not_keep_the_process_from_ending():
    script = """
import asyncio, threading
from health_service.health import Check, Checks, in_thread

async def main():
    checks = Checks(asyncio.get_running_loop().time)
    checks.add(Check("disk", in_thread(threading.Event().wait), timeout_seconds=0.01))
    print((await checks.results())[0].why)
    await checks.close()

asyncio.run(main())
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout == "no answer within 0.01 s\n"


def test_where_no_thread_is_to_be_had_the_next_try_may_have_one(monkeypatch):
    class Refused(threading.Thread):
        def start(self):
            raise RuntimeError("can't start new thread")

    async def main():
        checks = Checks(asyncio.get_running_loop().time)
        checks.add(Check("disk", in_thread(dict), cache_seconds=0))
        with monkeypatch.context() as patch:
            patch.setattr(threading, "Thread", Refused)
            refused = await only(checks)
        return refused.why, (await only(checks)).healthy

    assert asyncio.run(main()) == ("failed with RuntimeError", True)
