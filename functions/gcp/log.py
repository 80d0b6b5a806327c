"""Structured log lines: one JSON object a line on stdout, as Cloud Logging reads them.

Log lines are API: `event` is a constant `noun.past_verb`, facts are fields.
"""

import json
import sys
from typing import Any, Literal

Severity = Literal["INFO", "WARNING", "ERROR"]


def log(severity: Severity, event: str, **facts: Any) -> None:
    """Write one line. Values that JSON does not know are written as text."""
    line = {"severity": severity, "event": event, **facts}
    sys.stdout.write(json.dumps(line, default=str, ensure_ascii=False) + "\n")
    sys.stdout.flush()
