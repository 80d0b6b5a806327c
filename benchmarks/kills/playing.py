"""One kill, from the push of an image to the end of its rollout, and what its requests met."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.kills.cases import BEFORE, Case, image_of
from benchmarks.kills.counting import Counted, Dead
from benchmarks.kills.killing import Armed
from benchmarks.kills.stage import Json, Stage, key_of
from local_cloud.kit.traffic import ServedRequest
from local_cloud.registry.images import PushedImage
from local_cloud.run.resources import ServiceKey

FINAL: Final = ("promoted", "rolled_back", "stopped", "superseded")
REDELIVERY_SECONDS: Final = 30.0
TOLD_SECONDS: Final = 10.0
MINUTES_SECONDS: Final = 600.0
_AGAIN_SECONDS: Final = 0.25
_NUMBERS: Final = itertools.count(2)


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a kill."""

    case: Case
    killed: int
    ended: str
    whole: bool
    """Whether the revision that the end asks for has all requests."""
    by: str
    """The function whose write put stable back; empty where none did."""
    requests: int
    failed: int
    lost: int
    seconds: float
    """From the first kill to the end; 0 where it came after the end."""
    told: int
    """How many events told of the end: one, or none where the teller was killed."""
    shifts: tuple[int, ...] = ()
    """The percents of all shifts on record."""

    @property
    def right(self) -> bool:
        return bool(self.killed and self.ended in self.case.ends and self.whole and not self.lost)


class Course:
    """A rollout with a kill in it."""

    def __init__(
        self, stage: Stage, case: Case, service: str, together: asyncio.Event | None = None
    ) -> None:
        """`together`: set when the engine was killed, once for all that reached their moments."""
        self.stage = stage
        self.case = case
        self.service = service
        self.counted = Counted()
        self.kills = 0
        self.reached = asyncio.Event()
        """The moment has come."""
        self._together = together
        self.image: PushedImage
        self._first_kill = 0.0
        self._requests = 0
        self._back_by = ""

    async def play(self) -> Row:
        """Push, kill, wait for the end."""
        stage, case = self.stage, self.case
        self.image = stage.builds.push(image_of(self.service), f"v{next(_NUMBERS)}", case.env)
        async with self._watched():
            if case.moment == BEFORE:
                self._kill()
            async with asyncio.TaskGroup() as group:
                aside = [group.create_task(one) for one in (*self._people(), self._killing())]
                stage.builds.announce(self.image, commit=self.image.digest)
                ended = await self._end()
                now = asyncio.get_running_loop().time()
                seconds = now - self._first_kill if self.kills else 0.0
                await self._after_the_end()
                for task in aside:
                    task.cancel()
            await asyncio.sleep(0.5)  # Requests and events under way.
        return self._row(ended, seconds)

    # The kill.

    def _killing(self) -> Coroutine[Any, Any, None]:
        if self._together is not None:
            return self._be_there_at_the_kill(self._together)
        return self._kill_at_a_call() if self.case.moment.by else self._kill_in_a_state()

    async def _be_there_at_the_kill(self, together: asyncio.Event) -> None:
        await self.stage.until(self._is_the_moment, f"{self.case.when} of {self.service}")
        self.reached.set()
        await together.wait()
        if self.case.victim == "engine":
            self._note_kill()
        else:  # Who puts stable back is killed as well.
            await self._kill_at_a_call()

    async def _kill_at_a_call(self) -> None:
        """Have it done by the call itself: nothing of the function runs after it."""
        armed = Armed(
            self.case.moment, key_of(self.service).project, self._is_the_moment, self._kill
        )
        self.stage.killer.arm(armed)
        try:
            await armed.done.wait()
        finally:
            self.stage.killer.disarm(armed)

    async def _kill_in_a_state(self) -> None:
        await self.stage.until(self._is_the_moment, f"{self.case.when} of {self.service}")
        await asyncio.sleep(self.case.moment.after_seconds)
        while self.kills < self.case.kills and not self._ended():
            self._kill()
            await asyncio.sleep(_AGAIN_SECONDS)

    def _is_the_moment(self) -> bool:
        moment, rollout = self.case.moment, self._rollout()
        if moment.state and moment.state != _state(rollout):
            return False
        if moment.percent is None:
            return True
        canary = str(rollout["canary"]) if rollout else ""
        return bool(rollout) and moment.percent == self.stage.written_percent(self.service, canary)

    def _kill(self) -> bool:
        killer = self.stage.killer
        victim = self.case.victim
        if victim == "canary":
            done = self._kill_canary()
        else:
            done = killer.engine() if victim == "engine" else killer.function(victim)
        if done:
            self._note_kill()
        return done

    def _note_kill(self) -> None:
        self._first_kill = self._first_kill or asyncio.get_running_loop().time()
        self.kills += 1
        self.reached.set()

    def _kill_canary(self) -> bool:
        rollout = self._rollout()
        if rollout is None:
            return False
        canary = str(rollout["canary"])
        since = self.stage.cloud.scheduler.now()
        done = self.stage.killer.revision(canary)
        if done:
            self.counted.deaths.append(Dead(canary, since))
        return done

    # What a person does.

    def _people(self) -> list[Coroutine[Any, Any, None]]:
        asks = self.case.by_person and self.case.victim != "approve"
        return [self._approve(), *([self._ask()] if asks else [])]

    async def _ask(self) -> None:
        """Call what only people call, in the middle of it."""
        await self.stage.until(lambda: self._at("shifting"), "a step")
        body = {"service": self.service, "rollout": str((self._rollout() or {})["id"])}
        if self.case.victim != "explain":
            del body["rollout"]
        await self.stage.insist(self.case.victim, body)

    async def _approve(self) -> None:
        case, stage, digest = self.case, self.stage, self.image.digest
        # The service's record asks, should the function that asked have died before it told.
        await stage.until(
            lambda: stage.told("approval.requested", digest) or _state(self._rollout()) == "asked",
            "a question",
            MINUTES_SECONDS,
        )
        if case.moment.state == "asked":
            if case.victim == "engine":
                return  # Nobody answers: the execution that would hear it is gone.
            await self.reached.wait()
        status, answer = await stage.insist(
            "approve",
            {
                "service": self.service,
                "target": "production",
                "rollout": str((self._rollout() or {})["id"]),
                "decision": "approve",
                "reason": "go on",
            },
        )
        assert status == 200, answer

    # The end.

    async def _end(self) -> str:
        """Return the state in which the rollout is left, a final one unless it hangs."""
        stage = self.stage
        with contextlib.suppress(AssertionError):
            await stage.until(self._ended, "its end")
        rollout = self._rollout()
        if rollout is None or rollout["state"] not in FINAL:
            return f"not at all ({_state(rollout)})"
        winner = str(rollout["canary" if rollout["state"] == "promoted" else "stable"])
        with contextlib.suppress(AssertionError):
            await stage.until(lambda: stage.shares(self.service) == {winner: 100}, "it", 10)
        return str(rollout["state"])

    async def _after_the_end(self) -> None:
        """Wait for what comes after it: it is told, and told again."""
        kind, digest = f"rollout.{_state(self._rollout())}", self.image.digest
        with contextlib.suppress(AssertionError):
            await self.stage.until(lambda: self.stage.told(kind, digest), kind, TOLD_SECONDS)
        if self.case.victim != "notify":
            return
        posted = len(self.stage.chat)
        with contextlib.suppress(AssertionError):
            await self.stage.until(
                lambda: self.kills and any(took for _, took in self.stage.chat[posted:]),
                "another delivery",
                REDELIVERY_SECONDS,
            )

    def _ended(self) -> bool:
        return _state(self._rollout()) in FINAL

    def _at(self, state: str) -> bool:
        return _state(self._rollout()) == state

    def _rollout(self) -> Json | None:
        return self.stage.rollout(self.service, self.image.digest)

    def _row(self, ended: str, seconds: float) -> Row:
        rollout = self._rollout() or {}
        winner = rollout.get("canary" if ended == "promoted" else "stable")
        self.counted.canary = str(rollout.get("canary", ""))
        about = [one for one in self.stage.events if one["digest"] == self.image.digest]
        told = [one for one in about if one["event"] == f"rollout.{ended}"]
        return Row(
            case=self.case,
            killed=self.kills,
            ended=ended,
            whole=self.stage.shares(self.service) == {winner: 100},
            by=self._back_by if ended == "rolled_back" else "",
            requests=self._requests,
            failed=len(self.counted.failed),
            lost=self.counted.lost,
            seconds=seconds,
            told=len(told),
            shifts=tuple(one["percent"] for one in rollout.get("shifts", ())),
        )

    @contextlib.asynccontextmanager
    async def _watched(self) -> AsyncIterator[None]:
        """Send the users' requests, and note what becomes of each."""
        key = key_of(self.service)

        def changed(at: ServiceKey) -> None:
            if at == key and not self._back_by and self._at("rolled_back"):
                self._back_by = self.stage.killer.last_writer[key.project]

        def served(request: ServedRequest) -> None:
            # The smoke test's and the probes' requests are Barq's own, to the tag's URL.
            if request.project == key.project and request.url.startswith(url):
                self.counted.note(request)

        url = self.stage.cloud.run.service(key).url
        self.stage.listeners.append(served)
        self.stage.cloud.run.on_service_change.append(changed)
        try:
            async with self.stage.under_traffic(self.service) as traffic:
                yield
        finally:
            self.stage.listeners.remove(served)
            self.stage.cloud.run.on_service_change.remove(changed)
        self._requests = traffic.seen.requests
        self.counted.callers_failed = traffic.seen.lost + traffic.seen.failures


def _state(rollout: Json | None) -> str:
    """Return the state on record; `asked` and `approved` instead of verified, where that is so."""
    if rollout is None:
        return ""
    approval = rollout.get("approval")
    if rollout["state"] == "verified" and approval:
        return {"": "asked", "approved": "approved"}.get(approval.get("decision", ""), "denied")
    return str(rollout["state"])
