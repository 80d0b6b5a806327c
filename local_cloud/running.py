"""A local cloud with real sockets and real processes, on one asyncio loop. Loopback only."""

import asyncio
import contextlib
import os
import random
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local_cloud.apart import lines
from local_cloud.apart.supervisor import WorkflowsApart
from local_cloud.cloud import CloudSettings, LocalCloud, google_hosts
from local_cloud.fronts.grpc_front import GrpcFront
from local_cloud.fronts.metadata_servers import MetadataServers
from local_cloud.fronts.rest import RestFront
from local_cloud.fronts.sender import AiohttpSender
from local_cloud.identity.authority import Authority
from local_cloud.identity.signers import RsaSigner
from local_cloud.identity.tokens import LocalTokens
from local_cloud.kit.http import Router
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.logging.output import Writer, output_entry
from local_cloud.run.processes import ProcessInstances, ProcessSettings
from local_cloud.run.proxy import PortFor, Proxy, any_port
from local_cloud.run.resources import Revision
from local_cloud.run.secret_variables import Wanted


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports to listen on; 0 is any free one."""

    rest: int = 0
    grpc: int = 0
    pubsub: int = 0


@dataclass(frozen=True, slots=True)
class RunningSettings:
    cloud: CloudSettings = field(default_factory=CloudSettings)
    processes: ProcessSettings = field(default_factory=ProcessSettings)
    ports: Ports = field(default_factory=Ports)
    region: str = "europe-west1"
    port_for: PortFor = any_port
    """Port of each service and tag that the proxy serves; 0 is any free one."""
    seed: int | None = None
    """None draws one: which request goes to which revision is chance, as in reality."""
    workflows_apart: bool = False
    """Whether the workflow engine is a process of its own, which can be killed alone."""


class RunningCloud:
    """The models, and what stands around them. Made by `running`."""

    def __init__(self, folder: Path, settings: RunningSettings) -> None:
        """Open what needs no waiting. Must be called on the loop that it will live on."""
        loop = asyncio.get_running_loop()
        self.settings = settings
        self.folder = folder
        scheduler = LoopScheduler(loop)
        self._signer = RsaSigner()
        self.tokens = LocalTokens(scheduler, secrets.token_bytes(32), self._signer)
        self.sender = AiohttpSender(loop)
        authority = Authority(folder / "tls")
        self.metadata = MetadataServers(
            self.tokens,
            lambda email: email.partition("@")[2].partition(".")[0],
            roots_path=authority.roots_path,
            config_folder=folder / "empty",
            region=settings.region,
        )
        self.instances = ProcessInstances(
            folder,
            settings=settings.processes,
            environment_for=self._environment_for,
            read_secret=self._read_secret,
        )
        # Callbacks are URLs that the workflow hands out, so the REST port is fixed first.
        self._router = Router()
        self.rest = RestFront(self._router, self.tokens, port=settings.ports.rest)
        self._authority = authority
        self._seed = secrets.randbits(64) if settings.seed is None else settings.seed
        self._scheduler = scheduler
        self.cloud: LocalCloud
        self.proxy: Proxy
        self.grpc: GrpcFront
        self.pubsub_front: GrpcFront
        self.workflows: WorkflowsApart | None = None

    async def start(self) -> None:
        """Listen everywhere. Raises PortBusy and StoreUnusable."""
        await self.rest.start()
        await self.metadata.start()
        self.cloud = LocalCloud(
            self._scheduler,
            self.sender,
            self.tokens,
            self.instances,
            random.Random(self._seed),
            settings=self._settings_here(),
            image_store=self.folder / "images",
        )
        self.instances.on_line.append(self._logged)
        if self.settings.workflows_apart:
            await self._start_workflows()
        self._router.include(self.cloud.router(workflows=self.workflows is None))
        self.proxy = Proxy(
            self.cloud.run, self.instances, self.tokens, port_for=self.settings.port_for
        )
        services = self.cloud.grpc_services(workflows=self.workflows is None)
        self.grpc = GrpcFront(
            services,
            self.tokens,
            credentials=self._authority.grpc_credentials(),
            port=self.settings.ports.grpc,
        )
        await self.grpc.start()
        pubsub = [one for one in services if one[0].startswith("google.pubsub.")]
        self.pubsub_front = GrpcFront(
            pubsub, self.tokens, credentials=None, port=self.settings.ports.pubsub
        )
        await self.pubsub_front.start()

    def go_on(self) -> None:
        """Let executions of the workflows' store go on: those whom they call must be there."""
        if self.workflows:
            self.workflows.go_on()
        else:
            self.cloud.workflows.go_on()

    def endpoints(self) -> Mapping[str, str]:
        """Return what a program sets in its environment to talk to this cloud and no other."""
        return {
            "RUN_ENDPOINT": f"{self.rest.url}/regions/{{region}}",
            "RUN_V2_ENDPOINT": self.rest.url,
            "MONITORING_ENDPOINT": self.grpc.endpoint,
            "LOGGING_ENDPOINT": self.rest.url,
            "PUBSUB_ENDPOINT": self.rest.url,
            "WORKFLOW_EXECUTIONS_ENDPOINT": self.workflows.endpoint
            if self.workflows
            else self.grpc.endpoint,
            "CALLBACKS_ENDPOINT": self.workflows_url,
            "REGISTRY_ENDPOINT": self.rest.url,
            "CLOUD_BUILD_ENDPOINT": self.rest.url,
        }

    @property
    def workflows_url(self) -> str:
        """Where the REST APIs of Workflows and Executions are served, and callbacks."""
        return self.workflows.url if self.workflows else self.rest.url

    async def deploy_workflow(self, asked: lines.Deployment) -> None:
        """Create or update a workflow, wherever the engine is. Raises Refused with its errors."""
        if self.workflows:
            await self.workflows.deploy(asked)
            return
        self.cloud.workflows.deploy(
            asked.project,
            asked.location,
            asked.workflow,
            asked.source,
            service_account=asked.service_account,
            env=asked.env,
        )

    def _settings_here(self) -> CloudSettings:
        """Return what the models in this process go by: an engine apart has the store."""
        settings = with_own_doors(self.settings.cloud, self.rest.url)
        if not self.settings.workflows_apart:
            return settings
        return replace(settings, workflows=replace(settings.workflows, store_path=None))

    async def _start_workflows(self) -> None:
        """Start the engine's process. The model in here only passes on what it notes."""
        self.workflows = WorkflowsApart(
            self.folder,
            self.tokens,
            self._signer,
            self._authority.server_identity(),
            with_own_doors(self.settings.cloud, self.rest.url).workflows,
            self._told_by_workflows,
        )
        self.cloud.eventarc.workflows_url = self.workflows.url
        await self.workflows.start()

    def _told_by_workflows(self, kind: str, value: Any) -> None:
        if kind == "call":
            self.cloud.audit.note(*value)
            return
        model = self.cloud.workflows
        for observer in model.on_log if kind == "log" else model.on_state_change:
            observer(value)

    async def close(self) -> None:
        """Stop every process and socket. Safe to repeat, and after a start that failed."""
        async with contextlib.AsyncExitStack() as stack:
            if hasattr(self, "cloud"):
                stack.callback(self.cloud.workflows.close)
            for name in (
                "sender",
                "workflows",
                "metadata",
                "rest",
                "grpc",
                "pubsub_front",
                "instances",
                "proxy",
            ):
                part = getattr(self, name, None)
                if part is not None:
                    stack.push_async_callback(part.close)

    def _logged(self, revision: Revision, line: str) -> None:
        """Hand a line of a container's output to Logging, as Cloud Run does."""
        key = revision.key
        entry = output_entry(Writer(key.project, key.region, key.name, revision.name), line)
        if entry is not None:
            self.cloud.logging.write(entry)

    def _read_secret(self, wanted: Wanted) -> bytes:
        return self.cloud.read_secret(wanted)

    def _environment_for(self, revision: Revision) -> Mapping[str, str]:
        return {
            **self.metadata.environment_for(revision.service_account),
            "PATH": interpreter_path(),
        }


def with_own_doors(settings: CloudSettings, url: str) -> CloudSettings:
    """Return the settings with which workflows talk to this cloud, and callbacks come back to it.

    Endpoints that are given stay as they are.
    """
    endpoints = {**google_hosts(url), **settings.workflows.endpoints}
    workflows = replace(settings.workflows, callback_base_url=url, endpoints=endpoints)
    return replace(settings, workflows=workflows)


def interpreter_path() -> str:
    """Return a PATH on which `python` is this interpreter: the one "base image" there is."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@contextlib.asynccontextmanager
async def running(
    folder: Path, settings: RunningSettings | None = None
) -> AsyncIterator[RunningCloud]:
    """Run a local cloud inside a `with`; nothing of it is left afterwards."""
    cloud = RunningCloud(folder, settings or RunningSettings())
    try:
        await cloud.start()
        yield cloud
    finally:
        await cloud.close()
