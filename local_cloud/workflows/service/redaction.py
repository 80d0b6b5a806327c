"""Hides credentials in what is shown of a call's arguments.

Source: https://cloud.google.com/workflows/docs/log-workflow says that Authorization headers are
redacted in call logs. What stands in their place, and that step entries do the same, are guesses.
"""

from typing import Any, Final

REDACTED: Final = "**REDACTED**"


def redacted(arguments: Any) -> Any:
    """Return the arguments of a call with its Authorization headers hidden."""
    if not isinstance(arguments, dict) or not isinstance(arguments.get("headers"), dict):
        return arguments
    headers = {
        name: REDACTED if name.lower() == "authorization" else header
        for name, header in arguments["headers"].items()
    }
    return {**arguments, "headers": headers}
