"""Posts messages to chat webhooks. Their URLs are secrets and stand in no message or traceback."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import requests

from gcp.environment import Environment, webhook_variable
from gcp.http_errors import error_for, transport_error

TIMEOUT_SECONDS: Final = (5.0, 15.0)


class HttpWebhooks:
    """Implements `ports.Webhooks`. URLs are looked up in the environment when they are used."""

    def __init__(
        self, environment: Environment, make: Callable[[], requests.Session] = requests.Session
    ) -> None:
        self._environment = environment
        self._make = make

    def post(self, webhook: str, document: Mapping[str, Any]) -> None:
        """POST to the URL that the environment holds for `webhook`.

        Raises BadSettings if there is none, Transient for 429, 5xx and no answer, and Denied,
        Missing or Refused for any other.
        """
        url = self._environment.one(webhook_variable(webhook))
        not_done = f"the webhook {webhook} was not told"
        try:
            with self._make() as session:
                answer = session.post(
                    url, json=document, timeout=TIMEOUT_SECONDS, allow_redirects=False
                )
        except requests.RequestException as error:
            # `from None`: a traceback of the cause would print the URL.
            raise transport_error(error, not_done) from None
        failed = error_for(answer, not_done)
        if failed is not None:
            raise failed
