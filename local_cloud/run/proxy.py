"""The front of Cloud Run's services: real sockets, real requests, split by percent.

One listening socket for each service and each tag, on loopback; its URL is the one in the
service's status. Whether a caller may pass, and which revision gets the request, the model says.
A request is never failed because traffic moved: what has begun ends where it began.
"""

import asyncio
import contextlib
import datetime as dt
import functools
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from local_cloud.kit.errors import Refused
from local_cloud.kit.tokens import Tokens
from local_cloud.kit.traffic import ServedRequest
from local_cloud.run import forward, own_answers
from local_cloud.run.launch import free_port
from local_cloud.run.model import RunModel
from local_cloud.run.processes import (
    Instance,
    NoRoomError,
    NotStartedError,
    ProcessInstances,
)
from local_cloud.run.resources import Revision, Service, ServiceKey

PortFor = Callable[[ServiceKey, str | None], int]

_INVOKE: Final = "google.cloud.run.v1.Routes.Invoke"
_SIGNATURE_REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
_CALLER_GONE: Final = 499
_SERVER_ERROR: Final = 500
_RETRIES_MAX: Final = 20
_RETRY_SECONDS: Final = 0.05
_BACKLOG: Final = 1024


@dataclass(slots=True)
class ProxyCounts:
    """What the proxy did. `lost` and `own_5xx` are its failures, `refused` is its job."""

    requests: int = 0
    refused: int = 0
    """401, 403 and 404: the caller may not pass, or there is nothing there."""
    own_5xx: int = 0
    """Answers of 500 and above that no instance gave."""
    lost: int = 0
    """Answers that broke off in the middle."""
    retried: int = 0
    """Requests sent again, because nothing of them had been sent before."""


@dataclass(eq=False, slots=True)
class _Door:
    key: ServiceKey
    tag: str | None
    url: str
    server: web.Server
    listener: asyncio.Server | None = None


def any_port(_key: ServiceKey, _tag: str | None) -> int:
    return 0


class Proxy:
    """Serves all services of a model. Made on the loop that it will run on.

    It is the model's `Addresses` from then on: a service created later gets a real URL.
    `port_for` may fix ports; 0 means any free one.
    """

    def __init__(
        self,
        model: RunModel,
        instances: ProcessInstances,
        tokens: Tokens,
        *,
        port_for: PortFor = any_port,
    ) -> None:
        self.counts = ProxyCounts()
        self._model = model
        self._instances = instances
        self._tokens = tokens
        self._port_for = port_for
        self._doors: dict[tuple[ServiceKey, str | None], _Door] = {}
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[None]] = set()
        self._upstream = forward.Upstream()
        self._trace = random.Random()
        model.use_addresses(self)

    def url(self, key: ServiceKey, tag: str | None) -> str:
        """Return where a service or a tag is served; opens its socket when first asked."""
        door = self._doors.get((key, tag))
        if door is None:
            wanted = self._port_for(key, tag)
            listening = _listen(wanted) if wanted else _listen_anywhere()
            door = _Door(key, tag, f"http://127.0.0.1:{listening.getsockname()[1]}", web.Server(
                functools.partial(self._serve, key, tag), access_log=None
            ))  # fmt: skip
            self._doors[key, tag] = door
            # The socket listens already: what connects before the task ran waits in its backlog.
            opening = self._loop.create_task(self._open(door, listening))
            self._opening.add(opening)
            opening.add_done_callback(self._opening.discard)
        return door.url

    async def close(self) -> None:
        """Stop listening, let requests in flight end for a moment, and break what is left."""
        await asyncio.gather(*self._opening)
        for door in self._doors.values():
            if door.listener is not None:
                door.listener.close()
        await asyncio.gather(*(door.server.shutdown(1.0) for door in self._doors.values()))
        await self._upstream.close()

    async def _open(self, door: _Door, listening: socket.socket) -> None:
        door.listener = await self._loop.create_server(
            door.server, sock=listening, backlog=_BACKLOG
        )

    async def _serve(
        self, key: ServiceKey, tag: str | None, request: web.BaseRequest
    ) -> web.StreamResponse:
        """Answer one request and report it, whatever happened."""
        self.counts.requests += 1
        began, clock = dt.datetime.now(dt.UTC), self._loop.time()
        exchange = forward.Exchange(request)
        try:
            await self._pass_on(key, tag, exchange)
        except own_answers.OwnAnswer as own:
            self._answer_itself(exchange, own)
        except forward.BrokenMidwayError:
            self.counts.lost += 1
            exchange.status = 503
            if request.transport is not None:
                request.transport.abort()
        except (forward.CallerGoneError, ConnectionError):
            exchange.status = exchange.status or _CALLER_GONE
        finally:
            self._report(self._doors[key, tag], exchange, began, self._loop.time() - clock)
        # An answer that has been written already is returned too: aiohttp sees that it is over.
        return exchange.response or web.Response(status=_CALLER_GONE)

    async def _pass_on(self, key: ServiceKey, tag: str | None, exchange: forward.Exchange) -> None:
        service = self._reachable(key)
        headers = self._authorized(service, exchange.request)
        name = self._model.route(*key, tag)
        if name is None:
            raise own_answers.OwnAnswer(404, own_answers.NOT_FOUND)
        exchange.revision = name
        revision = self._model.revision(key, name)
        body = await forward.body_of(exchange.request)
        headers |= self._added(exchange.request)
        for _ in range(_RETRIES_MAX):
            if await self._sent(revision, exchange, body, headers):
                return
            self.counts.retried += 1
            await asyncio.sleep(_RETRY_SECONDS)
        raise own_answers.OwnAnswer(503, own_answers.MALFORMED)

    async def _sent(
        self,
        revision: Revision,
        exchange: forward.Exchange,
        body: bytes | None,
        headers: dict[str, str],
    ) -> bool:
        """Try an instance; False if nothing was sent, so that it may be tried again."""
        try:
            instance = await self._instances.acquire(revision)
        except NotStartedError as error:
            raise own_answers.not_started(exchange, error) from error
        except NoRoomError as error:
            raise own_answers.OwnAnswer(429, own_answers.NO_INSTANCE) from error
        exchange.instance_id = instance.id
        self._told_open(instance)
        timeout = revision.timeout_seconds
        try:
            await forward.forward(
                self._upstream,
                exchange,
                instance.port,
                body=body,
                headers=headers,
                timeout_seconds=timeout,
            )
        except forward.NeverSentError:
            self._instances.lost(instance)
            exchange.instance_id = None
            return False
        except forward.BrokenError as error:
            self._instances.lost(instance)
            if exchange.request.transport is None:
                raise forward.CallerGoneError from error
            raise own_answers.OwnAnswer(503, own_answers.MALFORMED, error) from error
        except forward.TooLateError as error:
            raise own_answers.OwnAnswer(504, own_answers.TOO_LATE) from error
        finally:
            self._instances.release(instance)
            self._told_open(instance)
        return True

    def _told_open(self, instance: Instance) -> None:
        revision = instance.revision
        self._model.requests_open(revision.key, revision.name, instance.in_flight)

    def _reachable(self, key: ServiceKey) -> Service:
        try:
            service = self._model.service(key)
        except Refused as refused:
            raise own_answers.OwnAnswer(404, own_answers.NOT_FOUND) from refused
        # Every caller of a loopback socket counts as one from outside the project's network.
        if not service.reachable:
            raise own_answers.OwnAnswer(404, own_answers.NOT_FOUND)
        return service

    def _authorized(self, service: Service, request: web.BaseRequest) -> dict[str, str]:
        """Return the headers to change, or refuse.

        A missing token is 403 and a bad one 401, as on the real service. The audience is the
        service's own URL, for its tags as well. X-Serverless-Authorization goes first, so that
        a service can have an Authorization of its own.
        """
        if service.public:
            return {}
        name = "X-Serverless-Authorization"
        given = request.headers.get(name)
        if given is None:
            name = "Authorization"
            given = request.headers.get(name)
        try:
            email = self._tokens.invoker(given, (service.url,))
        except Refused as refused:
            raise own_answers.OwnAnswer(401, own_answers.BAD_TOKEN) from refused
        if email is None:
            raise own_answers.OwnAnswer(403, own_answers.UNAUTHENTICATED)
        self._model.audit.note(email, _INVOKE, service.key.resource)
        if not self._model.may_invoke(service.key, email):
            raise own_answers.OwnAnswer(403, own_answers.NOT_INVOKER)
        # The service must not be able to use its caller's token.
        return {name: f"{(given or '').rpartition('.')[0]}.{_SIGNATURE_REMOVED}"}

    def _added(self, request: web.BaseRequest) -> dict[str, str]:
        before = request.headers.get("X-Forwarded-For")
        remote = request.remote or "127.0.0.1"
        added = {
            "X-Forwarded-For": f"{before}, {remote}" if before else remote,
            "X-Forwarded-Proto": "http",
        }
        if "X-Cloud-Trace-Context" not in request.headers:
            trace, span = self._trace.getrandbits(128), self._trace.getrandbits(63)
            added["X-Cloud-Trace-Context"] = f"{trace:032x}/{span};o=0"
        return added

    def _answer_itself(self, exchange: forward.Exchange, own: own_answers.OwnAnswer) -> None:
        if own.status >= _SERVER_ERROR:
            self.counts.own_5xx += 1
        else:
            self.counts.refused += 1
        exchange.status, exchange.response = own.status, own_answers.page(own)
        exchange.text = own.logged

    def _report(
        self, door: _Door, exchange: forward.Exchange, began: dt.datetime, seconds: float
    ) -> None:
        """Report a request. One that no instance got is in the log with its end and "0s".

        Seen in the log of others, see own_answers.py; 401, 403 and 404 are taken to be the same.
        """
        request = exchange.request
        if exchange.instance_id is None:
            began, seconds = began + dt.timedelta(seconds=seconds), 0.0
        self._model.request_served(
            ServedRequest(
                project=door.key.project,
                region=door.key.region,
                service=door.key.name,
                revision=exchange.revision,
                instance_id=exchange.instance_id,
                method=request.method,
                url=f"{door.url}{request.raw_path}",
                status=exchange.status,
                began=began,
                latency_seconds=seconds,
                request_bytes=request.content_length or 0,
                response_bytes=exchange.response_bytes,
                user_agent=request.headers.get("User-Agent", ""),
                remote_ip=request.remote or "127.0.0.1",
                text=exchange.text,
                started=exchange.started,
            )
        )


_PORTS_TRIED_MAX = 10


def _listen_anywhere() -> socket.socket:
    """Listen on a port that nobody was given; somebody else may take one in between."""
    for _ in range(_PORTS_TRIED_MAX):
        with contextlib.suppress(OSError):
            return _listen(free_port())
    return _listen(free_port())


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    listening.listen(_BACKLOG)
    return listening
