"""A fixed number of seeds: every rule after every event, and everything ends.

More of them: `make simulate`. Here each test plays a few, so that they run side by side.
"""

from collections import Counter

import pytest

from tests.simulation.faults import FAULTS
from tests.simulation.hunting import Totals
from tests.simulation.run import run
from tests.simulation.workload import WORKLOAD

SEEDS, EACH = 32, 8
TRANSITIONS = {
    "started", "became_ready", "verified", "asked", "answered", "shifted", "told", "promoted",
    "rolled_back", "stopped", "superseded", "queued", "left_queue",
}  # fmt: skip
"""Those that a few seeds surely see; all of them in docs/concepts/reliability.md."""


@pytest.mark.parametrize("first", range(0, SEEDS, EACH))
def test_every_rule_holds_in_every_run(first):
    totals = Totals()
    for seed in range(first, first + EACH):
        outcome = run(seed)
        totals.add(outcome)
        assert outcome.failure is None, f"{outcome.failure}\n hint: make simulate SEED={seed}"

    assert totals.rollouts > EACH
    assert len(+totals.faults) > len(FAULTS) / 4
    assert len(+totals.happened) > len(WORKLOAD) / 2


def test_a_few_seeds_see_nearly_every_transition_and_fault():
    seen: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for seed in range(1000, 1024):
        outcome = run(seed)
        seen += outcome.transitions
        struck += outcome.faults

    assert set(seen) >= TRANSITIONS
    assert len(struck) > len(FAULTS) * 0.8
