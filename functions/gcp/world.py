"""The real world, each part made when it is first asked for: a function pays for what it uses."""

import functools
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import yaml

from gcp.callbacks import CallbackWaker
from gcp.clock import SystemClock
from gcp.environment import Environment
from gcp.events_rest import RestEvents
from gcp.ports import (
    Clock,
    Events,
    Executions,
    Metrics,
    Prober,
    Registry,
    RequestLog,
    Revisions,
    Services,
    Waker,
    Webhooks,
    World,
)
from gcp.request_log import RestRequestLog
from gcp.run_services import RunServices
from gcp.session import Session
from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadSettings
from rollouts.policy import Delivery

DELIVERY_FILE: Final = Path(__file__).parent.parent / "delivery.yaml"
"""Lies beside the functions in their source archive."""


def load_delivery(path: Path) -> Delivery:
    """Read delivery.yaml. Raises BadSettings."""
    try:
        document = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        where = str(error).replace("\n", " ")[:200]
        raise BadSettings(
            f"delivery.yaml cannot be read ({where}): must be a YAML file beside the functions,"
            " such as the one at the top of the repository."
        ) from error
    return parse_delivery(document)
