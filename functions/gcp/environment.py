"""What the environment tells a function: where Google's APIs are, and secrets by name.

There is no default for an endpoint, not even Google's own: one that is not set is an error, so
no process ever talks to a cloud that nobody meant. Terraform writes these values in the cloud.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from rollouts.errors import BadSettings
from rollouts.policy import Channel

_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
_TOPIC: Final = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")
_PROJECT: Final = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]*")
_IAP: Final = re.compile(r"/projects/[0-9]+/[^\s]+")
_URL_RULE: Final = "an http(s) URL without query and without a slash at its end"
_HOST_RULE: Final = "a host name, with a port or without, of a gRPC API over TLS"


def _is_url(text: str) -> bool:
    # A placeholder may stand in the host, and braces are no part of any URL.
    plain = re.sub(r"\{(region|host)\}", "x", text)
    try:
        parts = urlsplit(plain)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    clean = not parts.query and not parts.fragment and not plain.endswith("/")
    return parts.scheme in {"http", "https"} and bool(host) and clean and not _odd(plain)


def _is_secret_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        (host or "").encode("idna")  # A label that is empty or too long: no host can be so.
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and not _odd(text)


def _is_mail_server(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    login = bool(parts.username) == bool(parts.password)
    bare = parts.path in {"", "/"} and not parts.query and not parts.fragment
    return parts.scheme in {"smtp", "smtps"} and bool(host) and login and bare and not _odd(text)


def _odd(text: str) -> bool:
    return re.search(r"[\s{}<>\"\\]", text) is not None


@dataclass(frozen=True, slots=True)
class _Setting:
    rule: str
    example: str
    accepts: Callable[[str], bool]
    secret: bool = False


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


SETTINGS: Final[Mapping[str, _Setting]] = {
    "RUN_ENDPOINT": _Setting(
        f"{_URL_RULE}; {{region}} stands for the region",
        "https://{region}-run.googleapis.com",
        _is_url,
    ),
    "RUN_V2_ENDPOINT": _Setting(_URL_RULE, "https://run.googleapis.com", _is_url),
    "MONITORING_ENDPOINT": _Setting(_HOST_RULE, "monitoring.googleapis.com", _matches(_HOST)),
    "LOGGING_ENDPOINT": _Setting(_URL_RULE, "https://logging.googleapis.com", _is_url),
    "PUBSUB_ENDPOINT": _Setting(_URL_RULE, "https://pubsub.googleapis.com", _is_url),
    "WORKFLOW_EXECUTIONS_ENDPOINT": _Setting(
        _HOST_RULE, "workflowexecutions.googleapis.com", _matches(_HOST)
    ),
    "CALLBACKS_ENDPOINT": _Setting(_URL_RULE, "https://workflowexecutions.googleapis.com", _is_url),
    "REGISTRY_ENDPOINT": _Setting(
        f"{_URL_RULE}; {{host}} stands for the image's registry", "https://{host}", _is_url
    ),
    "PAGERDUTY_ENDPOINT": _Setting(_URL_RULE, "https://events.pagerduty.com", _is_url),
    "EVENTS_TOPIC": _Setting("a topic", "projects/PROJECT/topics/TOPIC", _matches(_TOPIC)),
    "LOG_PROJECT": _Setting(
        "the project that the functions run and log in", "barq-delivery", _matches(_PROJECT)
    ),
}
OPTIONAL: Final[Mapping[str, _Setting]] = {
    "IAP_AUDIENCE": _Setting(
        "the audience of IAP's signed headers",
        "/projects/123456789/locations/europe-west1/services/barq-approve",
        _matches(_IAP),
    ),
}
SECRETS: Final[Mapping[str, _Setting]] = {
    "SLACK_": _Setting(
        "an http(s) URL", "https://hooks.slack.com/services/...", _is_secret_url, secret=True
    ),
    "WEBHOOK_": _Setting(
        "an http(s) URL", "https://hooks.example.com/...", _is_secret_url, secret=True
    ),
    # Source of the length: https://developer.pagerduty.com/docs/send-alert-event.
    "PAGERDUTY_": _Setting(
        "an integration key of 32 letters and digits",
        "0123456789abcdef0123456789abcdef",
        _matches(re.compile("[A-Za-z0-9]{32}")),
        secret=True,
    ),
    "SMTP_URL": _Setting(
        "a URL of a mail server, smtps:// (TLS) or smtp:// (STARTTLS), with user and password or"
        " neither, and with a % before the code of what is odd in them",
        "smtps://USER:PASSWORD@smtp.example.com:465",
        _is_mail_server,
        secret=True,
    ),
}
"""By how their names begin: a channel's own name follows."""


def channel_variable(channel: Channel) -> str:
    """Return the variable with a channel's secret: WEBHOOK_ON_CALL for `webhook: on-call`."""
    if channel.kind == "email":
        return "SMTP_URL"
    return f"{channel.kind}_{channel.name}".upper().replace("-", "_")


def _secret(name: str) -> _Setting:
    return next(setting for begin, setting in SECRETS.items() if name.startswith(begin))


class Environment:
    """The settings of one function. Nothing is checked before it is asked for."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def need(self, *names: str) -> tuple[str, ...]:
        """Return the values of `names`, in their order.

        Raises BadSettings with every problem at once, so that one redeploy fixes them all. A
        secret's value stands in no message.
        """
        problems = [problem for name in names if (problem := self._problem(name))]
        if problems:
            raise BadSettings(problems, hint="set the function's environment and deploy it again")
        return tuple(self._variables[name] for name in names)

    def one(self, name: str) -> str:
        """Return one value. Raises BadSettings."""
        return self.need(name)[0]

    def optional(self, name: str) -> str:
        """Return one value of `OPTIONAL`; empty if it is not set. Raises BadSettings."""
        return self.one(name) if self._variables.get(name) else ""

    def _problem(self, name: str) -> str:
        setting = {**SETTINGS, **OPTIONAL}.get(name) or _secret(name)
        value = self._variables.get(name, "")
        if value and setting.accepts(value):
            return ""
        shown = "not set" if not value else "not readable" if setting.secret else repr(value)
        return f"{name} is {shown}: must be {setting.rule}, such as {setting.example}."
