"""Notices to a chat, by the notify function and a webhook's secret URL."""

import pytest

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def test_a_chat_that_answers_500_is_told_again(cloud, story):
    event = story("crash").events["back"]

    cloud.run(cloud.stage.until(lambda: len(cloud.stage.chat) > 1, "a second post to the chat"))

    first, again = cloud.look(lambda stage: stage.chat[:2])
    assert first == again
    assert first.startswith("*crash/production*: rolled back from 0 %\n")
    assert first.endswith(f"rollout {event['rollout']}")


def test_a_webhooks_url_stands_in_no_log(cloud, story):
    """It is a secret; the function that has it fails here once, and logs that."""
    story("crash")
    cloud.run(cloud.stage.until(lambda: len(cloud.stage.chat) > 1, "a second post to the chat"))

    logs = sorted((cloud.stage.running.folder / "logs").rglob("barq-notify-*.log"))

    text = "".join(log.read_text() for log in logs)
    assert "notice.delayed" in text
    assert "/hooks/" not in text
