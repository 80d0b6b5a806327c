"""`up` at its edge: signals, the folder's lock, errors as sentences, exit statuses."""

import asyncio
import contextlib
import fcntl
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from local_cloud.fronts.wire import PortBusy
from local_cloud.installing import NotInstalledError
from local_cloud.up import delivery
from local_cloud.up.bringing import Up, bring_up
from local_cloud.up.guide import Names, first_to_drill, first_with_approval, guide
from local_cloud.up.settings import ROOT, UpSettings
from local_cloud.workflows.service.store import StoreUnusable

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAILED, _WRONG_USE = 1, 2


class FolderBusy(Exception):
    """Another local cloud writes into the folder; the text is for a person."""


def run(settings: UpSettings) -> int:
    """Bring it up and wait for a signal; return the exit status."""
    began = time.monotonic()
    try:
        delivery.check(settings.delivery, ROOT / "functions")
        with _locked(settings.folder):
            asyncio.run(_until_told(settings, began))
    except (delivery.WrongDelivery, FolderBusy, StoreUnusable) as error:
        return _fail(_WRONG_USE, str(error))
    except PortBusy as error:
        option = settings.option_of(error.port)
        return _fail(
            _WRONG_USE,
            f"error: port {error.port} is already in use; nothing was started\n"
            f" hint: stop what listens there, or choose another: `{option} 0` takes any free one",
        )
    except NotInstalledError as error:
        return _fail(_FAILED, f"error: Barq was not installed; nothing is left running\n{error}")
    return 0


async def _until_told(settings: UpSettings, began: float) -> None:
    """Serve until a signal. A second one ends this process at once."""
    _end_on_signals()
    try:
        async with bring_up(settings) as up:
            _say(f"Ready in {time.monotonic() - began:.1f} s. Ctrl-C ends it.\n")
            _say(_about(settings, up))
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        _say("stopped; nothing is left running")


def _end_on_signals() -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def end() -> None:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
            # From here on a signal kills; the guard then ends what was started.
            signal.signal(number, signal.SIG_DFL)
        task.cancel()

    for number in _SIGNALS:
        loop.add_signal_handler(number, end)


def _about(settings: UpSettings, up: Up) -> str:
    place = up.installed.place
    target = first_with_approval(up.targets)
    names = Names(
        region=place.region,
        workflow=up.installed.workflow.rpartition("/")[2],
        topic=up.installed.topics["builds"].rpartition("/")[2],
        target=target,
        database=up.database.there,
        drilled=first_to_drill(up.targets, target),
        alone=len({one.service for one in up.targets}) == 1,
    )
    delivered = ", ".join(f"{one.service} {one.name}" for one in up.targets)
    pace = "Google's" if settings.real_time else "1 s old at most; --real-time makes them Google's"
    return (
        f"  delivers  {delivered} ({settings.delivery})\n"
        f"  metrics   {pace}\n"
        f"  database  {up.database.line}\n"
        f"  logs      {settings.folder}/cloud/logs\n\n"
        f"{guide(names, f'{settings.folder}/env')}"
    )


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder: two local clouds would write over each other's files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FolderBusy(
                f"error: a local cloud runs in {folder} already; nothing was started\n"
                " hint: stop it with Ctrl-C there, or choose another folder with --folder"
            ) from None
        yield


def _fail(status: int, text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return status


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
