"""A real SMTP server on loopback (aiosmtpd), with TLS of trustme's, that refuses what it is told to."""

import asyncio
import ssl
import threading
from collections.abc import Mapping
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "barq", "p@ss/word"


class Inbox:
    """What was taken, as bytes, and codes to answer with: verb -> reply, or address -> reply."""

    def __init__(self, refuses: Mapping[str, str] = {}) -> None:
        self.refuses = dict(refuses)
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.verbs: list[str] = []

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so.
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        self.verbs.append("MAIL")
        if "MAIL" in self.refuses:
            return self.refuses["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so.
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        self.verbs.append("RCPT")
        reply = self.refuses.get(address, "250 OK")
        if reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self.verbs.append("DATA")
        reply = self.refuses.get("DATA", "250 OK")
        if reply.startswith("2"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return reply

    def authenticates(
        self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any
    ) -> AuthResult:
        self.verbs.append("AUTH")
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=given == known, handled=False)


class MailServers:
    """Servers on a loop of their own thread."""

    def __init__(self, identity: ssl.SSLContext) -> None:
        self._identity = identity
        self._servers: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self, inbox: Inbox, scheme: str, *, tls: bool = True, login: bool = True) -> int:
        """Open a server and return its port. `smtps`: TLS from the first byte."""
        implicit = self._identity if scheme == "smtps" and tls else None
        starttls = self._identity if scheme == "smtp" and tls else None

        def protocol() -> SMTP:
            return SMTP(
                inbox,
                hostname="mail.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                # Of TLS that began with the connection aiosmtpd knows nothing.
                auth_require_tls=implicit is None,
                auth_required=login and implicit is None,
                authenticator=inbox.authenticates if login else None,
                loop=self._loop,
            )

        opening = self._loop.create_server(protocol, "127.0.0.1", 0, ssl=implicit)
        server = asyncio.run_coroutine_threadsafe(opening, self._loop).result(10)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _hang_up(self) -> None:
        for server in self._servers:
            server.close()
        sessions = asyncio.all_tasks() - {asyncio.current_task()}
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
