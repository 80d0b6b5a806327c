"""A limit for a whole exchange."""

import threading

import pytest

from gcp.within import within
from rollouts.errors import Refused, Transient


def test_what_is_through_in_time_is_returned():
    assert within(10, "nothing", lambda: 7) == 7


def test_what_it_raises_is_raised():
    def refused():
        raise Refused("no")

    with pytest.raises(Refused, match="no"):
        within(10, "nothing", refused)


def test_what_is_not_through_in_time_is_left_alone():
    over = threading.Event()

    with pytest.raises(Transient, match=r"the chat was not told: not through within 0.01 s"):
        within(0.01, "the chat was not told", over.wait)
    over.set()
