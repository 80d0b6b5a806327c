import asyncio
import contextlib
import contextvars
from typing import cast

import pytest

from health_service.health.checks import Check, Checks, Unhealthy
from tests.unit.health_service.conftest import VirtualLoop


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


class Stubborn:
    """A check's body that ignores its cancellation until it is released."""

    def __init__(self):
        self.runs = 0
        self.release = asyncio.Event()

    async def __call__(self):
        self.runs += 1
        while not self.release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.release.wait()


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


def test_what_a_probe_returns_are_details_and_none_is_nothing(run):
    async def latency():
        return {"latency_ms": 1.5, "pool": {"in_use": 2, "waiting": [0]}}

    async def main():
        return await registry(Check("db", latency), Check("mail", Probe())).results()

    db, mail = run(main())

    assert db.healthy
    assert db.details == {"latency_ms": 1.5, "pool": {"in_use": 2, "waiting": [0]}}
    assert mail.details == {}


def test_an_unhealthy_check_may_show_details_too(run):
    async def main():
        error = Unhealthy("pool is exhausted", {"in_use": 5})
        return await only(registry(Check("db", Probe(error=error))))

    result = run(main())

    assert (result.why, result.details) == ("pool is exhausted", {"in_use": 5})


def test_details_that_change_later_leave_a_kept_answer_as_it_was(run):
    shared = {"in_use": [1]}

    async def probe():
        return shared

    async def main():
        checks = registry(Check("db", probe))
        before = await only(checks)
        shared["in_use"].append(2)
        return before, await only(checks)

    before, after = run(main())

    assert before.details == after.details == {"in_use": [1]}


RING: list[object] = []
RING.append(RING)
DEEP: list[object] = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "details",
    [{"a": object()}, {"a": float("nan")}, {(1, 2): 3}, {"a": RING}, {"a": DEEP}, {"a": {1}}],
    ids=["object", "nan", "key", "ring", "deep", "set"],
)
def test_details_that_are_no_json_are_told_and_decide_nothing(run, details):
    async def probe():
        return details

    async def main():
        return await only(registry(Check("db", probe)))

    result = run(main())

    assert result.healthy
    assert result.details == {"error": "the details are no JSON"}


def test_a_probe_that_returns_false_is_no_clean_bill_of_health(run):
    async def probe():
        return False

    async def main():
        return await only(registry(Check("db", probe)))

    assert run(main()).why == "returned bool, not details or nothing"


def test_a_probe_that_is_cancelled_from_inside_says_so(run):
    async def probe():
        raise asyncio.CancelledError

    async def main():
        return await only(registry(Check("db", probe)))

    assert run(main()).why == "cancelled"


def test_a_run_carries_the_context_of_the_application_and_of_no_caller(run):
    """A trace that the first caller set would else be told of a run that belongs to all."""
    trace = contextvars.ContextVar("trace", default="none")

    async def probe():
        return {"trace": trace.get()}

    async def main():
        trace.set("the application's")
        checks = registry(Check("db", probe))
        trace.set("a caller's")
        return await only(checks)

    assert run(main()).details == {"trace": "the application's"}


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
    stubborn = Stubborn()

    async def main():
        checks = registry(Check("db", stubborn, timeout_seconds=1, cache_seconds=0))
        said = [(await only(checks)).why for _ in range(5)]
        stubborn.release.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return said, (await only(checks)).healthy

    said, recovered = run(main())

    assert said == ["no answer within 1 s", *["an earlier run still hangs"] * 4]
    assert recovered
    assert stubborn.runs == 2


def test_one_who_asks_right_after_a_hang_is_released_gets_a_run_of_its_own(run):
    """Also with a long cache: that it hung is an answer of the moment."""
    stubborn = Stubborn()

    async def main():
        checks = registry(Check("db", stubborn, timeout_seconds=1, cache_seconds=10))
        said = [(await only(checks)).why]
        await asyncio.sleep(10.5)
        still = await only(checks)
        stubborn.release.set()
        await asyncio.sleep(0.01)
        return [*said, still.why], still.elapsed_seconds, (await only(checks)).healthy

    said, elapsed, recovered = run(main())

    assert said == ["no answer within 1 s", "an earlier run still hangs"]
    assert elapsed == pytest.approx(11.5)
    assert recovered
    assert stubborn.runs == 2


def test_the_late_word_of_an_earlier_run_is_not_taken_for_that_of_the_next(run):
    """The next run may begin in the very turn of the loop in which the earlier one ends."""
    release = asyncio.Event()
    runs = []

    async def probe():
        runs.append(1)
        if len(runs) > 1:
            await asyncio.sleep(0.5)
            return {"run": 2}
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()
        return {"run": 1}

    async def main():
        checks = registry(Check("db", probe, timeout_seconds=1, cache_seconds=0))
        await only(checks)
        await asyncio.sleep(0)  # The probe waits again, before the one who asks.
        asked = asyncio.create_task(asked_at_once(checks))
        await asyncio.sleep(0)
        release.set()
        return await asked

    async def asked_at_once(checks):
        await release.wait()
        return await only(checks)

    assert run(main()).details == {"run": 2}


def test_an_answer_that_was_there_when_a_blocked_loop_came_back_is_taken(run):
    """The limit and the answer are due in the same turn: the dependency was not too late."""
    event = asyncio.Event()

    async def probe():
        await event.wait()

    async def main():
        loop = cast("VirtualLoop", asyncio.get_running_loop())
        asked = asyncio.create_task(only(registry(Check("db", probe))))
        await asyncio.sleep(0.5)
        event.set()
        loop.block(5)
        return await asked

    result = run(main())

    assert result.healthy
    assert result.elapsed_seconds == pytest.approx(5.5)


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


def test_the_run_goes_on_when_all_who_asked_have_gone_away(run):
    probe = Probe(takes=1)

    async def main():
        checks = registry(Check("db", probe))
        gone = asyncio.create_task(only(checks))
        await asyncio.sleep(0.5)
        gone.cancel()
        await asyncio.sleep(1)
        return await only(checks)

    assert run(main()).ended == pytest.approx(1)
    assert probe.runs == 1


def test_a_check_registered_while_others_run_is_asked_from_then_on(run):
    async def main():
        checks = registry(Check("db", Probe(takes=1)))
        before = asyncio.create_task(checks.results())
        await asyncio.sleep(0.5)
        checks.add(Check("mail", Probe()))
        after = await checks.results()
        return [one.name for one in await before], [one.name for one in after]

    assert run(main()) == (["db"], ["db", "mail"])


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
        said = {result.why for result in await asked}
        await asyncio.sleep(60)
        return closed, said

    closed, said = run(main())

    assert closed < 1
    assert said == {"no longer checked: shutting down"}


def test_closed_checks_answer_at_once_and_run_nothing(run):
    probe = Probe(takes=1)

    async def main():
        checks = registry(Check("db", probe))
        await only(checks)
        await checks.close()
        await checks.close()
        asked = asyncio.get_running_loop().time()
        result = await only(checks)
        return result, asyncio.get_running_loop().time() - asked

    result, waited = run(main())

    assert (result.why, result.elapsed_seconds) == ("no longer checked: shutting down", 0)
    assert waited == 0
    assert probe.runs == 1
