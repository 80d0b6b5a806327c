"""A short hunt in every run of the tests; `python -m tests.fuzz --seconds 600` is the long one."""

import pytest

from tests.fuzz.hunting import hunt

EACH = 250


@pytest.mark.parametrize("kind", ["expressions", "files"])
def test_nothing_crashes_hangs_or_speaks_python(kind):
    found = hunt(kind, first=0, count=EACH)

    assert found.failures == []
    assert sum(found.ended.values()) == EACH


def test_the_hunt_reaches_what_it_hunts_for():
    """Most files that were changed do not deploy; expressions must, and must come to an end."""
    ended = hunt("expressions", first=10_000, count=120).ended

    assert ended["refused"] > 10
    assert ended["succeeded"] + ended["failed"] > 20
