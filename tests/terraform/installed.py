"""The installer of the local cloud at work, in process, and how what it made is wired.

It is the installer that `make up` runs. Around it the models alone, in virtual time: no socket, no
process.
"""

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gcp.environment import SETTINGS
from local_cloud.apart.lines import Deployment
from local_cloud.cloud import LocalCloud
from local_cloud.eventarc.values import MESSAGE_PUBLISHED, ToWorkflow
from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.identity.tokens import simple_tokens
from local_cloud.installing import Installed, Installer, Place
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.values import Subscription
from local_cloud.run.resources import Service
from local_cloud.run.virtual import VirtualInstances
from tests.terraform.wiring import Facts, Wiring, endpoint, in_words, of_folder, sha256, short

GOOGLES: Final = {
    **{name: one.example for name, one in SETTINGS.items() if name.endswith("_ENDPOINT")},
    # A workflow's, not a function's: functions/installation.yaml.
    "CLOUD_BUILD_ENDPOINT": "https://cloudbuild.googleapis.com",
}
"""Where Google's APIs are, as the functions' own table of settings has it."""
LOCAL: Final = {name: f"the local {name}" for name in GOOGLES}
"""One word for each, so that which is which can be told."""
_MEANS: Final = {LOCAL[name]: value for name, value in GOOGLES.items()}


class Ground:
    """What an installer asks of a running cloud, with nothing running."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scheduler = VirtualScheduler(datetime(2026, 11, 23, tzinfo=UTC))
        self.cloud = LocalCloud(
            self.scheduler,
            VirtualSender(self.scheduler, {}, lambda: 0.0),
            simple_tokens(self.scheduler),
            VirtualInstances(self.scheduler),
            random.Random(7),
        )
        self.deployments: list[Deployment] = []

    def endpoints(self) -> Mapping[str, str]:
        return LOCAL

    async def deploy_workflow(self, asked: Deployment) -> None:
        self.deployments.append(asked)

    async def settle(self) -> None:
        """Let the functions get ready while the installer waits for them."""
        while True:
            self.scheduler.run_for(1)
            await asyncio.sleep(0)


class LocalWiring:
    """Installs, once, and reads."""

    def __init__(self, ground: Ground, place: Place, channels: Mapping[str, str]) -> None:
        self.ground = ground
        self.place = place
        running: Any = ground  # It stands in for a RunningCloud, of which it has what is used.
        pagerduty = {name: LOCAL[name] for name in ["PAGERDUTY_ENDPOINT"]}
        self.installer = Installer(running, place, channels={**channels, **pagerduty})
        self._channels = channels

    def install(self) -> Wiring:
        return asyncio.run(self._install())

    async def _install(self) -> Wiring:
        settling = asyncio.create_task(self.ground.settle())
        installed = await self.installer.install()
        settling.cancel()
        return self.read(installed)

    def read(self, installed: Installed) -> Wiring:
        cloud, project, region = self.ground.cloud, self.place.project, self.place.region
        urls = {url: name for name, url in installed.urls.items()}
        parent = f"projects/{project}/locations/{region}"
        return Wiring(
            functions=dict(self._function(one) for one in cloud.run.services(project)),
            topics={
                short(topic.name): {} for topic in cloud.pubsub.list_topics(f"projects/{project}")
            },
            subscriptions={
                short(one.name): _subscription(one, urls)
                for one in cloud.pubsub.list_subscriptions(f"projects/{project}")
                # Eventarc makes one of its own for each trigger, in Google Cloud as here.
                if not short(one.name).startswith("eventarc-")
            },
            workflows={
                one.workflow: {
                    "source": sha256(one.source),
                    "account": short(one.service_account),
                    "env": in_words(_googles(one.env), urls),
                }
                for one in self.ground.deployments
            },
            triggers=dict(_trigger(one) for one in cloud.eventarc.list_triggers(parent)),
            jobs=dict(_job(one, urls) for one in cloud.jobs.list(parent)),
            files=of_folder(self.ground.folder / "archive"),
        )

    def _function(self, service: Service) -> tuple[str, Facts]:
        revision = self.ground.cloud.run.revisions(service.key)[0]
        container = revision.ingress_container
        starts = revision.images[container.name].env
        secrets = sorted(name for name in container.env if name in self._channels)
        facts: Facts = {
            "service": service.key.name,
            "source": starts["FUNCTION_SOURCE"],
            "account": short(revision.service_account),
            "variables": {
                name: value
                for name, value in _googles(container.env).items()
                if name not in secrets
            },
            "secrets": secrets,
            "timeout_seconds": revision.timeout_seconds,
            "concurrency": revision.template["spec"]["containerConcurrency"],
            "invokers": sorted(
                short(member.removeprefix("serviceAccount:"))
                for member in service.invokers
                if member.startswith("serviceAccount:")
            ),
        }
        return starts["FUNCTION_TARGET"], facts


def _googles(variables: Mapping[str, str]) -> dict[str, str]:
    """What the same variables are in Google Cloud: only endpoints have another value."""
    return {name: _MEANS.get(value, value) for name, value in variables.items()}


def _subscription(one: Subscription, urls: Mapping[str, str]) -> Facts:
    facts: Facts = {
        "topic": short(one.topic),
        "ack_deadline_seconds": one.ack_deadline_seconds,
        "ordered": one.ordered,
        "filter": one.filter,
        "expires": one.expiration_ttl_seconds is not None,
    }
    if one.push:
        facts["push"] = {
            **endpoint(one.push.endpoint, urls),
            "account": short(one.push.service_account_email),
            "audience": urls.get(one.push.audience, one.push.audience),
            "wrapped": one.push.wrapped,
        }
    if one.retry:
        bounds = (one.retry.minimum_backoff_seconds, one.retry.maximum_backoff_seconds)
        facts["retry_seconds"] = [float(bound) for bound in bounds]
    if one.dead_letter:
        facts["dead_letter"] = short(one.dead_letter.topic)
        facts["attempts_max"] = one.dead_letter.max_delivery_attempts
    return facts


def _trigger(live: Any) -> tuple[str, Facts]:
    trigger = live.trigger
    assert isinstance(trigger.destination, ToWorkflow)
    return short(trigger.name), {
        "topic": short(trigger.topic),
        "workflow": short(trigger.destination.workflow),
        "account": short(trigger.service_account),
        "events": [f"type={MESSAGE_PUBLISHED}"],
    }


def _job(live: Any, urls: Mapping[str, str]) -> tuple[str, Facts]:
    job = live.job
    return short(job.name), {
        "schedule": job.schedule,
        "time_zone": job.time_zone,
        "attempt_seconds_max": float(job.attempt_seconds_max),
        "retries": job.retry.count,
        "method": job.target.method,
        **endpoint(job.target.uri, urls),
        "account": short(job.target.oidc.service_account),
        "audience": urls.get(job.target.oidc.audience, job.target.oidc.audience),
    }
