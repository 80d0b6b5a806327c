"""Notices to people, by the notify function and its secrets: three channels, and a dead one."""

import email
import email.policy

import pytest

from tests.processes.people import KEY
from tests.receivers.mail import PASSWORD

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(scope="module")
def back(cloud, story):
    """The event of the rollback, when everybody who can be told of it was."""
    event = story("crash").events["back"]
    people = cloud.stage.people
    told = cloud.stage.until(
        lambda: len(people.chat) > 1 and people.inbox.mails and people.pager.taken,
        "a second post to the chat, a mail and a page",
    )
    cloud.run(told)
    return event


def test_a_chat_that_answers_500_is_told_again(cloud, back):
    first, again = cloud.look(lambda stage: stage.people.chat[:2])

    assert first == again
    assert first.startswith("*crash/production*: rolled back from 0 %\n")
    assert first.splitlines()[-1].startswith(f"rollout {back['rollout']}, from ")


def test_a_mail_server_takes_it_over_tls(cloud, back):
    ((sender, to, content),) = cloud.look(lambda stage: list(stage.people.inbox.mails))

    got = email.message_from_bytes(content, policy=email.policy.default)
    assert (sender, to) == ("barq@example.com", ["ops@example.com"])
    assert got["Subject"] == "[crash/production] rolled back from 0 %"
    assert f"rollout {back['rollout']}" in got.get_content()


def test_a_pager_is_triggered_once_for_the_rollout(cloud, back):
    alerts, paged = cloud.look(
        lambda stage: (dict(stage.people.pager.alerts), stage.people.pager.paged)
    )

    assert alerts == {f"crash/production/{back['rollout']}": "triggered"}
    assert paged == 1


def logs(cloud):
    found = sorted((cloud.stage.running.folder / "logs").rglob("barq-notify-*.log"))
    return "".join(log.read_text() for log in found)


def test_no_secret_stands_in_a_log(cloud, back):
    """The function that has them fails here for two channels, and logs that."""
    text = logs(cloud)

    assert '"notice.delayed", "channel": "webhook/team"' in text
    assert '"notice.delayed", "channel": "slack/gone"' in text
    assert not [secret for secret in ("/hooks/", "/services/", KEY, PASSWORD) if secret in text]


def test_each_channel_has_a_subscription_of_its_own_in_order(cloud):
    listed = cloud.stage.subscriptions

    mine = {one.name.rpartition("/")[2]: one for one in listed if "barq-notify" in one.name}
    assert set(mine) == {
        f"barq-notify-{name}"
        for name in ("webhook-team", "slack-gone", "pagerduty-on-call", "email-ops")
    }
    url = cloud.stage.installed.urls["notify"]
    slack = mine["barq-notify-slack-gone"]
    assert slack.ordered
    assert (slack.push.endpoint, slack.push.audience) == (f"{url}/slack/gone", url)
