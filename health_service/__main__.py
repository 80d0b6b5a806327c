"""The edge: environment, clock, randomness and standard output of the real process.

Exit status: 0 after a signal, 1 when it could not start, 2 for wrong settings.
"""

import datetime as dt
import errno
import os
import random
import signal
import sys
import time
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from health_service.settings import Settings

_HINTS = {
    errno.EADDRINUSE: "PORT to a free port",
    errno.EACCES: "PORT to one that this user may listen on, such as 8080",
}
_HOST_HINT = "HOST to an address of this machine, such as 127.0.0.1"


def main() -> int:
    """Run the service until it is told to end."""
    started = time.monotonic()
    # Before the imports, which take most of the start. The server takes over once it is there.
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, _end)
    from health_service.settings import SettingsError, parse_settings  # noqa: PLC0415

    try:
        settings = parse_settings(os.environ)
    except SettingsError as error:
        return _fail(2, "the settings are wrong", *error.problems)
    if settings.faults.crash_at_start:
        return _fail(1, "FAULT_CRASH_AT_START is true")
    return _serve(settings, started)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing is under way yet. An exception might be caught by what is imported."""
    os._exit(0)


def _serve(settings: "Settings", started: float) -> int:
    # Only now: the framework takes most of the start, and a crash on purpose needs none of it.
    from health_service.app import create_app  # noqa: PLC0415
    from health_service.health.lifecycle import Lifecycle  # noqa: PLC0415
    from health_service.logs import Log  # noqa: PLC0415
    from health_service.server import listen, serve  # noqa: PLC0415

    log = Log(_write_line, lambda: dt.datetime.now(dt.UTC), settings.log_level)
    lifecycle = Lifecycle()
    app = create_app(
        settings,
        lifecycle=lifecycle,
        log=log,
        monotonic=time.monotonic,
        started=started,
        rng=random.Random(settings.faults.seed),
    )
    try:
        listener = listen(settings.host, settings.port)
    except OSError as error:
        why = f"{settings.host}:{settings.port} cannot be listened on ({error.strerror})"
        return _fail(1, why, f" hint: set {_HINTS.get(error.errno or 0, _HOST_HINT)}")
    serve(app, listener, lifecycle=lifecycle, log=log)
    return 0


def _write_line(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _fail(status: int, why: str, *details: str) -> int:
    """Say in plain words why nothing was started."""
    print(f"error: health_service did not start; {why}", *details, sep="\n", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
