"""http.*: requests that are sent, and what their answers amount to.

Source: reference/workflows.md 3 and 4; the page of http.request.
"""

import re
import zlib
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.workflows.engine.effects import Auth, AuthRefused, HttpCall, Outcome
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import Fault, fault
from local_cloud.workflows.language.values import as_text
from local_cloud.workflows.stdlib import retries
from local_cloud.workflows.stdlib.bodies import canonical, decoded_body, encoded
from local_cloud.workflows.stdlib.registry import (
    Blocking,
    choices_of,
    mapping,
    number,
    parameters,
    refuse,
    text,
)

PREDICATES: Final = retries.PREDICATES
POLICIES: Final = retries.POLICIES
VALUES: Final = retries.VALUES

USER_AGENT: Final = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"
TIMEOUT_SECONDS: Final = 300.0
TIMEOUT_SECONDS_MAX: Final = 1800
BODY_BYTES_MAX: Final = 2 * 1024 * 1024
REDIRECTS_MAX: Final = 10
"""Of Go's client, whose error texts the service shows: that it follows any is a guess."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
_CLOUD_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_HTTP_ERROR_MIN: Final = 400
_SHOWN_MAX: Final = 80
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NOT_IN_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NOT_IN_URL: Final = re.compile(r"[\x00-\x20\x7f]")
# The connection's own affair: Go's client leaves out what a caller says of it.
_IGNORED: Final = frozenset({"Content-Length", "Transfer-Encoding", "Trailer", "Connection"})


def begin(execution: Any, method: Any, arguments: dict[str, Any]) -> HttpCall:
    """Return the effect of a call. `arguments` is by parameter name, absent ones null."""
    if text(method) not in METHODS:
        raise fault("ValueError", f"unsupported HTTP method: {method[:_SHOWN_MAX]}")
    for name in ("private_service_name", "ca_certificate"):
        if arguments.get(name) is not None:
            text(arguments[name])
    url = _url(arguments["url"], arguments["query"])
    headers = _headers(arguments["headers"])
    request = Outbound(
        method,
        url,
        headers,
        encoded(arguments.get("body"), headers),
        _timeout(arguments["timeout"]),
        redirects_max=REDIRECTS_MAX,
        answer_bytes_max=BODY_BYTES_MAX,
    )
    return HttpCall(execution.new_id(), request, _auth(arguments["auth"], arguments["url"]))


def _timeout(given: Any) -> float:
    timeout = TIMEOUT_SECONDS if given is None else number(given)
    if not 0 < timeout <= TIMEOUT_SECONDS_MAX:
        raise fault("ValueError", f"timeout must be above 0 and at most {TIMEOUT_SECONDS_MAX}")
    return float(timeout)


def _url(url: Any, query: Any) -> str:
    try:
        parts = urlsplit(text(url))
        known = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        known = known and parts.port != 0 and not _NOT_IN_URL.search(url)
    except ValueError:
        known = False
    if not known:
        raise fault("ValueError", f"invalid url: {json_text.encode(url[:_SHOWN_MAX])}")
    if query is None:
        return str(url)
    pairs = [
        (name, as_text(item))
        for name, value in sorted(mapping(query).items())
        for item in (value if type(value) is list else [value])
    ]
    if not pairs:
        return str(url)
    base, hash_, fragment = url.partition("#")
    joint = "&" if parts.query else "" if base.endswith("?") else "?"
    return f"{base}{joint}{urlencode(pairs, errors='replace')}{hash_}{fragment}"


def _headers(given: Any) -> dict[str, str]:
    """Return canonical names. The documentation wants a map of strings."""
    headers: dict[str, str] = {}
    for name, value in {} if given is None else sorted(mapping(given).items()):
        if not _TOKEN.fullmatch(name) or _NOT_IN_VALUE.search(text(value)):
            raise fault("ValueError", f"invalid header: {json_text.encode(name[:_SHOWN_MAX])}")
        if canonical(name) not in _IGNORED:
            headers[canonical(name)] = value.strip()
    own = headers.get("User-Agent")
    headers["User-Agent"] = f"{own} {USER_AGENT}" if own else USER_AGENT
    return headers


def _auth(auth: Any, url: str) -> Auth | None:
    if auth is None:
        return None
    kind = text(mapping(auth).get("type"))
    if kind == "OIDC":
        return Auth("OIDC", audience=text(auth.get("audience") or url))
    if kind != "OAuth2":
        raise fault("ValueError", f"unsupported auth type: {kind[:_SHOWN_MAX]}")
    scopes = auth.get("scopes") or auth.get("scope") or [_CLOUD_PLATFORM]
    if type(scopes) is str:
        scopes = scopes.replace(",", " ").split()
    if type(scopes) is not list:
        refuse("a string or a list of strings", scopes)
    return Auth("OAuth2", scopes=tuple(text(scope) for scope in scopes))


def finish(execution: Any, outcome: Outcome) -> dict[str, Any]:
    """Return the response map, or raise what the answer amounts to."""
    if isinstance(outcome, NoAnswer):
        raise _no_answer(outcome)
    if isinstance(outcome, AuthRefused):
        raise fault("AuthError", outcome.message)
    assert isinstance(outcome, Inbound)
    headers: dict[str, Any] = {}
    for name, value in outcome.headers:
        key = canonical(name)
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    body = _plain(outcome.body, headers)
    if len(body) > BODY_BYTES_MAX:
        raise _too_large()
    response = {
        "body": decoded_body(body, headers.get("Content-Type", ""), choices_of(execution)),
        "code": outcome.status,
        "headers": headers,
    }
    if outcome.status < _HTTP_ERROR_MIN:
        return response
    message = f"HTTP server responded with error code {outcome.status}"
    raise Fault({**response, "message": message, "tags": ["HttpError"]}, message)


def _plain(body: bytes, headers: dict[str, Any]) -> bytes:
    """Unpack gzip, and say so as Go's client does: by leaving out the two headers. A guess.

    No more is unpacked than is needed to know that it is too much.
    """
    if not body or headers.get("Content-Encoding", "").strip().lower() != "gzip":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error:
        return body
    if len(plain) > BODY_BYTES_MAX:
        raise _too_large()
    del headers["Content-Encoding"]
    headers.pop("Content-Length", None)
    return plain


def _too_large() -> Fault:
    return fault("ResourceLimitError", "HTTP response is larger than 2 MB")


def _no_answer(outcome: NoAnswer) -> Fault:
    if outcome.kind == "timeout":
        # Seen of the service: dev.classmethod.jp/articles/20240615-wf-timeout.
        message = "request timed out"
        return Fault({"message": message, "tags": ["TimeoutError", "OSError"]}, message)
    if outcome.kind == "too_large":
        return _too_large()
    if outcome.kind == "broken":
        return fault("ConnectionError", f"connection broken: {outcome.message}")
    return fault("ConnectionFailedError", f"connection failed: {outcome.message}")


def _function(*required: str, method: str | None = None, with_body: bool = True) -> Blocking:
    names = ("timeout", *(("body",) if with_body else ()), "headers", "query", "auth")
    wanted = parameters(
        *required, **dict.fromkeys((*names, "private_service_name", "ca_certificate"))
    )

    def start(execution: Any, *values: Any) -> HttpCall:
        given = {p.name: value for p, value in zip(wanted, values, strict=True)}
        return begin(execution, given["method"] if method is None else method, given)

    return Blocking(wanted, start, finish)


BLOCKING: Final[dict[str, Blocking]] = {
    "http.get": _function("url", method="GET", with_body=False),
    "http.post": _function("url", method="POST"),
    "http.put": _function("url", method="PUT"),
    "http.patch": _function("url", method="PATCH"),
    "http.delete": _function("url", method="DELETE"),
    "http.request": _function("method", "url"),
}
