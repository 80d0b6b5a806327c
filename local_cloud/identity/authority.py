"""A certificate authority of one run: made at start, trusted only where a file names it."""

from pathlib import Path

import grpc
import trustme


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

    def grpc_credentials(self) -> grpc.ServerCredentials:
        """Return a server's identity for `localhost` and `127.0.0.1`."""
        chain = b"".join(blob.bytes() for blob in self._server.cert_chain_pems)
        return grpc.ssl_server_credentials([(self._server.private_key_pem.bytes(), chain)])
