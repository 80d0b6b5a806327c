"""The workflow engine as a process of its own: `python -m local_cloud.apart.engine`.

Serves Workflows, Executions and callbacks on two ports, over REST and gRPC. Without a store it
keeps executions in memory: whoever kills it ends them, and the next one answers NOT_FOUND for them.
With one they go on in the next. It ends when its standard input does, so that it outlives nobody.
"""

import asyncio
import random
import secrets
import sys
from typing import Any

from local_cloud.apart import lines
from local_cloud.fronts.grpc_front import GrpcFront
from local_cloud.fronts.rest import RestFront
from local_cloud.fronts.sender import AiohttpSender
from local_cloud.identity.authority import ServerIdentity
from local_cloud.identity.signers import RsaSigner
from local_cloud.identity.tokens import LocalTokens
from local_cloud.kit.audit import DEVELOPER, Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.service import grpc_door, rest
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.store import StoreUnusable


class EngineTokens(LocalTokens):
    """Takes an ID token for this engine too: Eventarc's push proves itself by one."""

    audience = ""

    def caller(self, authorization: str | None) -> str | None:
        try:
            return super().caller(authorization)
        except Refused:
            try:
                return self.invoker(authorization, (self.audience,))
            except Refused:
                pass
            raise


class ToldAudit(Audit):
    """Tells the local cloud of each call, which keeps one list of all."""

    def note(self, caller: str | None, method: str, resource: str) -> None:
        tell("call", [caller or DEVELOPER, method, resource])


class Engine:
    """Made on its loop. Raises StoreUnusable."""

    def __init__(self, told: lines.Identity) -> None:
        loop = asyncio.get_running_loop()
        scheduler = LoopScheduler(loop)
        self._sender = AiohttpSender(loop)
        signer = RsaSigner.from_pem(told.signing_key)
        # The secret is this engine's own: its tokens are no others.
        self._tokens = EngineTokens(scheduler, secrets.token_bytes(32), signer)
        self._tokens.audience = told.settings.callback_base_url
        # What a workflow proves itself with to the other services must be known there.
        self._tokens.on_issued.append(lambda issued: tell("issued", issued))
        self._model = WorkflowsModel(
            scheduler,
            self._sender,
            self._tokens,
            ToldAudit(scheduler),
            random.Random(told.seed),
            told.settings,
        )
        self._model.on_log.append(lambda entry: tell("log", entry))
        self._model.on_state_change.append(lambda execution: tell("state", execution))
        self._rest = RestFront(
            rest.router(self._model), self._tokens, port=told.rest_port, shared=True
        )
        self._grpc = GrpcFront(
            [(name, tuple(listed)) for name, listed in grpc_door.methods(self._model).items()],
            self._tokens,
            credentials=ServerIdentity(told.tls_key, told.tls_chain).grpc_credentials(),
            port=told.grpc_port,
            shared=True,
        )

    async def start(self) -> None:
        await self._rest.start()
        await self._grpc.start()

    def hear(self, kind: str, value: Any) -> None:
        """Take one line of the local cloud's."""
        if kind == "issued":
            self._tokens.learn(lines.issued(value))
        elif kind == "deploy":
            self._deploy(lines.Deployment(**value))
        elif kind == "go on":
            self._model.go_on()

    async def close(self) -> None:
        await self._sender.close()
        await self._rest.close()
        await self._grpc.close()
        self._model.close()

    def _deploy(self, asked: lines.Deployment) -> None:
        try:
            self._model.deploy(
                asked.project,
                asked.location,
                asked.workflow,
                asked.source,
                service_account=asked.service_account,
                env=asked.env,
            )
        except Refused as refusal:
            tell("refused", [asked.name, refusal.message])
        else:
            tell("deployed", [asked.name])


def tell(kind: str, value: Any) -> None:
    sys.stdout.write(lines.line(kind, value) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Serve until the standard input ends."""
    reader = asyncio.StreamReader(limit=lines.LINE_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    _, told = lines.read(await reader.readline())
    try:
        engine = Engine(lines.identity(told))
    except StoreUnusable as unusable:
        tell("unusable", [unusable.what, unusable.hint])
        return
    try:
        # Deployed before anyone can ask: what stands in the pipe already was said before the start.
        listening = False
        while text := await reader.readline():
            kind, value = lines.read(text)
            if kind != "serve":
                engine.hear(kind, value)
            elif not listening:
                await engine.start()
                listening = True
                tell("ready", None)
    finally:
        await engine.close()


if __name__ == "__main__":
    asyncio.run(main())
