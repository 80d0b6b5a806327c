"""The command line of `python -m local_cloud.workflows`: flags, and what they are read into."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

from local_cloud.workflows.language.choices import Choices, UnknownChoice
from local_cloud.workflows.service.settings import WorkflowsSettings

PROGRAM: Final = "python -m local_cloud.workflows"
DEFAULTS: Final = WorkflowsSettings()


class Parser(argparse.ArgumentParser):
    """Tells wrong usage in `error:` and `hint:` lines; exit status 2."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"error: {message}\n hint: {self.prog} --help\n")
        sys.exit(2)


def parser() -> Parser:
    """Return the parser of all verbs."""
    found = Parser(prog=PROGRAM, description="Google Cloud Workflows on this machine, alone.")
    verbs = found.add_subparsers(dest="verb", required=True, metavar="run|serve|check")
    _add_run(verbs.add_parser("run", help="run a workflow to its end; print its result"))
    _add_serve(verbs.add_parser("serve", help="serve the APIs, with hot reload, until Ctrl-C"))
    _add_check(verbs.add_parser("check", help="say what would be refused at deployment"))
    return found


def _add_run(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help="the workflow; - reads standard input")
    verb.add_argument(
        "--data", metavar="JSON", default="", help="the argument; @FILE, or - for standard input"
    )
    _add_shared(verb)
    verb.add_argument(
        "--deploy", metavar="ID=FILE", action="append", default=[],
        help="another workflow that this one may execute; may be repeated",
    )  # fmt: skip
    verb.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds,
        help="cancel the execution after this long, with exit status 124",
    )  # fmt: skip
    verb.add_argument(
        "--fast", "--skip-sleep", action="store_true",
        help="let sleeps and delays of retries pass at once; requests take their real time",
    )  # fmt: skip
    verb.add_argument(
        "--trace", action=argparse.BooleanOptionalAction, default=True,
        help="print each step with its values on standard error",
    )  # fmt: skip
    verb.add_argument(
        "--port", metavar="N", type=_port, default=0,
        help="where callbacks are served; 0 picks a free port",
    )  # fmt: skip


def _add_serve(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "files", metavar="FILE", nargs="*",
        help="a workflow to deploy, FILE or ID=FILE, or a folder of them; reloaded when it changes",
    )  # fmt: skip
    verb.add_argument(
        "--port", metavar="N", type=_port, default=8787,
        help="REST and callbacks; 0 picks a free port",
    )  # fmt: skip
    verb.add_argument(
        "--grpc-port", metavar="N", type=_port, default=8788, help="gRPC; 0 picks a free port"
    )
    verb.add_argument(
        "--tls", metavar="DIR", help="serve gRPC over TLS; the roots to trust are written here"
    )
    _add_shared(verb)
    verb.add_argument(
        "--trace", action=argparse.BooleanOptionalAction, default=False,
        help="print each step of each execution",
    )  # fmt: skip
    verb.add_argument(
        "--store", metavar="FILE",
        help="keep workflows and executions in this SQLite file; they go on at the next start",
    )  # fmt: skip
    verb.add_argument(
        "--no-quotas", action="store_true", help="refuse and queue nothing, however much comes"
    )
    for name, words in _QUOTAS.items():
        verb.add_argument(
            "--" + name.replace("_", "-"), dest=name, metavar="N", type=_count,
            default=getattr(DEFAULTS, name), help=words,
        )  # fmt: skip


_QUOTAS: Final = {
    "concurrent_executions_max": "executions at once; more are queued",
    "queued_executions_max": "executions that may wait; more are refused",
    "writes_per_minute": "executions created and cancelled",
    "reads_per_minute": "executions read",
    "lists_per_minute": "lists of executions read",
}
UNLIMITED: Final = dict.fromkeys(_QUOTAS, 10**9)


def _add_check(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("files", metavar="FILE", nargs="+", help="- reads standard input")
    verb.add_argument(
        "--json", action="store_true", help="print the problems as a JSON list on standard output"
    )
    _add_choice(verb)


def _add_shared(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--project", metavar="ID", default="local", help="the project's id")
    verb.add_argument("--location", metavar="NAME", default="us-central1", help="the region")
    verb.add_argument(
        "--env", metavar="NAME=VALUE", type=_pair("NAME=VALUE", "STAGE=test"), action="append",
        default=[], help="a user environment variable; may be repeated",
    )  # fmt: skip
    _add_choice(verb)
    verb.add_argument(
        "--endpoint", metavar="HOST=URL", type=_endpoint, action="append", default=[],
        help="where requests to a host go, such as run.googleapis.com=http://localhost:8080;"
        " may be repeated",
    )  # fmt: skip
    verb.add_argument("--internet", action="store_true", help="let requests leave this machine")
    verb.add_argument("--quiet", action="store_true", help="print errors only")
    verb.add_argument(
        "--colour", "--color", metavar="auto|always|never", choices=("auto", "always", "never"),
        default="auto", help="auto: on a terminal, unless NO_COLOR is set",
    )  # fmt: skip


def _add_choice(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--choice", metavar="NAME=VALUE", type=_pair("NAME=VALUE", "string_order=compare"),
        action="append", default=[],
        help="an answer to what Google's documentation leaves open; may be repeated",
    )  # fmt: skip


def chosen(pairs: Sequence[tuple[str, str]]) -> Choices:
    """Return the choices of `--choice`; wrong ones end the program as any wrong flag does."""
    try:
        return Choices.of(dict(pairs))
    except UnknownChoice as wrong:
        found = Parser(prog=PROGRAM)
        found.error("\nerror: ".join(f"--choice {problem}" for problem in wrong.problems))


def _pair(rule: str, example: str) -> Callable[[str], tuple[str, str]]:
    def read(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise _refusal(text, rule, example)
        return name, value

    return read


def _endpoint(text: str) -> tuple[str, str]:
    host, equals, url = text.partition("=")
    parts = urlsplit(url)
    if not equals or not host or parts.scheme not in ("http", "https") or not parts.netloc:
        raise _refusal(text, "HOST=URL", "run.googleapis.com=http://localhost:8080")
    return host, url


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65535:  # noqa: PLR2004 - the last port.
        raise _refusal(text, "a whole number from 0 to 65535", "8787")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise _refusal(text, "a whole number", "6000")
    return int(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found <= 31_536_000:  # noqa: PLR2004 - a year; no execution takes longer.
        raise _refusal(text, "a number of seconds above 0, at most 31536000", "30")
    return found


def _refusal(text: str, rule: str, example: str) -> Exception:
    return argparse.ArgumentTypeError(f"{text!r} must be {rule}, such as {example}")


def settings_of(given: argparse.Namespace, url: str, **more: Any) -> WorkflowsSettings:
    """Return what the flags say of the emulated service, whose REST APIs are at `url`.

    `more` are further fields of the settings.
    """
    own = dict.fromkeys(("workflows.googleapis.com", "workflowexecutions.googleapis.com"), url)
    fields: dict[str, Any] = {
        "callback_base_url": url,
        "endpoints": {**own, **dict(given.endpoint)},
        "choices": chosen(given.choice),
        **more,
    }
    return WorkflowsSettings(**fields)
