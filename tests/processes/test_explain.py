"""A decision is explained from the lines that a real process wrote to its output."""

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_the_rollback_of_a_bad_image_is_explained_and_comes_out_the_same(story):
    kept = story("shop")
    back = kept.events["bad"]

    status, answer = kept.answers["explained"]

    assert status == 200, answer
    assert (answer["rollout"], answer["verdict"]["kind"]) == (back["rollout"], "fail")
    assert answer["action"]["kind"] == "roll_back"
    assert answer["recomputed"] == {"same": True, "differs": []}
    assert f"rollout {back['rollout']} of shop/production\n" in answer["text"]
