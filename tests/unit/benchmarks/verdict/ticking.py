"""Ticks made by hand, and how a rule answers to a row of them."""

from benchmarks.verdict.ticks import Counts, Tick

BUCKETS = 20


def counts(requests=100, errors=0, *, bucket=5, unreached=0, in_flight=0.0):
    latency = [0] * BUCKETS
    latency[bucket] = requests - errors - unreached
    return Counts(requests, errors, unreached, latency, in_flight)


def tick(at, canary=None, stable=None, *, step=0, percent=10, **more):
    canary, stable = canary or counts(), stable or counts()
    return Tick(at, step, percent, canary, stable, canary.failed, **more)


def answers(session, ticks):
    """Return what a rule says after each tick, up to its rollback."""
    said = []
    for one in ticks:
        said.append(session.look(one))
        if said[-1] == "back":
            break
    return said


def minutes(*canaries, step=0, percent=10, stable=None):
    """Return ticks in which each of these counts stands for a whole minute."""
    return [
        tick(6 * index + part, one, stable, step=step, percent=percent)
        for index, one in enumerate(canaries)
        for part in range(6)
    ]
