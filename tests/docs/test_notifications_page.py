"""docs/concepts/notifications.md and the code: its example, and its table of PagerDuty."""

import base64
import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from gcp.environment import channel_variable
from notify import read_event
from rollouts.delivery_file import parse_delivery
from rollouts.notices import KINDS
from rollouts.paging import TRIGGERS, act_of
from rollouts.policy import CHANNELS, Channel
from rollouts.routing import letter
from tests.docs.pages import rows

PAGE = (Path(__file__).parents[2] / "docs/concepts/notifications.md").read_text()


def act(event, by=""):
    return act_of({"event": event, "by": by})


(EXAMPLE,) = re.findall(r"```yaml notifications\n(.*?)```", PAGE, re.DOTALL)
DELIVERY = parse_delivery(yaml.safe_load(EXAMPLE))


def test_the_example_is_read_and_has_a_channel_of_each_kind():
    (service,) = DELIVERY.services

    assert {row.channel.kind for row in service.notifications} == set(CHANNELS)


def test_the_event_that_tests_a_channel_is_one_and_is_told():
    (text,) = re.findall(r"--message='(.*?)'", PAGE, re.DOTALL)
    data = base64.b64encode(text.encode()).decode()
    event = read_event(json.dumps({"message": {"data": data}}).encode())

    for channel in [Channel("slack", "team"), Channel("email", "ops")]:
        assert letter(DELIVERY, channel, event)
    page = letter(DELIVERY, Channel("pagerduty", "on-call"), event)
    assert isinstance(page, Mapping)
    assert page["event_action"] == "trigger"


def test_the_table_of_pagerduty_says_what_the_code_does():
    told = {event.strip("`"): (does, severity) for event, does, severity in rows(PAGE, "event")}

    assert set(told) == {kind for kind in KINDS if act(kind)}
    for event, (does, severity) in told.items():
        assert does.startswith(act(event))
        assert ("acknowledge, if a person did it" in does) == (act(event) != act(event, "ann"))
        assert severity == TRIGGERS.get(event, "")


def test_the_variables_of_the_page_are_those_of_the_code():
    for channel, variable, secret, _ in rows(PAGE, "channel"):
        kind, _, name = channel.strip("`").partition(": ")
        expected = channel_variable(Channel(next(one for one in CHANNELS if one == kind), name))
        assert variable.strip("`") == expected
        assert secret.strip("`") == "barq-" + expected.lower().replace("_", "-")
