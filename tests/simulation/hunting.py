"""Many scenarios, in one process or in several, counted together."""

import itertools
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rollouts.record import FINAL
from rollouts.transitions import BY_NAME
from tests.simulation.faults import FAULTS
from tests.simulation.run import Outcome, run
from tests.simulation.workload import WORKLOAD

PROGRESS_SECONDS = 5.0


@dataclass
class Totals:
    """What was seen, over all scenarios."""

    seeds: int = 0
    rollouts: int = 0
    virtual_hours: float = 0.0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FAULTS, 0)))
    happened: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(WORKLOAD, 0)))
    transitions: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(BY_NAME, 0)))
    outcomes: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(FINAL, 0)))
    failed: dict[int, str] = field(default_factory=dict)
    """Seeds that broke a rule, and how."""

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.rollouts += outcome.rollouts
        self.virtual_hours += outcome.seconds / 3600
        self.faults.update(outcome.faults)
        self.happened.update({k: v for k, v in outcome.happened.items() if k in WORKLOAD})
        self.transitions.update(outcome.transitions)
        self.outcomes.update(outcome.outcomes)
        if outcome.failure is not None:
            self.failed[outcome.seed] = str(outcome.failure)
            sys.stderr.write(f"seed {outcome.seed} broke {outcome.failure}\n")

    def line(self) -> str:
        rate = self.rollouts / self.seconds if self.seconds else 0.0
        struck = sum(self.faults.values())
        return (
            f"{self.rollouts:,} rollouts of {self.seeds:,} seeds in {self.seconds:,.0f} s"
            f" ({rate:.1f}/s), {self.virtual_hours:,.0f} virtual hours, {struck:,} faults struck"
        )

    def shown(self) -> str:
        """Return the totals as a table for people."""
        lines = [self.line()]
        for name in ("transitions", "outcomes", "faults", "happened"):
            counts: Counter[str] = getattr(self, name)
            listed = ", ".join(f"{key} {count:,}" for key, count in counts.most_common())
            lines.append(f"{name}: {listed}")
        lines += [f"seed {seed} broke {words}" for seed, words in self.failed.items()]
        return "\n".join(lines)

    def as_json(self) -> str:
        document = {
            "seeds": self.seeds,
            "rollouts": self.rollouts,
            "virtual_hours": round(self.virtual_hours),
            "seconds": round(self.seconds),
            "failed": self.failed,
            **{
                name: dict(sorted(getattr(self, name).items()))
                for name in ("faults", "transitions", "outcomes", "happened")
            },
        }
        return json.dumps(document, indent=2) + "\n"


class Hunt:
    """Plays seeds until one fails, they are over, or so many rollouts (0: any) were seen.

    `keep_going` plays on after one that fails; `totals.failed` has them all.
    """

    def __init__(
        self, seeds: Iterable[int], rollouts: int, processes: int, *, keep_going: bool = False
    ) -> None:
        self._keep_going = keep_going
        self.totals = Totals()
        self._seeds = seeds
        self._rollouts = rollouts
        self._processes = processes
        self._began = time.monotonic()
        self._told = self._began

    def go(self) -> tuple[int, str] | None:
        """Return the first seed that failed with its rule, None where none did."""
        try:
            for outcome in self._played():
                self._count(outcome)
                if outcome.failure is not None and not self._keep_going:
                    return outcome.seed, outcome.failure.rule
                if self._rollouts and self.totals.rollouts >= self._rollouts:
                    break
        except KeyboardInterrupt:
            sys.stderr.write("\n")
        return None

    def _played(self) -> Iterator[Outcome]:
        if self._processes == 1:
            yield from map(run, self._seeds)
            return
        with multiprocessing.get_context("fork").Pool(self._processes) as pool:
            # In parts: a pool takes all that it is given at once, and the seeds have no end.
            seeds = iter(self._seeds)
            while part := list(itertools.islice(seeds, 64 * self._processes)):
                yield from pool.imap_unordered(_played, part, chunksize=4)

    def _count(self, outcome: Outcome) -> None:
        self.totals.add(outcome)
        now = time.monotonic()
        self.totals.seconds = now - self._began
        if now - self._told >= PROGRESS_SECONDS:
            self._told = now
            sys.stderr.write(f"{self.totals.line()}\n")


def _played(seed: int) -> Outcome:
    """Play a seed in another process. A trace stays there: it is made again if it is asked for."""
    outcome = run(seed)
    outcome.trace = []
    return outcome
