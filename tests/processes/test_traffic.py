"""Requests under load while traffic moves: none is lost, none is answered by the proxy itself."""

import asyncio

import pytest
from aiohttp import web

from demo.traffic import Traffic
from tests.processes.stories import PER_SECOND

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_no_request_is_lost_during_a_promotion_and_a_rollback_at_100_a_second(cloud, story):
    kept = story("shop")

    seen, counts = kept.seen, cloud.stage.running.proxy.counts
    assert (seen.lost, counts.lost, counts.own_5xx) == (0, 0, 0)
    # Each request has an answer that a revision gave.
    assert seen.requests == seen.by_version.total()
    # A machine that could not send the load would prove nothing.
    assert seen.requests > PER_SECOND * kept.answers["seconds"] / 2


def test_a_good_image_gets_10_50_and_100_percent_and_a_bad_one_goes_at_10(cloud, story):
    kept = story("shop")

    events = cloud.look(lambda stage: [one for one in stage.events if one["service"] == "shop"])
    shares = {
        name: [
            one["percent_after"]
            for one in events
            if (one["digest"], one["event"]) == (image.digest, "traffic.shifted")
        ]
        for name, image in kept.images.items()
    }
    assert shares == {"first": [100], "good": [10, 50, 100], "bad": [10]}
    assert kept.answers["bad"]["outcome"] == "rolled_back"
    assert "requests failed" in kept.answers["bad"]["because"]
    assert kept.events["bad"]["by"] == ""


def test_only_the_bad_revision_fails_requests_and_only_until_it_is_taken_back(cloud, story):
    kept = story("shop")

    assert kept.seen.failures == kept.seen.by_version["v3"] > 5
    assert cloud.look(lambda stage: stage.shares("shop")) == {kept.events["bad"]["stable"]: 100}
    assert cloud.look(lambda stage: stage.tags("shop")) == []


def test_the_counter_of_lost_requests_can_count():
    """Else the tests above could not fail: an answer of a proxy's own, and none at all."""

    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/silent" and request.transport is not None:
            request.transport.abort()
        return web.Response(status=503, text="no available instance")

    async def drive(path: str) -> Traffic:
        runner = web.ServerRunner(web.Server(broken))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        traffic = Traffic(f"http://127.0.0.1:{runner.addresses[0][1]}{path}", 200.0)
        driving = asyncio.create_task(traffic.run())
        while traffic.seen.requests < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        traffic.stop()
        await driving
        await runner.cleanup()
        return traffic

    for path in ("/spoken", "/silent"):
        seen = asyncio.run(drive(path)).seen
        assert seen.lost == seen.requests >= 5
