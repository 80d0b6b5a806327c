"""Structured log lines: one JSON object a line on stdout, as Cloud Logging reads them.

Log lines are API: `event` is a constant `noun.past_verb`, facts are fields.
"""

import json
import sys
from typing import Any, Final, Literal

Severity = Literal["INFO", "WARNING", "ERROR"]
_encode: Final = json.JSONEncoder(default=str, ensure_ascii=False).encode


def log(severity: Severity, event: str, **facts: Any) -> None:
    """Write one line. Values that JSON does not know are written as text."""
    _write(_encode({"severity": severity, "event": event, **facts}))


def log_text(severity: Severity, event: str, facts: str) -> None:
    """Write one line whose facts are a JSON object already, and not an empty one."""
    _write(f'{{"severity": "{severity}", "event": "{event}", {facts[1:]}')


def _write(line: str) -> None:
    try:
        sys.stdout.write(line + "\n")
    except UnicodeEncodeError:  # Half a character of somebody's: JSON can hold one, UTF-8 cannot.
        sys.stdout.write(line.encode("utf-8", "replace").decode() + "\n")
    sys.stdout.flush()
