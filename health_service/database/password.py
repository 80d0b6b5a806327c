"""Where the database's password comes from."""

from collections.abc import Callable
from pathlib import Path


def reader(password: str, file: str) -> Callable[[], str]:
    """Return what gives the password of the moment: `file`'s content, if one is named.

    A line's end is not part of it. Reading raises OSError.
    """
    if not file:
        return lambda: password
    path = Path(file)
    return lambda: path.read_text("utf-8").rstrip("\r\n")
