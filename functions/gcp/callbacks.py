"""Wakes a workflow execution that waits on its callback. The callback carries no decision."""

from typing import Final

from gcp.session import Session
from rollouts.errors import Refused

FINE: Final = frozenset({200, 202, 204, 404, 429})
"""Taken, with no body to read. 404: the execution ended or its endpoint is gone. 429: another
wake-up waits there already."""


class CallbackWaker:
    """Implements `ports.Waker`. `endpoint` is CALLBACKS_ENDPOINT.

    The URL comes from an annotation that others can write, and the request carries this
    function's token: nothing is sent anywhere but to Workflows.
    """

    def __init__(self, session: Session, endpoint: str) -> None:
        self._session = session
        self._endpoint = endpoint

    def wake(self, callback: str) -> None:
        """Tell the execution to look again. One that is gone or already awake is no error."""
        not_done = "the execution was not woken"
        if not callback.startswith(f"{self._endpoint}/"):
            raise Refused(f"{not_done}: its callback is no URL of the workflows service")
        self._session.call("POST", callback, not_done, body={}, fine=FINE)
