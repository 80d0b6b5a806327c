"""`serve`: both APIs and callbacks on two ports, with hot reload, until it is told to end."""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.alone import flags, guide, report
from local_cloud.workflows.alone.local import (
    LateDoor,
    LateSender,
    OpenTokens,
    label_of,
    local_model,
)
from local_cloud.workflows.alone.paint import paint_for
from local_cloud.workflows.alone.printer import step_printer
from local_cloud.workflows.alone.reload import Reloader
from local_cloud.workflows.alone.requests import ToldRouter, told_methods
from local_cloud.workflows.alone.shown import seconds
from local_cloud.workflows.alone.sources import Named
from local_cloud.workflows.alone.wording import short_text
from local_cloud.workflows.alone.wrong import Wrong
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.service import rest
from local_cloud.workflows.service.call_logs import of_workflows
from local_cloud.workflows.service.run import Run

if TYPE_CHECKING:
    from local_cloud.fronts.grpc_front import GrpcFront

LOOK_SECONDS: Final = 0.2
"""Between two looks at the files."""


def serve(given: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; return the exit status. Raises Wrong."""
    return asyncio.run(_Server(given).play())


class _Server:
    """Made on its loop's first run; `play` opens and closes everything."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._paint = paint_for(given.colour, sys.stderr, os.environ)

    async def play(self) -> int:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, ended.set)
        async with contextlib.AsyncExitStack() as stack:
            door = LateDoor(loop, self._given.port)
            stack.push_async_callback(door.close)
            sender = LateSender(loop, anywhere=self._given.internet)
            stack.push_async_callback(sender.close)
            self._open(loop, door, sender)
            stack.callback(self._model.close)
            grpc = await self._grpc(self._tokens)
            stack.push_async_callback(grpc.close)
            reloader = Reloader(self._given.files, self._deploy, self._tell)
            reloader.start()
            self._model.go_on()
            sys.stdout.write(self._guide(door.url, grpc.port))
            sys.stdout.flush()
            looking = loop.create_task(_look(reloader))
            await ended.wait()
            looking.cancel()
            self._tell("ended")
        return 0

    def _open(self, loop: asyncio.AbstractEventLoop, door: LateDoor, sender: LateSender) -> None:
        given = self._given
        quotas = {name: getattr(given, name) for name in flags.UNLIMITED}
        limits = flags.UNLIMITED if given.no_quotas else quotas
        settings = flags.settings_of(given, door.url, store_path=given.store, **limits)
        self._scheduler = scheduler = LoopScheduler(loop)
        self._tokens = OpenTokens(scheduler)
        self._model = local_model(scheduler, sender, self._tokens, settings, self._watcher)
        self._model.on_state_change.append(self._changed)
        shown = of_workflows(lambda one: self._tell(report.log_line(one, self._paint)))
        self._model.on_log.append(shown)
        router = rest.router(self._model)
        door.serve(lambda: ToldRouter(router, self._tell), self._tokens)

    async def _grpc(self, tokens: OpenTokens) -> "GrpcFront":
        # Google's clients take longer to import than everything else together.
        from local_cloud.fronts.grpc_front import GrpcFront  # noqa: PLC0415
        from local_cloud.fronts.wire import PortBusy  # noqa: PLC0415
        from local_cloud.workflows.service import grpc_door  # noqa: PLC0415

        credentials = None
        if self._given.tls:
            from local_cloud.identity.authority import Authority  # noqa: PLC0415

            credentials = Authority(Path(self._given.tls)).grpc_credentials()
        services = [
            (name, told_methods(name, methods, self._tell))
            for name, methods in grpc_door.methods(self._model).items()
        ]
        front = GrpcFront(services, tokens, credentials=credentials, port=self._given.grpc_port)
        try:
            await front.start()
        except PortBusy as busy:
            raise Wrong(f"port {busy.port} is already in use; nothing was started", _BUSY) from busy
        return front

    def _guide(self, url: str, grpc_port: int) -> str:
        given = self._given
        return guide.text(url, grpc_port, given.project, given.location, given.tls)

    def _deploy(self, one: Named, text: str) -> None:
        given = self._given
        try:
            shown = self._model.deploy(
                given.project, given.location, one.workflow, text, env=dict(given.env)
            )
        except Refused as refusal:
            problems = report.problems_of(text, flags.chosen(given.choice))
            for line in report.problem_lines(str(one.path), problems) or [refusal.message]:
                self._say(self._paint.red(line))
            self._say(f"{one.workflow}: {self._kept(one.workflow)}")
            return
        self._tell(f"deployed {one.workflow} {shown['revisionId']} from {one.path}")

    def _kept(self, workflow: str) -> str:
        name = f"projects/{self._given.project}/locations/{self._given.location}"
        try:
            kept = self._model.get_workflow(f"{name}/workflows/{workflow}")
        except Refused:
            return "not deployed"
        return f"revision {kept['revisionId']} keeps serving"

    def _changed(self, execution: dict[str, Any]) -> None:
        state = execution["state"]
        paint = {"SUCCEEDED": self._paint.green, "FAILED": self._paint.red}.get(
            state, self._paint.yellow
        )
        words = [f"execution {label_of(execution['name'])} {paint(state)}"]
        if "endTime" in execution:
            took = float(execution.get("duration", "0s").removesuffix("s"))
            words.append(f"after {seconds(took)}")
        if state == "SUCCEEDED":
            words.append(f"-> {short_text(execution['result'])}")
        elif state == "FAILED":
            words.append(f": {short_text(execution['error']['context'])}")
        self._tell(" ".join(words))

    def _watcher(self, run: Run) -> Watcher | None:
        if not self._given.trace:
            return None
        label = self._paint.dim(label_of(run.name))
        soon = asyncio.get_running_loop().call_soon

        def tell(line: str) -> None:
            self._say(f"{label} {line}")

        return step_printer(run, run.workflow.workflow, self._paint, tell, soon)

    def _tell(self, line: str) -> None:
        if not self._given.quiet:
            self._say(line)

    def _say(self, line: str) -> None:
        now = self._paint.dim(self._scheduler.now().astimezone().strftime("%H:%M:%S"))
        sys.stderr.write(f"{now} {line}\n")


_BUSY: Final = "stop what listens there, or choose another port (0 picks a free one)"


async def _look(reloader: Reloader) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        reloader.look()
