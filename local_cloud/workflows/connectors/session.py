"""Requests of one connector call: a token, the retries, and an end to all of it.

Source: https://cloud.google.com/workflows/docs/connectors, "Retries" and "Long-running operations".
"""

from collections.abc import Generator
from typing import Any, Final

from local_cloud.kit.http import Inbound
from local_cloud.workflows.connectors.requests import Request
from local_cloud.workflows.connectors.settings import Settings
from local_cloud.workflows.engine.effects import Effect, Sleep
from local_cloud.workflows.language.faults import Fault, fault
from local_cloud.workflows.stdlib import http

REQUEST_SECONDS_MAX: Final = 1800.0
Steps = Generator[Effect, Any, Any]


class Session:
    """Made when the call begins: `settings.timeout_seconds` count from here."""

    def __init__(self, execution: Any, settings: Settings, scopes: tuple[str, ...] = ()) -> None:
        self.execution = execution
        self.settings = settings
        self._auth: dict[str, Any] = {"type": "OAuth2"}
        if settings.scopes or scopes:
            self._auth["scopes"] = list(settings.scopes or scopes)
        self._ends = execution.host.now() + settings.timeout_seconds

    def send(self, request: Request) -> Steps:
        """Send, again if need be; return the decoded body of the answer, null if it is empty.

        GET is retried as what may be repeated, everything else as what may not.
        """
        name = (
            "http.default_retry" if request.verb == "GET" else "http.default_retry_non_idempotent"
        )
        policy = http.POLICIES[name]
        delay = float(policy.initial_delay)
        for retries_left in range(policy.max_retries, -1, -1):
            try:
                return (yield from self._once(request))
            except Fault as error:
                if not retries_left or not policy.predicate(error.value):
                    raise
            yield from self.sleep(delay)
            delay = min(delay * policy.multiplier, policy.max_delay)
        raise AssertionError("the last attempt returns or raises")

    def sleep(self, seconds: float) -> Steps:
        """Wait; raise TimeoutError at the end of the call's time if that comes first."""
        left = self._left()
        yield Sleep(self.execution.new_id(), min(seconds, left))
        if seconds >= left:
            raise self._timeout()

    def delays(self) -> Generator[float, None, None]:
        """Give the seconds before each poll, without end."""
        delay = self.settings.initial_delay_seconds
        while True:
            yield min(delay, self.settings.max_delay_seconds)
            delay = min(delay * self.settings.multiplier, self.settings.max_delay_seconds)

    def _once(self, request: Request) -> Steps:
        effect = http.begin(
            self.execution,
            request.verb,
            {
                "url": request.url,
                "query": request.query,
                "headers": request.headers,
                "body": request.body,
                "auth": self._auth,
                "timeout": min(self._left(), REQUEST_SECONDS_MAX),
            },
        )
        outcome = yield effect
        response = http.finish(self.execution, outcome)
        empty = isinstance(outcome, Inbound) and not outcome.body
        return None if empty else response["body"]  # Null for no body is a guess.

    def _left(self) -> float:
        left: float = self._ends - self.execution.host.now()
        if left <= 0:
            raise self._timeout()
        return left

    def _timeout(self) -> Fault:
        seconds = self.settings.timeout_seconds
        return fault("TimeoutError", f"connector call did not end within {seconds:g} seconds")
