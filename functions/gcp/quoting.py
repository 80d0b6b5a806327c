"""A text as a string of Google's filters: those of Monitoring and of Logging quote alike.

Source: https://cloud.google.com/logging/docs/view/logging-query-language and
https://cloud.google.com/monitoring/api/v3/filters
"""


def quoted(text: str) -> str:
    """Return the text in double quotes, with quotes and backslashes of its own escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
