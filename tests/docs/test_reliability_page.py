"""The page of what breaks: its counts are those of the code, and nothing in them is none."""

import re
from pathlib import Path

from rollouts.record import FINAL
from rollouts.transitions import BY_NAME
from tests.simulation.faults import FAULTS
from tests.simulation.planted import BUGS
from tests.simulation.workload import WORKLOAD

TEXT = (Path(__file__).parents[2] / "docs/concepts/reliability.md").read_text()
MEASURED = TEXT.split("<!-- measured: simulation -->")[1].split("<!-- /measured -->")[0]


def test_the_page_tells_how_many_bugs_are_planted():
    assert f"**plants {len(BUGS)} bugs**" in " ".join(TEXT.split())


def test_each_transition_end_fault_and_happening_was_met_in_the_hunt_of_the_page():
    counts = {
        name: int(count.replace(",", ""))
        for name, count in re.findall(r"`(\w+)` \| ([\d,]+)", MEASURED)
    }

    assert set(counts) == {*BY_NAME, *FINAL, *FAULTS, *WORKLOAD}
    assert min(counts.values()) > 0


def test_a_hundred_thousand_rollouts_were_played():
    (rollouts,) = re.findall(r"\*\*([\d,]+) rollouts\*\*", MEASURED)

    assert int(rollouts.replace(",", "")) >= 100_000
