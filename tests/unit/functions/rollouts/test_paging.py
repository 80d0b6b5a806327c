"""The table of what PagerDuty is told, and that it stays right whatever comes twice or late."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.notices import FOR_NOW, KINDS, Notice
from rollouts.paging import ANSWERS, SUMMARY_MAX, TRIGGERS, WELL_ENDED, act_of, key_of, page, pages
from tests.unit.functions.rollouts.builders import NOW, rollout

NOTICE = Notice("verdict.page", NOW, rollout(), "3 of 10 failed, stable 30 of 90", 10, 10)


def event(kind="verdict.page", *, state="shifting", by="", percent=10):
    told = replace(NOTICE, kind=kind, rollout=rollout(state), by=by, percent_before=percent)
    return told.as_cloud_event()


def triggered(told):
    found = page(told)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("kind", "by", "act"),
    [
        ("rollout.started", "", None),
        ("rollout.verified", "", None),
        ("traffic.shifted", "", None),
        ("rollout.frozen", "", None),
        ("delivery.ignored", "", None),
        ("traffic.stuck", "", "trigger"),
        ("verdict.page", "", "trigger"),
        ("verdict.alert", "alert", "trigger"),
        ("approval.requested", "", "trigger"),
        ("approval.given", "ann@example.com", "acknowledge"),
        ("approval.denied", "ann@example.com", "acknowledge"),
        ("rollout.rolled_back", "", "trigger"),
        ("rollout.rolled_back", "alert", "trigger"),
        ("rollout.rolled_back", "ann@example.com", "acknowledge"),
        ("rollout.stopped", "", "trigger"),
        ("rollout.stopped", "barq", "trigger"),
        ("rollout.stopped", "a person", "acknowledge"),
        ("rollout.promoted", "", "resolve"),
        ("rollout.superseded", "", "resolve"),
    ],
)
def test_what_each_event_does_to_the_alert_of_its_rollout(kind, by, act):
    assert act_of(event(kind, by=by)["data"]) == act


def test_every_kind_of_event_stands_in_the_table_or_does_nothing():
    told = {kind for kind in KINDS if act_of(event(kind)["data"])}

    assert told == TRIGGERS.keys() | ANSWERS | WELL_ENDED
    assert TRIGGERS.keys() >= FOR_NOW


@pytest.mark.parametrize(
    ("kind", "percent", "named", "wanted"),
    [
        ("verdict.page", 10, (), True),
        ("verdict.page", 10, ("verdict.page",), True),
        ("verdict.page", 10, ("rollout.rolled_back",), False),
        ("approval.requested", 0, (), False),
        ("approval.requested", 10, (), True),
        ("approval.requested", 0, ("approval.requested",), True),
    ],
)
def test_who_named_no_events_is_not_paged_for_a_question_before_the_first_request(
    kind, percent, named, wanted
):
    assert pages(event(kind, percent=percent)["data"], named) is wanted


def test_a_trigger_tells_what_where_how_bad_and_a_link():
    link = "https://console.cloud.google.com/workflows/workflow/l/rollout/execution/e1/summary?project=p"

    found = triggered(event())

    details = found["payload"].pop("custom_details")
    assert found == {
        "event_action": "trigger",
        "dedup_key": "api/production/0123abcd",
        "client": "Barq",
        "client_url": link,
        "links": [{"href": link, "text": "the execution"}],
        "payload": {
            "summary": (
                "api/production: stable fails as well: look now. 3 of 10 failed, stable 30 of 90"
            ),
            "source": "api/production",
            "severity": "critical",
            "component": "api-2",
            "group": "production",
            "class": "verdict.page",
            "timestamp": "2026-11-22T12:00:00Z",
        },
    }
    assert details["because"] == NOTICE.because
    assert details["percent_before"] == 10
    assert "by" not in details


def test_a_trigger_without_a_page_or_a_time_goes_without_them():
    told = event()
    del told["time"]
    told["data"]["execution"] = "by hand"

    found = triggered(told)

    assert "links" not in found
    assert "client_url" not in found
    assert "timestamp" not in found["payload"]


def test_a_trigger_that_nobody_asked_for_is_not_sent_and_an_end_always_is():
    assert page(event(), wanted=False) is None
    assert page(event("rollout.started")) is None
    assert page(event("rollout.promoted", state="promoted"), wanted=False) == {
        "event_action": "resolve",
        "dedup_key": "api/production/0123abcd",
    }


@given(st.text(), st.sampled_from(sorted(TRIGGERS)))
def test_no_text_makes_a_summary_too_long_or_of_two_lines(text, kind):
    told = event(kind)
    told["data"]["because"] = text * 30

    summary = triggered(told)["payload"]["summary"]

    assert len(summary) <= SUMMARY_MAX
    assert len(summary.splitlines()) == 1


class PagerDuty:
    """What the real one makes of events: which alerts are open.

    Source: https://developer.pagerduty.com/docs/send-alert-event.
    """

    def __init__(self):
        self.open = set()
        self.paged = 0

    def takes(self, event):
        found = page(event)
        if found is None:
            return
        if found["event_action"] == "trigger":
            self.paged += found["dedup_key"] not in self.open
            self.open.add(found["dedup_key"])
        elif found["event_action"] == "resolve":
            self.open.discard(found["dedup_key"])


PAGED = event("verdict.page")
PROMOTED = event("rollout.promoted", state="promoted")


def after(*events):
    there = PagerDuty()
    for one in events:
        there.takes(one)
    return there


def test_a_rollout_that_ends_well_leaves_nothing_open_and_pages_once():
    there = after(PAGED, event("traffic.stuck"), event("verdict.page"), PROMOTED)

    assert (there.open, there.paged) == (set(), 1)


def test_a_rollout_that_goes_back_stays_open_until_a_person_closes_it():
    assert after(PAGED, event("rollout.rolled_back", state="rolled_back")).open


@pytest.mark.parametrize("again", [1, 2, 3])
def test_events_that_come_again_in_their_order_change_nothing(again):
    """A subscription with order delivers all that follows again as well."""
    events = [PAGED, event("approval.requested"), event("approval.given", by="ann"), PROMOTED]

    assert after(*events, *events[-again:]).open == set()


def test_a_promotion_told_anew_does_not_close_what_is_amiss_since():
    """A call that is repeated tells it again, minutes after an alert in the watch."""
    amiss = event("verdict.alert", state="promoted")

    assert after(PROMOTED, amiss, PROMOTED).open == {key_of(amiss["data"])}
    assert after(PROMOTED, event("traffic.stuck", state="promoted"), PROMOTED).open


@pytest.mark.parametrize(
    "order",
    list(itertools.permutations(["rollout.rolled_back", "traffic.shifted", "approval.given"])),
)
def test_no_late_word_closes_a_rollback(order):
    assert after(*(event(kind, state="rolled_back") for kind in order)).open
