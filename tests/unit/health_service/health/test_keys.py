"""When the keys are read. The clock is the test's; a read is a thread's."""

import asyncio

import pytest

from health_service.health.keys import AGAIN_SECONDS, Keys, Unreachable

HOUR, DAY = 3600, 86_400


class Google:
    """Its keys, and whether they can be had."""

    def __init__(self, *kids):
        self.kids = list(kids)
        self.reads = 0
        self.now = 1000.0
        self.down = False

    def read(self):
        self.reads += 1
        if self.down:
            raise TimeoutError
        return {"keys": [{"kty": "RSA", "kid": kid, "n": "AQAB", "e": "AQAB"} for kid in self.kids]}

    def keys(self):
        return Keys(self.read, lambda: self.now)


def test_keys_are_read_once_an_hour():
    google = Google("one")

    async def main():
        keys = google.keys()
        for _ in range(3):
            assert (await keys.find("one"))["kid"] == "one"
        assert google.reads == 1
        google.now += HOUR
        await keys.find("one")

    asyncio.run(main())

    assert google.reads == 2


def test_a_key_that_is_new_is_found_and_an_unknown_one_costs_one_read_in_ten_seconds():
    google = Google("one")

    async def main():
        keys = google.keys()
        await keys.find("one")
        google.kids = ["one", "two"]
        for _ in range(5):
            assert await keys.find("two") is None
        assert google.reads == 1
        google.now += AGAIN_SECONDS
        assert await keys.find("two") is not None
        for _ in range(5):
            assert await keys.find("three") is None
        assert google.reads == 2

    asyncio.run(main())


def test_a_key_that_was_withdrawn_is_gone_after_an_hour():
    google = Google("one", "two")

    async def main():
        keys = google.keys()
        await keys.find("one")
        google.kids = ["two"]
        google.now += HOUR
        assert await keys.find("one") is None

    asyncio.run(main())


def test_keys_that_cannot_be_read_anew_stay_good_for_a_day():
    google = Google("one")

    async def main():
        keys = google.keys()
        await keys.find("one")
        google.down = True
        google.now += DAY - 1
        assert await keys.find("one") is not None
        with pytest.raises(Unreachable):
            await keys.find("two")
        google.now += 1
        with pytest.raises(Unreachable):
            await keys.find("one")
        google.down = False
        google.now += AGAIN_SECONDS
        assert await keys.find("one") is not None

    asyncio.run(main())


def test_unreachable_keys_are_tried_again_after_ten_seconds_and_not_before():
    google = Google("one")
    google.down = True

    async def main():
        keys = google.keys()
        for _ in range(5):
            with pytest.raises(Unreachable):
                await keys.find("one")
        assert google.reads == 1
        google.down = False
        google.now += AGAIN_SECONDS
        assert await keys.find("one") is not None

    asyncio.run(main())
