"""A good image goes from the build's event to all of the traffic."""

import itertools
from typing import Any

from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")


def test_a_good_image_is_promoted_over_10_50_and_100_percent():
    flow = Flow()
    good = flow.image("v2")

    flow.built(good)
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert flow.tags() == []
    assert flow.outcome()[0] == "promoted"
    assert [one.percent for one in flow.rollout().shifts] == [10, 50, 100]
    assert flow.told() == [
        "rollout.started", "rollout.verified", "traffic.shifted", "traffic.shifted",
        "traffic.shifted", "rollout.promoted",
    ]  # fmt: skip


def test_a_promotion_writes_the_service_seven_times():
    """Claim, Ready, verified, three shifts, promoted: a hold writes nothing."""
    flow = Flow()

    flow.built(flow.image("v2"))
    flow.until_ended()

    assert flow.writes() == 7


def test_each_step_is_watched_for_a_whole_window_of_visible_data():
    flow = Flow()

    flow.built(flow.image("v2"))
    flow.until_ended()

    at = [one.at for one in flow.rollout().shifts]
    for earlier, later in itertools.pairwise(at):
        # A window of 2 minutes, and 2 more until its last minute is visible.
        assert 240 <= (later - earlier).total_seconds() <= 330


def test_the_execution_tells_the_whole_way_in_its_result():
    flow = Flow()

    flow.built(flow.image("v2"))
    result = flow.until_ended()

    assert result["kind"] == "delivered"
    (outcome,) = result["outcomes"]
    assert outcome["action"]["go_on"] is True
    assert outcome["rollout"]["state"] == "promoted"
    assert "0 of" in outcome["action"]["because"]


def test_every_state_change_is_posted_to_the_webhook():
    flow = Flow(QUICK)

    flow.built(flow.image("v2"))
    flow.until_ended()

    texts = flow.channels.texts()
    assert len(texts) == len(flow.channels.told) == 6
    assert any("10 % -> 50 %" in text for text in texts)


def test_the_next_image_is_delivered_beside_the_promoted_one():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_ended()

    flow.built(flow.image("v3"))
    flow.until_at(10)

    assert flow.split() == {"v2": 90, "v3": 10}


def test_foreign_tags_stay_where_they_are():
    flow = Flow(QUICK)
    stable = flow.document()["status"]["traffic"][0]["revisionName"]

    def tag(service: dict[str, Any]) -> None:
        service["spec"]["traffic"] = [
            {"revisionName": stable, "percent": 100},
            {"revisionName": stable, "tag": "blue"},
        ]

    flow.person_writes(tag)

    flow.built(flow.image("v2"))
    flow.until_at(10)
    assert sorted(flow.tags()) == ["blue", "canary"]
    flow.until_ended()

    assert flow.tags() == ["blue"]


def test_the_first_image_on_the_placeholder_is_verified_and_gets_everything():
    flow = Flow(first=None)

    flow.built(flow.image("v1"))
    flow.until_ended()

    assert flow.split() == {"v1": 100}
    assert [one.percent for one in flow.rollout().shifts] == [100]
    started = next(one["data"] for one in flow.events if one["data"]["event"] == "rollout.started")
    assert "placeholder" in started["because"]


def test_a_first_image_that_fails_its_smoke_test_leaves_the_placeholder():
    flow = Flow(first=None)

    flow.built(flow.image("v1", unhealthy=True))
    flow.until_ended()

    assert flow.split() == {"placeholder": 100}
    assert flow.outcome()[0] == "rolled_back"


def test_an_index_image_is_delivered_as_its_child():
    flow = Flow(QUICK)
    index = flow.image("v2", index=True)

    flow.built(index)
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert flow.rollout().digest == index.partition("@")[2]
    serving = flow.cloud.run.revision(flow.key(), flow.rollout().canary)
    assert serving.images[serving.ingress_container.name].digest != flow.rollout().digest


def test_an_index_pushed_twice_already_serves():
    flow = Flow(QUICK)
    index = flow.image("v2", index=True)
    flow.built(index)
    flow.until_ended()

    flow.built(index)
    flow.until_ended()

    assert flow.outcome()[0] == "unchanged"


def test_a_revision_that_resolved_to_another_digest_gets_no_traffic():
    flow = Flow()
    reference = flow.image("v2")
    flow.faults.resolves_to[reference.partition("@")[2]] = "sha256:" + "0" * 64

    flow.built(reference)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "which is neither" in because
    assert flow.split() == {"v1": 100}
    assert flow.tags() == []
    assert flow.served("v2", failed=False) == 0


def test_without_smoke_test_paths_nothing_is_probed():
    flow = Flow(changed(QUICK, verify="{paths: []}"))

    flow.built(flow.image("v2", unhealthy=True))
    flow.until_at(10)

    assert flow.rollout().verified == "no smoke test is set"


def test_an_unreachable_tag_url_is_said_before_anything_is_deployed():
    flow = Flow()
    internal = {"run.googleapis.com/ingress": "internal"}
    flow.person_writes(lambda service: service["metadata"]["annotations"].update(internal))

    flow.built(flow.image("v2"))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "ingress is internal" in because
    assert flow.writes() == 0


def test_a_first_image_without_a_single_request_is_promoted():
    flow = Flow(first=None, rps=0)

    flow.built(flow.image("v1"))
    flow.until_ended()

    assert flow.split() == {"v1": 100}


def test_a_first_image_that_fails_its_users_goes_back_to_the_placeholder():
    flow = Flow(first=None)

    flow.built(flow.image("v1", error_ratio=1.0))
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.split() == {"placeholder": 100}
