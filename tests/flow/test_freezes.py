"""A frozen or stopped line holds the next share, and nothing that brings a canary back."""

import datetime as dt

import pytest
import yaml

from rollouts.delivery_file import parse_delivery
from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
LUNCH = "[{from: 2026-11-23T11:00, until: 2026-11-23T14:00, reason: lunch}]"
"""Flows begin at noon, on a Monday."""
FROZEN = changed(QUICK, freeze=LUNCH)
STOPPED = changed(QUICK, stop_the_line="checkout is down")
OPENS = dt.datetime(2026, 11, 23, 14, 0, tzinfo=dt.UTC)


def deploys(flow: Flow, delivery: str) -> None:
    """Deploy the functions again with another delivery.yaml, which wakes nobody."""
    for world in flow.worlds.values():
        world.delivery = parse_delivery(yaml.safe_load(delivery))


def pushed(delivery: str) -> Flow:
    """Bring an image up to the first shift."""
    flow = Flow(delivery)
    flow.built(flow.image("v2"))
    flow.until(lambda: "rollout.verified" in flow.told())
    flow.passes(seconds=2)
    return flow


def at_ten() -> Flow:
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    return flow


def freeze_from_now(flow: Flow, minutes: int) -> dt.datetime:
    """Freeze the line for some minutes; return the moment at which it is free again."""
    begins = flow.now.replace(second=0, microsecond=0)
    ends = begins + dt.timedelta(minutes=minutes)
    window = f"{{from: {begins:%Y-%m-%dT%H:%M}, until: {ends:%Y-%m-%dT%H:%M}, reason: demo}}"
    deploys(flow, changed(QUICK, freeze=f"[{window}]"))
    return ends


def because_of(flow: Flow, kind: str) -> str:
    return str([one["data"] for one in flow.events if one["data"]["event"] == kind][-1]["because"])


def test_a_canary_is_deployed_and_tested_in_a_freeze_and_gets_its_share_right_after():
    flow = pushed(FROZEN)

    flow.scheduler.run_until(OPENS - dt.timedelta(seconds=1))
    assert flow.split() == {"v1": 100}
    assert flow.served("v2", failed=False) == 0
    flow.passes(seconds=2)

    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.rollout().shifts[0].at - OPENS < dt.timedelta(seconds=1)
    flow.until_ended()
    assert flow.outcome()[0] == "promoted"


def test_a_freeze_is_told_once_and_written_down_once():
    flow = pushed(FROZEN)
    before = flow.writes()

    flow.passes(hours=1, minutes=45)

    assert flow.writes() == before
    assert flow.told() == ["rollout.started", "rollout.verified", "rollout.frozen"]
    assert because_of(flow, "rollout.frozen") == (
        "frozen until 2026-11-23 14:00 UTC (2026-11-23T11:00 to 2026-11-23T14:00 UTC: lunch)"
    )
    assert sum("held by a closed line" in text for text in flow.channels.texts()) == 1


def test_status_says_what_is_waited_for_and_until_when():
    flow = pushed(FROZEN)

    status = flow.status()

    assert (status["waits_for"], status["until"]) == ("freeze", "2026-11-23T14:00:00Z")
    assert "lunch" in status["frozen"]
    assert status["closed"] == status["frozen"]
    flow.scheduler.run_until(OPENS + dt.timedelta(seconds=2))
    after = flow.status()
    assert (after["waits_for"], after["closed"]) == ("data", "")


def test_status_at_ten_percent_waits_for_the_freeze_once_the_step_has_passed():
    flow = at_ten()
    freeze_from_now(flow, 40)
    assert flow.status()["waits_for"] == "data"

    flow.until(lambda: "rollout.frozen" in flow.told())

    assert flow.status()["waits_for"] == "freeze"
    assert flow.status()["next"]["kind"] == "shift"


def test_a_freeze_that_begins_at_ten_percent_leaves_it_there_and_goes_on_right_after():
    flow = at_ten()
    ends = freeze_from_now(flow, 30)

    flow.scheduler.run_until(ends - dt.timedelta(seconds=1))
    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.told().count("rollout.frozen") == 1
    flow.passes(seconds=3)

    assert flow.split() == {"v1": 50, "v2": 50}
    flow.until_ended()
    assert flow.split() == {"v2": 100}


def test_a_frozen_canary_at_ten_percent_is_looked_at_as_often_as_ever():
    flow = at_ten()
    freeze_from_now(flow, 50)
    flow.until(lambda: "rollout.frozen" in flow.told())
    writes, looks = flow.writes(), len(flow.worlds["check_metrics"].http.calls)

    flow.passes(minutes=10)

    assert flow.writes() == writes
    assert len(flow.worlds["check_metrics"].http.calls) - looks >= 10 * 60 / 15 - 2


def test_a_canary_that_turns_bad_in_a_freeze_goes_back_at_once():
    flow = at_ten()
    freeze_from_now(flow, 40)
    flow.until(lambda: "rollout.frozen" in flow.told())
    turned = flow.now

    flow.becomes(flow.image("v2"), error_ratio=1.0)
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert flow.split() == {"v1": 100}
    assert flow.now - turned < dt.timedelta(minutes=2)
    assert flow.record().refused


def test_the_deadline_in_a_freeze_takes_the_canary_back_and_refuses_no_digest():
    flow = at_ten()
    freeze_from_now(flow, 600)
    shifted = flow.rollout().shifts[0].at

    flow.until_ended(within_minutes=70)

    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert because.startswith("not promoted within 1h: frozen until 2026-11-23 22:00 UTC")
    assert flow.now - shifted < dt.timedelta(hours=1, seconds=10)
    assert flow.split() == {"v1": 100}
    assert not flow.record().refused


def test_a_person_is_asked_in_a_freeze_and_the_yes_stays_good_until_its_end():
    flow = pushed(changed(FROZEN, approval="{by: manual, expires: 30m}"))
    assert flow.told()[-1] == "approval.requested"

    flow.answers("approve", reason="looks good")
    flow.passes(seconds=2)
    assert (flow.split(), flow.told()[-1]) == ({"v1": 100}, "rollout.frozen")
    flow.scheduler.run_until(OPENS + dt.timedelta(seconds=1))

    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.told().count("approval.requested") == 1


def test_a_question_that_nobody_answers_in_a_freeze_expires_there():
    flow = pushed(changed(FROZEN, approval="{by: manual, expires: 30m}"))

    flow.until_ended()

    assert flow.now < OPENS
    assert flow.outcome()[0] == "rolled_back"
    assert "expired" in flow.outcome()[1]
    assert "rollout.frozen" not in flow.told()


def test_a_canary_that_has_everything_is_promoted_in_a_freeze():
    flow = at_ten()
    flow.until_at(100)
    freeze_from_now(flow, 60)

    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    assert "rollout.frozen" not in flow.told()


def test_a_line_that_is_stopped_holds_a_rollout_that_is_under_way():
    flow = at_ten()

    deploys(flow, STOPPED)
    flow.passes(minutes=20)
    assert flow.split() == {"v1": 90, "v2": 10}
    assert because_of(flow, "rollout.frozen") == "the line is stopped: checkout is down"
    deploys(flow, QUICK)
    flow.until_at(50)
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_a_stopped_line_that_is_opened_again_is_noticed_within_a_minute():
    flow = pushed(STOPPED)
    flow.passes(minutes=30)
    assert flow.split() == {"v1": 100}

    deploys(flow, QUICK)
    flow.passes(seconds=61)

    assert flow.split() == {"v1": 90, "v2": 10}


@pytest.mark.parametrize("closed", [FROZEN, STOPPED])
def test_an_urgent_fix_passes_a_closed_line_by_hand_with_a_reason_that_everybody_reads(closed):
    flow = Flow(closed)

    name = flow.by_hand(
        action="rollout",
        service="api",
        image=flow.image("fix"),
        override_freeze=True,
        reason="checkout is down",
    )
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    assert flow.now < OPENS
    who = f"execution {name.rpartition('/')[2]}: checkout is down"
    assert flow.rollout().override_freeze == who
    assert because_of(flow, "rollout.started") == f"waits for no freeze, {who}"
    assert because_of(flow, "traffic.shifted").endswith(f", by {who}")


def test_an_urgent_fix_takes_the_place_of_what_waits_in_the_freeze_even_of_the_same_image():
    flow = pushed(FROZEN)

    flow.by_hand(
        action="rollout",
        service="api",
        image=flow.image("v2"),
        override_freeze=True,
        reason="checkout is down",
    )
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert flow.now < OPENS
    assert "rollout.superseded" in flow.told()


def test_force_opens_no_line():
    flow = Flow(FROZEN)

    flow.by_hand(action="rollout", service="api", image=flow.image("v2"), force=True)
    flow.passes(minutes=30)

    assert flow.split() == {"v1": 100}
    assert flow.told()[-1] == "rollout.frozen"


def test_an_override_needs_a_reason_and_a_rollout():
    flow = Flow(FROZEN)
    flow.by_hand(action="rollout", service="api", image=flow.image("v2"), override_freeze=True)
    flow.until(flow.ended)
    assert "reason is missing: override_freeze needs one" in flow.error()

    flow.by_hand(
        action="verify", service="api", target="production", override_freeze=True, reason="x"
    )
    flow.until(flow.ended)

    assert "override_freeze is given: verify passes no freeze" in flow.error()
    assert flow.writes() == 0


@pytest.mark.parametrize(("verb", "split"), [("roll_back", {"v1": 100}), ("stop", {"v1": 100})])
def test_what_waits_in_a_freeze_ends_at_once_by_hand(verb, split):
    flow = pushed(FROZEN)
    delivery = flow.execution()["name"]

    flow.asks(verb, reason="not this one")
    flow.until(flow.ended, within_minutes=1)

    assert flow.split() == split
    assert "not this one" in flow.outcome(delivery)[1]
    assert flow.now < OPENS


def test_roll_back_by_hand_in_a_freeze_gives_the_old_stable_everything():
    flow = at_ten()
    flow.until_ended()
    freeze_from_now(flow, 60)

    flow.asks("roll_back", reason="checkout is failing")

    assert flow.split() == {"v1": 100}
