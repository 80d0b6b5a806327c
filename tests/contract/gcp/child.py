"""The real adapters in a process of their own, as a function runs: environment in, JSON out.

Started by test_adapters.py, because Google's clients read their environment when imported.
"""

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from gcp.callbacks import CallbackWaker
from gcp.clock import SystemClock
from gcp.environment import Environment
from gcp.events import PubsubEvents
from gcp.events_rest import RestEvents
from gcp.executions import WorkflowExecutions
from gcp.metrics import CloudMetrics, client_at
from gcp.probe import HttpProber, IdTokens
from gcp.registry import ImageRegistry
from gcp.request_log import RestRequestLog
from gcp.run_revisions import RunRevisions
from gcp.run_services import RunServices
from gcp.session import Session
from rollouts.errors import BarqError
from rollouts.images import parse_image
from rollouts.seen import Change, NewRevision
from rollouts.traffic import split_of, tag_url
from tests.unit.functions.gcp.worlds import REF, notice, record

ASKED: dict[str, Any] = json.loads(sys.argv[1])
ENV = Environment(os.environ)
SESSION = Session()
SERVICES = RunServices(SESSION, ENV.one("RUN_ENDPOINT"))
REVISIONS = RunRevisions(SESSION, ENV.one("RUN_V2_ENDPOINT"), ENV.one("RUN_ENDPOINT"))
PROBER = HttpProber(IdTokens().token, time.monotonic)
CLOCK = SystemClock()
PATIENCE_SECONDS = 20.0


def eventually(look: Callable[[], Any], enough: Callable[[Any], object]) -> Any:
    """Return the first answer that is enough, or the last one before patience ends."""
    ends = time.monotonic() + PATIENCE_SECONDS
    found = look()
    while not enough(found) and time.monotonic() < ends:
        time.sleep(0.1)
        found = look()
    return found


def failure(attempt: Callable[[], Any]) -> list[str]:
    try:
        attempt()
    except BarqError as error:
        return [type(error).__name__, error.message]
    return []


def deploys_beside_stable() -> Any:
    """Pin traffic, then a new revision at 0 %, then its tag: as deploy does it."""
    first = SERVICES.read(REF)
    stable = str(first.latest_ready)
    change = Change(
        record(stable=stable),
        split_of({stable: 100}, first.split),
        NewRevision("fleet-new", ASKED["index"]),
    )
    SERVICES.write(first, change)
    stale = failure(lambda: SERVICES.write(first, change))
    canary = eventually(
        lambda: REVISIONS.read(REF, "fleet-new"), lambda found: found and found.readiness == "ready"
    )
    pinned = SERVICES.read(REF)
    tagged = split_of({stable: 100}, pinned.split, canary_tag="fleet-new")
    SERVICES.write(pinned, Change(record(stable=stable), tagged))
    last = eventually(lambda: SERVICES.read(REF), lambda seen: tag_url(seen.served, "canary"))
    return {
        "before": first.shares,
        "stable": stable,
        "stale": stale,
        "canary": asdict(canary),
        "pinned": pinned.shares,
        "unexplained": last.unexplained(),
        "recorded": last.record.rollout.canary if last.record.rollout else None,
        "generations": [first.generation, pinned.generation, last.generation],
        "record_generation": last.record.generation,
        "image": last.image,
        "probe": asdict(_probe(str(tag_url(last.served, "canary")), last.url)),
        "wrong_audience": _probe(str(tag_url(last.served, "canary")), "https://other").status,
        "children": sorted(_children()),
    }


def _probe(url: str, audience: str) -> Any:
    return PROBER.get(url, "/", audience=audience, timeout=dt.timedelta(seconds=10))


def _children() -> frozenset[str]:
    image = parse_image(ASKED["index"])
    registry = ImageRegistry(SESSION, ENV.one("REGISTRY_ENDPOINT"))
    return registry.children(image.repository, image.digest)


def refusals() -> Any:
    elsewhere = replace(REF, service="nowhere")
    seen = SERVICES.read(REF)
    unknown = split_of({"fleet-unknown": 100}, ())
    executions = WorkflowExecutions(ENV.one("WORKFLOW_EXECUTIONS_ENDPOINT"))
    registry = ImageRegistry(SESSION, ENV.one("REGISTRY_ENDPOINT"))
    return {
        "service": failure(lambda: SERVICES.read(elsewhere)),
        "revision": REVISIONS.read(REF, "fleet-nobody"),
        "split": failure(lambda: SERVICES.write(seen, Change(seen.record, unknown))),
        "reused": failure(
            lambda: SERVICES.write(
                seen, Change(seen.record, None, NewRevision("fleet-new", ASKED["other"]))
            )
        ),
        "image": failure(lambda: registry.children("example.com/nobody", "sha256:" + "0" * 64)),
        "execution": failure(lambda: executions.alive("no execution")),
    }


def signals() -> Any:
    since = dt.datetime.fromisoformat(ASKED["since"])
    metrics = CloudMetrics(client_at(ENV.one("MONITORING_ENDPOINT")))
    log = RestRequestLog(SESSION, ENV.one("LOGGING_ENDPOINT"))
    roles: Any = {"s-new": "canary", "s-old": "stable"}
    ref = replace(REF, service="s")
    totals = eventually(
        lambda: metrics.totals(ref, roles, since, CLOCK.now()),
        lambda found: sum(one.requests for one in found.points) == ASKED["requests"],
    )
    bad = log.bad_requests(ref, roles, since, CLOCK.now(), arrived_since=since)
    later = CLOCK.now() + dt.timedelta(minutes=1)
    assert not log.bad_requests(ref, roles, since, later, arrived_since=later).bad
    return {
        "period": totals.period.total_seconds(),
        "points": [
            [one.role, one.requests, one.errors, one.latency.quantile_ms(0.5) if one.latency else 0]
            for one in totals.points
        ],
        "aligned": all(one.end.microsecond == 0 for one in totals.points),
        "bad": sorted([one.role, one.reached] for one in bad.bad),
        "capped": bad.capped,
        "nobody": len(log.bad_requests(ref, {"s-none": "canary"}, since, CLOCK.now()).bad),
    }


def events() -> Any:
    topic = ENV.one("EVENTS_TOPIC")
    endpoint = ENV.one("PUBSUB_ENDPOINT")
    PubsubEvents(endpoint, topic).publish([notice(), replace(notice(), kind="rollout.promoted")])
    RestEvents(SESSION, endpoint, topic).publish([replace(notice(), kind="rollout.stopped")])
    missing = PubsubEvents(endpoint, topic + "-gone")
    return failure(lambda: missing.publish([notice()]))


def executions() -> Any:
    known = WorkflowExecutions(ENV.one("WORKFLOW_EXECUTIONS_ENDPOINT"))
    waker = CallbackWaker(SESSION, ENV.one("CALLBACKS_ENDPOINT"))
    waiting: str = ASKED["waiting"]
    before = known.alive(waiting)
    waker.wake(ASKED["callback"])
    after = eventually(lambda: known.alive(waiting), lambda alive: not alive)
    waker.wake(ASKED["callback"])
    gone = waiting.rpartition("/")[0] + "/00000000-0000-0000-0000-000000000000"
    return {"before": before, "after": after, "gone": known.alive(gone), "none": known.alive("")}


if __name__ == "__main__":
    json.dump(globals()[ASKED["scenario"]](), sys.stdout, default=str)
