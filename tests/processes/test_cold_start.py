"""A function that starts cold, as production starts it, asks Google for no more than it must."""

import pytest

from benchmarks.cold_start.__main__ import CALLS
from benchmarks.cold_start.cases import cases, under_way
from benchmarks.cold_start.cloud import cloud
from benchmarks.cold_start.starting import start

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]
IDENTITY = {"metadata", "project", "account", "token", "universe"}
"""Asked of the machine's own metadata server, once, before the first call of an API."""


@pytest.mark.parametrize("name", list(CALLS))
def test_a_cold_rollback_reads_once_writes_once_and_then_tells(name, tmp_path):
    """On the wire, in a process of the framework's own: one read of the log more for an alert."""
    with cloud(under_way()) as google:
        (case,) = (one for one in cases(tmp_path) if one.name == name)

        started = start(case, google.environment())

    assert [word for word in google.calls if word not in IDENTITY] == CALLS[name]
    assert 0.0 < started.listens < started.answered
