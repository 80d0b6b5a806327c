"""Mails by SMTP, never without TLS. The server's password stands in no message or traceback."""

import contextlib
import datetime as dt
import email.policy
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from gcp.log import log
from gcp.webhooks import Limits
from gcp.within import within
from rollouts.errors import BarqError, Denied, Refused, Transient
from rollouts.mails import Mail

_PORTS: Final = {"smtp": 587, "smtps": 465}
_GOODBYE_SECONDS: Final = 2.0
_LOGIN_REFUSED: Final = (530, 534, 535, 538)


class SmtpMailer:
    """One connection a mail. `trusted` makes the TLS settings: who signs the server's name."""

    def __init__(
        self,
        trusted: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        limits: Limits = Limits(),  # noqa: B008 - frozen.
    ) -> None:
        self._trusted = trusted
        self._limits = limits

    def send(self, server: str, mail: Mail, not_done: str) -> None:
        """Hand one mail to `server`, an SMTP_URL.

        Raises Transient for a 4xx reply, a lost connection and a server that is not trusted or
        offers no TLS; Denied and Refused for a 5xx reply. A mail that the server took for
        somebody is sent: those it refused are logged.
        """
        refused = within(
            self._limits.whole, not_done, lambda: self._translated(server, mail, not_done)
        )
        if refused:
            log("ERROR", "recipient.refused", addresses=sorted(refused), mail=mail.id)

    def _translated(self, server: str, mail: Mail, not_done: str) -> list[str]:
        try:
            return self._send(server, mail)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            # `from None`: what the server says may repeat what it was told.
            raise _error_for(error, not_done) from None

    def _send(self, server: str, mail: Mail) -> list[str]:
        parts = urlsplit(server)
        with self._connection(parts.scheme, str(parts.hostname), parts.port) as smtp:
            if parts.username and parts.password:
                smtp.login(unquote(parts.username), unquote(parts.password))
            return list(smtp.send_message(written(mail), mail.sender, list(mail.to)))

    @contextlib.contextmanager
    def _connection(self, scheme: str, host: str, port: int | None) -> Iterator[smtplib.SMTP]:
        """Yield an encrypted connection. How it ends is nobody's concern: the mail is taken."""
        port = port or _PORTS[scheme]
        if scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, timeout=self._limits.connect, context=self._trusted()
            )
        else:
            smtp = smtplib.SMTP(host, port, timeout=self._limits.connect)
        try:
            _wait(smtp, self._limits.answer)
            if scheme == "smtp":
                smtp.starttls(context=self._trusted())
            yield smtp
            _wait(smtp, _GOODBYE_SECONDS)
            with contextlib.suppress(smtplib.SMTPException, OSError):
                smtp.quit()
        finally:
            smtp.close()


def written(mail: Mail) -> EmailMessage:
    """Write a mail out. The same mail is always the same bytes."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = Address("Barq", addr_spec=mail.sender)
    message["To"] = [Address(addr_spec=address) for address in mail.to]
    message["Subject"] = mail.subject
    with contextlib.suppress(ValueError):  # An event without a time: the server sets the date.
        message["Date"] = format_datetime(dt.datetime.fromisoformat(mail.time))
    message["Message-ID"] = mail.id
    message["In-Reply-To"] = message["References"] = mail.thread
    # Out-of-office replies stay away. Source: https://www.rfc-editor.org/rfc/rfc3834#section-5.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _wait(smtp: smtplib.SMTP, seconds: float) -> None:
    if isinstance(smtp.sock, socket.socket):
        smtp.sock.settimeout(seconds)


def _error_for(error: Exception, not_done: str) -> BarqError:
    """Return the error for what smtplib raised. Only codes and kinds are told, no reply's text."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({code for code, _ in error.recipients.values()})
        told = f"{not_done}: all recipients refused ({', '.join(map(str, codes))})"
        return Refused(told) if min(codes) >= 500 else Transient(told)  # noqa: PLR2004
    if isinstance(error, smtplib.SMTPResponseException):
        told = f"{not_done}: SMTP {error.smtp_code}"
        if error.smtp_code in _LOGIN_REFUSED:
            return Denied(told, hint="the mail server takes other credentials than SMTP_URL's")
        return Refused(told) if error.smtp_code >= 500 else Transient(told)  # noqa: PLR2004
    return Transient(f"{not_done}: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "the mail server offers no STARTTLS, or no login"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the mail server's certificate is not trusted"
    # smtplib makes a lost connection of what it waited for in vain.
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return "no answer in time"
    return "no connection, or it broke"
