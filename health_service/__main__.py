"""The edge: environment, clock, randomness and standard output of the real process.

Exit status: 0 after a signal, 1 when it could not start, 2 for wrong settings.
"""

import datetime as dt
import os
import random
import sys
import time

from health_service.settings import Settings, SettingsError, parse_settings


def main() -> int:
    """Run the service until it is told to end."""
    started = time.monotonic()
    try:
        settings = parse_settings(os.environ)
    except SettingsError as error:
        return _fail(2, "the settings are wrong", *error.problems)
    if settings.faults.crash_at_start:
        return _fail(1, "FAULT_CRASH_AT_START is true")
    try:
        return _serve(settings, started)
    except KeyboardInterrupt:
        return 0  # Ctrl-C before the server took over the signals.


def _serve(settings: Settings, started: float) -> int:
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
        return _fail(1, why, " hint: set PORT to a free port")
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
