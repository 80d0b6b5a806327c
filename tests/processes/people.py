"""Whom `notify` tells on the stage: a chat, a mail server and PagerDuty, real, and a chat that is dead."""

import json
import ssl
from pathlib import Path
from urllib.parse import quote

import trustme
from aiohttp import web

from tests.receivers.mail import PASSWORD, USER, Inbox, MailServers
from tests.receivers.pagerduty import PagerDuty

KEY = "5ec4e7" + "0123456789abcdef0123456789"
NOBODY = "http://127.0.0.1:9/services/secret"


class People:
    """Made by `open`, which returns what `notify` has in its environment of them."""

    def __init__(self, folder: Path) -> None:
        self.chat: list[str] = []
        """What the webhook `team` was posted, the posts that it answered with 500 included."""
        self.inbox = Inbox()
        self.pager = PagerDuty(KEY)
        authority = trustme.CA()
        identity = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(identity)
        self._authority = folder / "mail-authority.pem"
        authority.cert_pem.write_to_path(self._authority)
        self._mail = MailServers(identity)
        app = web.Application()
        app.router.add_post("/hooks/secret", self._posted)
        app.router.add_post("/v2/enqueue", self._paged)
        self._runner = web.AppRunner(app)

    async def open(self) -> dict[str, str]:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        login = f"{USER}:{quote(PASSWORD, safe='')}"
        return {
            "WEBHOOK_TEAM": f"http://{host}:{port}/hooks/secret",
            "SLACK_GONE": NOBODY,
            "PAGERDUTY_ON_CALL": KEY,
            "PAGERDUTY_ENDPOINT": f"http://{host}:{port}",
            "SMTP_URL": f"smtps://{login}@127.0.0.1:{self._mail.open(self.inbox, 'smtps')}",
            # As the base image does for the authorities that all the world trusts.
            "SSL_CERT_FILE": str(self._authority),
        }

    async def close(self) -> None:
        await self._runner.cleanup()
        self._mail.close()

    async def _posted(self, request: web.Request) -> web.Response:
        """A chat's incoming webhook that is out of order when it is first needed."""
        self.chat.append((await request.json())["text"])
        return web.Response(status=500 if len(self.chat) == 1 else 200)

    async def _paged(self, request: web.Request) -> web.Response:
        status, document = self.pager.takes(request.path, await request.read())
        return web.Response(status=status, text=json.dumps(document))
