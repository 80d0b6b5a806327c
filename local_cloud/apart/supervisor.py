"""Keeps a workflow engine running as a process of its own, and starts it again when it dies."""

import asyncio
import contextlib
import secrets
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from local_cloud.apart import lines
from local_cloud.fronts.environment import clean_environment
from local_cloud.fronts.wire import port_of, reserve
from local_cloud.identity.authority import ServerIdentity
from local_cloud.identity.signers import RsaSigner
from local_cloud.identity.tokens import Issued, LocalTokens
from local_cloud.kit.errors import Refused
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.store import StoreUnusable

_HOST: Final = "127.0.0.1"
_PACKAGES: Final = Path(__file__).parents[2]
_AGAIN_SECONDS: Final = 0.2
_GRACE_SECONDS: Final = 5.0
_FAILURES_MAX: Final = 3
_OWN_HOSTS: Final = ("workflows.googleapis.com", "workflowexecutions.googleapis.com")
Tell = Callable[[str, Any], None]
"""Gets each `call`, `log` and `state` of the engine."""


class WorkflowsApart:
    """The engine's process. Its addresses stay the same from start to start.

    What is deployed is deployed again at each start, before anyone can ask; executions are gone,
    unless the settings have a store. `start` before the first deployment, `go_on` when those whom
    workflows call are there, `close` at the end.
    """

    def __init__(
        self,
        folder: Path,
        tokens: LocalTokens,
        signer: RsaSigner,
        tls: ServerIdentity,
        settings: WorkflowsSettings,
        tell: Tell,
    ) -> None:
        self._folder = folder
        self.log_path = folder / "logs" / "workflows.log"
        self._tokens = tokens
        self._tell = tell
        self._reserved: list[socket.socket] = [reserve(_HOST), reserve(_HOST)]
        rest, grpc = (port_of(one) for one in self._reserved)
        self.url = f"http://{_HOST}:{rest}"
        """Of the REST APIs and of callbacks, without a slash at its end."""
        self.endpoint = f"localhost:{grpc}"
        self._identity = lines.Identity(
            rest_port=rest,
            grpc_port=grpc,
            signing_key=signer.pem(),
            tls_key=tls.key,
            tls_chain=tls.chain,
            seed="",
            settings=replace(
                settings,
                callback_base_url=self.url,
                endpoints={**settings.endpoints, **dict.fromkeys(_OWN_HOSTS, self.url)},
            ),
        )
        self._deployments: dict[str, lines.Deployment] = {}
        self._asked: dict[str, asyncio.Future[None]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._failures = 0
        """How many engines in a row ended before they listened."""
        self._going_on = False
        self._unusable: StoreUnusable | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.starts = 0
        """How many engines listened so far."""

    @property
    def pid(self) -> int | None:
        """The process that runs now; None between two."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    @property
    def ready(self) -> bool:
        """Whether an engine listens."""
        return self._ready.is_set()

    async def start(self) -> None:
        """Begin. The engine listens a moment later."""
        self._tokens.on_issued.append(self._issued)
        self._keeping = asyncio.create_task(self._keep())

    async def deploy(self, deployment: lines.Deployment) -> None:
        """Create or update a workflow, now and at each start.

        Raises Refused with its errors, and StoreUnusable.
        """
        before = self._deployments.get(deployment.name)
        self._deployments[deployment.name] = deployment
        answer = self._asked[deployment.name] = asyncio.get_running_loop().create_future()
        self._say("deploy", deployment)
        try:
            await answer
            await self._ready.wait()
        except (Refused, StoreUnusable):
            del self._deployments[deployment.name]
            if before is not None:
                self._deployments[deployment.name] = before
            raise

    def go_on(self) -> None:
        """Let executions of the store go on, now and after each start."""
        self._going_on = True
        self._say("go on", None)

    async def close(self) -> None:
        """End the engine, politely and then not. Safe to repeat."""
        if self._issued in self._tokens.on_issued:
            self._tokens.on_issued.remove(self._issued)
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        for one in self._reserved:
            one.close()

    async def _keep(self) -> None:
        while True:
            await self._run()
            self._failures += not self._ready.is_set()
            self._ready.clear()
            if self._failures >= _FAILURES_MAX or self._unusable:
                self._give_up()
            await asyncio.sleep(_AGAIN_SECONDS)

    def _give_up(self) -> None:
        """Tell who waits for a deployment, instead of letting them wait for ever."""
        text = f"the workflow engine does not start; {self.log_path} tells why"
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(self._unusable or Refused("INTERNAL", text))

    async def _run(self) -> None:
        """Run one engine to its end."""
        process = await self._spawn()
        try:
            self._process = process
            self._say("identity", replace(self._identity, seed=secrets.token_hex(16)))
            for known in self._tokens.known():
                self._issued(known)
            for deployment in self._deployments.values():
                self._say("deploy", deployment)
            self._say("serve", None)
            if self._going_on:
                self._say("go on", None)
            assert process.stdout is not None
            with contextlib.suppress(ConnectionError):
                while text := await process.stdout.readline():
                    self._hear(*lines.read(text))
            await process.wait()
        finally:
            await _ended(process)

    async def _spawn(self) -> asyncio.subprocess.Process:
        home = self._folder / "home" / "workflows"
        home.mkdir(parents=True, exist_ok=True)
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as errors:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local_cloud.apart.engine",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                cwd=home,
                env=clean_environment({"PYTHONPATH": str(_PACKAGES)}, home=home),
                limit=lines.LINE_BYTES_MAX,
                # Ctrl-C is for the local cloud, which ends the engine in its own time.
                start_new_session=True,
            )

    def _hear(self, kind: str, value: Any) -> None:
        if kind == "ready":
            self.starts, self._failures = self.starts + 1, 0
            self._ready.set()
            self._unusable = None
        elif kind == "unusable":
            self._unusable = StoreUnusable(*value)
        elif kind == "issued":
            self._tokens.learn(lines.issued(value))
        elif kind in ("deployed", "refused"):
            answer = self._asked.get(value[0])
            if answer is not None and not answer.done():
                if kind == "refused":
                    answer.set_exception(Refused("INVALID_ARGUMENT", value[1]))
                else:
                    answer.set_result(None)
        else:
            self._tell(kind, value)

    def _issued(self, issued: Issued) -> None:
        self._say("issued", issued)

    def _say(self, kind: str, value: Any) -> None:
        """Tell the engine that runs; the next one is told everything anyway."""
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        process.stdin.write(lines.line(kind, value).encode() + b"\n")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for a process that may have ended, and end it if it does not."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_GRACE_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()
