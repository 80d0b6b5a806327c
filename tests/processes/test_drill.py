"""The drill with real processes: Cloud Build's API, the trigger, a service that is not public."""

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_the_drill_has_a_bad_image_built_and_sees_it_taken_back(story):
    kept = story("drilled")

    told = kept.answers["drill"]
    assert told["kind"] == "drilled", told
    assert 0 < told["seconds_to_rollback"] <= told["seconds_to_traffic_back"]
    assert told["requests"] > told["requests_failed"] >= 3


def test_after_the_drill_the_image_that_was_delivered_serves_again(story):
    kept = story("drilled")

    assert kept.answers["serves"] == [kept.images["good"].reference]
    assert kept.images["good"].digest not in kept.answers["drill"]["left_behind"]
