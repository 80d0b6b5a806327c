"""What a retry may be told by name: the predicates and policies of http.* and retry.*.

Source: reference/workflows.md 0.2 item 7.
"""

from collections.abc import Callable
from typing import Any, Final

from local_cloud.workflows.stdlib.registry import RetryPolicy


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
