import asyncio

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from health_service.health.checks import Check, Checks, Unhealthy
from health_service.health.identity import Identity
from health_service.health.lifecycle import Lifecycle, Phase
from health_service.health.router import HealthRouter
from health_service.health.usage import Reading, UsageMeter

ENV = {
    "K_SERVICE": "fleet",
    "K_REVISION": "fleet-9f2c",
    "SERVICE_VERSION": "v2",
    "GOOGLE_CLOUD_REGION": "europe-west1",
}


def failing(why, name="db", **settings):
    async def probe():
        raise Unhealthy(why)

    return Check(name, probe, **settings)


def passing(name="db", **settings):
    async def probe():
        return

    return Check(name, probe, **settings)


def hanging(name="db", **settings):
    async def probe():
        await asyncio.Event().wait()

    return Check(name, probe, **settings)


@pytest.fixture
def fetch(run, service):
    """Ask one path of a new service."""

    def fetch_one(path, *checks, env=ENV, serving=True):
        async def main():
            return await service(env, *checks, serving=serving).get(path)

        return run(main())

    return fetch_one


def test_the_root_names_service_version_and_revision(fetch):
    answer = fetch("/")

    assert answer.status == 200
    document = answer.json()
    assert document.pop("message")
    assert document == {"service": "fleet", "version": "v2", "revision": "fleet-9f2c"}


def test_live_says_alive_and_touches_no_dependency(fetch):
    """A probe that fails with its database restarts every instance when the database is down."""
    asked = []

    async def probe():
        asked.append(1)

    answer = fetch("/health/live", Check("db", probe))

    assert answer.status == 200
    assert answer.json() == {"status": "alive", "version": "v2", "revision": "fleet-9f2c"}
    assert not asked


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING])
def test_live_is_true_also_while_starting_and_shutting_down(run, service, phase):
    async def main():
        subject = service(ENV)
        subject.lifecycle.phase = phase
        return await subject.get("/health/live")

    assert run(main()).status == 200


def test_ready_is_true_when_every_critical_check_passes(fetch):
    answer = fetch("/health/ready", passing(), failing("full", "mail", critical=False))

    assert answer.status == 200
    assert answer.json()["status"] == "ready"


def test_ready_tells_which_checks_failed_and_why(fetch):
    answer = fetch("/health/ready", passing("cache"), failing("pool is exhausted"))

    assert answer.status == 503
    assert answer.json() == {
        "status": "not ready",
        "failed": [{"check": "db", "why": "pool is exhausted"}],
        "version": "v2",
        "revision": "fleet-9f2c",
    }


def test_ready_answers_within_the_time_limit_of_a_hung_check(run, service):
    async def main():
        answer = await service(ENV, hanging(timeout_seconds=0.5)).get("/health/ready")
        return answer, asyncio.get_running_loop().time()

    answer, now = run(main())

    assert answer.status == 503
    assert answer.json()["failed"] == [{"check": "db", "why": "no answer within 0.5 s"}]
    assert now == pytest.approx(0.5)


def test_a_storm_of_probes_asks_the_dependency_once(run, service):
    runs = []

    async def probe():
        runs.append(1)
        await asyncio.sleep(0.2)

    async def main():
        subject = service(ENV, Check("db", probe))
        answers = await asyncio.gather(*(subject.get("/health/ready") for _ in range(200)))
        return {answer.status for answer in answers}

    assert run(main()) == {200}
    assert len(runs) == 1


def test_ready_is_false_while_starting(fetch):
    answer = fetch("/health/ready", passing(), serving=False)

    assert answer.status == 503
    assert answer.json()["failed"] == [{"check": "lifecycle", "why": "starting"}]


def test_ready_is_false_from_the_moment_that_the_end_begins(run, service):
    async def main():
        subject = service(ENV, passing())
        before = await subject.get("/health/ready")
        subject.lifecycle.stop()
        return before.status, await subject.get("/health/ready")

    before, after = run(main())

    assert (before, after.status) == (200, 503)
    assert after.json()["failed"] == [{"check": "lifecycle", "why": "shutting down"}]


def test_an_end_that_begins_while_the_checks_run_is_not_missed(run, service):
    async def main():
        async def slow():
            await asyncio.sleep(1)

        subject = service(ENV, Check("db", slow))
        probe = asyncio.create_task(subject.get("/health/ready"))
        await asyncio.sleep(0.5)
        subject.lifecycle.stop()
        return await probe

    assert run(main()).status == 503


def test_an_end_during_the_start_is_not_undone_by_the_end_of_the_start():
    lifecycle = Lifecycle()

    lifecycle.stop()
    lifecycle.serve()

    assert lifecycle.phase is Phase.STOPPING


def test_the_not_ready_fault_is_told_as_what_it_is(fetch):
    answer = fetch("/health/ready", env={"FAULT_NOT_READY": "true"})

    assert answer.status == 503
    assert answer.json()["failed"] == [{"check": "fault", "why": "FAULT_NOT_READY is true"}]


def test_detailed_reports_the_instance_and_every_check(fetch):
    answer = fetch("/health/detailed", passing(), failing("full", "mail", critical=False))

    assert answer.status == 200
    document = answer.json()
    assert document["status"] == "ready"
    assert document["region"] == "europe-west1"
    assert (document["service"], document["version"]) == ("fleet", "v2")
    assert document["revision"] == "fleet-9f2c"
    assert document["memory_bytes"] > 1_000_000
    assert document["cpu_seconds"] > 0
    assert [(c["name"], c["critical"], c["healthy"], c["why"]) for c in document["checks"]] == [
        ("db", True, True, ""),
        ("mail", False, False, "full"),
    ]


def test_detailed_answers_200_also_when_the_service_is_not_ready(fetch):
    answer = fetch("/health/detailed", failing("down"))

    assert answer.status == 200
    assert answer.json()["status"] == "not ready"


def test_detailed_counts_the_uptime(run, service):
    async def main():
        subject = service(ENV)
        await asyncio.sleep(90)
        return (await subject.get("/health/detailed")).json()["uptime_seconds"]

    assert run(main()) == 90


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/health/detailed"])
def test_no_answer_holds_a_secret_a_host_name_or_a_stack_trace(fetch, path):
    async def probe():
        raise ConnectionError("postgres://app:hunter2@db-7.internal:5432 refused")

    env = {
        **ENV,
        "HOSTNAME": "instance-0a1b",
        "DATABASE_URL": "postgresql://app@db-7.internal/fleet",
        "DATABASE_PASSWORD": "hunter2",
        "API_KEY": "s3cr3t",
        "GOOGLE_CLOUD_PROJECT": "barq-staging",
    }

    body = fetch(path, Check("db", probe), env=env).body.decode()

    for leak in ("hunter2", "s3cr3t", "db-7", "instance-0a1b", "Traceback", "barq-staging", ".py"):
        assert leak not in body


def test_health_answers_are_not_to_be_stored(fetch):
    for path in ("/health/live", "/health/ready", "/health/detailed"):
        assert fetch(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/health", "/health/", "/health/ready/", "/nowhere"])
def test_an_unknown_path_is_a_404_in_json_and_no_redirect(fetch, path):
    answer = fetch(path)

    assert answer.status == 404
    assert answer.json() == {"error": "not found"}


def test_readiness_is_logged_once_per_change(run, service):
    trouble = ["down"]

    async def probe():
        if trouble:
            raise Unhealthy(trouble[0])

    async def main():
        subject = service(ENV, Check("db", probe, cache_seconds=0))
        for _ in range(3):
            await subject.get("/health/ready")
        trouble.clear()
        for _ in range(3):
            await subject.get("/health/ready")
        return subject.lines()

    lost, regained = run(main())

    assert (lost["severity"], lost["event"]) == ("WARNING", "readiness.lost")
    assert lost["failed"] == [{"check": "db", "why": "down"}]
    assert (regained["severity"], regained["event"]) == ("INFO", "readiness.regained")


def test_the_router_can_be_mounted_in_any_application(run, ask):
    async def main():
        loop = asyncio.get_running_loop()
        lifecycle = Lifecycle()
        lifecycle.serve()
        router = HealthRouter(
            identity=Identity("other", "1", "other-1", "here", "test"),
            checks=Checks(loop.time),
            lifecycle=lifecycle,
            uptime=loop.time,
            usage=UsageMeter(loop.time),
        )
        other = Starlette(routes=[Mount("/probes", router)])
        return (await ask(other, "/probes/ready")).json()

    assert run(main()) == {"status": "ready", "version": "1", "revision": "other-1"}


def test_cpu_is_the_mean_since_the_look_before():
    readings = iter([Reading(1.0, 10), Reading(5.0, 20), Reading(5.1, 30)])
    times = iter([10.0, 12.0, 12.1])
    meter = UsageMeter(lambda: next(times), lambda: next(readings))

    looks = [meter.usage() for _ in range(3)]

    assert [look.cpu_cores for look in looks] == [0.1, 2.0, 2.0]
    assert [look.memory_bytes for look in looks] == [10, 20, 30]
