"""An event as a mail: what stands in it, and what never can."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rollouts.mails import SUBJECT_MAX, mail
from rollouts.notices import Notice
from tests.unit.functions.rollouts.builders import NOW, rollout

NOTICE = Notice("rollout.rolled_back", NOW, rollout(), "it failed", 10, 0, "ann@example.com")
TO, SENDER = ("ops@example.com",), "barq@mail.example.com"
ID = re.compile(r"<[A-Za-z0-9.-]+@mail\.example\.com>")


def written(told=None, /, **changes):
    told = told or NOTICE.as_cloud_event()
    return mail(told | {"data": told["data"] | changes}, TO, SENDER)


def test_the_subject_says_where_and_what_and_the_body_why():
    found = written()

    assert found.subject == "[api/production] rolled back from 10 %"
    assert found.body.startswith(
        "api/production: rolled back from 10 %\n\n"
        "api-2 beside api-1\n"
        "it failed\n"
        "by ann@example.com\n"
        "rollout 0123abcd, from team/api/main@c0ffee\n\n"
        "time: 2026-11-22T12:00:00Z\n"
        "digest: sha256:aaaa"
    )
    assert "\nhttps://console.cloud.google.com/workflows/" in found.body
    assert (found.to, found.sender) == (TO, SENDER)


def test_an_event_that_is_told_again_is_the_same_mail_and_another_event_another():
    again, other = written(), written(replace(NOTICE, kind="traffic.stuck").as_cloud_event())

    assert written() == again
    assert again.id != other.id
    assert again.id == f"<{NOTICE.as_cloud_event()['id']}@mail.example.com>"


def test_all_mails_of_a_rollout_are_one_thread_and_those_of_another_are_not():
    other = replace(NOTICE, rollout=rollout(id="4567cdef"))

    assert written().thread == written(replace(NOTICE, by="").as_cloud_event()).thread
    assert written().thread != written(other.as_cloud_event()).thread
    assert written().thread != written(target="staging").thread


def test_an_event_without_link_and_time_has_two_lines_less():
    event = NOTICE.as_cloud_event()
    del event["time"]

    found = written(event, execution="")

    assert "https://" not in found.body
    assert "time:" not in found.body
    assert found.time == ""


@given(
    st.dictionaries(
        st.sampled_from(["event", "service", "target", "rollout", "because", "canary", "id"]),
        st.text(alphabet=st.characters() | st.sampled_from("\r\n\x00<>:@\u2028"), max_size=60),
    )
)
def test_no_text_of_anyones_adds_a_line_to_a_header(changes):
    event = NOTICE.as_cloud_event()
    found = written(event | {"id": changes.pop("id", event["id"])}, **changes)

    assert len(f"x{found.subject}x".splitlines()) == 1
    assert len(found.subject) <= SUBJECT_MAX
    assert ID.fullmatch(found.id)
    assert ID.fullmatch(found.thread)
