"""Plain REST with Google's credentials: one session, timeouts always, no retry of its own.

The rollback path stands on this file, so it imports no client library of any one service and
no grpc. The only retry of failed calls is the workflow's `post`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import google.auth
import requests
from google.auth import exceptions as auth_errors
from google.auth.transport.requests import AuthorizedSession

from gcp.http_errors import error_for, transport_error
from gcp.lazily import Lazy

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 20.0


def authorized_session() -> requests.Session:
    """Return a session with the identity of the process (metadata server)."""
    credentials, _ = google.auth.default(scopes=[SCOPE])
    # 0: a 401 is an answer like any other. Tokens about to expire are refreshed before the call.
    session: requests.Session = AuthorizedSession(  # type: ignore[no-untyped-call]
        credentials, max_refresh_attempts=0
    )
    return session


class Session:
    """Calls Google's REST APIs. The credentials are looked up at the first call, once."""

    def __init__(self, make: Callable[[], requests.Session] = authorized_session) -> None:
        self._session = Lazy(make)

    def call(
        self,
        method: str,
        url: str,
        not_done: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        fine: frozenset[int] = frozenset(),
    ) -> Any:
        """Send one request and return the JSON of its answer; None, unread, for a status in `fine`.

        `not_done` begins the message of every error, such as "the service api was not read".
        Raises Denied, Missing, Conflict, Refused or Transient. A Transient may come after the
        request had its effect: read before sending it again.
        """
        try:
            answer = self._session().request(
                method,
                url,
                json=body,
                headers=dict(headers or {}),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except (requests.RequestException, auth_errors.GoogleAuthError) as error:
            raise transport_error(error, not_done) from error
        if answer.status_code in fine:
            return None
        failed = error_for(answer, not_done)
        if failed is not None:
            raise failed
        try:
            return answer.json()
        except requests.JSONDecodeError as error:
            raise transport_error(error, not_done) from error
