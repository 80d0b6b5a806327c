"""Time that jumps, on a loop whose clock a test moves by hand: real time hardly passes."""

import asyncio
from typing import Any

from local_cloud.workflows.alone.fast import FastScheduler


def played(story):
    """Run a coroutine function with a scheduler; return what it returns."""

    async def play():
        return await asyncio.wait_for(story(FastScheduler(asyncio.get_running_loop())), 5)

    return asyncio.run(play())


async def soon():
    for _ in range(50):
        await asyncio.sleep(0)


def test_what_is_due_in_a_year_happens_at_once_and_in_order():
    async def story(scheduler):
        began = scheduler.now()
        seen = []
        for days in (365, 1, 30):
            scheduler.call_later(
                days * 86_400, lambda days=days: seen.append((days, (scheduler.now() - began).days))
            )
        await soon()
        return seen

    assert played(story) == [(1, 1), (30, 30), (365, 365)]


def test_a_cancelled_timer_is_not_jumped_to():
    async def story(scheduler):
        began = scheduler.now()
        scheduler.call_later(3600, lambda: None).cancel()
        await soon()
        return (scheduler.now() - began).total_seconds()

    assert played(story) < 60


def test_while_something_is_under_way_outside_time_is_real():
    async def story(scheduler):
        under_way = True
        scheduler.may_skip = lambda: not under_way
        seen = []
        scheduler.call_later(3600, lambda: seen.append("slept"))
        await soon()
        before = list(seen)
        under_way = False
        scheduler.look()
        await soon()
        return before, seen

    assert played(story) == ([], ["slept"])


def test_a_short_timer_runs_in_real_time_when_nothing_may_be_skipped():
    async def story(scheduler):
        scheduler.may_skip = lambda: False
        done = asyncio.get_running_loop().create_future()
        scheduler.call_later(0.001, lambda: done.set_result("ran"))
        return await done

    assert played(story) == "ran"


def test_an_action_that_fails_does_not_stop_time():
    async def story(scheduler):
        seen: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, told: seen.append(told))
        scheduler.call_later(1, lambda: 1 / 0)
        scheduler.call_later(2, lambda: seen.append("next"))
        await soon()
        return seen[1:]

    assert played(story) == ["next"]


def test_who_cannot_say_whether_time_may_jump_gets_real_time():
    async def story(scheduler):
        loop = asyncio.get_running_loop()
        told: list[str] = []
        loop.set_exception_handler(lambda _loop, context: told.append(str(context["exception"])))
        asked = []

        def may_skip():
            asked.append(1)
            raise ValueError("no idea")

        scheduler.may_skip = may_skip
        done = loop.create_future()
        scheduler.call_later(0.001, lambda: done.set_result("ran"))
        return await done, len(asked), told

    assert played(story) == ("ran", 1, ["no idea"])
