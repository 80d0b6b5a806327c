"""Drives one execution: performs its effects, and brings the outcomes back to the engine.

All that happens to an execution happens in turns: an event, what the engine makes of it, and only
when the turn is kept the effects that it asks for. Kept turns run again give the same execution.
"""

import datetime as dt
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.workflows.engine import effects as fx
from local_cloud.workflows.engine.execution import Execution
from local_cloud.workflows.engine.watching import Watcher
from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.faults import fault
from local_cloud.workflows.service import journal
from local_cloud.workflows.service.callbacks import Endpoint
from local_cloud.workflows.service.deployments import Revision
from local_cloud.workflows.service.host import Diverged, RunHost
from local_cloud.workflows.service.journal import (
    Came,
    Event,
    Offered,
    Resumed,
    Started,
    Turn,
    Unreadable,
)
from local_cloud.workflows.service.names import WorkflowName, duration, timestamp
from local_cloud.workflows.service.outcome import outcome, unavailable
from local_cloud.workflows.service.performing import LIFE, Wait, send
from local_cloud.workflows.service.store import KeptExecution, StoreFailed
from local_cloud.workflows.service.world import World

STATES: Final = {"succeeded": "SUCCEEDED", "failed": "FAILED", "cancelled": "CANCELLED"}
_DIVERGED: Final = (
    "what was kept of this execution does not fit this version of the local cloud, or is damaged;"
    " it stays kept, and the version that wrote it may go on with it"
)
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_DAMAGE: Final = (
    Diverged,
    Unreadable,
    Refused,
    ArithmeticError,
    LookupError,
    TypeError,
    ValueError,
)
"""What running turns again raises that never went together."""


class Run(RunHost):
    """An Execution resource."""

    __slots__ = (
        *("_awaited", "_coming", "_engine", "_final", "_waits", "created", "document", "ended"),
        *("endpoints", "number", "started", "state", "watcher"),
    )

    def __init__(
        self,
        world: World,
        workflow: WorkflowName,
        execution_id: str,
        revision: Revision,
        document: dict[str, Any],
        project_number: str,
    ) -> None:
        super().__init__(world, workflow, execution_id, revision, project_number)
        self.document = document
        """The fields of the request: argument, labels, callLogLevel."""
        self.number = 0
        """The store's name for it."""
        self.state = "QUEUED"
        self.created = self._at
        self.started: dt.datetime | None = None
        self.ended: dt.datetime | None = None
        self.endpoints: dict[str, Endpoint] = {}
        self.watcher: Watcher | None = None
        self._engine: Execution | None = None
        """There while it is ACTIVE and has begun; what has ended keeps only what it shows."""
        self._final: dict[str, Any] = {}
        self._waits: list[Wait] = []
        self._awaited: dict[int, tuple[fx.Effect | Came, dt.datetime]] | None = None
        """After a restart, until `go_on`: what is under way, and since when, in this order."""
        self._coming: dict[int, fx.CallbackRequest] = {}
        """Requests on their way to the effects that awaited them."""

    # Life.

    def keep(self, *, active: bool) -> None:
        """Be there from now on, QUEUED or ACTIVE. Raises StoreFailed, and then it is not."""
        if active:
            self.state, self.started = "ACTIVE", self.world.scheduler.now()
        if self.world.store.keeps:
            self.number = self.world.store.created(self._as_kept())

    def begin(self) -> None:
        """Become ACTIVE; the first step runs when the present call has been answered."""
        if self.state != "ACTIVE":
            self.started = self.world.scheduler.now()
            self.world.store.began(self.number, self.started)
            self.state = "ACTIVE"
        self.world.scheduler.call_later(0, partial(self._turn, Started()))

    def resume(self, effect_id: int, end: fx.Outcome) -> None:
        """Go on with the outcome of an effect, if it is still awaited."""
        if self._engine is not None and self._engine.awaits(effect_id):
            self._turn(Resumed(effect_id, end))

    def cancel(self) -> None:
        """End now. Raises StoreFailed, and then it goes on."""
        had_ended = self.state == "UNAVAILABLE"
        final = outcome(self._engine) if self._engine is not None else {}
        self._end("CANCELLED", final)
        if not had_ended:
            self.world.ended(self)

    def offer(self, endpoint: Endpoint, request: fx.CallbackRequest) -> None:
        """Bring a request to an endpoint. Raises Refused when its slot is taken.

        The workflow goes on after the present call has been answered.
        """
        if self.state != "ACTIVE":
            raise Refused("UNAVAILABLE", f"execution '{self.name}' is {self.state}")
        self._at, self._answers = self.world.scheduler.now(), []
        effect_id = endpoint.offer(request)
        try:
            self._keep_turn(Offered(endpoint.callback_id, request), [])
        except StoreFailed:
            if effect_id is None:
                endpoint.take()
            else:
                endpoint.waiters.insert(0, effect_id)
            raise
        if effect_id is not None:
            self._forget(effect_id)
            self._comes(effect_id, request)

    def _comes(self, effect_id: int, request: fx.CallbackRequest) -> None:
        self._coming[effect_id] = request
        if self._awaited is None:
            self.world.scheduler.call_later(0, partial(self._turn, Came(effect_id)))
        else:
            self._awaited[effect_id] = Came(effect_id), self._at

    def _turn(self, event: Event) -> None:
        if self.state != "ACTIVE":
            return
        assert self.started is not None
        self._at, self._answers = self.world.scheduler.now(), []
        try:
            todo = self._act(event) if self._at - self.started <= LIFE else self._expire()
            engine = self._running()
            if engine.state in STATES:
                self._finish(engine, todo)
                return
            self._keep_turn(event, todo)
        except StoreFailed as failed:
            self._give_up(f"{failed.message}; it goes on from there after a restart")
            return
        self._perform(todo)

    def _act(self, event: Event) -> list[fx.Effect]:
        """Bring an event to the engine; return what is to be done then. Nothing is done yet."""
        engine = self._running()
        match event:
            case Started():
                argument = json_text.decode(self.document["argument"])
                return self._settle(engine.start(argument))
            case Resumed(effect_id, end):
                self._forget(effect_id)
                if isinstance(end, fx.TimedOut):
                    self._withdraw(effect_id)
                return self._settle(engine.resume(effect_id, end))
            case Came(effect_id):
                self._forget(effect_id)
                return self._settle(engine.resume(effect_id, self._coming.pop(effect_id)))
            case Offered(callback_id, request):
                taker = self.endpoints[callback_id].offer(request)
                if taker is not None:
                    self._forget(taker)
                    self._comes(taker, request)
        return []

    def _running(self) -> Execution:
        if self._engine is None:
            self.watcher = self.world.watch(self)
            program = self.revision.program
            self._engine = Execution(program, self, self.world.choices, self.watcher)
        return self._engine

    def _settle(self, effects: list[fx.Effect]) -> list[fx.Effect]:
        """Do what concerns nobody else; return the rest."""
        engine = self._running()
        queue = deque(effects)
        rest: list[fx.Effect] = []
        while queue:
            effect = queue.popleft()
            if isinstance(effect, fx.CreateCallback):
                self.endpoints[effect.callback_id] = Endpoint(
                    effect.callback_id, effect.method, effect.url
                )
                continue
            if isinstance(effect, fx.AwaitCallback):
                endpoint = self.endpoints[effect.callback_id]
                pending = endpoint.take()
                if pending is not None:
                    queue.extend(engine.resume(effect.id, pending))
                    continue
                endpoint.waiters.append(effect.id)
            rest.append(effect)
        return rest

    def _keep_turn(self, event: Event, todo: list[fx.Effect]) -> None:
        if self.world.store.keeps:
            at = (self._at - _EPOCH) // _MICROSECOND
            turn = Turn(at, event, tuple(self._answers), journal.mark(todo))
            self.world.store.turned(self.number, turn)

    def _perform(self, todo: Iterable[fx.Effect]) -> None:
        for effect in todo:
            if isinstance(effect, fx.HttpCall):
                send(self, effect)
            elif isinstance(effect, fx.Log):
                self.world.logged(self, effect)
            else:
                self._waits.append(Wait(self, effect, self._at))

    def _withdraw(self, effect_id: int) -> None:
        """Await a callback no longer."""
        for endpoint in self.endpoints.values():
            if effect_id in endpoint.waiters:
                endpoint.waiters.remove(effect_id)

    def _forget(self, effect_id: int) -> None:
        if self._awaited is not None:
            self._awaited.pop(effect_id, None)
        for wait in self._waits:
            if wait.effect_id == effect_id:
                wait.timer.cancel()
                self._waits.remove(wait)
                return

    def _expire(self) -> list[fx.Effect]:
        """Fail: it is older than an execution gets. The error's text is a guess."""
        self._running().fail(fault("TimeoutError", "execution exceeded its maximum duration"))
        return []

    def _finish(self, engine: Execution, todo: list[fx.Effect]) -> None:
        self._end(STATES[engine.state], outcome(engine))
        self._perform(effect for effect in todo if isinstance(effect, fx.HttpCall | fx.Log))
        self.world.ended(self)

    def _end(self, state: str, final: dict[str, Any]) -> None:
        """Become what it stays. Raises StoreFailed, and then it is what it was."""
        ended = self._at = self.world.scheduler.now()
        if self.world.store.keeps:
            self.world.store.ended(self.number, state, ended, final)
        if self._engine is not None:
            self._engine.cancel()
        self.state, self.ended = state, ended
        self._close(final)

    def _give_up(self, details: str) -> None:
        """Become UNAVAILABLE: what is kept of it stays as it is, for another start."""
        self.state = "UNAVAILABLE"
        self._close(unavailable(details))
        self.world.ended(self)

    def _close(self, final: dict[str, Any]) -> None:
        for wait in self._waits:
            wait.timer.cancel()
        self._waits, self._coming, self._awaited = [], {}, None
        self.endpoints = {}
        self._engine, self._final = None, final

    # After a restart.

    @classmethod
    def kept(
        cls,
        world: World,
        workflow: WorkflowName,
        revision: Revision,
        kept: KeptExecution,
        project_number: str,
    ) -> "Run":
        """Return an execution as it was kept. An ACTIVE one stands still until `go_on`."""
        run = cls(world, workflow, kept.execution_id, revision, kept.document, project_number)
        run.number, run.state = kept.number, kept.state
        run.created, run.started, run.ended = kept.created, kept.started, kept.ended
        run._final = kept.final
        if run.state == "ACTIVE":
            run._replay()
        return run

    def _replay(self) -> None:
        """Run the kept turns again, or be UNAVAILABLE where they do not give the same."""
        self._awaited = {}
        try:
            for turn in self.world.store.turns(self.number):
                self._again(turn, self._awaited)
        except _DAMAGE:
            self.state = "UNAVAILABLE"
            self._close(unavailable(_DIVERGED))
        self._kept_answers = None

    def _again(self, turn: Turn, awaited: dict[int, tuple[fx.Effect | Came, dt.datetime]]) -> None:
        self._at = _EPOCH + turn.at * _MICROSECOND
        self._kept_answers = deque(turn.answers)
        event = turn.event
        expected = (
            (isinstance(event, Started) and self._engine is None)
            or (isinstance(event, Resumed) and event.effect_id in awaited.keys() - self._coming)
            or (isinstance(event, Offered) and event.callback_id in self.endpoints)
            or (isinstance(event, Came) and event.effect_id in self._coming)
        )
        if not expected:
            raise Diverged
        todo = self._act(event)
        if self._kept_answers or journal.mark(todo) != turn.asked or self._has_ended():
            raise Diverged
        for effect in todo:
            if not isinstance(effect, fx.Log | fx.CreateCallback):
                awaited[effect.id] = effect, self._at

    def go_on(self) -> None:
        """Do again what was under way when the last turn was kept. Safe to repeat."""
        if self.state != "ACTIVE" or self._awaited is None:
            return
        awaited, self._awaited = self._awaited, None
        if self._engine is None:
            self.begin()
        for effect, since in awaited.values():
            if isinstance(effect, Came):
                self.world.scheduler.call_later(0, partial(self._turn, effect))
            elif isinstance(effect, fx.HttpCall):
                send(self, effect)
            else:
                self._waits.append(Wait(self, effect, since))

    def _has_ended(self) -> bool:
        return self._engine is not None and self._engine.state in STATES

    def _as_kept(self) -> KeptExecution:
        return KeptExecution(
            self.number,
            str(self.workflow),
            self.execution_id,
            self.revision.revision_id,
            self.document,
            self.state,
            self.created,
            self.started,
            self.ended,
            self._final,
        )

    # The resource.

    def basic(self) -> dict[str, Any]:
        """Return the resource in view BASIC."""
        shown: dict[str, Any] = {
            "name": self.name,
            "state": self.state,
            "workflowRevisionId": self.revision.revision_id,
        }
        if self.started is not None:
            shown["startTime"] = timestamp(self.started)
            until = self.ended or self.world.scheduler.now()
            shown["duration"] = duration(until - self.started)
        if self.ended is not None:
            shown["endTime"] = timestamp(self.ended)
        return shown

    def full(self) -> dict[str, Any]:
        """Return the resource in view FULL."""
        final = self._final if self._engine is None else outcome(self._engine)
        return {**self.basic(), "createTime": timestamp(self.created), **self.document, **final}
