"""The measured rounds as Markdown."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from benchmarks.reaction.cases import PER_SECOND, Case
from benchmarks.reaction.reaction import Reaction

HEAD: Final = """\
| canary fails | what tells of it | rounds | first bad request to stable served 100 %, s \
| bad requests | looks |
|---|---|---:|---:|---:|---:|"""


def report(cases: Sequence[Case], found: Sequence[Reaction]) -> str:
    """Return the table and what must be known to read it."""
    rows = [_row(case, [one for one in found if one.case == case.name]) for case in cases]
    lost = sum(one.lost for one in found)
    history = [one.history_seconds / 60 for one in found]
    text = (
        f"`python -m benchmarks.reaction`: real processes and HTTP, {PER_SECOND:g} requests/s to"
        " each service, the shipped policy without its approval, metrics in periods of 60 s that"
        " are visible 120 s later. Smallest, **median** and largest of the rounds; their first"
        " shifts are spread over the ten seconds of an interval. The services had been in use for"
        f" {min(history):.0f} to {max(history):.0f} minutes. Requests lost: {lost}."
    )
    return "\n".join((text, "", HEAD, *rows, "", _where(cases, found)))


def _row(case: Case, mine: Sequence[Reaction]) -> str:
    cells = (
        case.fails,
        case.signal,
        str(len(mine)),
        _spread([one.seconds for one in mine], "{:.1f}"),
        _spread([one.bad for one in mine], "{:.0f}"),
        _spread([one.looks_taken for one in mine], "{:.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def _spread(values: Iterable[float], form: str) -> str:
    found = list(values)
    low, middle, high = (form.format(f(found)) for f in (min, statistics.median, max))
    return f"{low} / **{middle}** / {high}"


def _where(cases: Sequence[Case], found: Sequence[Reaction]) -> str:
    """Say where the time of the fast signal goes."""
    fast = [one for one in found if one.case in {case.name for case in cases if not case.alone}]
    if not fast:
        return ""

    def median(seconds: Callable[[Reaction], float]) -> str:
        return f"{statistics.median(map(seconds, fast)):.2f} s"

    decided = median(lambda one: (one.written_at - one.decided_at).total_seconds())
    served = median(lambda one: (one.served_at - one.written_at).total_seconds())
    known = median(lambda one: one.waited_seconds)
    return (
        f"Where the time goes, with the log, medians: {known} from the moment at which the last"
        " interval that was judged could be known to the look that judged it; from that look's"
        f" beginning {decided} to the rollback's own read of the service, and {served} more until"
        " stable was served all. The rest is the canary failing until there is evidence enough,"
        " the end of its interval, and the five seconds that log entries are given."
    )
