"""A certificate authority of one run: made at start, trusted only where a file names it."""

from dataclasses import dataclass
from pathlib import Path

import grpc
import trustme


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """A private key and the certificates that vouch for it, as PEM."""

    key: str
    chain: str

    def grpc_credentials(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self.key.encode(), self.chain.encode())])


class Authority:
    """Signs the certificate that the local cloud's TLS servers share.

    `roots_path` is a PEM file for `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`. The private keys stay in
    memory; nothing secret is written.
    """

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA(organization_name="Barq local cloud")
        self._server = authority.issue_cert("localhost", "127.0.0.1")
        self.roots_path = folder / "roots.pem"
        self.roots_path.parent.mkdir(parents=True, exist_ok=True)
        self.roots_path.write_bytes(authority.cert_pem.bytes())

    def server_identity(self) -> ServerIdentity:
        """Return who a TLS server of this cloud is, for `localhost` and `127.0.0.1`."""
        chain = b"".join(blob.bytes() for blob in self._server.cert_chain_pems)
        return ServerIdentity(self._server.private_key_pem.bytes().decode(), chain.decode())

    def grpc_credentials(self) -> grpc.ServerCredentials:
        return self.server_identity().grpc_credentials()
