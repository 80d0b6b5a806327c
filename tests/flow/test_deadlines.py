"""What nobody could judge by the deadline is asked of a person; what is spared is only told."""

import functools

from tests.flow.flow import DELIVERY, Flow, changed

QUIET = changed(
    DELIVERY.replace("deadline: 1h", "deadline: 20m"),
    approval="{by: none, expires: 1h}",
    analysis="{min_requests: 1000000}",
)
COMPARED = changed(DELIVERY, analysis="{min_requests: 20}")


def asked(delivery: str = QUIET, rps: int = 5) -> Flow:
    """Bring a good image to its deadline, where too little is known."""
    flow = Flow(delivery, rps=rps)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.rollout().deadline_approval is not None)
    return flow


def asked_times(flow: Flow) -> int:
    return flow.told().count("approval.requested")


def was_asked(flow: Flow, times: int) -> bool:
    return asked_times(flow) == times


def last_told(flow: Flow, kind: str) -> str:
    found = [one["data"] for one in flow.events if one["data"]["event"] == kind]
    return str(found[-1]["because"])


def test_at_the_deadline_a_person_is_asked_once_and_told_what_is_missing():
    flow = asked()

    flow.passes(minutes=50)

    assert (flow.state(), flow.split()) == ("shifting", {"v1": 90, "v2": 10})
    assert asked_times(flow) == 1
    question = last_told(flow, "approval.requested")
    assert "was not promoted within 20m" in question
    assert "more requests" in question
    assert "approve goes on to 50 %" in question
    assert any(
        "approval wanted at 10 %, after the deadline" in text for text in flow.channels.texts()
    )


def test_waiting_at_the_deadline_writes_nothing():
    flow = asked()
    before = flow.writes()

    flow.passes(minutes=50)

    assert flow.writes() == before


def test_approve_and_status_show_what_is_asked_at_the_deadline():
    flow = asked()

    shown, status = flow.answers(None), flow.status()

    assert (shown["waits"], shown["decision"]) == (True, "")
    assert "more requests are needed" in shown["verdict"]
    assert (status["waits_for"], status["until"]) == ("approval", shown["expires"])
    assert status["next"]["waits_for"] == "approval"


def test_a_yes_at_the_deadline_goes_on_at_once_and_starts_the_deadline_anew():
    flow = asked()

    flow.answers("approve", reason="quiet on Sundays")
    flow.passes(seconds=2)

    assert flow.split() == {"v1": 50, "v2": 50}
    assert "approved by ann@example.com: quiet on Sundays" in flow.rollout().because
    flow.passes(minutes=18)
    assert asked_times(flow) == 1
    flow.passes(minutes=3)
    assert asked_times(flow) == 2
    flow.answers("approve")
    flow.passes(minutes=21)
    flow.answers("approve")
    flow.until_ended()
    assert flow.outcome()[0] == "promoted"
    assert flow.split() == {"v2": 100}


def test_a_page_that_could_not_be_taken_comes_before_its_all_clear():
    """Without an order it might come after it, and nobody would ever resolve it."""
    flow = Flow(QUIET.replace("{webhook: team}", "{webhook: team}, {pagerduty: on-call}"))
    flow.channels.broken = {"on-call"}

    flow.built(flow.image("v2"))
    for times in (1, 2, 3):
        flow.until(functools.partial(was_asked, flow, times))
        flow.answers("approve")
        flow.passes(minutes=1)
    flow.until_ended()
    flow.channels.broken = set()
    flow.passes(minutes=20)

    pages = flow.channels.pages()
    assert [page["event_action"] for page in pages] == [
        *["trigger", "acknowledge"] * 3,
        "resolve",
    ]
    assert len({page["dedup_key"] for page in pages}) == 1


def test_a_no_at_the_deadline_rolls_back_at_once_and_refuses_no_digest():
    flow = asked()

    flow.answers("deny", reason="not unwatched")
    flow.until_ended()

    assert flow.outcome() == ("rolled_back", "denied by ann@example.com: not unwatched")
    assert flow.split() == {"v1": 100}
    assert not flow.record().refused


def test_no_answer_at_the_deadline_rolls_back_when_it_expires():
    flow = asked()

    flow.passes(minutes=59)
    assert flow.state() == "shifting"
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "expired" in flow.outcome()[1]
    assert not flow.record().refused


def test_while_a_person_is_asked_a_canary_that_fails_goes_back():
    flow = asked()

    flow.becomes(flow.image("v2"), error_ratio=1.0)
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "failed" in flow.outcome()[1]
    assert flow.record().refused


def test_while_a_person_is_asked_a_canary_that_passes_after_all_goes_on():
    flow = asked(QUIET.replace("1000000", "500"), rps=2)
    assert flow.rollout().percent == 10

    flow.until_ended(within_minutes=300)

    assert flow.outcome()[0] == "promoted"


def test_no_data_extend_asks_later_by_as_much_as_the_policy_says():
    flow = Flow(changed(QUIET, no_data="extend", extend_max="15m"))
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.passes(minutes=34)
    assert not asked_times(flow)
    flow.passes(minutes=2)
    assert asked_times(flow) == 1


def test_a_dry_run_lets_a_canary_through_and_says_what_it_would_have_done():
    flow = Flow(changed(COMPARED, analysis="{dry_run: true}"))
    flow.passes(minutes=10)

    flow.built(flow.image("v2", error_ratio=0.5))
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    shifted = [one["data"] for one in flow.events if one["data"]["event"] == "traffic.shifted"]
    assert "dry run: would have been rolled back: " in shifted[-1]["because"]
    assert not flow.record().refused


def test_a_dry_run_still_acts_on_a_limit():
    flow = Flow(changed(COMPARED, analysis="{dry_run: true, max_errors: 5}"))

    flow.built(flow.image("v2", error_ratio=1.0))
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "more than 5 errors at 10 %" in flow.outcome()[1]


def at_100_percent(watch_action: str) -> Flow:
    """A canary that fails from 100 % on alone."""
    flow = Flow(changed(COMPARED, analysis=f"{{watch_action: {watch_action}}}"))
    flow.passes(minutes=30)
    reference = flow.image("v2")
    flow.built(reference)
    flow.until_at(100)
    flow.becomes(reference, error_ratio=0.5)
    flow.until_ended()
    return flow


def test_errors_at_100_percent_roll_back():
    flow = at_100_percent("roll_back")

    assert flow.outcome()[0] == "rolled_back"


def test_errors_at_100_percent_may_only_alert_once():
    flow = at_100_percent("alert")

    assert flow.outcome()[0] == "promoted"
    assert flow.told().count("verdict.alert") == 1
    assert "than stable did before the rollout" in last_told(flow, "verdict.alert")
    assert flow.outcome()[1].startswith("watch_action: alert: ")


def test_a_stable_that_fails_too_is_told_once_each_time_it_begins():
    flow = Flow(changed(COMPARED, window="30m", deadline="3h"))
    flow.passes(minutes=10)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    for _ in range(2):
        flow.traffic.platform_fails["production"] = 0.5
        flow.passes(minutes=2)
        flow.traffic.platform_fails.clear()
        flow.passes(minutes=6)

    assert flow.told().count("verdict.page") == 2
    assert flow.split() == {"v1": 90, "v2": 10}
    flow.until_ended(within_minutes=120)
    assert flow.outcome()[0] == "promoted"
