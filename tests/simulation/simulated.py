"""A whole cloud with Barq in it, in which things happen and faults strike. Virtual time only."""

import base64
import dataclasses
import datetime as dt
import functools
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from rollouts.delivery_file import parse_delivery
from rollouts.errors import Transient
from tests.flow.flow import Flow
from tests.flow.install import ACCOUNTS
from tests.simulation import faults, workload
from tests.simulation.acting import Acting, Skewed, Unasked
from tests.simulation.scenario import Happens, Scenario
from tests.simulation.striking import Crashed, Striking
from tests.simulation.users import Users

IDLE_SECONDS, BUSY_SECONDS = 60.0, 10.0
"""How many seconds' requests are served at once, without a rollout and with one."""


class Simulated(Flow):
    """Plays a scenario. `watch` is given what to look at after every event."""

    def __init__(self, scenario: Scenario, workflow: Callable[[str], str] | None = None) -> None:
        self.scenario = scenario
        self.trace: list[str] = []
        self.happened: Counter[str] = Counter()
        self.acting: Acting | None = None
        self.acted: list[Callable[[Acting, Any], None]] = []
        """Told after each call of a function, with its answer."""
        self.refused: list[str] = []
        """What Barq sent, and Cloud Run refused for good."""
        self.stopped_lines: dict[str, int] = {}
        """How many times the line of a target is stopped now."""
        self.read_service: list[Callable[[str, str], None]] = []
        """Told of each service that a function read."""
        self.pushed: dict[int, str] = {}
        """References by the number of the happening that pushed them."""
        self.announced: dict[str, dict[str, Any]] = {}
        """Messages of good builds, by id."""
        self.documents: dict[str, list[dict[str, Any]]] = {}
        """What Terraform refreshed, by target."""
        self.approvals: dict[str, str] = {}
        """Which rollout each approval by id was meant for, by the words of its reason."""
        self.seen_rollouts: dict[str, dict[str, None]] = {}
        self._deployed = 0
        self._usual: dict[str, Any] = {}
        self._change_workflow = workflow or (lambda text: text)
        self._latency_rng = random.Random(f"{scenario.seed}/latency")
        super().__init__(
            scenario.delivery,
            rps=scenario.rps,
            seed=scenario.seed,
            settings=scenario.platform.settings(),
            first="v0" if scenario.first else None,
        )
        self.instances.seconds = scenario.platform.ready_seconds
        self.begins = self.now
        for name, world in self.worlds.items():
            world.clock = Skewed(self.cloud, self, name)
        self._hinder()
        for happens in scenario.happenings:
            self.scheduler.call_later(happens.at, functools.partial(self._happen, happens))

    # What the flow tests make otherwise.

    def make_traffic(self, rng: random.Random, rps: int) -> Users:
        self.users = Users(rng, rps)
        return self.users

    def make_faults(self) -> Striking:
        rng = random.Random(f"{self.scenario.seed}/faults")
        self.striking = Striking(self.scheduler.now, rng, faults.API, self.tell)
        self.striking.watch = self._called
        self.striking.meddle = self._meddle
        return self.striking

    def make_invariants(self) -> Unasked:
        return Unasked(self.cloud, ACCOUNTS)

    def latency(self) -> float:
        slow = self.striking.strike("network_slow") if self.striking.active else None
        if slow:
            return self._latency_rng.uniform(0.0, float(slow.args["seconds_max"]))
        return self.scenario.platform.latency_seconds

    def workflow_source(self) -> str:
        return self._change_workflow(super().workflow_source())

    # Time.

    @property
    def target_names(self) -> list[str]:
        return list(self.scenario.targets)

    def build_of(self, execution: dict[str, Any]) -> str:
        """Return the id of the build that an execution began with; empty for another beginning."""
        argument = json.loads(execution["argument"])
        data = argument.get("data", {}).get("message", {}).get("data", "")
        return str(json.loads(base64.b64decode(data))["id"]) if data else ""

    def step(self, until: float) -> bool:
        """Have the next thing happen, if it is due by then (seconds since 1970); else stand there."""
        due = self.scheduler._next_due()
        instant = dt.datetime.fromtimestamp(until, dt.UTC)
        if due is None or due > instant:
            self.scheduler.run_until(instant)
            return False
        return self.scheduler.step()

    def tell(self, line: str) -> None:
        at = (self.now - getattr(self, "begins", self.now)).total_seconds()
        self.trace.append(f"{at:10.3f} {line}")

    def _happen(self, happens: Happens) -> None:
        self.tell(f"#{happens.number} {happens}")
        self.happened[happens.kind] += 1
        rng = self.scenario.rng_of(happens)
        if happens.kind in faults.FAULTS:
            faults.FAULTS[happens.kind].apply(self, happens, rng)
        else:
            workload.WORKLOAD[happens.kind].apply(self, happens, rng)

    def busy(self) -> bool:
        return any(not self.has_ended(name) for name in self.executions)

    def _tick(self) -> None:
        seconds = BUSY_SECONDS if self.busy() else IDLE_SECONDS
        self.users.every_seconds = seconds
        for name in self.target_names:
            if self.cloud.run.service(self.key(name)).served:
                self.traffic.serve(name, self.key(name))
        self.scheduler.call_later(seconds, self._tick)

    # Between the parts.

    def call(self, name: str, request: Outbound) -> Any:
        before, self.acting = self.acting, Acting(name, request, self.now)
        acting = self.acting
        answer: Any = NoAnswer("broken", "the instance died")
        try:
            answer = super().call(name, request)
        except Crashed:
            pass
        finally:
            self.acting = before
        for told in self.acted:
            told(acting, answer)
        return answer

    def _subscriber(self, name: str) -> Callable[[Outbound], Inbound | NoAnswer]:
        inner = super()._subscriber(name)

        def answer(request: Outbound) -> Inbound | NoAnswer:
            acting = self.acting = Acting(name, request, self.now)
            answered: Inbound | NoAnswer = NoAnswer("broken", "the instance died")
            try:
                answered = inner(request)
            except Crashed:
                pass
            finally:
                self.acting = None
            for told in self.acted:
                told(acting, answered)
            if self.striking.active and self.striking.strike("ack_lost", name):
                return NoAnswer("broken", "the acknowledgement got lost")
            return answered

        return answer

    def _called(self, function: str, method: str, path: str, status: int) -> None:
        acting = self.acting
        if acting is None:
            return
        if "/callbacks/" in path:
            acting.woke += path
        if "/services/" in path:
            target = path.partition("/namespaces/shop-")[2].partition("/")[0]
            acting.wrote = target if method == "PUT" else acting.wrote
            if method == "PUT" and status in (400, 422):
                self.refused.append(f"{function} sent what Cloud Run refuses for good")
            acting.read_failed = not 200 <= status < 300
            if method == "GET" and not acting.read_failed:
                for told in self.read_service:
                    told(function, target)

    def _meddle(self, path: str) -> None:
        """Have a person change a label, as anybody may at any moment."""
        project = path.partition("/namespaces/")[2].partition("/")[0]
        target = project.removeprefix("shop-")
        number = self.striking.hits["conflict"]

        def label(document: dict[str, Any]) -> None:
            document["metadata"].setdefault("labels", {})["touched"] = f"n{number}"

        self.tries(lambda: self.person_writes(label, target))

    def tries(self, act: Callable[[], object]) -> None:
        """Do what the platform may refuse, as it does to anybody."""
        try:
            act()
        except Refused as refused:
            self.tell(f"    refused: {refused.message[:80]}")

    def _hinder(self) -> None:
        """Put faults between what the flow tests connect directly."""
        eventarc, start = self.cloud.eventarc, self.cloud.eventarc._start

        def begin(workflow: str, event: dict[str, Any], account: str) -> None:
            if self.striking.strike("trigger_down"):
                raise Refused("UNAVAILABLE", "planted")
            start(workflow, event, account)
            if self.striking.strike("trigger_twice"):
                raise Refused("UNAVAILABLE", "planted: the answer got lost")

        eventarc._start = begin
        for name, world in self.worlds.items():
            alive = world.executions.alive
            world.executions.alive = functools.partial(self._alive, name, alive)  # type: ignore[method-assign]
            prober: Any = world.prober
            prober.answer = functools.partial(self._probed, prober.answer)
        longer = self.instances.longer
        self.instances.longer = lambda revision: (
            3600.0 if self.striking.strike("revision_hangs") else longer(revision)
        )

    def _alive(self, name: str, alive: Callable[[str], bool], execution: str) -> bool:
        if self.striking.active and self.striking.strike("executions_unreadable", name):
            raise Transient("the execution was not read: planted")
        return alive(execution)

    def _probed(self, answer: Callable[[str], Any], url: str) -> Any:
        if self.striking.active and self.striking.strike("probe_lost"):
            return None, 0.0
        return answer(url)

    # What happenings need.

    def announce(self, message: dict[str, Any]) -> None:
        """Publish what Cloud Build publishes."""
        attributes = {"buildId": message["id"], "status": message["status"]}
        self.announced[message["id"]] = message
        self.publish("builds", message, attributes)

    def person_asks(self, function: str, document: dict[str, Any]) -> None:
        """Call a function as a person does; what it answers is its own affair."""
        token = self.cloud.tokens.developer_id_token("ann@example.com", "https://approve.test")
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        body = json.dumps(document).encode()
        url = f"https://{function}.test"
        self.sender.send(Outbound("POST", url, headers, body, 30.0), lambda _answer: None)

    def rollouts_of(self, target: str) -> list[str]:
        """Return the ids of the rollouts that were ever on record, in order."""
        return list(self.seen_rollouts.get(target, ()))

    def redeploy(self) -> None:
        """Deploy the workflow anew, from a text that is another one."""
        self._deployed += 1
        text = f"{self.workflow_source()}\n# deployment {self._deployed}\n"
        self._deploy_workflow(text)

    def stop_line(self, target: str, seconds: float) -> None:
        """Stop a target's line in delivery.yaml, as it is deployed with the functions."""
        self._line(target, 1)
        self.scheduler.call_later(seconds, lambda: self._line(target, -1))

    def _line(self, target: str, change: int) -> None:
        self.stopped_lines[target] = self.stopped_lines.get(target, 0) + change
        closed = {name for name, count in self.stopped_lines.items() if count}
        delivery = parse_delivery(json.loads(self.scenario.with_lines(closed)))
        for world in self.worlds.values():
            world.delivery = delivery

    def closed(self, target: str, margin: dt.timedelta) -> bool:
        """Whether a line is surely closed: clocks of functions may be off by `margin`."""
        if self.stopped_lines.get(target):
            return True
        for window in self.scenario.targets[target].get("freeze", ()):
            begins, ends = (
                dt.datetime.fromisoformat(f"{window[name]}:00+00:00") for name in ("from", "until")
            )
            if begins + margin <= self.now < ends - margin:
                return True
        return False

    def hold_routes(self, target: str, seconds: float) -> None:
        key = self.key(target)
        self.cloud.run.hold_routes(key)
        self.scheduler.call_later(seconds, lambda: self.cloud.run.release_routes(key))

    def with_settings(self, what: str, seconds: float, **changed: Any) -> None:
        """Let the platform be otherwise for a while."""
        owner: Any = self.cloud.run._platform if what == "run" else self.cloud.monitoring
        name = "_settings" if what == "run" else "settings"
        usual = self._usual.setdefault(what, getattr(owner, name))
        setattr(owner, name, dataclasses.replace(usual, **changed))
        self.scheduler.call_later(seconds, lambda: setattr(owner, name, usual))
