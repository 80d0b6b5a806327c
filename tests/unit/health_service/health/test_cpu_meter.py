import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.health.cpu_meter import Counters, CpuMeter, Use

NOTHING = Use(None, None)


def counters(seconds=0.0, periods=0, throttled=0, source="group"):
    return Counters(source, seconds, periods, throttled)


def test_the_first_look_is_where_it_begins():
    meter = CpuMeter()

    assert meter.use(counters(100.0), 5.0) == NOTHING
    assert meter.use(counters(101.0), 7.0).cores == 0.5


def test_use_is_a_mean_since_the_look_before():
    meter = CpuMeter()
    meter.use(counters(10.0), 0.0)

    assert [meter.use(counters(10.0 + use), at).cores for use, at in ((1, 10), (5, 12))] == [0.1, 2]


def test_looks_less_than_a_second_apart_share_one_answer():
    meter = CpuMeter()
    meter.use(counters(0.0), 0.0)
    meter.use(counters(1.0), 2.0)

    assert meter.use(counters(1.9), 2.9).cores == 0.5
    assert meter.use(counters(3.0), 4.0).cores == 1.0


def test_throttling_is_the_share_of_the_periods_since_the_look_before():
    meter = CpuMeter()
    meter.use(counters(periods=100, throttled=90), 0.0)

    assert meter.use(counters(periods=120, throttled=95), 2.0).throttled_ratio == 0.25
    assert meter.use(counters(periods=120, throttled=95), 4.0).throttled_ratio == 0.0


def test_counters_of_another_group_begin_anew():
    meter = CpuMeter()
    meter.use(counters(5.0), 0.0)
    meter.use(counters(6.0), 2.0)

    assert meter.use(counters(900.0, source="the group around it"), 4.0) == NOTHING
    assert meter.use(counters(902.0, source="the group around it"), 6.0).cores == 1.0


@pytest.mark.parametrize(
    "after", [Counters("group", 4.0, 4, 3), Counters("group", None, None, None)]
)
def test_counters_that_went_back_or_away_tell_nothing(after):
    meter = CpuMeter()
    meter.use(counters(5.0, periods=5, throttled=4), 0.0)

    assert meter.use(after, 2.0) == NOTHING


numbers = st.one_of(st.none(), st.integers(0, 50))
rows = st.builds(Counters, st.sampled_from("ab"), numbers, numbers, numbers)


@given(st.lists(st.tuples(rows, st.floats(0, 3))))
def test_whatever_the_counters_do_use_is_no_less_than_nothing(history):
    meter, now = CpuMeter(), 0.0
    for row, pause in history:
        now += pause
        use = meter.use(row, now)

        assert use.cores is None or use.cores >= 0
        assert use.throttled_ratio is None or 0 <= use.throttled_ratio <= 1
