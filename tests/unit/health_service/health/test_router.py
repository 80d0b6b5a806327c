import asyncio
import contextlib

import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from health_service.health.checks import Check, Checks, Unhealthy
from health_service.health.lifecycle import Lifecycle, Phase

ENV = {
    "K_SERVICE": "fleet",
    "K_REVISION": "fleet-9f2c",
    "SERVICE_VERSION": "v2",
    "GOOGLE_CLOUD_REGION": "europe-west1",
    "ENVIRONMENT": "staging",
}


def failing(why, name="db", **settings):
    async def probe():
        raise Unhealthy(why)

    return Check(name, probe, **settings)


def passing(name="db", **settings):
    async def probe():
        return {"latency_ms": 1}

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


@pytest.mark.parametrize("phase", [Phase.STARTING, Phase.STOPPING])
def test_no_dependency_is_asked_before_the_start_is_over_or_after_the_end_began(
    run, service, phase
):
    """It may be half open or half closed."""
    asked = []

    async def probe():
        asked.append(1)

    async def main():
        subject = service(ENV, Check("db", probe))
        subject.lifecycle.phase = phase
        return (await subject.get("/health/ready")).status

    assert run(main()) == 503
    assert not asked


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
    assert (document["phase"], document["environment"]) == ("serving", "staging")
    assert document["cpu"] == {"limit_cores": 1}
    assert document["process"] == {"threads": 3}
    assert document["checks"] == [
        {
            "name": "db",
            "critical": True,
            "healthy": True,
            "why": "",
            "elapsed_ms": 0.0,
            "details": {"latency_ms": 1},
        },
        {
            "name": "mail",
            "critical": False,
            "healthy": False,
            "why": "full",
            "elapsed_ms": 0.0,
            "details": {},
        },
    ]


def test_a_container_that_cannot_be_read_is_null_and_costs_little(run, service):
    """Broken, hung, or of another shape: the rest of the answer is told all the same."""

    async def broken():
        raise PermissionError("/sys/fs/cgroup on host-7")

    async def hangs():
        await asyncio.Event().wait()

    async def odd():
        return {"cpu": "fast", "memory": [1]}

    async def no_json():
        return {"memory": {"used_bytes": float("nan")}}

    async def main():
        loop = asyncio.get_running_loop()
        for container in (broken, hangs, odd, no_json):
            subject = service(ENV, passing(), container=container)
            began = loop.time()
            document = (await subject.get("/health/detailed")).json()
            assert loop.time() - began < 2
            assert document["status"] == "ready"
            assert [document[part] for part in ("cpu", "memory", "disk", "process")] == [None] * 4

    run(main())


def test_each_look_at_the_details_reads_the_container(run, service):
    """How long a reading is kept is the reader's own affair."""
    looks = []

    async def counted():
        looks.append(1)
        return {"process": {"threads": len(looks)}}

    async def main():
        subject = service(ENV, container=counted)
        answers = [await subject.get("/health/detailed") for _ in range(2)]
        return [answer.json()["process"]["threads"] for answer in answers]

    assert run(main()) == [1, 2]


def test_a_container_that_hangs_is_not_read_again_beside_itself(run, service):
    looks = []

    async def stubborn():
        looks.append(1)
        for _ in range(100):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(1)

    async def main():
        subject = service(ENV, container=stubborn)
        for _ in range(5):
            await subject.get("/health/detailed")
        return subject

    run(main())

    assert len(looks) == 1


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


def test_a_start_is_no_change_and_an_end_is_one(run, service):
    async def main():
        subject = service(ENV, serving=False)
        await subject.get("/health/ready")
        subject.lifecycle.serve()
        await subject.get("/health/ready")
        subject.lifecycle.stop()
        for _ in range(2):
            await subject.get("/health/ready")
        return subject.lines()

    [lost] = run(main())

    assert lost["failed"] == [{"check": "lifecycle", "why": "shutting down"}]


def test_who_asked_first_is_answered_first_so_changes_are_told_in_order(run, service):
    """What the first saw of the fast check is over by the time that it is answered."""
    down = ["down"]

    async def slow():
        await asyncio.sleep(2)

    async def fast():
        if down:
            raise Unhealthy("down")

    async def main():
        subject = service(
            ENV,
            Check("slow", slow, timeout_seconds=5, cache_seconds=0),
            Check("fast", fast, cache_seconds=0),
        )
        first = asyncio.create_task(subject.get("/health/ready"))
        await asyncio.sleep(1)
        down.clear()
        second = asyncio.create_task(subject.get("/health/ready"))
        answers = [(await one).status for one in (second, first)]
        return answers, subject.lines()

    answers, lines = run(main())

    assert answers == [200, 503]
    assert [line["event"] for line in lines] == ["readiness.lost", "readiness.regained"]


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/detailed"])
def test_head_answers_as_get_does_without_the_body(run, service, path):
    async def main():
        subject = service(ENV, failing("down"))
        return await subject.get(path), await subject.get(path, method="HEAD")

    got, head = run(main())

    assert (head.status, head.body) == (got.status, b"")
    assert head.headers == {**got.headers, "content-length": head.headers["content-length"]}
    assert int(head.headers["content-length"]) == len(got.body)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"])
@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/detailed"])
def test_another_method_is_refused_with_those_that_are_allowed(run, service, path, method):
    async def main():
        return await service(ENV).get(path, method=method)

    answer = run(main())

    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"
    assert answer.json() == {"error": "method not allowed"}


def test_headers_that_a_layer_adds_do_not_pile_up(run, ask, bare):
    """The prepared answer is everybody's; what a layer puts into it is one request's."""

    async def main():
        router = bare()

        async def layer(scope, receive, send):
            async def adding(message):
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-request", b"1"))
                await send(message)

            await router(scope, receive, adding)

        counts = []

        async def counting(scope, receive, send):
            async def count(message):
                if message["type"] == "http.response.start":
                    counts.append(len(message["headers"]))
                await send(message)

            await layer(scope, receive, count)

        for _ in range(3):
            await ask(counting, "/live")
        return counts

    assert len(set(run(main()))) == 1


def mounted_in_fastapi(router):
    application = FastAPI()
    application.mount("/probes", router)
    return application


@pytest.mark.parametrize(
    ("around", "path", "root_path"),
    [
        (lambda router: router, "/ready", ""),
        (lambda router: router, "/behind/ready", "/behind"),
        (lambda router: router, "/ready", "/behind"),
        (lambda router: router, "/ready", "/"),
        (lambda router: Starlette(routes=[Mount("/probes", router)]), "/probes/ready", ""),
        (lambda router: Starlette(routes=[Mount("/", router)]), "/ready", ""),
        (
            lambda router: Starlette(routes=[Mount("/a", routes=[Mount("/b", router)])]),
            "/a/b/ready",
            "",
        ),
        (lambda router: Starlette(routes=[Mount("/a", router)]), "/behind/a/ready", "/behind"),
        (mounted_in_fastapi, "/probes/ready", ""),
        (mounted_in_fastapi, "/behind/probes/ready", "/behind"),
        # The proxy took its prefix off the path, and the server was told of it.
        (mounted_in_fastapi, "/probes/ready", "/behind"),
    ],
)
def test_the_router_works_wherever_it_is_mounted(run, ask, bare, around, path, root_path):
    async def main():
        router = bare()
        application = around(router)
        other = path.replace("ready", "readiness")
        return (
            await ask(application, path, root_path=root_path),
            await ask(application, other, root_path=root_path),
        )

    answer, other = run(main())

    assert answer.json() == {"status": "ready", "version": "1", "revision": "other-1"}
    assert (other.status, other.json()) == (404, {"error": "not found"})


def test_bare_it_begins_and_ends_with_its_server(run, bare):
    sent = []

    async def main():
        loop = asyncio.get_running_loop()
        lifecycle = Lifecycle()
        checks = Checks(loop.time)
        checks.add(passing())
        router = bare(lifecycle=lifecycle, checks=checks)
        phases = []

        async def receive():
            phases.append(lifecycle.phase)
            return {"type": "lifespan.startup" if len(phases) == 1 else "lifespan.shutdown"}

        async def send(message):
            sent.append(message["type"])

        await router({"type": "lifespan"}, receive, send)
        [result] = await checks.results()
        return [*phases, lifecycle.phase], result.why

    phases, why = run(main())

    assert phases == [Phase.STARTING, Phase.SERVING, Phase.STOPPING]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert why == "no longer checked: shutting down"


def test_a_websocket_is_refused(run, bare):
    async def main():
        router = bare()
        sent = []

        async def send(message):
            sent.append(message)

        await router({"type": "websocket", "path": "/live"}, None, send)
        return sent

    assert run(main()) == [{"type": "websocket.close", "code": 1000}]


@pytest.mark.parametrize(("callers", "status"), [("public", 200), ("nobody", 403)])
def test_detailed_is_for_those_who_may(run, service, callers, status):
    asked = []

    async def probe():
        asked.append(1)

    async def main():
        subject = service({**ENV, "DETAILED_CALLERS": callers}, Check("db", probe))
        return [(await subject.get(f"/health/{it}")).status for it in ("detailed", "live", "ready")]

    statuses = run(main())

    assert statuses == [status, 200, 200]
    assert len(asked) == 1
