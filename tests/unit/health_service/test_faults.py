import asyncio
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.faults import Faults, Injection


def test_without_faults_a_request_bears_nothing():
    assert Faults().for_request("/", 1e6, random.Random(1)) == Injection()


def test_an_error_ratio_is_the_share_of_requests_that_fail():
    faults, rng = Faults(error_ratio=0.3), random.Random(1)

    failed = sum(faults.for_request("/", 0, rng).fails for _ in range(10_000))

    assert 2_850 < failed < 3_150


@given(seed=st.integers(0, 1000))
def test_ratio_one_fails_every_request_and_ratio_zero_none(seed):
    assert Faults(error_ratio=1.0).for_request("/", 0, random.Random(seed)).fails
    assert not Faults(error_ratio=0.0).for_request("/", 0, random.Random(seed)).fails


def test_the_same_seed_fails_the_same_requests():
    faults = Faults(error_ratio=0.5)

    def outcomes(seed):
        rng = random.Random(seed)
        return [faults.for_request("/", 0, rng).fails for _ in range(64)]

    assert outcomes(5) == outcomes(5)
    assert outcomes(5) != outcomes(6)


@pytest.mark.parametrize(("uptime", "bears"), [(19.999, False), (20, True)])
def test_errors_and_latency_begin_after_the_given_seconds_of_the_process(uptime, bears):
    faults = Faults(error_ratio=1.0, latency_seconds=0.5, after_seconds=20)

    injection = faults.for_request("/", uptime, random.Random(1))

    assert injection == (Injection(0.5, fails=True) if bears else Injection())


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/health/detailed"])
def test_health_routes_are_spared_unless_they_are_meant(path):
    spared = Faults(error_ratio=1.0, latency_seconds=1.0)
    meant = Faults(error_ratio=1.0, latency_seconds=1.0, health=True)

    assert spared.for_request(path, 0, random.Random(1)) == Injection()
    assert meant.for_request(path, 0, random.Random(1)) == Injection(1.0, fails=True)


def test_a_path_that_only_looks_like_health_is_not_spared():
    assert Faults(error_ratio=1.0).for_request("/healthy", 0, random.Random(1)).fails


def test_a_failing_instance_answers_500_and_stays_alive(run, service):
    async def main():
        faulty = service({"FAULT_ERROR_RATIO": "1"})
        return await faulty.get("/"), await faulty.get("/nowhere"), await faulty.get("/health/live")

    root, nowhere, live = run(main())

    assert (root.status, nowhere.status, live.status) == (500, 500, 200)
    assert root.json() == {
        "error": "failed on purpose: FAULT_ERROR_RATIO",
        "version": "unknown",
        "revision": "unknown",
    }


def test_added_latency_delays_the_answer_by_that_much(run, service):
    async def main():
        slow = service({"FAULT_LATENCY_MS": "250"})
        answer = await slow.get("/")
        return answer.status, asyncio.get_running_loop().time()

    status, now = run(main())

    assert status == 200
    assert now == pytest.approx(0.25)


def test_a_fault_after_seconds_shows_only_then(run, service):
    """The demo's third story: the fault that no canary analysis can have seen."""

    async def main():
        faulty = service({"FAULT_ERROR_RATIO": "1", "FAULT_AFTER_SECONDS": "20"})
        before = await faulty.get("/")
        await asyncio.sleep(20)
        return before.status, (await faulty.get("/")).status

    assert run(main()) == (200, 500)
