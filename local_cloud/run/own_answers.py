"""What Cloud Run says itself of a request that no container answered, to the caller and the log.

Source of the words, if nothing else is said: https://cloud.google.com/run/docs/troubleshooting
"""

from typing import Final

from aiohttp import web

from local_cloud.run.forward import Exchange
from local_cloud.run.launch import NotStartedError

_HELP: Final = "Read more at https://cloud.google.com/run/docs/securing/authenticating"
UNAUTHENTICATED: Final = (
    "The request was not authenticated. Either allow unauthenticated invocations or set the"
    f" proper Authorization header. {_HELP}"
)
BAD_TOKEN: Final = f"The access token could not be verified. {_HELP}"
NOT_INVOKER: Final = f"The request was not authorized to invoke this service. {_HELP}"
NOT_FOUND: Final = "The requested URL was not found on this server."
NO_INSTANCE: Final = "The request was aborted because there was no available instance."
# Seen in the logs of others (stored files 69094614110 and 69376356076), on no page of Google's.
EXITED: Final = "The request failed because the instance could not start successfully."
DEAF: Final = "The request failed because the instance failed the readiness check."
MALFORMED: Final = (
    "The request failed because either the HTTP response was malformed or connection to the"
    " instance had an error."
)
TOO_LATE: Final = (
    "The request has been terminated because it has reached the maximum request timeout."
)
_PAGE: Final = "https://cloud.google.com/run/docs/troubleshooting"
_SEE: Final = {
    words: f" Additional troubleshooting documentation can be found at: {_PAGE}#{anchor}"
    for words, anchor in (
        (NO_INSTANCE, "abort-request"),
        (MALFORMED, "malformed-response-or-connection-error"),
    )
}
"""What log entries have behind the words; the others are seen without."""
_UNAUTHORIZED: Final = 401


class OwnAnswer(Exception):
    """Ends a request with the proxy's own words; `why` is for the caller alone."""

    def __init__(self, status: int, text: str, why: object = "") -> None:
        super().__init__(text)
        self.status, self.text, self.why = status, text, why

    @property
    def logged(self) -> str:
        """The log entry's textPayload."""
        return self.text + _SEE.get(self.text, "")


def not_started(exchange: Exchange, error: NotStartedError) -> OwnAnswer:
    """Return what the callers get that waited for an instance which never came up.

    One that stayed deaf is named in their entries although no container saw the request: the
    entry of a 503 with such a latency has an instanceId. Whether request_count has it, nobody
    says; by its description it has not.
    """
    if error.exited or error.instance_id is None:
        return OwnAnswer(500, EXITED, error)
    exchange.instance_id, exchange.started = error.instance_id, False
    return OwnAnswer(503, DEAF, error)


def page(own: OwnAnswer) -> web.Response:
    headers = {"Server": "Google Frontend"}
    if own.status == _UNAUTHORIZED:
        headers["WWW-Authenticate"] = (
            'Bearer error="invalid_token" error_description="The access token could not be'
            ' verified"'
        )
    text = f"{own.text} {own.why}".rstrip()
    return web.Response(status=own.status, text=f"{text}\n", headers=headers)
