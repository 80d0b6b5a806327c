"""Mails to real SMTP servers: TLS, logins, refusals, and peers that hang, drip and hang up."""

import email
import email.policy
import json
import socket
import traceback
from dataclasses import replace
from urllib.parse import quote

import pytest

from gcp.smtp import SmtpMailer
from gcp.webhooks import Limits
from rollouts.errors import BarqError, Denied, Refused, Transient
from rollouts.mails import mail
from rollouts.notices import Notice
from tests.receivers.http import met
from tests.receivers.mail import PASSWORD, USER, Inbox
from tests.unit.functions.rollouts.builders import NOW, rollout

pytestmark = pytest.mark.processes

A, B = "a@example.com", "b@example.com"
EVENT = Notice(
    "rollout.rolled_back", NOW, rollout(), "Grüße: 5 of 10 failed" + " and so on" * 200, 10, 0
).as_cloud_event()
MAIL = mail(EVENT, (A, B), "barq@example.com")
LOGIN = f"{USER}:{quote(PASSWORD, safe='')}@"
LONG = Limits()
SHORT = Limits(connect=0.3, answer=0.3, whole=0.6)


@pytest.fixture
def send(trusted):
    def send(scheme, port, *, login=LOGIN, letter=MAIL, limits=LONG, host="127.0.0.1"):
        mailer = SmtpMailer(lambda: trusted, limits)
        mailer.send(f"{scheme}://{login}{host}:{port}", letter, "email/ops was not told")

    return send


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_mail_is_taken_over_tls_with_a_login(scheme, mail_servers, send):
    inbox = Inbox()

    send(scheme, mail_servers.open(inbox, scheme))

    ((sender, to, content),) = inbox.mails
    got = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, to) == ("barq@example.com", [A, B])
    assert inbox.verbs == ["AUTH", "MAIL", "RCPT", "RCPT", "DATA"]
    assert dict(got.items()) == {
        "From": "Barq <barq@example.com>",
        "To": f"{A}, {B}",
        "Subject": "[api/production] rolled back from 10 %",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        "Message-ID": MAIL.id,
        "References": MAIL.thread,
        "In-Reply-To": MAIL.thread,
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "quoted-printable",
        "MIME-Version": "1.0",
    }
    assert got.get_content().splitlines() == MAIL.body.splitlines()
    assert max(map(len, content.splitlines())) < 998


def test_a_repeated_mail_is_the_same_mail(mail_servers, send):
    inbox = Inbox()
    port = mail_servers.open(inbox, "smtps")

    send("smtps", port)
    send("smtps", port)

    first, again = inbox.mails
    assert first == again


def test_a_server_without_a_login_gets_none(mail_servers, send):
    inbox = Inbox()

    send("smtps", mail_servers.open(inbox, "smtps", login=False), login="")

    assert inbox.verbs == ["MAIL", "RCPT", "RCPT", "DATA"]


def test_a_mail_of_an_event_without_a_time_has_no_date(mail_servers, send):
    inbox = Inbox()

    send("smtps", mail_servers.open(inbox, "smtps"), letter=replace(MAIL, time=""))

    assert b"Date:" not in inbox.mails[0][2]


def failed(send, *arguments, **more):
    """Return the error, after a look at what it prints."""
    with pytest.raises(BarqError) as raised:
        send(*arguments, **more)
    printed = "".join(traceback.format_exception(raised.value))
    assert PASSWORD not in printed
    assert quote(PASSWORD, safe="") not in printed
    assert raised.value.message.startswith("email/ops was not told: ")
    return raised.value


def test_without_tls_neither_password_nor_mail_leaves(mail_servers, send):
    """Also for a server that only seems to offer none: somebody in between may have seen to it."""
    inbox = Inbox()

    error = failed(send, "smtp", mail_servers.open(inbox, "smtp", tls=False))

    assert type(error) is Transient
    assert "offers no STARTTLS" in error.message
    assert inbox.verbs == []


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_server_that_nobody_vouches_for_gets_nothing(scheme, mail_servers):
    inbox = Inbox()
    port = mail_servers.open(inbox, scheme)

    error = failed(
        lambda *_: SmtpMailer().send(
            f"{scheme}://{LOGIN}127.0.0.1:{port}", MAIL, "email/ops was not told"
        )
    )

    assert type(error) is Transient
    assert "certificate is not trusted" in error.message
    assert inbox.verbs == []


def test_a_server_of_another_name_gets_nothing(mail_servers, send):
    inbox = Inbox()

    error = failed(send, "smtps", mail_servers.open(inbox, "smtps"), host="localhost")

    assert "certificate is not trusted" in error.message
    assert inbox.verbs == []


def test_a_wrong_password_is_final(mail_servers, send):
    port = mail_servers.open(Inbox(), "smtps")

    error = failed(send, "smtps", port, login="barq:wrong@")

    assert type(error) is Denied
    assert "SMTP 535" in error.message


@pytest.mark.parametrize(
    ("refuses", "kind", "words"),
    [
        ({"MAIL": "451 later"}, Transient, "SMTP 451"),
        ({"MAIL": f"550 {PASSWORD}"}, Refused, "SMTP 550"),
        ({"DATA": f"452 {PASSWORD}"}, Transient, "SMTP 452"),
        ({"DATA": "554 spam"}, Refused, "SMTP 554"),
        ({A: "550 no", B: "551 no"}, Refused, "all recipients refused (550, 551)"),
        ({A: "550 no", B: "450 later"}, Transient, "all recipients refused (450, 550)"),
    ],
)
def test_a_refusal_says_by_its_code_whether_it_is_final(refuses, kind, words, mail_servers, send):
    inbox = Inbox(refuses)

    error = failed(send, "smtps", mail_servers.open(inbox, "smtps"))

    assert type(error) is kind
    assert words in error.message
    assert inbox.mails == []


def test_what_is_taken_for_somebody_is_sent_and_the_others_are_named(mail_servers, send, capsys):
    inbox = Inbox({B: "450 later"})

    send("smtps", mail_servers.open(inbox, "smtps"))

    line = json.loads(capsys.readouterr().out)
    assert [to for _, to, _ in inbox.mails] == [[A]]
    assert (line["event"], line["addresses"]) == ("recipient.refused", [B])


@pytest.mark.parametrize(
    ("peer", "words"),
    [
        ({}, "no answer in time"),
        ({"greeting": b"220 hello\r\n"}, "no answer in time"),
        ({"greeting": b"220-"}, "no answer in time"),
        ({"greeting": b"220-", "drips": b"."}, "not through within 0.6 s"),
        ({"greeting": b"220 hello\r\n", "drops": True}, "no connection, or it broke"),
        ({"drops": True}, "no connection, or it broke"),
    ],
)
def test_a_server_that_hangs_or_hangs_up_is_asked_again_later(peer, words, send):
    with met(**peer) as port:
        error = failed(send, "smtp", port, limits=SHORT)

    assert type(error) is Transient
    assert words in error.message


def test_a_server_that_is_not_there_is_asked_again_later(send):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    assert type(failed(send, "smtps", port)) is Transient
