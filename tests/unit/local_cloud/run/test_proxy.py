"""The splitting proxy, over real sockets, to real processes."""

import asyncio
import collections
import dataclasses
import io
import json
import os

import aiohttp
import pytest

from local_cloud.kit.traffic import OpenRequests
from tests.unit.local_cloud.run.real import KEY, real_world

pytestmark = pytest.mark.processes


def running(test, folder, **settings):
    """Run `test(world, session)` on a loop of its own."""

    async def main():
        async with real_world(folder, **settings) as world, aiohttp.ClientSession() as session:
            await test(world, session)

    asyncio.run(main())


async def get(session, url, **headers):
    async with session.get(url, headers=headers) as response:
        return response.status, await response.text()


def entry(revision, percent, tag=None):
    found = {"revisionName": revision, "percent": percent}
    return {**found, "tag": tag} if tag else found


def test_requests_and_answers_pass_through_unchanged(tmp_path):
    async def test(world, session):
        url = (await world.create()).url

        async with session.get(f"{url}/headers?a=%2Fb&a=2", headers={"X-Mine": "1"}) as response:
            assert response.headers.getall("Set-Cookie") == ["a=1", "b=2"]
        async with session.get(f"{url}/headers", headers={"X-Mine": "1"}) as response:
            seen = json.loads(await response.text())

        assert seen["X-Mine"] == "1"
        assert seen["Host"] == url.removeprefix("http://")
        assert seen["X-Forwarded-For"] == "127.0.0.1"
        assert len(seen["X-Cloud-Trace-Context"].partition("/")[0]) == 32
        async with session.head(url) as response:
            assert (response.status, response.headers["Content-Length"]) == (200, "2")

    running(test, tmp_path)


@pytest.mark.parametrize("size", [0, 10, 60_000, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_of_any_size_arrive_whole(tmp_path, size, chunked):
    async def chunks():
        for start in range(0, size, 50_000):
            yield b"x" * min(50_000, size - start)

    async def test(world, session):
        url = (await world.create()).url

        async with session.post(
            url, data=chunks() if chunked else io.BytesIO(b"x" * size)
        ) as response:
            assert (response.status, await response.text()) == (200, str(size))

    running(test, tmp_path)


def test_an_answer_streams_before_it_is_complete(tmp_path):
    async def test(world, session):
        url = (await world.create()).url
        loop = asyncio.get_running_loop()
        began = loop.time()

        async with session.get(f"{url}/stream") as response:
            first = await response.content.readany()
            first_after = loop.time() - began
            rest = await response.content.read()

        assert first + rest == b"012"
        assert loop.time() - began - first_after > 0.3

    running(test, tmp_path)


def test_tags_have_a_url_of_their_own_and_gone_ones_answer_404(tmp_path):
    async def test(world, session):
        service = await world.create()
        first = service.latest_created
        second = await world.deploy("v2")
        world.shift(entry(first, 100), entry(second, 0, "canary"))
        await world.until(lambda: len(service.served) == 2)
        tag_url = service.served[1].url

        assert await get(session, tag_url) == (200, "v2")
        assert await get(session, service.url) == (200, "v1")

        world.shift(entry(first, 100))
        await world.until(lambda: len(service.served) == 1)
        assert (await get(session, tag_url))[0] == 404

    running(test, tmp_path)


def test_only_an_invoker_with_a_token_for_the_service_passes(tmp_path):
    async def test(world, session):
        service = await world.create(public=False)
        url, tokens = service.url, world.tokens
        good = tokens.id_token("a@prod.iam", url)
        world.model.set_invokers(KEY, ["serviceAccount:a@prod.iam"])

        assert (await get(session, url))[0] == 403
        assert (await get(session, url, Authorization="Bearer nonsense"))[0] == 401
        elsewhere = tokens.id_token("a@prod.iam", "http://127.0.0.1:1")
        assert (await get(session, url, Authorization=f"Bearer {elsewhere}"))[0] == 401
        other = tokens.id_token("b@prod.iam", url)
        assert (await get(session, url, Authorization=f"Bearer {other}"))[0] == 403
        assert await get(session, url, Authorization=f"Bearer {good}") == (200, "v1")
        both = {"Authorization": "Basic mine", "X-Serverless-Authorization": f"Bearer {good}"}
        status, text = await get(session, f"{url}/headers", **both)
        assert status == 200
        assert json.loads(text)["Authorization"] == "Basic mine"
        assert good not in text

        assert [r.instance_id is None for r in world.served] == [True] * 4 + [False] * 2
        assert world.proxy.counts.refused == 4
        assert world.proxy.counts.own_5xx == 0
        # Who has proved an identity is noted, before it is judged.
        assert [
            (call.principal, call.method, call.resource) for call in world.model.audit.calls
        ] == [
            (email, "google.cloud.run.v1.Routes.Invoke", KEY.resource)
            for email in ("b@prod.iam", "a@prod.iam", "a@prod.iam")
        ]

    running(test, tmp_path)


def test_a_tag_url_wants_the_services_own_audience(tmp_path):
    async def test(world, session):
        service = await world.create(public=False)
        world.model.set_invokers(KEY, ["serviceAccount:a@prod.iam"])
        world.shift(entry(service.latest_created, 100, "stable"))
        await world.until(lambda: service.served[0].tag == "stable")
        tag_url = service.served[0].url

        wrong = world.tokens.id_token("a@prod.iam", tag_url)
        right = world.tokens.id_token("a@prod.iam", service.url)

        assert (await get(session, tag_url, Authorization=f"Bearer {wrong}"))[0] == 401
        assert (await get(session, tag_url, Authorization=f"Bearer {right}"))[0] == 200

    running(test, tmp_path)


def test_internal_ingress_answers_404_from_outside(tmp_path):
    async def test(world, session):
        service = await world.create(annotations={"run.googleapis.com/ingress": "internal"})

        assert (await get(session, service.url))[0] == 404

    running(test, tmp_path)


async def dead(instance):
    """Wait until an instance is dead: before, its socket still takes connections."""
    while instance.exit_code() is None:  # noqa: ASYNC110 - no event tells of a death.
        await asyncio.sleep(0.01)


def test_a_request_waits_for_an_instance_that_starts(tmp_path):
    async def test(world, session):
        service = await world.create()
        instance = world.instances.instances()[0]
        os.killpg(instance.pids[0], 9)
        await dead(instance)

        answers = await asyncio.gather(*(get(session, service.url) for _ in range(10)))

        assert set(answers) == {(200, "v1")}
        assert len(world.instances.instances()) == 1

    running(test, tmp_path)


def test_open_requests_are_told_when_they_begin_and_when_they_end(tmp_path):
    async def test(world, session):
        service = await world.create()
        told: list[OpenRequests] = []
        world.model.on_open.append(told.append)

        asked = [asyncio.create_task(get(session, f"{service.url}/slow")) for _ in range(3)]
        await world.until(lambda: len(told) == 3)
        assert [one.open for one in told] == [1, 2, 3]
        assert len(world.served) == 0
        await asyncio.gather(*asked)

        assert [one.open for one in told[3:]] == [2, 1, 0]
        assert {one.revision for one in told} == {service.latest_ready}

    running(test, tmp_path)


async def break_image(world, version):
    """Have the next start of every instance fail as `version` does, and end what runs."""
    (revision,) = world.model.revisions(KEY)
    revision.images = {
        name: dataclasses.replace(image, env={"VERSION": version})
        for name, image in revision.images.items()
    }
    instance = world.instances.instances()[0]
    os.killpg(instance.pids[0], 9)
    await dead(instance)


def test_callers_of_an_instance_that_exits_at_its_start_get_500_and_no_instance(tmp_path):
    """Reported words and form: own_answers.py."""

    async def test(world, session):
        service = await world.create()
        await break_image(world, "broken")

        status, text = await get(session, service.url)

        words = "The request failed because the instance could not start successfully."
        assert (status, text.startswith(words)) == (500, True)
        (served,) = world.served
        assert (served.status, served.text, served.instance_id) == (500, words, None)
        assert (served.latency_seconds, served.reached) == (0.0, False)
        assert served.revision == service.latest_ready

    running(test, tmp_path)


def test_callers_of_an_instance_that_stays_deaf_get_503_and_its_name_in_the_log(tmp_path):
    async def test(world, session):
        service = await world.create()
        await break_image(world, "deaf")

        status, _ = await get(session, service.url)

        assert status == 503
        (served,) = world.served
        assert served.text == "The request failed because the instance failed the readiness check."
        assert served.instance_id is not None
        assert served.latency_seconds > 0.5
        assert served.reached is False

    running(test, tmp_path, startup_seconds=1)


def test_beyond_the_maximum_of_instances_a_request_waits_and_then_gets_429(tmp_path):
    async def test(world, session):
        await world.create()
        document = world.document_with_timeout(300)
        document["spec"]["template"]["spec"]["containerConcurrency"] = 1
        annotations = {"autoscaling.knative.dev/maxScale": "2"}
        document["spec"]["template"]["metadata"] = {"annotations": annotations}
        service = world.model.replace(KEY, document)
        await world.until(lambda: service.latest_ready == service.latest_created)

        answers = await asyncio.gather(*(get(session, f"{service.url}/slow") for _ in range(6)))

        counted = collections.Counter(status for status, _ in answers)
        assert counted == {200: 4, 429: 2}, "two at once, two that waited a second, two too many"
        refused = [one for one in world.served if one.status == 429]
        assert {(one.instance_id, one.latency_seconds) for one in refused} == {(None, 0.0)}
        assert "no available instance. Additional troubleshooting" in refused[0].text

    running(test, tmp_path, queue_seconds=1.5)


@pytest.mark.parametrize("warm", [False, True])
def test_a_request_that_kills_its_instance_is_a_503_and_is_not_sent_again(tmp_path, warm):
    """Over a kept connection it is sent once more, as nobody can tell what became of the first."""

    async def test(world, session):
        service = await world.create()
        if warm:
            await get(session, service.url)

        (instance,) = world.instances.instances()
        status, text = await get(session, f"{service.url}/crash")
        await dead(instance)

        assert status == 503
        assert (tmp_path / "run" / "starts").read_text() == "x"
        assert "connection to the instance had an error" in text
        assert world.proxy.counts.own_5xx == 1
        assert await get(session, service.url) == (200, "v1")

    running(test, tmp_path)


def test_an_answer_that_breaks_off_is_counted_as_lost(tmp_path):
    async def test(world, session):
        service = await world.create()

        with pytest.raises(aiohttp.ClientError):
            await get(session, f"{service.url}/half")

        assert world.proxy.counts.lost == 1
        assert world.served[-1].status == 503

    running(test, tmp_path)


def test_a_request_that_takes_too_long_is_a_504(tmp_path):
    async def test(world, session):
        await world.create()
        document = world.document_with_timeout(0)
        world.model.replace(KEY, document)
        service = world.model.service(KEY)
        await world.until(lambda: service.latest_ready == service.latest_created)

        assert (await get(session, f"{service.url}/slow"))[0] == 504

    running(test, tmp_path)


def test_every_request_is_reported_with_its_revision_and_latency(tmp_path):
    async def test(world, session):
        service = await world.create()
        await get(session, f"{service.url}/slow?x=1")
        await get(session, f"{service.url}/fault")

        slow, fault = world.served
        assert (slow.service, slow.revision, slow.status) == ("api", service.latest_ready, 200)
        assert slow.url == f"{service.url}/slow?x=1"
        assert 1 <= slow.latency_seconds < 3
        assert slow.instance_id == fault.instance_id == world.instances.instances()[0].id
        assert fault.status == 500
        assert world.proxy.counts.own_5xx == 0

    running(test, tmp_path)


def test_a_caller_that_leaves_is_nobodys_failure(tmp_path):
    async def test(world, session):
        service = await world.create()

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await get(session, f"{service.url}/slow")
        await world.until(lambda: len(world.served) == 1)

        assert (world.proxy.counts.lost, world.proxy.counts.own_5xx) == (0, 0)

    running(test, tmp_path)


def test_no_request_is_lost_while_traffic_shifts_there_and_back(tmp_path):
    """100 requests a second over 100/0, 90/10, 0/100 and back, old revisions stopping meanwhile."""

    async def test(world, session):
        service = await world.create()
        first = service.latest_created
        world.shift(entry(first, 100))
        second = await world.deploy("v2")
        phases = {
            "100/0": (entry(first, 100), entry(second, 0, "canary")),
            "90/10": (entry(first, 90), entry(second, 10)),
            "0/100": (entry(first, 0), entry(second, 100)),
            "back": (entry(first, 100), entry(second, 0)),
        }
        answers: dict[str, collections.Counter[tuple[int, str]]] = {
            phase: collections.Counter() for phase in phases
        }

        async def one(phase):
            answers[phase][await get(session, service.url)] += 1

        loop = asyncio.get_running_loop()
        due, sent = loop.time(), []
        for phase, entries in phases.items():
            world.shift(*entries)
            await asyncio.sleep(0)
            for _ in range(250 if phase == "90/10" else 100):
                sent.append(asyncio.create_task(one(phase)))
                due += 0.01
                await asyncio.sleep(max(0, due - loop.time()))
        await asyncio.gather(*sent)

        assert sum(sum(counter.values()) for counter in answers.values()) == len(sent) == 550
        assert {status for counter in answers.values() for status, _ in counter} == {200}
        assert (world.proxy.counts.lost, world.proxy.counts.own_5xx) == (0, 0)
        assert 8 <= answers["90/10"][200, "v2"] <= 50
        # A request that was on its way when the split changed may still meet the one before.
        assert answers["0/100"][200, "v2"] >= 98
        assert answers["back"][200, "v1"] >= 98
        assert len(world.served) == 550

    running(test, tmp_path, idle_seconds=0.2)
