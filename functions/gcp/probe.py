"""Smoke tests over HTTP, as the service's own callers send requests: with an ID token."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any, Final

import requests
from google.auth import exceptions as auth_errors
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from urllib3.util import Timeout

from gcp.http_errors import transport_error
from gcp.ports import Probe

BODY_BYTES_MAX: Final = 65_536
"""More of an answer than this is not waited for: status and time to here are what counts."""


class IdTokens:
    """ID tokens of this process's identity, from the metadata server, kept while they are valid."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}
        self._lock = threading.Lock()

    def token(self, audience: str) -> str:
        """Return a token for `audience`. Raises Transient or Denied if there is none."""
        try:
            with self._lock:
                return self._fresh(audience)
        except (requests.RequestException, auth_errors.GoogleAuthError) as error:
            not_done = f"no smoke test was sent: no ID token for {audience}"
            raise transport_error(error, not_done) from error

    def _fresh(self, audience: str) -> str:
        request = Request()
        credentials = self._kept.get(audience)
        if credentials is None:
            credentials = id_token.fetch_id_token_credentials(  # type: ignore[no-untyped-call]
                audience, request=request
            )
            self._kept[audience] = credentials
        if not credentials.valid:
            credentials.refresh(request)
        return str(credentials.token)


class HttpProber:
    """Implements `ports.Prober`. `monotonic` gives seconds and never goes back."""

    def __init__(
        self,
        tokens: Callable[[str], str],
        monotonic: Callable[[], float],
        make: Callable[[], requests.Session] = requests.Session,
    ) -> None:
        self._tokens = tokens
        self._monotonic = monotonic
        self._make = make

    def get(self, url: str, path: str, *, audience: str, timeout: dt.timedelta) -> Probe:
        """GET `url` + `path`. No redirect is followed, and no answer at all is an answer.

        The latency is the whole answer's, up to `BODY_BYTES_MAX`. Raises only if there is no ID
        token to send.
        """
        token = self._tokens(audience)
        began = self._monotonic()
        status: int | None = None
        error = ""
        try:
            with self._make() as session:
                status = self._send(session, url + path, token, began, timeout.total_seconds())
        except requests.Timeout:
            error = f"no answer within {timeout.total_seconds():g} s"
        except (requests.RequestException, OSError) as failed:
            error = f"no answer: {type(failed).__name__}"
        latency = dt.timedelta(seconds=self._monotonic() - began)
        return Probe(path, status, latency, error)

    def _send(
        self, session: requests.Session, url: str, token: str, began: float, seconds: float
    ) -> int:
        with session.get(
            url,
            auth=_Bearer(token),
            headers={"User-Agent": "barq-verify"},
            timeout=Timeout(total=seconds),  # type: ignore[arg-type]  # As requests documents it.
            allow_redirects=False,
            stream=True,
        ) as answer:
            read = 0
            for chunk in answer.iter_content(8192):
                read += len(chunk)
                if self._monotonic() - began > seconds:
                    # The timeout above is until the first byte; a trickle would go on for ever.
                    raise requests.Timeout
                if read >= BODY_BYTES_MAX:
                    break
            return answer.status_code


class _Bearer(requests.auth.AuthBase):
    """Set as `auth`, the header cannot be replaced by a .netrc file's password."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
