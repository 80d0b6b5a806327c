"""One clear chat message for each event."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.messages import message, one_line, slack_message
from rollouts.notices import KINDS, Notice
from tests.unit.functions.rollouts.builders import NOW, rollout

NOTICE = Notice("traffic.shifted", NOW, rollout(), "0 of 300 requests failed", 10, 50)


def text_of(notice=NOTICE, **changes):
    return message(notice.as_cloud_event()["data"] | changes)["text"]


def test_a_shift_is_told_with_its_percents():
    assert text_of() == (
        "*api/production*: shifted 10 % -> 50 %\n"
        "api-2 beside api-1\n"
        "0 of 300 requests failed\n"
        "rollout 0123abcd, from team/api/main@c0ffee"
    )


def test_a_rollback_is_told_with_where_it_came_from_and_who_said_so():
    back = replace(NOTICE, kind="rollout.rolled_back", percent_after=0, by="ann@example.org")

    assert text_of(back) == (
        "*api/production*: rolled back from 10 %\n"
        "api-2 beside api-1\n"
        "0 of 300 requests failed\n"
        "by ann@example.org\n"
        "rollout 0123abcd, from team/api/main@c0ffee"
    )


def test_what_a_build_left_out_is_told_and_a_rollout_by_hand_has_no_source():
    source = "api/main@c0ffee, built without tests and scan"

    assert text_of(source=source).endswith(f"rollout 0123abcd, from {source}")
    assert text_of(source="").endswith("rollout 0123abcd")


def test_an_event_without_a_reason_has_a_line_less():
    assert "\n\n" not in text_of(replace(NOTICE, because=""))


@pytest.mark.parametrize(
    ("percent", "head"),
    [(0, "approval wanted"), (10, "approval wanted at 10 %, after the deadline")],
)
def test_a_question_at_the_deadline_is_told_from_the_one_before_the_first_shift(percent, head):
    asked = replace(
        NOTICE, kind="approval.requested", percent_before=percent, percent_after=percent
    )

    assert text_of(asked).splitlines()[0] == f"*api/production*: {head}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_has_its_words(kind):
    assert kind not in text_of(replace(NOTICE, kind=kind))


def test_a_kind_that_is_not_known_yet_is_told_by_its_name():
    assert "rollout.thawed" in text_of(event="rollout.thawed")


MARKUP = "<!channel> & <https://evil.example|click>"
FIELDS = ["because", "source", "by", "canary", "stable", "service", "target", "rollout", "event"]


@pytest.mark.parametrize("field", FIELDS)
def test_markup_in_a_field_stays_text(field):
    text = text_of(**{field: MARKUP})

    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in text
    assert "<" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "traffic.shifted", "percent_before": MARKUP, "percent_after": MARKUP},
        {"event": "rollout.rolled_back", "percent_before": MARKUP},
    ],
)
def test_markup_where_a_number_belongs_stays_text(changes):
    assert "<" not in text_of(**changes)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(alphabet="<>&!@a \n", max_size=20)))
def test_no_text_of_anyones_reaches_a_chat_as_markup(changes):
    text = text_of(**changes)

    assert "<" not in text
    assert ">" not in text.replace(" -> ", "")


@pytest.mark.parametrize("field", ["because", "by", "source", "canary"])
def test_no_text_of_anyones_adds_a_line_of_ours(field):
    """Such as a reason that goes on with the head of another message."""
    told = text_of(**{"by": "ann", field: "one\n*api/production*: promoted\r\nrollout 1"})

    assert len(told.splitlines()) == len(text_of(by="ann").splitlines())


def test_slack_gets_the_same_text_with_a_link_to_the_execution():
    data = NOTICE.as_cloud_event()["data"]

    text = slack_message(data)["text"]

    head, _, link = text.rpartition("\n")
    assert head == message(data)["text"]
    assert link == (
        "<https://console.cloud.google.com/workflows/workflow/l/rollout/execution/e1/summary"
        "?project=p|the execution>"
    )


def test_slack_gets_no_link_where_the_event_names_no_execution():
    data = NOTICE.as_cloud_event()["data"] | {"execution": "<https://evil.example|x>"}

    assert slack_message(data) == message(data)


@given(st.text())
def test_a_line_is_one_line_whatever_it_is_made_of(text):
    line = one_line(text)

    assert len(line.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", line)
