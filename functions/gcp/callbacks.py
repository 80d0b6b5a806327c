"""Wakes a workflow execution that waits on its callback. The callback carries no decision."""

import re
from typing import Final

from gcp.session import Session
from rollouts.errors import Refused

FINE: Final = frozenset({200, 202, 204, 404, 429})
"""Taken, with no body to read. 404: the execution ended or its endpoint is gone. 429: another
wake-up waits there already."""
_NAME: Final = "[A-Za-z0-9_-]+"
# A project's id may begin with its organisation, as in example.com:project.
_CALLBACK: Final = re.compile(
    rf"/v1/projects/(?:[a-z0-9.-]+:)?{_NAME}/locations/{_NAME}/workflows/{_NAME}"
    rf"/executions/{_NAME}/callbacks/{_NAME}"
)


class CallbackWaker:
    """Implements `ports.Waker`. `endpoint` is CALLBACKS_ENDPOINT.

    The URL comes from an annotation that others can write, and the request carries this
    function's token: nothing is sent but to a callback of Workflows, which can do nothing but wake.
    Source: https://cloud.google.com/workflows/docs/creating-callback-endpoints
    """

    def __init__(self, session: Session, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def wake(self, callback: str) -> None:
        """Tell the execution to look again. One that is gone or already awake is no error."""
        not_done = "the execution was not woken"
        path = callback.removeprefix(self._endpoint)
        if path == callback or not _CALLBACK.fullmatch(path):
            raise Refused(f"{not_done}: its callback is no callback URL of the workflows service")
        self._session.call("POST", callback, not_done, body={}, fine=FINE)
