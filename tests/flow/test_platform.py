"""Cloud Run as it may be: slow to serve a split, busy with its own writes, with sidecars."""

from typing import Any

import pytest

from local_cloud.cloud import CloudSettings
from local_cloud.run.settings import RunSettings
from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
PLATFORMS = {
    "slow to serve a split": RunSettings(served_split_seconds=20.0),
    "late with its own write": RunSettings(reconcile_seconds=2.0),
    "late with everything": RunSettings(reconcile_seconds=4.0, served_split_seconds=30.0),
    "counting annotations as a generation": RunSettings(annotations_bump_generation=True),
    "not forgiving a failed deployment": RunSettings(traffic_write_clears_failed_deployment=False),
}


@pytest.fixture(params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> CloudSettings:
    return CloudSettings(run=PLATFORMS[request.param])


def test_a_good_image_is_promoted_on_a_platform(platform):
    flow = Flow(QUICK, settings=platform)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    flow.passes(minutes=1)
    assert flow.document()["status"]["traffic"][0]["percent"] == 100


def test_a_bad_image_is_rolled_back_on_a_platform(platform):
    flow = Flow(QUICK, settings=platform)

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.split() == {"v1": 100}
    assert "traffic.stuck" not in flow.told()
    served = flow.cloud.run.served_percents(flow.key())
    assert served == {flow.rollout().stable: 100}


def test_a_crash_and_the_next_image_on_a_platform(platform):
    flow = Flow(QUICK, settings=platform)
    flow.built(flow.image("v2", crashes=True))
    flow.until_ended()
    assert flow.outcome()[0] == "rolled_back"

    flow.built(flow.image("v3"))
    flow.until_ended()

    assert flow.split() == {"v3": 100}


def test_a_tag_url_that_comes_late_says_nothing_against_the_image():
    slow = CloudSettings(run=RunSettings(served_split_seconds=120.0))
    flow = Flow(changed(QUICK, ready_within="1m"), settings=slow)
    reference = flow.image("v2")

    flow.built(reference)
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "does not lead to" in flow.outcome()[1]
    assert flow.record().refusal(reference.partition("@")[2]) is None


def test_a_smoke_test_never_meets_an_earlier_canary():
    """The tag of a rollout that died may be served for a while after it was taken away."""
    flow = Flow(QUICK, settings=CloudSettings(run=RunSettings(served_split_seconds=20.0)))
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=1)

    flow.built(flow.image("v3", unhealthy=True))
    flow.until(lambda: flow.has_ended(flow.execution()["name"]))

    assert "smoke tests failed 5 times" in flow.outcome()[1]
    assert flow.served("v3", failed=False) == 0


def test_terraform_is_noticed_on_a_platform_that_counts_annotations():
    flow = Flow(QUICK, settings=CloudSettings(run=RunSettings(annotations_bump_generation=True)))
    flow.built(flow.image("v2"))
    flow.until_at(10)
    older = flow.document()
    flow.until_at(50)

    flow.terraform_writes(older)
    flow.until_ended()

    assert flow.outcome()[0] == "stopped"
    assert flow.split() == {"v1": 90, "v2": 10}


def test_a_rollback_between_a_shifts_read_and_its_write_wins():
    """A stale decision is never replayed."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    services = flow.worlds["shift_traffic"].services
    write = services.write
    done: list[dict[str, int]] = []

    def racing(seen: Any, change: Any) -> None:
        if not done:
            done.append(flow.split())
            step = {"execution": flow.rollout().execution, "service": "api"}
            flow.post("rollback", {**step, "target": "production", "action": {"because": "raced"}})
        write(seen, change)

    services.write = racing  # type: ignore[method-assign]
    flow.until_ended()

    assert done == [{"v1": 90, "v2": 10}]
    assert flow.outcome() == ("rolled_back", "raced")
    assert flow.split() == {"v1": 100}


def with_sidecar(service: dict[str, Any]) -> None:
    containers = service["spec"]["template"]["spec"]["containers"]
    containers[0]["name"] = "app"
    containers.append({"name": "agent", "image": "us-docker.pkg.dev/cloudrun/container/hello"})


def test_a_sidecar_keeps_its_image():
    flow = Flow(QUICK)
    flow.person_writes(with_sidecar)
    flow.passes(seconds=5)

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    serving = flow.cloud.run.revision(flow.key(), flow.rollout().canary)
    images = {one.name: one.image.partition("@")[0] for one in serving.containers}
    assert images == {
        "app": flow.repository, "agent": "us-docker.pkg.dev/cloudrun/container/hello",
    }  # fmt: skip


def test_settings_of_the_template_are_delivered_with_the_next_image():
    flow = Flow(QUICK)
    mode = [{"name": "MODE", "value": "new"}]
    flow.person_writes(
        lambda service: service["spec"]["template"]["spec"]["containers"][0].update(env=mode)
    )
    flow.passes(seconds=5)

    flow.built(flow.image("v2"))
    flow.until_ended()

    serving = flow.cloud.run.revision(flow.key(), flow.rollout().canary)
    assert serving.containers[0].env["MODE"] == "new"


def test_the_same_digest_after_a_rollback_is_another_revision():
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    reference = flow.image("v2")
    flow.built(reference)
    flow.until(lambda: flow.rollout().approval is not None)
    first = flow.rollout().canary
    flow.answers("deny", reason="not before Monday")
    flow.until_ended()

    flow.built(reference)
    flow.until(lambda: flow.rollout().approval is not None)

    assert flow.rollout().canary != first


def test_a_rollback_by_hand_to_a_revision_that_is_gone_is_a_sentence():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_ended()
    flow.cloud.run._revisions[flow.key()].pop(flow.rollout().stable)

    name = flow.by_hand(action="roll_back", service="api", target="production", reason="failing")
    flow.until(lambda: flow.has_ended(name))

    assert "was not written" in flow.error(name)
    assert "does not exist" in flow.error(name)
    assert flow.split() == {"v2": 100}


def test_one_request_a_second_at_10_percent_takes_long_and_is_promoted():
    flow = Flow(QUICK.replace("deadline: 1h", "deadline: 4h"), rps=1)

    flow.built(flow.image("v2"))
    flow.until_ended(within_minutes=240)

    assert flow.outcome()[0] == "promoted"
