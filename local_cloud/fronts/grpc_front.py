"""Serves models' methods over gRPC on a real socket, with TLS or without.

With TLS for the clients that send tokens (Monitoring, Executions); without for those with an
emulator switch of their own (Pub/Sub).
"""

import asyncio
from collections.abc import Sequence

import grpc

from local_cloud.fronts.wire import listen
from local_cloud.kit.grpc_door import Method, add_service
from local_cloud.kit.tokens import Tokens

# Two servers could share a port otherwise, each getting half of the calls, and no error.
_ALONE = (("grpc.so_reuseport", 0),)
_SHARED = (("grpc.so_reuseport", 1),)
_GRACE_SECONDS = 1.0


class GrpcFront:
    """A gRPC server for some services. `credentials` None: without TLS.

    `shared`: the port is one that `wire.reserve` holds.
    """

    def __init__(
        self,
        services: Sequence[tuple[str, Sequence[Method]]],
        tokens: Tokens,
        *,
        credentials: grpc.ServerCredentials | None,
        port: int = 0,
        shared: bool = False,
    ) -> None:
        self._services = services
        self._tokens = tokens
        self._credentials = credentials
        self._server: grpc.aio.Server | None = None
        self.port = port
        self._shared = shared

    @property
    def endpoint(self) -> str:
        """What a client takes as `api_endpoint`; right only after `start`."""
        return f"localhost:{self.port}"

    async def start(self) -> int:
        """Listen on loopback, and return the port. Raises PortBusy."""
        if self.port and not self._shared:
            listen("127.0.0.1", self.port).close()
        server = grpc.aio.server(options=_SHARED if self._shared else _ALONE)
        for name, methods in self._services:
            add_service(server, name, methods, self._tokens)
        address = f"127.0.0.1:{self.port}"
        if self._credentials is None:
            self.port = server.add_insecure_port(address)
        else:
            self.port = server.add_secure_port(address, self._credentials)
        # Cancelled midway, gRPC would set the result of a future that is cancelled, and report it.
        starting = asyncio.ensure_future(server.start())
        try:
            await asyncio.shield(starting)
        finally:
            await starting
            self._server = server
        return self.port

    async def close(self) -> None:
        """Let running calls end for a second, then stop. Safe to repeat, and without `start`."""
        server, self._server = self._server, None
        if server is not None:
            await server.stop(_GRACE_SECONDS)
