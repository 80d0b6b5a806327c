"""The one error that a model raises to refuse a call, in Google's own vocabulary."""

from typing import Any, Final

# Source: https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto
HTTP_STATUS: Final = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "UNAUTHENTICATED": 401,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
}
NUMBER: Final = {
    "OK": 0,
    "CANCELLED": 1,
    "UNKNOWN": 2,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "ALREADY_EXISTS": 6,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "OUT_OF_RANGE": 11,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "DATA_LOSS": 15,
    "UNAUTHENTICATED": 16,
}


class Refused(Exception):
    """A call that the real service would refuse, with the code it would give.

    `code` is a canonical name such as "ABORTED"; doors turn it into an HTTP status with
    Google's JSON error body, or into a gRPC status.
    """

    def __init__(
        self, code: str, message: str, *, details: list[dict[str, Any]] | None = None
    ) -> None:
        assert code in HTTP_STATUS, code
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details or []

    def http_status(self) -> int:
        return HTTP_STATUS[self.code]

    def number(self) -> int:
        """Return the gRPC status number."""
        return NUMBER[self.code]

    def as_json(self) -> dict[str, Any]:
        """Return Google's REST error body."""
        error: dict[str, Any] = {
            "code": self.http_status(),
            "message": self.message,
            "status": self.code,
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}
