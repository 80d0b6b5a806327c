"""Which channel is told of which event."""

import pytest

from rollouts.delivery_file import parse_delivery
from rollouts.mails import Mail
from rollouts.messages import message, slack_message
from rollouts.notices import Notice
from rollouts.policy import Channel
from rollouts.routing import is_named, letter
from tests.unit.functions.rollouts.builders import NOW, document, rollout

TEAM, OPS, SRE = Channel("slack", "team"), Channel("email", "ops"), Channel("pagerduty", "sre")


def event(kind="rollout.promoted", **changes):
    told = Notice(kind, NOW, rollout(), "it passed", 10, 100).as_cloud_event()
    return told | {"data": told["data"] | changes}


def told(channel, *rows, **of_event):
    delivery = parse_delivery(document(notifications=list(rows)))
    return letter(delivery, channel, event(**of_event))


def test_a_chat_is_told_in_its_own_words():
    webhook = Channel("webhook", "team")

    assert told(TEAM, {"slack": "team"}) == slack_message(event()["data"])
    assert told(webhook, {"webhook": "team"}) == message(event()["data"])


@pytest.mark.parametrize(
    ("row", "is_told"),
    [
        ({}, True),
        ({"events": ["rollout.promoted"]}, True),
        ({"events": ["rollout.rolled_back"]}, False),
        ({"targets": ["production"]}, True),
        ({"targets": ["staging"]}, False),
        ({"targets": ["production"], "events": ["rollout.rolled_back"]}, False),
    ],
)
def test_a_row_says_of_which_events_and_targets(row, is_told):
    assert (told(TEAM, {"slack": "team", **row}) is not None) is is_told


def test_a_channel_of_several_rows_is_told_what_any_of_them_wants():
    rows = [
        {"slack": "team", "events": ["rollout.rolled_back"]},
        {"slack": "team", "targets": ["production"], "events": ["rollout.promoted"]},
    ]

    assert told(TEAM, *rows) is not None
    assert told(TEAM, *rows, target="staging") is None
    assert told(TEAM, *rows, target="staging", kind="rollout.rolled_back") is not None


def test_a_mail_goes_to_all_of_the_rows_that_want_it_each_once():
    def row(*to, **more):
        return {"email": "ops", "to": list(to), "from": "barq@example.com", **more}

    found = told(
        OPS,
        row("a@example.com", "b@example.com"),
        row("b@example.com", "c@example.com", targets=["production"]),
        row("d@example.com", events=["rollout.rolled_back"]),
    )

    assert isinstance(found, Mail)
    assert found.to == ("a@example.com", "b@example.com", "c@example.com")


def test_a_pager_is_resolved_without_having_asked_for_it_and_never_for_another_target():
    row = {"pagerduty": "sre", "events": ["verdict.page"], "targets": ["production"]}

    assert told(SRE, row)["event_action"] == "resolve"
    assert told(SRE, row, kind="verdict.page")["event_action"] == "trigger"
    assert told(SRE, row, kind="rollout.rolled_back") is None
    assert told(SRE, row, target="staging") is None


def test_a_question_pages_if_any_row_of_the_pager_names_it():
    asks = {"pagerduty": "sre", "events": ["approval.requested"]}

    assert told(SRE, {"pagerduty": "sre"}, kind="approval.requested", percent_before=0) is None
    assert told(SRE, {"pagerduty": "sre"}, asks, kind="approval.requested", percent_before=0)


def test_nobody_is_told_of_a_service_that_is_not_in_the_file():
    assert told(TEAM, {"slack": "team"}, service="gone") is None


def test_a_channel_is_known_by_its_kind_and_name():
    delivery = parse_delivery(document(notifications=[{"slack": "team"}]))

    assert is_named(delivery, TEAM)
    assert not is_named(delivery, Channel("slack", "other"))
    assert not is_named(delivery, Channel("webhook", "team"))
