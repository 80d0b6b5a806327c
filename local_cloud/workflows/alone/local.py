"""The emulated Workflows on an asyncio loop, with nothing opened before it is needed.

A workflow that only computes is over before a web server or a cryptography library has been
imported, so both are imported at the first request that needs them.
"""

import asyncio
import random
import secrets
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from local_cloud.kit.audit import Audit
from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound, Router
from local_cloud.kit.scheduler import Scheduler
from local_cloud.workflows.alone.wrong import Wrong
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.service.model import WorkflowsModel
from local_cloud.workflows.service.run import Run
from local_cloud.workflows.service.settings import WorkflowsSettings
from local_cloud.workflows.service.store import StoreUnusable

if TYPE_CHECKING:
    from local_cloud.fronts.rest import RestFront
    from local_cloud.fronts.sender import AiohttpSender
    from local_cloud.identity.tokens import LocalTokens

HOST = "127.0.0.1"


class LateSender:
    """An AiohttpSender made at the first request. `in_flight` counts requests without answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, anywhere: bool) -> None:
        self._loop = loop
        self._anywhere = anywhere
        self._sender: AiohttpSender | None = None
        self.in_flight = 0
        self.on_answer: Callable[[], None] = lambda: None

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        self.in_flight += 1

        def answered(answer: Inbound | NoAnswer) -> None:
            self.in_flight -= 1
            done(answer)
            self.on_answer()

        self._made().send(request, answered)

    def _made(self) -> "AiohttpSender":
        if self._sender is None:
            from local_cloud.fronts.sender import AiohttpSender  # noqa: PLC0415 - 0.1 s.

            self._sender = AiohttpSender(self._loop, anywhere=self._anywhere)
        return self._sender

    async def close(self) -> None:
        if self._sender is not None:
            await self._sender.close()


class OpenTokens:
    """Tokens of a cloud in which everybody is the developer: any token is taken, and none.

    Those that workflows send are real ones of `LocalTokens`, signed with a key of this run.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._tokens: LocalTokens | None = None

    def access_token(self, email: str) -> str:
        return self._made().access_token(email)

    def id_token(self, email: str, audience: str) -> str:
        return self._made().id_token(email, audience)

    def caller(self, authorization: str | None) -> str | None:
        if self._tokens is None:
            return None  # No token has been issued yet, so it is none of ours.
        try:
            return self._tokens.caller(authorization)
        except Refused:
            return None

    def invoker(self, authorization: str | None, audiences: tuple[str, ...]) -> str | None:
        return self._made().invoker(authorization, audiences)

    def _made(self) -> "LocalTokens":
        if self._tokens is None:
            from local_cloud.identity.signers import RsaSigner  # noqa: PLC0415 - 0.1 s.
            from local_cloud.identity.tokens import LocalTokens  # noqa: PLC0415

            self._tokens = LocalTokens(self._scheduler, secrets.token_bytes(32), RsaSigner())
        return self._tokens


class LateDoor:
    """A port that is ours from the start, and a web server on it from the first connection on.

    Connections wait in the kernel until the server takes them.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, port: int) -> None:
        """Take the port; 0 picks a free one. Raises Wrong."""
        self._loop = loop
        self._listener = listen(port)
        self._front: RestFront | None = None
        self._opening: asyncio.Task[None] | None = None
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"

    def serve(self, router: Callable[[], Router], tokens: OpenTokens) -> None:
        self._listener.setblocking(False)
        self._loop.add_reader(self._listener, self._knocked, router, tokens)

    def _knocked(self, router: Callable[[], Router], tokens: OpenTokens) -> None:
        self._loop.remove_reader(self._listener)
        self._opening = self._loop.create_task(self._open(router, tokens))

    async def _open(self, router: Callable[[], Router], tokens: OpenTokens) -> None:
        from local_cloud.fronts.rest import RestFront  # noqa: PLC0415 - 0.1 s.

        self._front = RestFront(router(), tokens, listener=self._listener)
        await self._front.start()

    async def close(self) -> None:
        self._loop.remove_reader(self._listener)
        if self._opening is not None:
            await self._opening
        if self._front is not None:
            await self._front.close()
        self._listener.close()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on loopback; port 0 picks a free one. Raises Wrong."""
    try:
        return socket.create_server((HOST, port), backlog=1024)
    except OSError as error:
        raise Wrong(
            f"port {port} cannot be had: {error.strerror}; nothing was started",
            "stop what listens there, or choose another port (0 picks a free one)",
        ) from error


def local_model(
    scheduler: Scheduler,
    sender: LateSender,
    tokens: OpenTokens,
    settings: WorkflowsSettings,
    watcher: Callable[[Run], Watcher | None],
) -> WorkflowsModel:
    """Return a model whose executions are watched from outside as well. Raises Wrong."""
    audit = Audit(scheduler, size_max=1000)
    try:
        return WorkflowsModel(
            scheduler, sender, tokens, audit, random.Random(), settings, watcher=watcher
        )
    except StoreUnusable as unusable:
        raise Wrong(unusable.what, unusable.hint) from unusable


def label_of(execution: str) -> str:
    """Return an execution's name as lines show it: its workflow, and enough of its id."""
    parts = execution.split("/")
    return f"{parts[5]}/{parts[7][:8]}"
