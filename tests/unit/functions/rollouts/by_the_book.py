"""The formulae of the verdict as a reader of its specification would write them down.

Slow and direct, in decimals instead of logarithms. Shares nothing with the code under test.
Source: docs/reference/evidence.md, whose sections the docstrings name.
"""

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, getcontext

from rollouts.intervals import Histogram, Interval

getcontext().prec = 40
GRID = {2: "0.19", 4: "0.20", 8: "0.21", 20: "0.19", 80: "0.17", 1000: "0.04"}
UNKNOWN = 0.10
"""What a service that nothing is known of may fail at 100 %."""
GAINS = ("2.5", "10", "50", "500")
Factor = Callable[[Decimal], Decimal]


class Mixture:
    """`start` and `interval` of "One stream", word for word."""

    def __init__(self, effects: dict[Decimal, Decimal]) -> None:
        self.weights = effects
        self.reserve = Decimal("0.30")
        self.masses = {r: Decimal("0.70") * w for r, w in effects.items()}

    def tick(self, hazard: Decimal, factor: Factor) -> None:
        for r, w in self.weights.items():
            self.masses[r] += hazard * self.reserve * w
        self.reserve *= 1 - hazard
        for r in self.weights:
            self.masses[r] *= factor(r)

    @property
    def value(self) -> Decimal:
        return self.reserve + sum(self.masses.values())


def comparing() -> Mixture:
    return Mixture({Decimal(r): Decimal(w) for r, w in GRID.items()})


def betting() -> Mixture:
    return Mixture({Decimal(g): Decimal("0.25") for g in GAINS})


def hazard(seconds: float, tau: int) -> Decimal:
    return 1 - (-Decimal(seconds) / tau).exp()


def phi_of(
    chains: Sequence[Sequence[tuple[int, float]]], phi0: float, nu0: float, top: float
) -> float:
    """Return phi of "Clusters", of (bad, weight) in the order of time, differences within each chain alone."""
    observed = expected = 0.0
    seen = sum(bad for chain in chains for bad, _ in chain)
    for chain in chains:
        weighted = [one for one in chain if one[1] > 0]
        for (x0, n0), (x1, n1) in itertools.pairwise(weighted):
            observed += (x1 - x0 * n1 / n0) ** 2
            expected += (x1 + x0) / (n1 + n0) * n1 * (1 + n1 / n0)
    if expected <= 0:
        return phi0
    return min(max((observed / expected * seen + phi0 * nu0) / (seen + nu0), 1.0), top)


def discount(x: int, phi: float) -> float:
    return min(1.0, max(1 / x, 1 / phi)) if x > 1 else 1.0


def odds_factor(r: Decimal, rho: float, p: float, x_c: int, x_s: int) -> Decimal:
    """exp(l(r)) of "One stream" before the discount."""
    q = Decimal(rho * p / (rho * p + 1 - p))
    return r**x_c / (1 + q * (r - 1)) ** (x_c + x_s)


def ratio_factor(gain: Decimal, ratio: float, bad: int, requests: float) -> Decimal:
    """The likelihood ratio of "Errors" and "100 percent"."""
    base = Decimal(ratio)
    raised = min(gain * base, Decimal("0.5") + base / 2)
    return (raised / base) ** bad * ((1 - raised) / (1 - base)) ** (Decimal(requests) - bad)


def upper(bad: int, requests: int) -> float:
    """Return Wilson-Hilferty's 99.9 % upper bound of a Poisson count, as a ratio."""
    k = bad + 1
    return float(k * (1 - 1 / (9 * k) + 3.0902 / (3 * k**0.5)) ** 3 / requests)


@dataclass
class Found:
    errors: float
    """Before the floor."""
    floor: float
    full: float

    @property
    def judged(self) -> float:
        return self.errors if self.floor >= 10 else min(self.errors, 1.0)


def evidence(history: Sequence[Interval], now: dt.datetime) -> Found:
    """Return the errors, their floor and 100 % as they stand at `now`, of intervals in order of time.

    Intervals are given whole; their totals count from `seen_at` on.
    """
    before = [one for one in history if one.step == -1 and at(one.seen_at) <= now]
    steps = [one for one in history if one.step >= 0 and at(one.known_at) <= now]
    errors, floor, floor_seen, full = comparing(), betting(), betting(), betting()
    served: dict[int, list[int]] = {}
    step, full_step = None, False
    limit = _limit(before, steps)
    rate = _rate(before, [one for one in steps if at(one.seen_at) <= now])
    for index, one in enumerate(steps):
        visible, p = at(one.seen_at) <= now, one.percent / 100
        n = (one.canary.requests or 0, one.stable.requests or 0)
        if visible:
            sums = served.setdefault(one.step, [0, 0])
            sums[0], sums[1] = sums[0] + n[0], sums[1] + n[1]
        groups = [(one.step, p, one.canary.errors, one.stable.errors)]
        groups += [(c.step, c.percent / 100, c.canary, c.stable) for c in one.carried]
        s = discount(sum(c + o for *_, c, o in groups), _phi(history, steps[:index], one))
        h = Decimal(0)
        if step is not None:
            h = hazard(one.seconds, 900) if one.step == step else Decimal("0.35")
        step = one.step
        errors.tick(h, _comparison(groups, served, s, visible=visible))
        bad = sum(c for *_, c, _ in groups)
        requests = max(float(n[0]) if visible else 1.5 * rate * p * one.seconds, bad)
        if p < 1:
            floor.tick(h, _test(0.0002, bad, requests))
            floor_seen.tick(h, _test(0.0002, bad, requests) if visible else _none)
        else:
            floor.tick(h, _none)
            floor_seen.tick(h, _none)
            own = sum(c for began, _, c, _ in groups if began == one.step)
            if limit is not None and limit < 1:
                leak = hazard(one.seconds, 300) if full_step else Decimal(0)
                of_all = max(n[0] if visible else requests, own)
                told = visible or rate > 0  # Else nobody can tell of how many requests they are.
                full.tick(leak, _clustered(_test(limit, own, of_all), s) if told else _none)
            full_step = True
    return Found(float(errors.value), float(max(floor.value, floor_seen.value)), float(full.value))


def at(instant: dt.datetime | None) -> dt.datetime:
    assert instant
    return instant


def _none(_: Decimal) -> Decimal:
    return Decimal(1)


def _test(ratio: float, bad: int, requests: float) -> Factor:
    return lambda gain: ratio_factor(gain, ratio, bad, requests)


def _clustered(factor: Factor, s: float) -> Factor:
    return lambda gain: factor(gain) ** Decimal(s) if factor(gain) > 1 else factor(gain)


def _comparison(
    groups: Sequence[tuple[int, float, int, int]],
    served: dict[int, list[int]],
    s: float,
    *,
    visible: bool,
) -> Factor:
    def factor(r: Decimal) -> Decimal:
        product = Decimal(1)
        for step, p, x_c, x_s in groups:
            if p >= 0.999:
                continue
            n_c, n_s = served.get(step, (0, 0))
            judged_by = max(p, (n_c + 50 * p) / (n_c + n_s + 50))
            one = odds_factor(r, 1.10, judged_by, x_c, x_s)
            product *= min(one, Decimal(1)) if not visible and p > 0.25 and r == 2 else one
        return product ** Decimal(s)

    return factor


def _phi(history: Sequence[Interval], earlier: Sequence[Interval], one: Interval) -> float:
    """Return phi of what was known when an interval's errors became known."""
    known = [
        (past.stable.errors, past.seconds)
        for past in history
        if past.step == -1 and at(past.seen_at) <= at(one.known_at)
    ]
    during = [
        (
            e.stable.errors + sum(c.stable for c in e.carried if c.step == e.step),
            e.seconds * (1 - e.percent / 100),
        )
        for e in earlier
    ]
    return phi_of([known, during], 1.25, 10, 50)


def _limit(before: Sequence[Interval], steps: Sequence[Interval]) -> float | None:
    alone = [one for one in steps if one.percent == 100]
    if not alone:
        return None
    known = [one for one in before if at(one.seen_at) <= at(alone[0].known_at)]
    in_order = [one for one in known if not _out_of_order(one)]
    requests = sum(one.stable.requests or 0 for one in in_order)
    bad = sum(one.stable.errors for one in in_order)
    return min(max(0.01, 3 * upper(bad, requests)), 0.5) if requests else UNKNOWN


def _out_of_order(one: Interval) -> bool:
    """An outage that is over tells not what is normal."""
    return one.stable.errors >= 5 and one.stable.errors > (one.stable.requests or 0) / 2


def _rate(before: Sequence[Interval], visible: Sequence[Interval]) -> float:
    """Return the service's requests a second in its last visible minute."""
    if visible:
        last = [one for one in visible if one.end > visible[-1].end - dt.timedelta(seconds=60)]
        requests = sum((one.canary.requests or 0) + (one.stable.requests or 0) for one in last)
        return requests / sum(one.seconds for one in last)
    used = itertools.dropwhile(lambda one: not one.stable.requests, before)
    seconds = sum(one.seconds for one in used)
    return sum(one.stable.requests or 0 for one in before) / seconds if seconds else 0.0


def slow_evidence(history: Sequence[Interval], slowdown: float = 0.10) -> float:
    """Return "Latency" of a history whose totals were visible at once; intervals without 20 s are cold."""
    before = [one for one in history if one.step == -1]
    steps = [one for one in history if one.step >= 0]
    learned: list[Histogram] = [latency for one in before if (latency := one.stable.latency)]
    chains = {-1: list(learned), 0: []}
    found: list[tuple[float, float]] | None = edges_of(learned, slowdown)
    streams = [comparing() for _ in found or ()]
    served: dict[int, list[int]] = {}
    done, step, warm_from = 0, None, None
    for one in steps:
        n = (one.canary.requests or 0, one.stable.requests or 0)
        sums = served.setdefault(one.step, [0, 0])
        sums[0], sums[1] = sums[0] + n[0], sums[1] + n[1]
        if one.step != step:
            warm_from = None
        if warm_from is None and n[0]:
            warm_from = one.start
        h = Decimal(0)
        if step is not None:
            h = hazard(one.seconds, 900) if one.step == step else Decimal("0.35")
        step = one.step
        canary, stable = one.canary.latency, one.stable.latency
        assert canary
        assert stable
        cold = warm_from is None or one.start < warm_from + dt.timedelta(seconds=20) or done < 5
        p = one.percent / 100
        judged_by = max(p, (sums[0] + 50 * p) / (sum(sums) + 50))
        for (edge, rho), stream in zip(found or (), streams, strict=True):
            x = (above(canary, edge), above(stable, edge))
            phi = phi_of(
                [[(above(e, edge), e.total) for e in chain] for chain in chains.values()],
                1.5,
                50,
                500,
            )
            s = Decimal(discount(sum(x), phi))
            skip = cold or p >= 0.999
            stream.tick(h, _none if skip else _slow_factor(rho, judged_by, x, s))
        if found is None:
            learned.append(stable)
            found = edges_of(learned, slowdown)
            streams = [comparing() for _ in found or ()]
            chains = {-1: [], 0: []}  # What edges were learned from is not kept.
        else:
            chains[0].append(stable)
        done += n[0]
    return float(sum(one.value for one in streams) / len(streams)) if streams else 1.0


def _slow_factor(rho: float, p: float, x: tuple[int, int], s: Decimal) -> Factor:
    return lambda r: odds_factor(r, rho, p, *x) ** s


def above(latency: Histogram, edge: float) -> int:
    lower = (0.0, *latency.bounds_ms)
    return sum(count for low, count in zip(lower, latency.counts, strict=True) if low >= edge)


def edges_of(learned: Sequence[Histogram], slowdown: float) -> list[tuple[float, float]] | None:
    total = sum(one.total for one in learned)
    if total < 300:
        return None
    bounds = learned[0].bounds_ms
    share = {bound: sum(above(one, bound) for one in learned) / total for bound in bounds}
    found = []
    for target in (0.10, 0.02):
        allowed = [b for b in bounds if b >= 50 and share[b] <= 1.25 * target]
        if not allowed:
            continue
        edge = allowed[0]
        below = bounds[bounds.index(edge) - 1]
        # The specification has 2.0, and one slowdown, 10 %. What a larger one explains grows.
        most = 2.0 ** max(1.0, float(Decimal(1 + slowdown).ln() / Decimal("1.1").ln()))
        rho = most
        if share[edge] > 0:
            ratio = Decimal(share[below] / share[edge])
            slope = ratio.ln() / Decimal(edge / below).ln()
            rho = min(max(float(Decimal(1 + slowdown) ** slope), 1.15), most)
        found.append((edge, rho))
    return found
