"""Every adapter over Google's own wire: real clients, tokens and sockets, the local cloud's doors."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from local_cloud.kit.traffic import ServedRequest
from local_cloud.pubsub.values import Subscription, Topic
from local_cloud.run.documents import service_document
from local_cloud.run.resources import ServiceKey
from tests.contract.gcp.conftest import ACCOUNT, TOPIC, Local
from tests.unit.functions.gcp.worlds import REF, REPOSITORY, notice

pytestmark = pytest.mark.processes

KEY = ServiceKey(REF.project, REF.region, REF.service)
RUN = f"projects/{REF.project}/locations/{REF.region}/services/{REF.service}"
HELLO = Path(__file__).parents[3] / "local_cloud" / "hello"


def calls(local: Local) -> list[tuple[str, str]]:
    """Return method and principal of each call so far."""
    return local.do(lambda cloud: [(one.method, one.principal) for one in cloud.audit.calls])


SERVES = (sys.executable, "server.py")
IDLES = (sys.executable, "-c", "import signal; signal.pause()")


def push(local: Local, version: str, command=SERVES, *, index: bool = False) -> str:
    pushed = local.do(
        lambda cloud: cloud.images.push(
            REPOSITORY,
            directory=HELLO,
            command=command,
            env={"HOST": "127.0.0.1", "VERSION": version},
            index=index,
        )
    )
    return pushed.reference


@pytest.fixture(scope="session")
def deployed(local: Local) -> dict[str, Any]:
    """What the adapters saw while they deployed a canary beside a private service's revision."""
    document = service_document(
        REF.service,
        push(local, "v1"),
        annotations={"example.com/foreign": "kept"},
        sidecars=[{"name": "proxy", "image": push(local, "proxy", IDLES)}],
    )
    local.do(lambda cloud: cloud.run.create(KEY, document))
    local.do(lambda cloud: cloud.run.set_invokers(KEY, [f"serviceAccount:{ACCOUNT}"]))
    local.until(lambda cloud: cloud.run.service(KEY).latest_ready)
    index = push(local, "v2", index=True)
    found = local.adapters("deploys_beside_stable", index=index)
    return {**found, "index": index}


def test_a_canary_is_made_at_0_percent_and_traffic_is_pinned(deployed):
    assert deployed["before"] == deployed["pinned"] == {deployed["stable"]: 100}
    assert deployed["image"] == deployed["index"]
    assert deployed["canary"]["readiness"] == "ready"


def test_what_the_revision_resolved_is_a_child_of_the_announced_index(deployed):
    announced = deployed["index"].partition("@")[2]

    assert deployed["canary"]["resolved"] != announced
    assert deployed["canary"]["resolved"] in deployed["children"]


def test_a_stale_write_is_a_conflict_with_googles_sentence(deployed):
    kind, message = deployed["stale"]

    assert kind == "Conflict"
    assert "HTTP 409 ABORTED (Conflict for resource 'fleet'" in message


def test_the_record_explains_what_it_wrote(deployed):
    assert deployed["unexplained"] == ""
    assert deployed["recorded"] == "fleet-new"
    first, pinned, last = deployed["generations"]
    assert deployed["record_generation"] == pinned
    assert first < pinned < last


def test_what_others_wrote_on_the_service_is_still_there(deployed, local):
    service = local.do(lambda cloud: cloud.run.service(KEY))

    assert service.annotations["example.com/foreign"] == "kept"
    assert service.annotations["rollout.barq.dev/summary"] == "deploying: fleet-new at 0 %"
    names = [one["image"] for one in service.template["spec"]["containers"]]
    assert names[0] == deployed["index"]
    assert len(names) == 2


def test_a_private_tag_url_answers_the_id_token_of_its_audience_alone(deployed):
    assert (deployed["probe"]["status"], deployed["probe"]["error"]) == (200, "")
    assert deployed["wrong_audience"] == 401


def test_every_call_carries_the_functions_identity(deployed, local):
    made = {method: principal for method, principal in calls(local) if ".run." in method}

    assert made["google.cloud.run.v1.Services.GetService"] == ACCOUNT
    assert made["google.cloud.run.v1.Services.ReplaceService"] == ACCOUNT
    assert made["google.cloud.run.v2.Revisions.GetRevision"] == ACCOUNT


def test_what_the_platform_refuses_is_the_error_that_says_who_acts(deployed, local):
    found = local.adapters("refusals", other=push(local, "v3"))

    assert found["service"][0] == "Missing"
    assert found["revision"] is None
    assert found["split"][0] == "Refused"
    assert found["reused"][0] == "Refused"
    assert "different configuration" in found["reused"][1]
    assert found["image"][0] == "Missing"
    assert found["execution"][0] == "Refused"


def test_signals_are_read_as_the_platform_tells_them(local):
    now = dt.datetime.now(dt.UTC)
    # Well inside a second, so that slow and quick ones end in the same period.
    began = (now - dt.timedelta(seconds=5)).replace(microsecond=100_000)

    def served(revision, status, instance="i1", latency=0.05):
        return ServedRequest(
            REF.project, REF.region, "s", revision, instance, "GET", "/", status, began, latency
        )

    def record(cloud):
        for told in cloud.run.on_request:
            for _ in range(7):
                told(served("s-old", 200))
            told(served("s-new", 200))
            told(served("s-new", 503, latency=0.4))
            told(served("s-new", 500, instance=None))
            told(served("s-other", 500))

    local.do(record)
    since = (now - dt.timedelta(seconds=60)).isoformat()

    found = local.adapters("signals", since=since, requests=9)

    assert found["period"] == 1.0
    assert found["aligned"]
    canary, stable = found["points"]
    assert canary[:3] == ["canary", 2, 1]
    assert stable[:3] == ["stable", 7, 0]
    # The one that failed took 400 ms, and tells nothing of latency.
    assert canary[3] < 100
    assert found["bad"] == [["canary", False], ["canary", True]]
    assert (found["capped"], found["nobody"]) == (False, 0)


def test_events_arrive_in_order_with_attributes(local):
    subscription = f"projects/{REF.project}/subscriptions/all"
    local.do(lambda cloud: cloud.pubsub.create_topic(Topic(TOPIC)))
    local.do(lambda cloud: cloud.pubsub.create_subscription(Subscription(subscription, TOPIC)))

    kind, message = local.adapters("events")

    pulled = local.do(lambda cloud: cloud.pubsub.pull(subscription, 10))
    told = [one.published.message for one in pulled]
    kinds = ["traffic.shifted", "rollout.promoted", "rollout.stopped"]
    assert [one.attributes["event"] for one in told] == kinds
    assert json.loads(told[0].data) == notice().as_cloud_event()
    assert kind == "Missing"
    assert "1 events were not published: HTTP 404" in message
    assert ("google.pubsub.v1.Publisher.Publish", ACCOUNT) in calls(local)


WORKFLOW = """
main:
  steps:
    - open:
        call: events.create_callback_endpoint
        args:
          http_callback_method: POST
        result: endpoint
    - wait:
        call: events.await_callback
        args:
          callback: ${endpoint}
          timeout: 600
"""


def test_a_waiting_execution_is_alive_until_it_is_woken(local):
    parent = local.do(
        lambda cloud: cloud.workflows.deploy(
            REF.project, REF.region, "waits", WORKFLOW, service_account=ACCOUNT
        )
    )
    waiting = local.do(lambda cloud: cloud.workflows.create_execution(_name(parent)))["name"]
    listed = local.until(lambda cloud: cloud.workflows.list_callbacks(waiting).get("callbacks"))
    callback = f"{local.running.rest.url}/v1/{listed[0]['name']}"

    found = local.adapters("executions", waiting=waiting, callback=callback)

    assert found == {"before": True, "after": False, "gone": False, "none": False}
    executions = "google.cloud.workflows.executions.v1.Executions."
    assert (f"{executions}GetExecution", ACCOUNT) in calls(local)


def _name(parent):
    return parent if isinstance(parent, str) else parent["name"]
