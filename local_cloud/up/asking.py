"""Asks a function of the cloud that runs, as a person would: its URL, a developer's ID token."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from local_cloud.up.env_file import read

_TIMEOUT_SECONDS: Final = 60.0


class NothingRuns(Exception):
    """There is no local cloud to ask; the text says so to a person."""


class NotAnswered(Exception):
    """The function answered with an error; the text is for a person."""


def ask(folder: Path, function: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a function's answer. Raises NothingRuns and NotAnswered."""
    file = folder / "env"
    try:
        variables = read(file)
        url, local = variables[f"BARQ_{function.upper()}_URL"], variables["BARQ_LOCAL_URL"]
    except (OSError, KeyError):
        raise NothingRuns(
            f"error: {file} is not there, so no local cloud runs here\n hint: start one: make up"
        ) from None
    try:
        audience = urllib.parse.urlencode({"audience": url})
        token = _read(f"{local}/token?{audience}", {}, None).strip()
        headers = {"Authorization": f"Bearer {token}"}
        document: dict[str, Any] = json.loads(_read(url, headers, body))
    except (OSError, ValueError) as error:
        raise NothingRuns(
            f"error: the local cloud of {file} does not answer ({error})\n"
            " hint: start it again: make up"
        ) from None
    return document


def _read(url: str, headers: dict[str, str], body: Mapping[str, Any] | None) -> str:
    # No proxy of the developer's: everything is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - our own file's URL.
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            text: str = answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            told = error.read()
        raise _refusal(told) or OSError(f"{error.code} {error.reason}") from None
    return text


def _refusal(told: bytes) -> NotAnswered | None:
    """Return what a function says is wrong; None if it is not a function's own answer."""
    try:
        error = json.loads(told)["error"]
        message, hint = str(error["message"]), str(error["hint"])
    except (ValueError, KeyError, TypeError):
        return None
    return NotAnswered(f"error: {message}\n" + (f" hint: {hint}\n" if hint else ""))
