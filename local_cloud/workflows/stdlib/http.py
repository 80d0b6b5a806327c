"""http.* and retry.*: requests, responses and the default retry policies (reference section 3)."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.workflows.engine.effects import Auth, AuthRefused, HttpCall, Outcome
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import Fault, fault
from local_cloud.workflows.language.values import as_text
from local_cloud.workflows.stdlib.registry import (
    Blocking,
    RetryPolicy,
    mapping,
    number,
    parameters,
    refuse,
    text,
)

USER_AGENT: Final = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"
TIMEOUT_SECONDS: Final = 300.0
TIMEOUT_SECONDS_MAX: Final = 1800
BODY_BYTES_MAX: Final = 2 * 1024 * 1024
_CLOUD_PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_METHODS: Final = (
    *("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"),
)
_HTTP_ERROR_MIN: Final = 400


def begin(execution: Any, method: Any, arguments: dict[str, Any]) -> HttpCall:
    """Return the effect of a call. `arguments` is by parameter name, absent ones null."""
    if method not in _METHODS:
        raise fault("ValueError", f"unsupported HTTP method: {json_text.encode(method)}")
    url = _url(arguments["url"], arguments["query"])
    headers = _headers(arguments["headers"])
    body = _body(arguments.get("body"), headers)
    timeout = TIMEOUT_SECONDS if arguments["timeout"] is None else number(arguments["timeout"])
    if not 0 < timeout <= TIMEOUT_SECONDS_MAX:
        raise fault("ValueError", f"timeout must be above 0 and at most {TIMEOUT_SECONDS_MAX}")
    request = Outbound(str(method), url, headers, body, float(timeout))
    return HttpCall(execution.new_id(), request, _auth(arguments["auth"], arguments["url"]))


def _url(url: Any, query: Any) -> str:
    try:
        parts = urlsplit(text(url))
        known = parts.scheme.lower() in ("http", "https") and parts.hostname
    except ValueError:
        known = None
    if not known:
        raise fault("ValueError", f"invalid url: {json_text.encode(url)}")
    if query is None:
        return str(url)
    pairs = [
        (name, as_text(item))
        for name, value in sorted(mapping(query).items())
        for item in (value if type(value) is list else [value])
    ]
    if not pairs:
        return str(url)
    return f"{url}{'&' if parts.query else '?'}{urlencode(pairs)}"


def canonical(name: str) -> str:
    """Return a header's name as Go writes it: `Content-Type`."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _headers(given: Any) -> dict[str, str]:
    headers = (
        {}
        if given is None
        else {canonical(name): as_text(value) for name, value in mapping(given).items()}
    )
    own = headers.get("User-Agent")
    headers["User-Agent"] = f"{own} {USER_AGENT}" if own else USER_AGENT
    return headers


def _body(body: Any, headers: dict[str, str]) -> bytes:
    """Encode the body as its Content-Type says, and say one where there is none."""
    if body is None:
        return b""
    stated = headers.get("Content-Type")
    if stated is None:
        if type(body) is bytes:
            headers["Content-Type"] = "application/octet-stream"
            return body
        headers["Content-Type"] = "application/json; charset=utf-8"
        return _json_body(body)
    kind = stated.partition(";")[0].strip().lower()
    if kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json")):
        return body if type(body) is bytes else _json_body(body)
    if type(body) is bytes:
        return body
    if kind == "application/x-www-form-urlencoded" or kind.startswith("text/"):
        if type(body) is dict and not kind.startswith("text/"):
            return urlencode({name: as_text(value) for name, value in body.items()}).encode()
        return text(body).encode("utf-8", "replace")
    raise fault("ValueError", f"unsupported Content-Type for this body: {stated}")


def _json_body(body: Any) -> bytes:
    try:
        return json_text.encode(body).encode("utf-8", "replace")
    except json_text.NotJson as error:
        raise fault("ValueError", str(error)) from None


def _auth(auth: Any, url: str) -> Auth | None:
    if auth is None:
        return None
    kind = mapping(auth).get("type")
    if kind == "OIDC":
        return Auth("OIDC", audience=text(auth.get("audience") or url))
    if kind != "OAuth2":
        raise fault("ValueError", f"unsupported auth type: {json_text.encode(kind, lenient=True)}")
    scopes = auth.get("scopes") or auth.get("scope") or [_CLOUD_PLATFORM]
    if type(scopes) is str:
        scopes = scopes.replace(",", " ").split()
    if type(scopes) is not list:
        refuse("a string or a list of strings", scopes)
    return Auth("OAuth2", scopes=tuple(text(scope) for scope in scopes))


def finish(_execution: Any, outcome: Outcome) -> dict[str, Any]:
    """Return the response map, or raise what the answer amounts to."""
    if isinstance(outcome, NoAnswer):
        raise _no_answer(outcome)
    if isinstance(outcome, AuthRefused):
        raise fault("AuthError", outcome.message)
    assert isinstance(outcome, Inbound)
    if len(outcome.body) > BODY_BYTES_MAX:
        raise fault("ResourceLimitError", "HTTP response is larger than 2 MB")
    headers: dict[str, Any] = {}
    for name, value in outcome.headers:
        key = canonical(name)
        headers[key] = f"{headers[key]},{value}" if key in headers else value
    response = {
        "body": decoded_body(outcome.body, headers.get("Content-Type", "")),
        "code": outcome.status,
        "headers": headers,
    }
    if outcome.status < _HTTP_ERROR_MIN:
        return response
    message = f"HTTP server responded with error code {outcome.status}"
    raise Fault({**response, "message": message, "tags": ["HttpError"]}, message)


def _no_answer(outcome: NoAnswer) -> Fault:
    if outcome.kind == "timeout":
        return fault("TimeoutError", f"HTTP request timed out: {outcome.message}")
    if outcome.kind == "broken":
        return fault("ConnectionError", f"connection broken: {outcome.message}")
    return fault("ConnectionFailedError", f"connection failed: {outcome.message}")


def decoded_body(body: bytes, content_type: str) -> Any:
    """Return a body as a workflow sees it: JSON decoded, text as string, else bytes.

    Empty and malformed JSON bodies are open in the reference (section 10 item 6): "" and string.
    """
    if not body:
        return ""
    kind = content_type.partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    if is_json:
        try:
            return json_text.decode(body)
        except json_text.NotJson:
            return body.decode("utf-8", "replace")
    if kind.startswith("text/") or kind == "":
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            return body
    return body


def _verb(method: str, *, with_body: bool) -> Blocking:
    names: dict[str, Any] = {"timeout": None}
    if with_body:
        names["body"] = None
    names |= dict.fromkeys(("headers", "query", "auth", "private_service_name", "ca_certificate"))
    wanted = parameters("url", **names)

    def start(execution: Any, *values: Any) -> HttpCall:
        given = {p.name: value for p, value in zip(wanted, values, strict=True)}
        return begin(execution, method, given)

    return Blocking(wanted, start, finish)


def _request() -> Blocking:
    names = ("timeout", "body", "headers", "query", "auth", "private_service_name")
    wanted = parameters("method", "url", **dict.fromkeys((*names, "ca_certificate")))

    def start(execution: Any, *values: Any) -> HttpCall:
        given = {p.name: value for p, value in zip(wanted, values, strict=True)}
        return begin(execution, given["method"], given)

    return Blocking(wanted, start, finish)


BLOCKING: Final[dict[str, Blocking]] = {
    "http.get": _verb("GET", with_body=False),
    "http.post": _verb("POST", with_body=True),
    "http.put": _verb("PUT", with_body=True),
    "http.patch": _verb("PATCH", with_body=True),
    "http.delete": _verb("DELETE", with_body=True),
    "http.request": _request(),
}


def _retries(codes: tuple[int, ...], tags: tuple[str, ...]) -> Callable[[Any], bool]:
    def predicate(error: Any) -> bool:
        if type(error) is not dict:
            return False
        code, named = error.get("code"), error.get("tags")
        if type(named) is list and any(tag in named for tag in tags):
            return True
        return type(code) is int and code in codes

    return predicate


_DEFAULT: Final = _retries(
    (429, 502, 503, 504), ("ConnectionError", "ConnectionFailedError", "TimeoutError")
)
_NON_IDEMPOTENT: Final = _retries((429, 503), ("ConnectionFailedError",))

PREDICATES: Final[dict[str, Callable[[Any], bool]]] = {
    "http.default_retry_predicate": _DEFAULT,
    "http.default_retry_predicate_non_idempotent": _NON_IDEMPOTENT,
    "retry.always": lambda _: True,
    "retry.never": lambda _: False,
}
POLICIES: Final[dict[str, RetryPolicy]] = {
    "http.default_retry": RetryPolicy(_DEFAULT, 5, 1, 60, 1.25),
    "http.default_retry_non_idempotent": RetryPolicy(_NON_IDEMPOTENT, 5, 1, 60, 1.25),
}
VALUES: Final[dict[str, Any]] = {
    "retry.default_backoff": {"initial_delay": 1, "max_delay": 60, "multiplier": 1.25},
}
