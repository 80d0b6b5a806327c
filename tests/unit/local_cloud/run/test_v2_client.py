"""The official client, unchanged, over real loopback HTTP."""

import asyncio
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from google.api_core.exceptions import Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from local_cloud.kit.http import ApiRequest

pytestmark = pytest.mark.processes

NAME = "projects/prod/locations/europe-west1/services/api"


@pytest.fixture
def endpoint(world) -> Iterator[str]:
    """Serve the world's router on a free port, on a loop of its own."""
    loop = asyncio.new_event_loop()
    started: list[int] = []
    ready = threading.Event()

    async def answer(request: web.BaseRequest) -> web.Response:
        query = {name: tuple(values) for name, values in parse_qs(request.query_string).items()}
        found = world.router.handle(
            ApiRequest(request.method, request.path, query, body=await request.read())
        )
        if found is None:
            return web.Response(status=404)
        return web.Response(status=found.status, body=found.body, headers=dict(found.headers))

    async def serve() -> None:
        runner = web.ServerRunner(web.Server(answer))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        started.append(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    yield f"http://127.0.0.1:{started[0]}"
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture
def services(endpoint) -> Iterator[run_v2.ServicesClient]:
    with run_v2.ServicesClient(
        credentials=AnonymousCredentials(),
        transport="rest",
        client_options={"api_endpoint": endpoint},
    ) as client:
        yield client


@pytest.fixture
def revisions(endpoint) -> Iterator[run_v2.RevisionsClient]:
    with run_v2.RevisionsClient(
        credentials=AnonymousCredentials(),
        transport="rest",
        client_options={"api_endpoint": endpoint},
    ) as client:
        yield client


def test_the_official_client_reads_a_service(world, services, to):
    first = world.create().latest_created
    world.shift(to(first, 100), to(first, 0, "stable"))

    service = services.get_service(name=NAME)

    assert service.generation == service.observed_generation == 2
    assert not service.reconciling
    assert service.terminal_condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED
    assert service.traffic_statuses[1].tag == "stable"
    assert service.traffic_statuses[1].uri.startswith("https://stable---")
    assert [s.name for s in services.list_services(parent=NAME.rpartition("/services")[0])] == [
        NAME
    ]


def test_the_official_client_shifts_traffic(world, services, to):
    first = world.create().latest_created
    kind = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION
    target = run_v2.TrafficTarget(type_=kind, revision=first, percent=100)

    operation = services.update_service(
        request={
            "service": run_v2.Service(name=NAME, traffic=[target]),
            "update_mask": {"paths": ["traffic"]},
        }
    )

    assert operation.result(timeout=5).traffic[0].revision == first
    assert world.read()["spec"]["traffic"] == [to(first, 100)]


def test_the_official_client_deploys_and_meets_the_real_refusals(world, services):
    world.create(revision="api-one")
    service = services.get_service(name=NAME)
    service.template.containers[0].image = world.image("v2")
    with pytest.raises(Conflict, match="with different configuration already exists"):
        services.update_service(service=service)

    service.template.revision = "api-two"
    services.update_service(service=service).result(timeout=5)
    world.settle()

    assert world.model.service(world.key).latest_ready == "api-two"


def test_the_official_client_creates_and_deletes(world, services):
    parent = NAME.rpartition("/services")[0]
    template = run_v2.RevisionTemplate(containers=[run_v2.Container(image=world.image("v1"))])

    created = services.create_service(
        parent=parent, service=run_v2.Service(template=template), service_id="api"
    )
    assert created.result(timeout=5).name == NAME

    services.delete_service(name=NAME).result(timeout=5)
    with pytest.raises(NotFound, match="does not exist"):
        services.get_service(name=NAME)


def test_the_official_client_reads_revisions(world, revisions):
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")
    name = world.create().latest_created

    revision = revisions.get_revision(name=f"{NAME}/revisions/{name}")

    ready = next(c for c in revision.conditions if c.type_ == "Ready")
    reasons = run_v2.Condition.RevisionReason
    assert ready.revision_reason == reasons.HEALTH_CHECK_CONTAINER_ERROR
    assert revision.containers[0].image == world.image("v1")
    assert [r.name for r in revisions.list_revisions(parent=NAME)] == [revision.name]
