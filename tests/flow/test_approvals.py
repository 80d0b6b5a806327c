"""A person says yes or no before the first request; silence takes the canary back."""

import json

from local_cloud.kit.http import Outbound
from tests.flow.flow import DELIVERY, Flow, changed

ASKS = changed(DELIVERY.replace("window: 2m", "window: 1m"), approval="{by: manual, expires: 6h}")


def waiting(flow: Flow, name: str = "v2") -> str:
    """Bring an image up to the approval; return its reference."""
    reference = flow.image(name)
    flow.built(reference)
    flow.until(lambda: flow.rollout().approval is not None)
    return reference


def test_an_approval_is_asked_for_after_the_smoke_test_and_nobody_is_served_before():
    flow = Flow(ASKS)

    waiting(flow)
    flow.passes(hours=2)

    assert flow.split() == {"v1": 100}
    assert flow.served("v2", failed=False) == 0
    assert flow.told() == ["rollout.started", "rollout.verified", "approval.requested"]


def test_waiting_for_an_approval_writes_nothing():
    flow = Flow(ASKS)
    waiting(flow)
    before = flow.writes()

    flow.passes(hours=5)

    assert flow.writes() == before


def test_an_approval_lets_the_rollout_go_on_at_once():
    flow = Flow(ASKS)
    waiting(flow)

    flow.answers("approve", reason="looks good")
    flow.passes(seconds=1)

    assert flow.split() == {"v1": 90, "v2": 10}
    flow.until_ended()
    assert flow.split() == {"v2": 100}


def test_the_approvers_verified_identity_is_in_record_event_and_message():
    flow = Flow(ASKS)
    waiting(flow)

    flow.answers("approve", by="ann@example.com", reason="looks good")
    flow.passes(seconds=1)

    approval = flow.rollout().approval
    assert approval is not None
    assert (approval.decision, approval.by) == ("approved", "ann@example.com")
    given = next(one["data"] for one in flow.events if one["data"]["event"] == "approval.given")
    assert given["by"] == "ann@example.com"
    assert any("by ann@example.com" in text for text in flow.channels.texts())


def test_a_name_in_the_body_does_not_take_the_place_of_the_tokens():
    flow = Flow(ASKS)
    waiting(flow)

    flow.answers("approve", by="ann@example.com", caller="boss@example.com")
    flow.passes(seconds=1)

    assert flow.rollout().approval.by == "ann@example.com"  # type: ignore[union-attr]


def test_what_a_caller_writes_beside_the_verified_token_is_not_the_approver():
    """Cloud Run checks X-Serverless-Authorization and hands Authorization on as it came."""
    flow = Flow(ASKS)
    waiting(flow)
    ann, boss = (
        f"Bearer {flow.cloud.tokens.developer_id_token(who, 'https://approve.test')}"
        for who in ("ann@example.com", "boss@example.com")
    )
    headers = {"Authorization": boss, "X-Serverless-Authorization": ann}
    asked = {"service": "api", "target": "production", "decision": "approve"}
    body = json.dumps(asked | {"rollout": flow.rollout().id}).encode()

    flow.call("approve", Outbound("POST", "https://approve.test", headers, body))

    assert flow.rollout().approval.by == "ann@example.com"  # type: ignore[union-attr]


def test_a_link_that_is_followed_decides_nothing():
    flow = Flow(ASKS)
    waiting(flow)

    link = "https://approve.test/?service=api&target=production&decision=approve"
    token = flow.cloud.tokens.developer_id_token("ann@example.com", "https://approve.test")
    answer = flow.call("approve", Outbound("GET", link, {"Authorization": f"Bearer {token}"}, b""))

    assert answer.status == 400
    assert json.loads(answer.body)["error"]["message"] == (
        "approve: a GET only shows, nothing was decided: decide with POST."
    )
    assert flow.rollout().approval.decision == ""  # type: ignore[union-attr]


def test_an_approval_by_a_manual_execution_lets_the_rollout_go_on():
    flow = Flow(ASKS)
    waiting(flow)

    answer = flow.asks("approve", reason="looks good")
    flow.passes(seconds=1)

    assert answer["action"]["kind"] == "shift"
    assert flow.split() == {"v1": 90, "v2": 10}
    assert "execution " in flow.rollout().approval.by  # type: ignore[union-attr]


def test_a_denial_takes_the_canary_back_at_once_and_does_not_refuse_the_digest():
    flow = Flow(ASKS)
    reference = waiting(flow)

    flow.answers("deny", reason="not before Monday")
    flow.passes(seconds=3)

    assert flow.ended()
    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert because == "denied by ann@example.com: not before Monday"
    assert flow.tags() == []
    assert flow.record().refusal(reference.partition("@")[2]) is None


def test_a_denial_needs_a_reason():
    flow = Flow(ASKS)
    waiting(flow)

    said = flow.answers("deny")

    assert "reason is missing" in said["error"]["message"]
    assert flow.rollout().approval.decision == ""  # type: ignore[union-attr]


def test_without_an_answer_the_approval_expires_and_the_canary_goes():
    flow = Flow(ASKS)
    waiting(flow)

    flow.passes(hours=6, minutes=1)

    assert flow.ended()
    outcome, because = flow.outcome()
    assert outcome == "rolled_back"
    assert "expired at" in because
    assert flow.split() == {"v1": 100}
    assert flow.served("v2", failed=False) == 0


def test_an_approval_after_the_expiry_changes_nothing_and_says_so():
    flow = Flow(ASKS)
    waiting(flow)
    flow.passes(hours=6, minutes=1)

    said = flow.answers("approve")

    assert said["action"]["outcome"] == "unchanged"
    assert "the last one is rolled_back" in said["action"]["because"]
    assert flow.split() == {"v1": 100}


def test_an_approval_in_the_second_of_the_expiry_is_late():
    flow = Flow(ASKS)
    waiting(flow)
    expires = flow.rollout().approval.expires_at  # type: ignore[union-attr]
    flow.scheduler.run_until(expires)

    said = flow.answers("approve")
    flow.passes(minutes=1)

    assert "expired at" in said["action"]["because"]
    assert flow.state() == "rolled_back"


def test_the_second_answer_is_told_what_the_first_was():
    flow = Flow(ASKS)
    waiting(flow)
    flow.answers("approve", by="ann@example.com")

    said = flow.answers("deny", by="bob@example.com", reason="no")
    flow.passes(seconds=2)

    assert "already approved by ann@example.com" in said["action"]["because"]
    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.told().count("approval.given") == 1
    assert "approval.denied" not in flow.told()


def test_the_evidence_is_shown_without_deciding():
    flow = Flow(ASKS)
    reference = waiting(flow)

    evidence = flow.answers(None)

    assert evidence["kind"] == "evidence"
    assert evidence["waits"] is True
    assert evidence["image"] == reference
    assert "smoke tests passed" in evidence["verified"]


def test_an_approval_when_nothing_waits_says_so():
    flow = Flow(ASKS)

    said = flow.answers("approve")

    assert "waits for an approval" in said["action"]["because"]
    assert flow.writes() == 0


def test_a_newer_build_takes_the_place_of_the_one_that_waits_for_an_approval():
    flow = Flow(ASKS)
    waiting(flow)
    asked = flow.rollout().id
    first = flow.execution()["name"]

    flow.built(flow.image("v3"))
    flow.passes(seconds=30)
    said = flow.answers("approve", rollout=asked)

    assert flow.outcome(first)[0] == "superseded"
    assert said["action"]["outcome"] == "superseded"
    assert f"rollout {asked} is over" in said["action"]["because"]
    approval = flow.rollout().approval
    assert approval is not None
    assert approval.decision == ""


def test_a_wake_up_that_got_lost_delays_an_approval_by_an_hour_at_most():
    flow = Flow(ASKS)
    waiting(flow)
    flow.faults.api("POST", "/callbacks/", 500, times=1)

    flow.answers("approve")
    flow.passes(minutes=61)

    assert flow.rollout().shifts


def test_an_answer_given_again_wakes_again_for_the_first_wake_up_may_be_lost():
    """What a person does who got no answer, because the function died after its write."""
    flow = Flow(ASKS)
    waiting(flow)
    flow.faults.api("POST", "/callbacks/", 500, times=1)
    flow.answers("approve")
    flow.passes(minutes=1)
    assert not flow.rollout().shifts

    flow.answers("approve")
    flow.passes(seconds=1)

    assert flow.rollout().shifts
    assert flow.told_once().count("approval.given") == 1


def test_a_revision_that_broke_while_waiting_gets_no_traffic():
    flow = Flow(ASKS)
    waiting(flow)
    flow.cloud.run.revision(flow.key(), flow.rollout().canary).state = "failed"

    flow.answers("approve")
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    assert "is not Ready" in flow.outcome()[1]


def test_an_answer_names_the_rollout_that_was_looked_at():
    """What a person saw is what they say yes to; the rollout that came after is left alone."""
    flow = Flow(ASKS)
    waiting(flow)
    looked_at = flow.answers(None)["rollout"]["id"]
    flow.answers("deny", reason="not before Monday")
    flow.until_ended()
    waiting(flow, "v3")

    said = flow.answers("approve", rollout=looked_at)
    flow.passes(seconds=5)

    assert f"rollout {looked_at} is over" in said["action"]["because"]
    assert flow.split() == {"v1": 100}


def test_a_denial_by_hand_asked_again_for_a_lost_answer_does_not_deny_the_next_rollout():
    flow = Flow(ASKS)
    waiting(flow)
    flow.faults.answers_lost["approve"] = 5
    flow.by_hand(action="deny", service="api", target="production", reason="not before Monday")
    flow.passes(seconds=3)

    flow.built(flow.image("v3"))
    flow.passes(minutes=3)

    assert flow.state() == "verified"
    assert flow.rollout().approval.decision == ""  # type: ignore[union-attr]
