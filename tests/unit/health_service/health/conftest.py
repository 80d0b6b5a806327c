"""A health router by itself."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from health_service.health.callers import Public
from health_service.health.checks import Checks
from health_service.health.identity import Identity
from health_service.health.lifecycle import Lifecycle
from health_service.health.router import HealthRouter
from tests.unit.health_service.conftest import read_container


def make_bare(**settings: Any) -> HealthRouter:
    """Make a router that serves; any of its arguments can be given."""
    now = asyncio.get_running_loop().time
    lifecycle = Lifecycle()
    lifecycle.serve()
    usual: dict[str, Any] = {
        "identity": Identity("other", "1", "other-1", "here", "test"),
        "checks": Checks(now),
        "lifecycle": lifecycle,
        "uptime": now,
        "container": read_container,
        "callers": Public(),
    }
    return HealthRouter(**{**usual, **settings})


@pytest.fixture
def bare() -> Callable[..., HealthRouter]:
    """Make a router; to be called on the running loop."""
    return make_bare
