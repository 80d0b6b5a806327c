"""The health benchmark starts all that it measures, gets right answers, and leaves nothing behind.

How fast anything is decides nothing here.
"""

import asyncio
import json
import os

import psutil
import pytest

from benchmarks.health.cases import CEILING, LIVE, READY, SERVERS, STEADY
from benchmarks.health.rivals import ALIVE
from benchmarks.health.stage import stage

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_the_whole_of_it_is_started_asked_and_stopped(tmp_path):
    cores = _cores()

    bodies, steady, turn, processes = asyncio.run(_measure(tmp_path))

    assert json.loads(bodies[LIVE[0].name]) == json.loads(bodies[LIVE[1].name]) == ALIVE
    assert all(bodies.values())
    assert steady.failures == 0
    assert len(steady.latencies) == len(steady.lateness) > 0
    assert turn.per_second > 0
    assert len(processes) == len(SERVERS) + 1
    assert not [one for one in processes if one.is_running()]
    assert _cores() == cores


def _cores():
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None


async def _measure(folder):
    async with stage(folder) as ready:
        cases = (*LIVE, *READY, CEILING)
        bodies = {case.name: ready.servers[case.server].body(case.path) for case in cases}
        beside_fleet = next(one for one in STEADY if one.beside_fleet)
        steady = await ready.steady(beside_fleet, 200.0, 0.3)
        turn = await ready.saturate(LIVE[0], 0.5)
        return bodies, steady, turn, _started(folder, ready)


def _started(folder, ready):
    """Return PostgreSQL and the servers; other tests of this process have children too."""
    servers = [psutil.Process(one.process.pid) for one in ready.servers.values()]
    ours = psutil.Process().children()
    return servers + [one for one in ours if any(str(folder) in word for word in one.cmdline())]
