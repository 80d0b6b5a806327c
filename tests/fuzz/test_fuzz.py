"""A short hunt in every run of the tests; `python -m tests.fuzz --seconds 600` is the long one."""

import pytest

from tests.fuzz.hunting import hunt

SOURCES = {"expressions": 150, "files": 250}


@pytest.mark.parametrize(("kind", "count"), SOURCES.items())
def test_nothing_crashes_hangs_or_speaks_python(kind, count):
    """And the hunt reaches what it hunts for: sources that are refused, and that run to an end."""
    found = hunt(kind, first=0, count=count)

    assert found.failures == []
    assert found.ended["refused"] > count / 10
    assert found.ended["succeeded"] + found.ended["failed"] > count / 10


def test_watching_and_pausing_change_nothing_in_workflows_that_nest_and_jump():
    found = hunt("flows", first=0, count=40)

    assert found.failures == []
    assert found.ended["succeeded"] > 0
    assert found.ended["failed"] > 0
