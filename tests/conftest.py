"""For all tests: how property tests draw, and which tests share a worker of pytest-xdist.

`make test` draws the same examples each time; `make test-full` explores with new ones. Tests
that share a local cloud share a worker: the marks `xdist_group` say the same, and `--dist
loadgroup` is to follow them; with pytest 9.2 it follows none, in silence. Delete that part once
it does again.
Source: https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

import os
from typing import Any

import pytest
from hypothesis import settings

# Timing never decides a test, so no example has a deadline.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("explore", deadline=None, print_blob=True, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

GROUPS = (
    ("tests/processes/test_up_", "up_ends"),
    ("tests/processes/test_up.py", "up"),
    ("tests/processes/database/", "database"),
    ("tests/processes/", "processes"),
    # They share one process of Terraform's, and plans.
    ("tests/terraform/", "terraform"),
    ("tests/flow/test_thirty_rollouts.py", "thirty"),
    ("tests/unit/test_import_rules.py", "import_rules"),
)
"""The first that a test's id begins with; empty: on its own."""


def group_of(nodeid: str) -> str:
    """Return a name that is the same for tests that share a worker."""
    for prefix, group in GROUPS:
        if nodeid.startswith(prefix):
            return group or nodeid
    return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "loadgroup":
        return None
    # It may not be installed.
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # noqa: PLC0415

    class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return ByGroup(config, log)
