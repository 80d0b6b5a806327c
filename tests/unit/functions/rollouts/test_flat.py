from dataclasses import asdict, dataclass

from rollouts.flat import flat
from rollouts.step_counts import Side


def test_a_value_is_told_as_asdict_tells_one_without_values_in_it():
    side = Side(errors=1, requests=20)

    assert flat(side) == asdict(side)
    assert list(flat(side)) == list(asdict(side))


def test_what_is_inside_stays_what_it_is():
    @dataclass
    class Both:
        whole: int
        side: Side

    side = Side()

    assert flat(Both(1, side))["side"] is side
