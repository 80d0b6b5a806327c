"""One metadata server for each service account: which port is asked tells who asks.

A process knows its own port only, so it can be no other account. That is as much secrecy as
one machine's user needs from himself; it keeps mistakes apart, not attackers.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web

from local_cloud.fronts.wire import listen, port_of, read_request, runner_for, write_response
from local_cloud.identity.metadata import Account, Metadata, project_number
from local_cloud.identity.tokens import LocalTokens


class MetadataServers:
    """Opens an account's server when its environment is first asked for.

    `project_of` names the project that an account's processes run in. `roots_path` is the
    Authority's. `config_folder` becomes the processes' gcloud folder and must stay empty:
    google-auth looks there before it asks a metadata server.
    """

    def __init__(
        self,
        tokens: LocalTokens,
        project_of: Callable[[str], str],
        *,
        roots_path: Path,
        config_folder: Path,
        region: str,
        number_of: Callable[[str], str] = project_number,
        host: str = "127.0.0.1",
    ) -> None:
        self._tokens = tokens
        self._project_of = project_of
        self._number_of = number_of
        self._roots_path = roots_path
        self._config_folder = config_folder
        self._region = region
        self._host = host
        self._ports: dict[str, int] = {}
        self._models: dict[int, Metadata] = {}
        self._runner = runner_for(self._serve)
        self._starting: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._config_folder.mkdir(parents=True, exist_ok=True)
        await self._runner.setup()

    async def close(self) -> None:
        """Close every server. Safe to repeat, and without `start`."""
        await asyncio.gather(*self._starting)
        await self._runner.cleanup()

    def port_of(self, email: str) -> int:
        """Return the port of an account's server, which listens from this call on."""
        if email not in self._ports:
            listener = listen(self._host, 0)
            port = self._ports[email] = port_of(listener)
            project = self._project_of(email)
            account = Account(email, project, self._number_of(project), self._region)
            self._models[port] = Metadata(account, self._tokens)
            # The kernel queues connections until the loop comes to accept them.
            site = web.SockSite(self._runner, listener)
            self._starting.append(asyncio.get_running_loop().create_task(site.start()))
        return self._ports[email]

    def environment_for(self, email: str) -> dict[str, str]:
        """Return what makes Google's clients in a process act as this account.

        GOOGLE_CLOUD_PROJECT is not in it, because Cloud Run does not set it either: the
        clients ask the metadata server.
        """
        address = f"{self._host}:{self.port_of(email)}"
        return {
            "GCE_METADATA_HOST": address,
            "GCE_METADATA_IP": address,
            "GCE_METADATA_ROOT": address,
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(self._roots_path),
            "CLOUDSDK_CONFIG": str(self._config_folder),
        }

    async def _serve(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        port: int = request.transport.get_extra_info("sockname")[1]
        return write_response(self._models[port].handle(await read_request(request)))
