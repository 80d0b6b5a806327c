"""Every error that Barq raises on purpose, and who acts on it. Not: what vendors raise.

    BarqError
    ├── BadInput          what the caller sent is wrong; the caller changes it (HTTP 400)
    ├── BadSettings       delivery.yaml or the environment is wrong; the operator changes it (422)
    ├── Denied            Google refused our identity; the operator grants it (422)
    ├── Missing           a service, revision or image is not there; the operator makes it (422)
    ├── Refused           Google refused the request for good; nothing was written (422)
    ├── BadRecord         the record on the service cannot be read; a person looks (422)
    ├── NoTransition      a write that the state machine does not know: our own fault (422)
    ├── Conflict          someone wrote first; read again, decide again (never leaves a handler)
    └── Transient         try the same call again: 429, 5xx, timeouts, lost connections (503)
        └── OverQuota     the same, and other callers want the quota too: wait longer each time

Only `Conflict` and `Transient` are cured by another attempt, and the type says so: retry
belongs to the workflow's `post` (Transient) and to `compare_and_swap` (Conflict), nowhere else.
"""


class BarqError(Exception):
    """An error with a sentence for people: what did not happen, and what state things are in.

    `hint` is one thing to do, or empty. Neither ever holds a header, a body or a token.
    """

    http_status = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadInput(BarqError):
    """The argument or request is wrong. `problems` lists every reason at once."""

    http_status = 400

    def __init__(self, problems: str | list[str], *, hint: str = "") -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems), hint=hint)


class BadSettings(BarqError):
    """A setting is wrong. `problems` lists every one at once, a line each."""

    http_status = 422

    def __init__(self, problems: str | list[str], *, hint: str = "") -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems), hint=hint)


class Denied(BarqError):
    """Google answered 401 or 403 to one of Barq's own calls."""

    http_status = 422


class Missing(BarqError):
    """Something that the operation stands on does not exist."""

    http_status = 422


class Refused(BarqError):
    """Google refused the call and would refuse it again."""

    http_status = 422


class BadRecord(BarqError):
    """The rollout record on the service is damaged, or newer than this code."""

    http_status = 422


class NoTransition(BarqError):
    """What was decided is no transition of a rollout. Nothing was written; a fault of Barq's."""

    http_status = 422


class Conflict(BarqError):
    """A compare-and-swap found that someone wrote first. Read again, then decide again."""

    http_status = 503


class Transient(BarqError):
    """The same call may succeed in a moment. Every call of Barq is safe to repeat."""

    http_status = 503


class OverQuota(Transient):
    """Google answered 429: asked again at once, it will only refuse again."""
