"""Virtual time."""

import datetime as dt

from local_cloud.kit.scheduler import VirtualScheduler

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def test_a_cancelled_timer_does_not_pull_a_later_one_forward():
    """The cancelled one falls due within the second that is run; the other one does not."""
    clock, ran = VirtualScheduler(START), []
    clock.call_later(1, lambda: ran.append("cancelled")).cancel()
    clock.call_later(10, lambda: ran.append("later"))

    clock.run_for(5)

    assert ran == []
    assert clock.now() == START + dt.timedelta(seconds=5)

    clock.run_for(5)

    assert ran == ["later"]


def test_a_step_skips_what_was_cancelled():
    clock, ran = VirtualScheduler(START), []
    clock.call_later(1, lambda: ran.append("cancelled")).cancel()
    clock.call_later(2, lambda: ran.append("next"))

    assert clock.step()
    assert not clock.step()

    assert ran == ["next"]
    assert clock.now() == START + dt.timedelta(seconds=2)
