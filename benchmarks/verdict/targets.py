"""The targets T1 to T13, each with its value and its bar."""

import math
from collections.abc import Sequence
from statistics import fmean, geometric_mean, median
from typing import Final

from benchmarks.verdict import suite
from benchmarks.verdict.checks import FALSE_MAX, Checked, Checks
from benchmarks.verdict.fate import Cell
from benchmarks.verdict.kayenta import KAYENTA
from benchmarks.verdict.oracles import ORACLE, ORACLE_C
from benchmarks.verdict.robust import Robust
from benchmarks.verdict.scenarios import SCENARIOS
from benchmarks.verdict.scores import Results, Score
from benchmarks.verdict.timing import Timing

EXEMPT: Final = frozenset({"instance-bursts", "burst-at-100"})
"""They have targets of their own."""
STRONG: Final = {("err-x5", 0.01), ("err-x20", 0.01)}


class Targets(Checks):
    """All targets that there are results for."""

    def healthy(self) -> None:
        """T1 to T3, T10, T11: how often a good canary is taken back."""
        cells = [one for one in self.of_kind("healthy") if one.scenario not in EXEMPT]
        barq, late, monitoring = (one.name for one in suite.VIEWS)
        self.false("T1", barq, "false rollbacks, fresh data", cells)
        bursts = self.named("instance-bursts")
        self.false("T2", barq, "instance-bursts, defaults", bursts, 0.05)
        self.false("T2", suite.TWO.name, "instance-bursts, two bad intervals", bursts, 0.015)
        self.false("T2", suite.SIX_HOURS.name, "instance-bursts, 6 h of history", bursts, 0.015)
        at_full = self.named("burst-at-100")
        self.false("T3", suite.ALERT.name, "burst-at-100, alert", at_full)
        self.false("T3", suite.NINETY.name, "burst-at-100, last watched step 90 %", at_full)
        self.false("T10", monitoring, "false rollbacks, Monitoring alone", cells)
        self.false("T11", suite.NO_HISTORY.name, "healthy without history", self.named("healthy"))
        self.false("T11a", late, "false rollbacks, late totals", cells)

    def errors(self) -> None:
        """T4 and T5: what a failing canary costs, beside those who know the truth."""
        barq, oracle = suite.BARQ.name, ORACLE_C.name
        # At 100 % alone there is no other role, and nothing to divide by.
        cells = [
            cell
            for cell in self.of_kind("errors")
            if cell.scenario != "at-100%" and self.finds(barq, cell, 0.95)
        ]
        found = self.ratios(barq, oracle, cells)
        if found:
            values = [one for one, _ in found]
            p90 = values[math.ceil(0.9 * len(values)) - 1]
            told = f"{median(values):.2f} / {p90:.2f} / {values[-1]:.2f} over {len(values)} cells"
            holds = median(values) <= 1.30 and p90 <= 1.75 and values[-1] <= 3.5
            told += f"; most {found[-1][1]}"
            self.check(
                "T4",
                "bad requests / ORACLE-c: median, p90, most",
                told,
                "≤ 1.30 / 1.75 / 3.5",
                holds,
            )
        strong = [cell for cell in self.strong() if cell.rps >= 20]
        self.all_found("T5", "error ratio ≥ 5 % at ≥ 20/s", barq, strong)
        self.most_ratio("T5", "its bad requests / ORACLE-c", self.ratios(barq, oracle, strong), 1.7)
        self._outright(barq)

    def _outright(self, barq: str) -> None:
        """What a canary costs of which every request fails, where there are few."""
        for rps, most in ((2.0, 6.0), (0.2, 5.5)):
            total = [cell for cell in self.named("err-100%") if cell.rps == rps]
            scored = list(self.results.of(barq, total))
            self.within(
                "T5",
                f"every request fails at {rps:g}/s: served",
                scored,
                lambda s: s.mean_bad,
                most,
            )
            if scored and rps < 1:
                least = min(score.found for _, score in scored)
                self.check("T5", "found at 0.2/s", f"{least:.1%}", "≥ 95 %", least >= 0.95)

    def strong(self) -> list[Cell]:
        """Cells with an error ratio of 5 % or more from the first shift on."""
        return [
            cell
            for cell in self.cells
            if cell.scenario in {"err-5%", "err-50%", "err-100%"}
            or (cell.scenario, cell.base) in STRONG
        ]

    def latency(self) -> None:
        """T6: what a slow canary costs."""
        barq, oracle = suite.BARQ.name, ORACLE.name
        for name, most in (("lat-x1.5", 12.0), ("lat-tail", 12.0), ("lat-x3", 5.0)):
            cells = [cell for cell in self.named(name) if cell.rps >= 20]
            self.all_found("T6", f"{name} at ≥ 20/s", barq, cells)
            self.most_ratio(
                "T6", f"{name}: bad requests / ORACLE", self.ratios(barq, oracle, cells), most
            )

    def rivals(self) -> None:
        """T7 to T9: what others' rules cost."""
        barq = suite.BARQ.name
        for kind, least in (("errors", 8.0), ("latency", 2.5)):
            cells = [c for c in self.of_kind(kind) if self.finds(ORACLE.name, c, 0.5)]
            self.mean_ratio("T7", f"Kayenta's bad requests / ours, {kind}",
                            self.ratios(KAYENTA.name, barq, cells), least)  # fmt: skip
            busy = [cell for cell in cells if cell.rps >= suite.QUIET]
            quiet = [cell for cell in cells if cell.rps < suite.QUIET]
            ratios = self.ratios(barq, KAYENTA.name, busy)
            self.most_ratio("T7", f"ours / Kayenta's, {kind}", ratios, 1.25)
            # By default a quiet step waits for requests, and serves more of them meanwhile.
            ratios = self.ratios(suite.UNHELD[0].name, KAYENTA.name, quiet)
            self.most_ratio("T7", f"the same at 0.2/s, steps of 300 s, {kind}", ratios, 1.25)
        for name, rule, least in (
            ("T8", "Flagger", 15.0),
            ("T8", "Argo", 12.0),
            ("T9", "fixed counts", 1.25),
        ):
            cells = [
                cell
                for cell in self.of_kind("errors")
                if self.finds(ORACLE.name, cell, 0.5) and self.usable(rule, cell)
            ]
            says = f"{rule}'s bad requests / ours where its false rollbacks are ≤ 1 %"
            self.mean_ratio(name, says, self.ratios(rule, barq, cells), least)
            if name == "T9":
                self.most_ratio(name, "ours / its", self.ratios(barq, rule, cells), 2.0)

    def usable(self, rule: str, cell: Cell) -> bool:
        """Whether a rule leaves a healthy canary alone that has all else of this cell."""
        twin = SCENARIOS[cell.scenario].twin
        healthy = self.score(rule, cell._replace(scenario=twin))
        return healthy is not None and healthy.found <= FALSE_MAX

    def late_totals(self) -> None:
        """T11a: what late totals cost."""
        barq, late = suite.BARQ.name, suite.LATE.name
        cells = [cell for cell in self.of_kind("errors") if self.finds(barq, cell, 0.5)]
        found = self.ratios(late, barq, cells)
        if found:
            values = [one for one, _ in found]
            p90 = values[math.ceil(0.9 * len(values)) - 1]
            most = f"most {values[-1]:.2f}, {found[-1][1]}"
            told = f"{geometric_mean(values):.3f} / {p90:.2f} over {len(values)} cells; {most}"
            holds = geometric_mean(values) <= 1.10 and p90 <= 1.35
            self.check(
                "T11a", "late totals' bad requests / fresh: mean, p90", told, "≤ 1.10 / 1.35", holds
            )
        strong = [cell for cell in self.strong() if cell.rps >= 20]
        self.all_found("T11a", "late totals, ≥ 5 % at ≥ 20/s", late, strong)
        self.most_ratio("T11a", "the same / fresh", self.ratios(late, barq, strong), 1.1)
        # At its own pace Monitoring alone gives a canary less traffic for longer.
        ratios = self.ratios(suite.UNHELD[1].name, suite.UNHELD[2].name, cells)
        says = "late totals / Monitoring alone, errors, steps of 300 s"
        self.most_ratio("T11a", says, ratios, 1.1)
        for kind, lost in (
            ("errors", cells),
            ("slow requests", self.of_kind("latency")),
            ("hangs", self.named("hang", "hang-30%")),
        ):
            self._lost(kind, [cell for cell in lost if self.finds(barq, cell, 0.5)])

    def _lost(self, kind: str, cells: Sequence[Cell]) -> None:
        """Tell what late totals cost where no bar is set: found at all, and bad requests."""
        pairs = self.both(suite.LATE.name, suite.BARQ.name, cells)
        ratios = self.ratios(suite.LATE.name, suite.BARQ.name, cells)
        if not ratios:
            return
        late = fmean(one.found for _, one, _ in pairs)
        fresh = fmean(one.found for _, _, one in pairs)
        served = geometric_mean([one for one, _ in ratios])
        most = f"most {ratios[-1][0]:.1f}, {ratios[-1][1]}"
        told = f"found {late:.0%}, fresh {fresh:.0%}; bad requests x {served:.2f}, {most}"
        self.check("T11a", f"{kind}, late totals against fresh", told, "none", holds=True)

    def blind_spots(self) -> None:
        """T11b to T11d: how soon what a comparison cannot see is found."""
        late = suite.LATE.name
        for target, name, few, many in (
            ("T11b", "never-starts", 100.0, 30.0),
            ("T11c", "hang", 360.0, 260.0),
            ("T11c", "hang-30%", 450.0, 330.0),
        ):
            slow = [cell for cell in self.named(name) if cell.rps == 2]
            busy = [cell for cell in self.named(name) if cell.rps >= 20]
            for says, cells, most in (("at 2/s", slow, few), ("at ≥ 20/s", busy, many)):
                self.soon(target, f"{name} {says}", list(self.results.of(late, cells)), most)
        scored = [
            score
            for _, score in self.results.of(late, [c for c in self.named("hang") if c.rps >= 20])
        ]
        later = sum(count for score in scored for step, count in score.steps.items() if step)
        holds = later == 0 if scored else None
        self.check("T11c", "hang at ≥ 20/s found after the first step", f"{later}", "0", holds)
        self.without_cause("T11c", "hang", self.of_kind("healthy"))
        for name, slowest in (("shared-50%", 2.0), ("shared-5%", 20.0)):
            cells = [cell for cell in self.named(name) if cell.rps >= slowest]
            says = f"{name} at ≥ {slowest:g}/s"
            self.soon("T11d", says, list(self.results.of(late, cells)), 400.0)
        self.without_cause("T11d", "shared", self.named("common-outage"))

    def soon(self, name: str, says: str, scored: Sequence[tuple[Cell, Score]], most: float) -> None:
        """Check the mean time to the rollback, the longest of any cell; all must be found."""
        if not scored:
            return
        longest, cell = max((_mean_of_all(score), cell) for cell, score in scored)
        nearly = max(score.seconds_at(0.99) for _, score in scored)
        told = f"{longest:.0f} s, {cell}; 99 of 100 within {nearly:.0f} s"
        self.check(name, f"{says}: mean until rollback", told, f"≤ {most:g} s", longest <= most)

    def without_cause(self, name: str, cause: str, cells: Sequence[Cell]) -> None:
        scored = [score for rule in suite.VIEWS for _, score in self.results.of(rule.name, cells)]
        count = sum(score.causes[cause] for score in scored)
        runs = sum(score.runs for score in scored)
        says = f"healthy canaries rolled back for: {cause}"
        self.check(name, says, f"{count} of {runs}", "0", count == 0 if scored else None)

    def length(self) -> None:
        """T13: how long a good rollout takes."""
        cells = [cell for cell in self.named("healthy") if cell.rps >= 2]
        for rule, most in ((suite.BARQ, 905.0), (suite.LATE, 935.0)):
            scored = [score.mean_length_seconds for _, score in self.results.of(rule.name, cells)]
            if scored:
                value = fmean(scored)
                says = f"{rule.name}: a healthy rollout, seconds, at ≥ 2/s"
                self.check("T13", says, f"{value:.0f}", f"≤ {most:.0f}", value <= most)

    def cost(self, timed: Timing) -> None:
        """T12: what a verdict costs."""
        whole, size, differ = timed.whole_ms, timed.state_bytes, timed.differences
        self.check("T12", "judging 210 intervals, ms", f"{whole:.1f}", "≤ 5", whole <= 5)
        self.check("T12", "bytes of the state, at most", f"{size}", "< 4096", size < 4096)
        says = "a verdict from a restored state, ms"
        self.check("T12", says, f"{timed.step_ms:.2f}", "none", True)
        says = "all at once = interval by interval, restored each time"
        self.check("T12", says, f"{differ} differ of {timed.compared}", "0", differ == 0)


def _mean_of_all(score: Score) -> float:
    return score.mean_seconds if score.found == 1.0 else math.inf


def targets(
    results: Results, cells: Sequence[Cell], timed: Timing, robust: Robust, *, full: bool
) -> list[Checked]:
    """Check everything that there are results for."""
    one = Targets(results, cells, full=full)
    one.healthy()
    one.errors()
    one.latency()
    one.rivals()
    one.late_totals()
    one.blind_spots()
    one.length()
    says = f"{robust.cases} odd histories: exceptions, NaN, rollbacks without traffic"
    one.check("T11", says, "; ".join(robust.problems) or "none", "none", not robust.problems)
    one.cost(timed)
    return sorted((each for each in one.found if each.known), key=lambda each: _order(each.name))


def _order(name: str) -> tuple[int, str]:
    digits = "".join(letter for letter in name if letter.isdigit())
    return int(digits), name
