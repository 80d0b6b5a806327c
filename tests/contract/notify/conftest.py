"""Real receivers on loopback: mail servers with TLS, trusted by nobody but these tests."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from tests.receivers.mail import MailServers


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def mail_servers(authority: trustme.CA) -> Iterator[MailServers]:
    identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(identity)
    servers = MailServers(identity)
    yield servers
    servers.close()


@pytest.fixture(scope="session")
def trusted(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context
