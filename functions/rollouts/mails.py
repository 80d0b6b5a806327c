"""An event as an e-mail: values only. Not: how a mail is written on the wire, or sent."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts.console import execution_page
from rollouts.messages import one_line, outcome, particulars

SUBJECT_MAX: Final = 150
_PLAIN: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_TOLD: Final = ("time", "digest", "build", "source", "verdict")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. No header of it holds a line break or a control character."""

    to: tuple[str, ...]
    sender: str
    subject: str
    body: str
    id: str
    """The Message-ID: the same whenever the same event is told again, so that it shows up once."""
    thread: str
    """A Message-ID that all mails of a rollout refer to, and none has."""
    time: str
    """When it happened, RFC 3339 in UTC; empty if the event does not say."""


def mail(event: Mapping[str, Any], to: tuple[str, ...], sender: str) -> Mail:
    """Return the mail that tells of an event."""
    data = event["data"]
    service, target, rollout = (one_line(data[name]) for name in ("service", "target", "rollout"))
    said = outcome(data, one_line)
    domain = sender.rpartition("@")[2]
    return Mail(
        to,
        sender,
        f"[{service}/{target}] {said}"[:SUBJECT_MAX],
        _body(event, f"{service}/{target}: {said}"),
        f"<{_plain(str(event.get('id', '')))}@{domain}>",
        f"<rollout.{_plain(f'{service}/{target}/{rollout}')}@{domain}>",
        str(event.get("time", "")),
    )


def _body(event: Mapping[str, Any], head: str) -> str:
    data = event["data"]
    known = {**data, "time": event.get("time")}
    facts = [f"{name}: {one_line(known[name])}" for name in _TOLD if known.get(name)]
    if link := execution_page(data.get("execution")):
        facts.append(link)
    return "\n".join([head, "", *particulars(data, one_line), "", *facts]) + "\n"


def _plain(text: str) -> str:
    """Return an id as it is, or for a text that is none a hash of it."""
    return (
        text
        if _PLAIN.fullmatch(text)
        else hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:20]
    )
