"""From HTTP answers and exceptions to Barq's errors. Not: gRPC and the client libraries' own.

A message tells what did not happen and Google's own sentence for it. Never a header, a body, a
URL or a token.
"""

from typing import Any, Final

import requests
from google.auth import exceptions as auth_errors

from rollouts.errors import BarqError, Conflict, Denied, Missing, OverQuota, Refused, Transient

_OURS: Final = (requests.Timeout, requests.ConnectionError)
_TORN: Final = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.JSONDecodeError,
)
_WORDS_MAX: Final = 400


def error_for(answer: requests.Response, not_done: str) -> BarqError | None:
    """Return the error that an answer stands for; None for a 2xx."""
    if answer.status_code // 100 == 2:  # noqa: PLR2004
        return None
    status, words = _told(answer)
    return error_of(answer.status_code, status, words, not_done)


def error_of(code: int, status: str, words: str, not_done: str) -> BarqError:
    """Return the error for an HTTP code, Google's status name (may be empty) and its sentence.

    Two kinds of 409 exist and only ABORTED is a conflict: the other means that a revision of
    that name exists with another configuration, which no new read cures.
    Source: reference/gcp.md, finding 2.
    """
    told = f"{not_done}: {' '.join(filter(None, ('HTTP', str(code), status)))}"
    if words:
        told += f" ({_short(words)})"
    match code:
        case 401 | 403:
            return Denied(told, hint="grant the function's service account what the message names")
        case 404:
            return Missing(told)
        case 409 if status == "ABORTED" or words.startswith("Conflict for resource"):
            return Conflict(told)
        case 429:
            return OverQuota(told)
        case 408 | 499:
            return Transient(told)
        case _ if code >= 500:  # noqa: PLR2004
            return Transient(told)
        case _:
            return Refused(told)


def transport_error(error: Exception, not_done: str) -> BarqError:
    """Return the error for a request that got no whole answer, or no token to be sent with."""
    told = f"{not_done}: {_reason(error)}"
    if isinstance(error, (*_OURS, *_TORN, auth_errors.TransportError)):
        return Transient(told)
    if isinstance(error, auth_errors.GoogleAuthError):
        hint = "the metadata server gave no token for this process"
        return Transient(told) if error.retryable else Denied(told, hint=hint)
    return Refused(told)


def _reason(error: Exception) -> str:
    # The exception's own text may hold a URL or an answer's body, so its kind has to do.
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection, or it broke"
    if isinstance(error, _TORN):
        return "the answer cannot be read"
    if isinstance(error, auth_errors.GoogleAuthError):
        return f"no credentials ({type(error).__name__})"
    return type(error).__name__


def _told(answer: requests.Response) -> tuple[str, str]:
    """Return Google's status name and sentence of an error body; both may be empty."""
    try:
        document: Any = answer.json()
    except requests.JSONDecodeError:
        return "", ""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return "", ""
    several = document.get("errors")
    if isinstance(several, list) and several and isinstance(several[0], dict):
        # Registries: {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "..."}]}.
        return str(several[0].get("code", "")), str(several[0].get("message", ""))
    error = document.get("error")
    if not isinstance(error, dict):
        return "", ""
    return str(error.get("status", "")), str(error.get("message", ""))


def _short(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= _WORDS_MAX else flat[: _WORDS_MAX - 3] + "..."
