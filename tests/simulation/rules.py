"""Every rule that is asked of a write of Barq's, in order. A new one is a function in this list."""

from collections.abc import Callable
from typing import Final

from tests.simulation import rules_of_ends as ends
from tests.simulation import rules_of_traffic as traffic
from tests.simulation import rules_of_words as words
from tests.simulation import rules_of_writes as writes
from tests.simulation.watching import Watch
from tests.simulation.writes import Write

RULES: Final[tuple[Callable[[Watch, Write], None], ...]] = (
    traffic.sums,
    traffic.explained,
    ends.final,
    ends.one_driver,
    ends.takes_over,
    traffic.data,
    writes.fresh,
    writes.legal,
    writes.foreign,
    words.builds,
    words.approved,
    traffic.person,
    traffic.untouched,
    traffic.line,
    traffic.digest,
    ends.sweeper,
    words.alerts,
)
