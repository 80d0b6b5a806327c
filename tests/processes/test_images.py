"""Images as they are: one that never starts, and one that is an index."""

import pytest

from rollouts.images import digest_of

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_a_container_that_ends_at_start_ends_the_rollout_with_the_platforms_own_reason(story):
    kept = story("crash")

    outcome = kept.answers["outcome"]
    assert outcome["outcome"] == "rolled_back"
    canary = kept.events["back"]["canary"]
    assert outcome["because"].startswith(f"{canary} never got Ready: HEALTH_CHECK_CONTAINER_ERROR")
    assert "failed to start and listen on the port defined" in outcome["because"]
    assert "FAULT_CRASH_AT_START is true" in outcome["because"]


def test_after_it_the_service_is_clean(cloud, story):
    stable = story("crash").events["back"]["stable"]

    service = cloud.look(lambda stage: stage.service("crash"))
    assert cloud.look(lambda stage: stage.shares("crash")) == {stable: 100}
    assert [(one.revision, one.percent, one.tag) for one in service.traffic] == [
        (stable, 100, None)
    ]
    assert service.conditions["RoutesReady"].status == "True"
    assert cloud.look(lambda stage: stage.told("crash")) == [
        "rollout.started",
        "rollout.rolled_back",
    ]


def test_an_image_index_is_delivered_and_its_child_is_what_runs(cloud, story):
    kept = story("shop")

    image, promoted = kept.images["first"], kept.events["first"]
    assert image.child_digest is not None
    assert promoted["digest"] == image.digest != image.child_digest
    revision = cloud.look(
        lambda stage: stage.cloud.run.revision(stage.key("shop"), promoted["canary"])
    )
    container = revision.ingress_container
    assert digest_of(container.image) == image.digest
    assert revision.images[container.name].digest == image.child_digest
