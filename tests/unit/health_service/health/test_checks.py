import asyncio

import pytest

from health_service.health.checks import Check, Checks, Unhealthy


class Probe:
    """A check's body that counts its runs and does as it is told."""

    def __init__(self, *, takes=0.0, error=None):
        self.runs = 0
        self.takes = takes
        self.error = error

    async def __call__(self):
        self.runs += 1
        await asyncio.sleep(self.takes)
        if self.error is not None:
            raise self.error


def registry(*checks):
    registered = Checks(asyncio.get_running_loop().time)
    for check in checks:
        registered.add(check)
    return registered


async def only(checks):
    [result] = await checks.results()
    return result


def test_a_check_that_returns_is_healthy_and_timed(run):
    async def main():
        return await only(registry(Check("db", Probe(takes=0.25))))

    result = run(main())

    assert result.healthy
    assert result.why == ""
    assert result.elapsed_seconds == pytest.approx(0.25)


def test_a_checks_own_word_is_told(run):
    async def main():
        return await only(registry(Check("db", Probe(error=Unhealthy("pool is exhausted")))))

    result = run(main())

    assert not result.healthy
    assert result.why == "pool is exhausted"


def test_a_foreign_exception_is_told_by_its_type_alone(run):
    """A driver's message may hold an address or a password."""

    async def main():
        error = ConnectionRefusedError("postgres://app:hunter2@db-7.internal refused")
        return await only(registry(Check("db", Probe(error=error))))

    assert run(main()).why == "failed with ConnectionRefusedError"


def test_a_wordless_unhealthy_is_still_unhealthy(run):
    async def main():
        return await only(registry(Check("db", Probe(error=Unhealthy()))))

    assert not run(main()).healthy


def test_a_check_that_is_no_coroutine_fails_like_any_other(run):
    """`probe` raising before it returns an awaitable must not reach the caller."""

    def broken():
        raise KeyError("x")

    async def main():
        return await only(registry(Check("db", broken)))

    assert run(main()).why == "failed with KeyError"


def test_a_hung_check_is_given_up_at_its_time_limit(run):
    async def main():
        result = await only(registry(Check("db", Probe(takes=1e9), timeout_seconds=2)))
        return result, asyncio.get_running_loop().time()

    result, now = run(main())

    assert result.why == "no answer within 2 s"
    assert now == pytest.approx(2)


def test_one_who_joins_a_hung_run_waits_only_for_what_is_left_of_it(run):
    async def main():
        checks = registry(Check("db", Probe(takes=1e9), timeout_seconds=2))
        first = asyncio.create_task(only(checks))
        await asyncio.sleep(1.5)
        joined = asyncio.get_running_loop().time()
        result = await only(checks)
        await first
        return result, asyncio.get_running_loop().time() - joined

    result, waited = run(main())

    assert not result.healthy
    assert waited == pytest.approx(0.5)


def test_a_run_that_ignores_its_cancellation_gets_no_second_beside_it(run):
    """However often a probe asks, a thing that hangs for good costs one task, not one per probe."""
    release = asyncio.Event()
    runs = []

    async def stubborn():
        runs.append(1)
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    async def main():
        checks = registry(Check("db", stubborn, timeout_seconds=1, cache_seconds=0))
        said = [(await only(checks)).why for _ in range(5)]
        release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return said, (await only(checks)).healthy

    said, recovered = run(main())

    assert said == ["no answer within 1 s", *["an earlier run still hangs"] * 4]
    assert recovered
    assert len(runs) == 2


def test_a_thousand_who_ask_at_once_share_one_run(run):
    probe = Probe(takes=0.1)

    async def main():
        checks = registry(Check("db", probe, cache_seconds=0))
        return await asyncio.gather(*(only(checks) for _ in range(1000)))

    results = run(main())

    assert probe.runs == 1
    assert all(result.healthy for result in results)


def test_without_a_cache_those_who_ask_one_after_another_get_runs_of_their_own(run):
    probe = Probe()

    async def main():
        checks = registry(Check("db", probe, cache_seconds=0))
        await only(checks)
        await only(checks)

    run(main())

    assert probe.runs == 2


def test_an_answer_is_kept_for_its_cache_time_and_not_longer(run):
    probe = Probe()

    async def main():
        checks = registry(Check("db", probe, cache_seconds=5))
        await only(checks)
        await asyncio.sleep(4.9)
        await only(checks)
        before = probe.runs
        await asyncio.sleep(0.2)
        await only(checks)
        return before, probe.runs

    assert run(main()) == (1, 2)


def test_a_caller_who_goes_away_does_not_end_the_run_for_the_others(run):
    async def main():
        checks = registry(Check("db", Probe(takes=1)))
        impatient = asyncio.create_task(only(checks))
        patient = asyncio.create_task(only(checks))
        await asyncio.sleep(0.5)
        impatient.cancel()
        return await patient

    assert run(main()).healthy


def test_a_check_that_failed_recovers_by_itself(run):
    probe = Probe(error=Unhealthy("down"))

    async def main():
        checks = registry(Check("db", probe, cache_seconds=1))
        down = await only(checks)
        probe.error = None
        await asyncio.sleep(1.1)
        return down.healthy, (await only(checks)).healthy

    assert run(main()) == (False, True)


def test_checks_run_side_by_side(run):
    async def main():
        checks = registry(*(Check(f"check-{n}", Probe(takes=1)) for n in range(10)))
        results = await checks.results()
        return [result.name for result in results], asyncio.get_running_loop().time()

    names, now = run(main())

    assert names == [f"check-{n}" for n in range(10)]
    assert now == pytest.approx(1)


def test_only_critical_checks_run_when_only_they_are_asked(run):
    extra = Probe()

    async def main():
        checks = registry(Check("db", Probe()), Check("mail", extra, critical=False))
        return [result.name for result in await checks.results(critical_only=True)]

    assert run(main()) == ["db"]
    assert extra.runs == 0


def test_a_name_is_given_only_once(run):
    async def main():
        checks = registry(Check("db", Probe()))
        with pytest.raises(ValueError, match="'db' is registered already"):
            checks.add(Check("db", Probe()))

    run(main())


def test_closing_ends_what_runs_and_never_hangs_on_it(run):
    async def stubborn():
        while True:
            try:
                await asyncio.sleep(3)
            except asyncio.CancelledError:
                if asyncio.get_running_loop().time() > 30:
                    raise

    async def main():
        checks = registry(Check("db", Probe(takes=1e9)), Check("worse", stubborn))
        asked = asyncio.create_task(checks.results())
        await asyncio.sleep(0.1)
        await checks.close()
        closed = asyncio.get_running_loop().time()
        await asyncio.gather(asked, return_exceptions=True)
        await asyncio.sleep(60)
        return closed

    assert run(main()) < 1
