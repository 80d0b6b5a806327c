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
from gcp.decision_log import LoggedDecisions
from gcp.environment import Environment
from gcp.events_rest import RestEvents
from gcp.ports import (
    Channels,
    Clock,
    Decisions,
    Events,
    Executions,
    Metrics,
    Prober,
    Registry,
    RequestLog,
    Revisions,
    Services,
    Waker,
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


class CloudWorld:
    """`lean` keeps every gapic client out: the rollback path starts cold in a bad moment.

    Parts that need a client library import it when they are made, so that plan never pays for
    what check_metrics needs.
    """

    def __init__(
        self, variables: Mapping[str, str], delivery_file: Path, *, lean: bool = False
    ) -> None:
        self._environment = Environment(variables)
        self._delivery_file = delivery_file
        self._lean = lean
        self._session = Session()
        self.clock: Clock = SystemClock()

    @functools.cached_property
    def delivery(self) -> Delivery:
        return load_delivery(self._delivery_file)

    @functools.cached_property
    def services(self) -> Services:
        return RunServices(self._session, self._environment.one("RUN_ENDPOINT"))

    @functools.cached_property
    def revisions(self) -> Revisions:
        from gcp.run_revisions import RunRevisions

        v2, v1 = self._environment.need("RUN_V2_ENDPOINT", "RUN_ENDPOINT")
        return RunRevisions(self._session, v2, v1)

    @functools.cached_property
    def registry(self) -> Registry:
        from gcp.registry import ImageRegistry

        return ImageRegistry(self._session, self._environment.one("REGISTRY_ENDPOINT"))

    @functools.cached_property
    def prober(self) -> Prober:
        from gcp.probe import HttpProber, IdTokens

        return HttpProber(IdTokens().token, time.monotonic)

    @functools.cached_property
    def metrics(self) -> Metrics:
        from gcp.metrics import CloudMetrics, client_at

        return CloudMetrics(client_at(self._environment.one("MONITORING_ENDPOINT")))

    @functools.cached_property
    def request_log(self) -> RequestLog:
        return RestRequestLog(self._session, self._environment.one("LOGGING_ENDPOINT"))

    @functools.cached_property
    def decisions(self) -> Decisions:
        endpoint, project = self._environment.need("LOGGING_ENDPOINT", "LOG_PROJECT")
        return LoggedDecisions(self._session, endpoint, project)

    @functools.cached_property
    def events(self) -> Events:
        endpoint, topic = self._environment.need("PUBSUB_ENDPOINT", "EVENTS_TOPIC")
        if self._lean:
            return RestEvents(self._session, endpoint, topic)
        from gcp.events import PubsubEvents

        return PubsubEvents(endpoint, topic)

    @functools.cached_property
    def executions(self) -> Executions:
        from gcp.executions import WorkflowExecutions

        return WorkflowExecutions(self._environment.one("WORKFLOW_EXECUTIONS_ENDPOINT"))

    @functools.cached_property
    def waker(self) -> Waker:
        return CallbackWaker(self._session, self._environment.one("CALLBACKS_ENDPOINT"))

    @functools.cached_property
    def channels(self) -> Channels:
        from gcp.channels import Senders

        return Senders(self._environment)


def environment() -> Environment:
    """Return this process's settings, for an entry point that needs one by itself."""
    return Environment(os.environ)


@functools.cache
def world() -> World:
    """Return this process's world."""
    return CloudWorld(os.environ, DELIVERY_FILE)


@functools.cache
def lean_world() -> World:
    """Return this process's world without any gapic client."""
    return CloudWorld(os.environ, DELIVERY_FILE, lean=True)
