"""The plans of `modules/monitoring` and `modules/own_alerts` that tests share, and parts of them."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.terraform.harness import TERRAFORM, Plan, plan

SERVICE: Final[dict[str, Any]] = {
    "project": "barq-production",
    "region": "europe-west1",
    "service": "fleet",
    "host": "fleet-123456789012.europe-west1.run.app",
    "instances_max": 10,
    "database": {"id": "barq-production:fleet", "connections_max": 100},
    "rollback_channel": "projects/barq-production/notificationChannels/9",
    "channels": {
        "critical": ["projects/barq-production/notificationChannels/1"],
        "warning": ["projects/barq-production/notificationChannels/2"],
    },
}
BARQ: Final[dict[str, Any]] = {
    "project": "barq-delivery",
    "region": "europe-west1",
    "services": {"sweep": "barq-sweep", "on_alert": "barq-on-alert"},
}


@functools.cache
def service_plan(*, database: bool = True) -> Plan:
    """A service of the worked example, watched; `database`: whether it has one."""
    given = SERVICE if database else {**SERVICE, "database": None}
    return plan(TERRAFORM / "modules/monitoring", given)


@functools.cache
def own_plan() -> Plan:
    return plan(TERRAFORM / "modules/own_alerts", BARQ)


def policies(planned: Plan) -> dict[str, Mapping[str, Any]]:
    """Alert policies by what they signal."""
    found = [one.values for one in planned.of("google_monitoring_alert_policy")]
    return {values["user_labels"]["signal"]: values for values in found}


def board(planned: Plan, name: str) -> dict[str, Any]:
    """The JSON of a dashboard."""
    document: dict[str, Any] = json.loads(
        planned[f"google_monitoring_dashboard.{name}"]["dashboard_json"]
    )
    return document


def tiles(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document["mosaicLayout"]["tiles"]
    return found


def below(value: Any, key: str) -> Iterator[Any]:
    """Every value of this key, however deep."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from below(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from below(inner, key)
