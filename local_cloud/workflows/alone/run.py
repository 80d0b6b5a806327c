"""`run FILE`: one execution from its first step to its exit status."""

import argparse
import asyncio
import os
import signal
import sys
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.kit.scheduler import LoopScheduler
from local_cloud.workflows.alone import flags, report
from local_cloud.workflows.alone.fast import FastScheduler
from local_cloud.workflows.alone.inputs import Input, Inputs, inputs_of
from local_cloud.workflows.alone.local import (
    LateDoor,
    LateSender,
    OpenTokens,
    label_of,
    local_model,
)
from local_cloud.workflows.alone.paint import paint_for
from local_cloud.workflows.alone.printer import CallbackPrinter, step_printer
from local_cloud.workflows.alone.wording import CREATES_CALLBACK
from local_cloud.workflows.alone.wrong import Wrong
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.service import rest
from local_cloud.workflows.service.call_logs import of_workflows
from local_cloud.workflows.service.run import Run

SUCCEEDED: Final = 0
FAILED: Final = 1
TIMED_OUT: Final = 124
_BY_SIGNAL: Final = 128
_ENDED: Final = {"SUCCEEDED", "FAILED", "CANCELLED"}


def run(given: argparse.Namespace) -> int:
    """Return the exit status. Raises Wrong before anything has run."""
    return asyncio.run(_play(given, inputs_of(given)))


async def _play(given: argparse.Namespace, inputs: Inputs) -> int:
    loop = asyncio.get_running_loop()
    door = LateDoor(loop, given.port)
    sender = LateSender(loop, anywhere=given.internet)
    try:
        return await _Session(given, inputs, loop, door, sender).play()
    finally:
        await sender.close()
        await door.close()


class _Session:
    """One run of `run`, on its loop."""

    def __init__(
        self,
        given: argparse.Namespace,
        inputs: Inputs,
        loop: asyncio.AbstractEventLoop,
        door: LateDoor,
        sender: LateSender,
    ) -> None:
        self._given = given
        self._inputs = inputs
        self._loop = loop
        self._sender = sender
        self._paint = paint_for(given.colour, sys.stderr, os.environ)
        self._name = ""
        self._over: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._why, self._status = "", _BY_SIGNAL
        """What is said, and the exit status, when the execution is cancelled."""
        self._scheduler = self._clock()
        tokens = OpenTokens(self._scheduler)
        settings = flags.settings_of(given, door.url, step_entries="never", **flags.UNLIMITED)
        self._model = local_model(self._scheduler, sender, tokens, settings, self._watcher)
        self._model.on_state_change.append(self._changed)
        if not given.quiet and not given.trace:
            shown = of_workflows(lambda one: self._tell(report.log_line(one, self._paint)))
            self._model.on_log.append(shown)
        door.serve(lambda: rest.router(self._model), tokens)

    async def play(self) -> int:
        """Execute; return the exit status. Raises Wrong."""
        deployed = [self._deployed(one) for one in (*self._inputs.others, self._inputs.own)]
        if not all(deployed):
            return FAILED
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self._interrupted, number)
        workflow = f"{self._parent()}/workflows/{self._inputs.own.workflow}"
        self._name = self._model.create_execution(workflow, self._inputs.argument)["name"]
        if self._given.timeout:
            self._loop.call_later(self._given.timeout, self._timed_out)
        return self._told(await self._over)

    def _parent(self) -> str:
        return f"projects/{self._given.project}/locations/{self._given.location}"

    def _deployed(self, one: Input) -> bool:
        """Deploy; say what is wrong with the source if it is wrong. Raises Wrong."""
        given = self._given
        try:
            self._model.deploy(
                given.project, given.location, one.workflow, one.text, env=dict(given.env)
            )
        except Refused as refusal:
            problems = report.problems_of(one.text, flags.chosen(given.choice))
            if not problems:
                raise Wrong(refusal.message) from refusal
            self._say(report.problem_lines(one.file, problems))
            return False
        return True

    # Time.

    def _clock(self) -> LoopScheduler | FastScheduler:
        if not self._given.fast:
            return LoopScheduler(self._loop)
        scheduler = FastScheduler(self._loop)
        scheduler.may_skip = self._may_skip
        self._sender.on_answer = scheduler.look
        return scheduler

    def _may_skip(self) -> bool:
        if self._sender.in_flight:
            return False
        running = (run for run in self._model.runs() if run.ended is None)
        return not any(one.waiters for run in running for one in run.endpoints.values())

    def _interrupted(self, number: signal.Signals) -> None:
        self._why = {signal.SIGINT: "Ctrl-C"}.get(number, number.name)
        self._status = _BY_SIGNAL + number
        self._cancel()

    def _timed_out(self) -> None:
        self._why = f"it was not over after --timeout {self._given.timeout:g} seconds"
        self._status = TIMED_OUT
        self._cancel()

    def _cancel(self) -> None:
        if not self._over.done():
            self._model.cancel_execution(self._name)

    # What is told.

    def _watcher(self, run: Run) -> Watcher | None:
        if self._given.quiet:
            return None
        workflow = run.workflow.workflow
        inputs = (self._inputs.own, *self._inputs.others)
        one = next((one for one in inputs if one.workflow == workflow), None)
        prefix = "" if one is self._inputs.own else self._paint.dim(f"{label_of(run.name)} ")

        def tell(line: str) -> None:
            self._tell(prefix + line)

        if not self._given.trace:
            # An execution that nobody watches runs many times as fast.
            makes = CREATES_CALLBACK in run.revision.document["sourceContents"]
            return CallbackPrinter(tell) if makes else None
        file = one.file if one else workflow
        return step_printer(run, file, self._paint, tell, self._loop.call_soon)

    def _changed(self, execution: dict[str, Any]) -> None:
        ended = execution["state"] in _ENDED and execution["name"] == self._name
        if ended and not self._over.done():
            self._over.set_result(execution)

    def _told(self, execution: dict[str, Any]) -> int:
        """Say how it ended; return the exit status."""
        if execution["state"] == "SUCCEEDED":
            sys.stdout.write(execution["result"] + "\n")
            sys.stdout.flush()
            if not self._given.quiet:
                self._say(report.succeeded(execution, self._paint))
            return SUCCEEDED
        if execution["state"] == "CANCELLED":
            self._say(report.cancelled(execution, self._why, self._paint))
            return self._status
        own = self._inputs.own
        self._say(report.failed(execution, own.text, own.file, self._paint))
        return FAILED

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            self._tell(line)

    def _tell(self, line: str) -> None:
        sys.stderr.write(line + "\n")
