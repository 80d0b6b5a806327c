"""All emulated services, wired together: a whole cloud in one object, without a socket.

The simulation uses it directly, in virtual time; `running.py` puts real sockets and processes
around it. It knows nothing of what is installed in it.
"""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.build import rest as build_rest
from local_cloud.build.documents import AGENT as BUILD_AGENT
from local_cloud.build.model import BuildSettings, CloudBuildModel
from local_cloud.eventarc.model import EventarcModel
from local_cloud.identity.tokens import LocalTokens
from local_cloud.kit.audit import Audit
from local_cloud.kit.grpc_door import Method
from local_cloud.kit.http import Router, Sender
from local_cloud.kit.scheduler import Scheduler
from local_cloud.logging import door as logging_door
from local_cloud.logging.model import LoggingModel, LoggingSettings
from local_cloud.monitoring import alert_door
from local_cloud.monitoring import door as monitoring_door
from local_cloud.monitoring.alerts import AlertPolicies, AlertSettings
from local_cloud.monitoring.log_metrics import LogMetrics
from local_cloud.monitoring.model import MonitoringModel, MonitoringSettings
from local_cloud.pubsub import methods as pubsub_methods
from local_cloud.pubsub import rest as pubsub_rest
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.values import Message, PubSubSettings, RetryPolicy
from local_cloud.registry import api as registry_api
from local_cloud.registry.images import Images
from local_cloud.run.model import RunModel
from local_cloud.run.platform import Instances
from local_cloud.run.secret_variables import Wanted
from local_cloud.run.settings import RunSettings
from local_cloud.run.v1 import v1_router
from local_cloud.run.v2 import v2_router
from local_cloud.scheduler import rest as scheduler_rest
from local_cloud.scheduler.model import CloudSchedulerModel
from local_cloud.scheduler.values import SchedulerSettings
from local_cloud.secrets import rest as secrets_rest
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.workflows.service import grpc_door as workflows_grpc
from local_cloud.workflows.service import rest as workflows_rest
from local_cloud.workflows.service.model import WorkflowsModel, WorkflowsSettings


@dataclass(frozen=True, slots=True)
class CloudSettings:
    """Each service's own settings; the defaults are reality's."""

    run: RunSettings = field(default_factory=RunSettings)
    monitoring: MonitoringSettings = field(default_factory=MonitoringSettings)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    logging: LoggingSettings = field(default_factory=LoggingSettings)
    pubsub: PubSubSettings = field(default_factory=PubSubSettings)
    workflows: WorkflowsSettings = field(default_factory=WorkflowsSettings)
    eventarc_retry: RetryPolicy = field(default_factory=RetryPolicy)
    jobs: SchedulerSettings = field(default_factory=SchedulerSettings)
    builds: BuildSettings = field(default_factory=BuildSettings)


class LocalCloud:
    """Every emulated service. All of it lives on one thread."""

    def __init__(
        self,
        scheduler: Scheduler,
        sender: Sender,
        tokens: LocalTokens,
        instances: Instances,
        rng: random.Random,
        *,
        settings: CloudSettings | None = None,
        image_store: Path | None = None,
    ) -> None:
        chosen = settings or CloudSettings()
        self.scheduler = scheduler
        self.tokens = tokens
        self.audit = Audit(scheduler)
        self.images = Images(image_store)
        self.secrets = SecretManagerModel(scheduler, self.audit)
        self.run = RunModel(
            scheduler,
            self.audit,
            self.images,
            instances,
            _fork(rng),
            chosen.run,
            read_secret=self.read_secret,
        )
        self.monitoring = MonitoringModel(scheduler, self.audit, chosen.monitoring)
        self.logging = LoggingModel(scheduler, self.audit, chosen.logging)
        self.pubsub = PubSubModel(scheduler, sender, tokens, self.audit, _fork(rng), chosen.pubsub)
        self.alerts = AlertPolicies(
            scheduler, self.monitoring, self._notify, _fork(rng), chosen.alerts
        )
        self.workflows = WorkflowsModel(
            scheduler, sender, tokens, self.audit, _fork(rng), chosen.workflows
        )
        self.eventarc = EventarcModel(
            self.pubsub, self._start, self.audit, _fork(rng), chosen.eventarc_retry
        )
        self.jobs = CloudSchedulerModel(
            scheduler, sender, tokens, self.audit, _fork(rng), chosen.jobs
        )
        self.builds = CloudBuildModel(
            scheduler, self.images, self.publish_build, self.audit, _aside(rng), chosen.builds
        )
        self.run.on_request.append(self.monitoring.record)
        self.run.on_request.append(self.logging.record)
        self.workflows.on_log.append(self.logging.write)
        self.log_metrics = LogMetrics(self.monitoring)
        self.logging.on_entry += [self.log_metrics.note, self.alerts.note]
        self.run.on_open.append(self.monitoring.note_open)

    def router(self, *, workflows: bool = True) -> Router:
        """Return every REST API. Their paths do not overlap, so one port serves them all.

        Without `workflows`: an engine outside of this process serves those.
        """
        router = Router()
        for part in (
            v1_router(self.run),
            v2_router(self.run),
            logging_door.router(self.logging),
            pubsub_rest.router(self.pubsub),
            registry_api.router(self.images, self.audit),
            scheduler_rest.router(self.jobs),
            build_rest.router(self.builds),
            secrets_rest.router(self.secrets),
        ):
            router.include(part)
        if workflows:
            router.include(workflows_rest.router(self.workflows))
        return router

    def grpc_services(self, *, workflows: bool = True) -> list[tuple[str, tuple[Method, ...]]]:
        """Return every gRPC service by its full name; see `router` for `workflows`."""
        services = [
            ("google.monitoring.v3.MetricService", tuple(monitoring_door.methods(self.monitoring))),
            (alert_door.SERVICE, alert_door.methods(self.alerts, self.audit)),
        ]
        for name, methods in pubsub_methods.methods(self.pubsub).items():
            services.append((name, tuple(methods)))
        if workflows:
            for name, listed in workflows_grpc.methods(self.workflows).items():
                services.append((name, tuple(listed)))
        return services

    def read_secret(self, wanted: Wanted) -> bytes:
        """Return a secret's content for a revision, as its service account. Raises Refused."""
        name = f"projects/{wanted.project}/secrets/{wanted.secret}"
        return self.secrets.access(name, wanted.version, caller=wanted.account)[1].data

    def publish_build(self, topic: str, message: Message) -> None:
        """Publish a build's message as Cloud Build does."""
        self.pubsub.publish(topic, [message], caller=BUILD_AGENT)

    def _notify(self, topic: str, document: Mapping[str, Any]) -> None:
        agent = "service-1@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
        self.pubsub.publish(topic, [Message(json.dumps(document).encode())], caller=agent)

    def _start(self, workflow: str, event: dict[str, Any], account: str) -> None:
        self.workflows.trigger_pubsub_execution(workflow, event, caller=account)


def google_hosts(url: str) -> dict[str, str]:
    """Return where Google's hosts are in a cloud whose REST APIs are at `url`.

    Of each host, the APIs that are emulated over REST; `{location}` is that of a regional host.
    Monitoring is not among them: its local door speaks gRPC only.
    """
    names = (
        *("cloudbuild", "cloudscheduler", "logging", "pubsub", "run", "secretmanager"),
        *("workflowexecutions", "workflows"),
    )
    regional = {"{location}-run.googleapis.com": f"{url}/regions/{{location}}"}
    return {f"{name}.googleapis.com": url for name in names} | regional


def _fork(rng: random.Random) -> random.Random:
    """Return a generator of its own, so that one service's draws do not move another's."""
    return random.Random(rng.getrandbits(64))


def _aside(rng: random.Random) -> random.Random:
    """Return the same without a draw: what was recorded with a seed still replays."""
    same = random.Random()
    same.setstate(rng.getstate())
    return _fork(same)
