"""Everything that `up` brings up, as one `with`: the cloud, Barq in it, the door, the exports."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from local_cloud.build.model import BuildSettings
from local_cloud.builds import LocalBuilds
from local_cloud.cloud import CloudSettings
from local_cloud.fronts.rest import RestFront
from local_cloud.installing import Installed, Installer, Place, Variables
from local_cloud.kit.audit import DEVELOPER
from local_cloud.kit.http import Router
from local_cloud.monitoring.alerts import AlertSettings
from local_cloud.monitoring.model import DEMO
from local_cloud.pubsub.values import RetryPolicy
from local_cloud.run.proxy import any_port
from local_cloud.run.resources import ServiceKey
from local_cloud.running import Ports, RunningCloud, RunningSettings, running
from local_cloud.up import addresses, alerting, delivery, exports
from local_cloud.up.database import UpDatabase
from local_cloud.up.door import LocalDoor
from local_cloud.up.env_file import write
from local_cloud.up.settings import ROOT, UpSettings
from local_cloud.workflows.service.settings import WorkflowsSettings

PROJECT: Final = "barq-delivery"
"""Where Barq itself is installed; the targets' projects stand in the delivery file."""
_CHANNELS: Final = ("SLACK_", "WEBHOOK_", "PAGERDUTY_", "SMTP_URL")
"""How the variables begin that `notify` is given of the developer's."""
_ALIGNMENT_SECONDS: Final = 5
_REAL_ALIGNMENT_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Up:
    """What is up."""

    running: RunningCloud
    installed: Installed
    targets: tuple[delivery.Target, ...]
    database: UpDatabase


@contextlib.asynccontextmanager
async def bring_up(settings: UpSettings) -> AsyncIterator[Up]:
    """Bring everything up; at the end nothing of it is left but logs.

    The delivery file must have been checked. Raises PortBusy, StoreUnusable, NotInstalledError.
    """
    targets = delivery.targets(settings.delivery)
    place = Place(
        PROJECT,
        targets[0].key.region,
        ROOT / "functions",
        ROOT / "workflows" / "rollout.yaml",
        settings.delivery,
    )
    folder = settings.folder.resolve() / "cloud"
    # Logs and images of the run before would be taken for this one's.
    shutil.rmtree(folder, ignore_errors=True)
    env_file = settings.folder / "env"
    env_file.unlink(missing_ok=True)
    router, package = Router(), ROOT / "health_service"
    database = UpDatabase(folder / "database", package)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(database.close)
        cloud = await stack.enter_async_context(running(folder, running_settings(settings)))
        local = RestFront(router, cloud.tokens, port=settings.local_port)
        stack.push_async_callback(local.close)
        await local.start()
        variables = database.plan(targets, cloud.cloud.secrets)
        starting = asyncio.create_task(database.start())
        stack.callback(starting.cancel)
        installed = await _install(cloud, place, variables)
        await starting
        cloud.go_on()
        topics = installed.topics
        alignment = _REAL_ALIGNMENT_SECONDS if settings.real_time else _ALIGNMENT_SECONDS
        alerting.create_policies(
            cloud.cloud.alerts, targets, topics["alerts"], alignment_seconds=alignment
        )
        builds = LocalBuilds(cloud.cloud, topics["builds"], package, folder / "build")
        router.include(LocalDoor(cloud, builds, targets, database).router())
        stack.callback(env_file.unlink, missing_ok=True)
        write(env_file, exports.exports(cloud, installed, targets, local.url))
        yield Up(cloud, installed, targets, database)


def running_settings(settings: UpSettings) -> RunningSettings:
    """Return the cloud's settings: the demo's pace, or with `real_time` reality's."""
    ports = Ports(settings.rest_port, settings.grpc_port, settings.pubsub_port)
    first = settings.services_port
    port_for = addresses.FixedPorts(first) if first else any_port
    apart = settings.workflows_apart
    store = settings.workflows_store
    workflows = WorkflowsSettings(store_path=None if store is None else str(store.resolve()))
    cloud = CloudSettings(workflows=workflows)
    if not settings.real_time:
        cloud = replace(
            cloud,
            monitoring=DEMO,
            alerts=AlertSettings(evaluation_seconds=1.0),
            eventarc_retry=RetryPolicy(1, 10),
            builds=BuildSettings(queued_seconds=1.0, works_seconds=3.0),
        )
    return RunningSettings(cloud, ports=ports, port_for=port_for, workflows_apart=apart)


async def _install(
    cloud: RunningCloud, place: Place, variables: Mapping[ServiceKey, Variables]
) -> Installed:
    channels = {name: told for name, told in os.environ.items() if name.startswith(_CHANNELS)}
    installer = Installer(cloud, place, channels=channels, people=[DEVELOPER])
    await installer.create_targets(variables)
    return await installer.install()
