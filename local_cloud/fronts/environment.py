"""The environment of a process that the local cloud starts: nothing of the developer's.

An allow list, not a deny list: a credential in a variable that nobody thought of is not
passed on either.
"""

import os
from collections.abc import Mapping
from pathlib import Path

# What a Python process needs to start, and where it may write scratch files.
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR")
# What Google's clients try outside of loopback ends here, at once and with an error.
_NO_INTERNET = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "NO_PROXY": "localhost,.localhost,127.0.0.1",
}


def clean_environment(
    extra: Mapping[str, str],
    *,
    home: Path,
    inherited: Mapping[str, str] | None = None,
    internet: bool = False,
) -> dict[str, str]:
    """Return the whole environment of a process to be started.

    `extra` wins over everything. `home` is an empty folder: no dot file of the developer's is
    read. `inherited` is this process's environment unless given. Without `internet`, HTTP and
    gRPC clients reach loopback only, so that a forgotten endpoint is an error; a process that
    sends to the world (a chat webhook) needs it.
    """
    source = os.environ if inherited is None else inherited
    passed_on = {name: source[name] for name in _PASSED_ON if name in source}
    fixed = {"HOME": str(home), "PYTHONUNBUFFERED": "1", "TZ": "UTC"}
    if not internet:
        fixed |= _NO_INTERNET | {name.lower(): value for name, value in _NO_INTERNET.items()}
    return {"PATH": os.defpath, "LANG": "C.UTF-8", **passed_on, **fixed, **extra}
