"""`.barq/env`: shell exports, written and read. What stands in it: `exports.py`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_UNSET: Final = (
    "GOOGLE_APPLICATION_CREDENTIALS",
    "CLOUDSDK_ACTIVE_CONFIG_NAME",
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
    "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
)
_HEAD: Final = """\
# Written by `python -m local_cloud up`; it is gone when the local cloud is.
# A shell that read this talks to the local cloud and not to Google. For your own gcloud, open
# another shell.
"""


def write(path: Path, variables: Mapping[str, str]) -> None:
    """Write the file, whole or not at all."""
    lines = [f"unset {' '.join(_UNSET)}\n"]
    lines += [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    unfinished = path.with_suffix(".part")
    unfinished.write_text(_HEAD + "".join(lines))
    unfinished.replace(path)


def read(path: Path) -> dict[str, str]:
    """Return the variables of a file that `write` wrote. Raises OSError."""
    found = {}
    for line in path.read_text().splitlines():
        if line.startswith("export "):
            name, _, value = line.removeprefix("export ").partition("=")
            found[name] = "".join(shlex.split(value))
    return found
