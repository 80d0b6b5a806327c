"""Decision records: what was logged at each look judges the same again, from the log alone."""

import pytest

from rollouts.decision_record import recompute
from tests.flow.flow import DELIVERY, Flow, changed

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
SOME_ERRORS = changed(QUICK, analysis="{dry_run: true, min_requests: 20}")


@pytest.mark.parametrize(
    ("delivery", "quality"),
    [
        (QUICK, {}),
        (QUICK, {"error_ratio": 1.0}),
        (SOME_ERRORS, {"error_ratio": 0.2}),
        (QUICK, {"latency_seconds": 2.0}),
    ],
)
def test_every_verdict_of_a_rollout_is_recomputed_from_its_records(delivery, quality, records):
    flow = Flow(delivery)
    flow.passes(minutes=10)

    flow.built(flow.image("v2", **quality))
    flow.until_ended()

    told = records()
    assert told
    for index, record in enumerate(told):
        assert recompute(told[: index + 1]).as_json() == record["verdict"]


def test_totals_count_in_the_recomputed_history_when_they_were_visible_and_not_before(records):
    """Of a service that is new, what is known of its rate decides whether stable is bad."""
    flow = Flow(changed(DELIVERY, window="1m", check_every="5s", analysis="{}"), rps=20)
    flow.becomes(flow.image("v1"), error_ratio=0.01)

    flow.built(flow.image("v2", error_ratio=0.01))
    flow.until_ended()

    told = records()
    assert any(one["verdict"]["page"] for one in told)
    for index, record in enumerate(told):
        assert recompute(told[: index + 1]).as_json() == record["verdict"]


def test_the_first_periods_errors_are_known_for_the_whole_first_step(records):
    """Its totals are never read: smoke tests stand in them. Its errors are the log's alone."""
    flow = Flow(SOME_ERRORS)
    flow.passes(minutes=10)

    flow.built(flow.image("v2", error_ratio=0.2))
    flow.until_at(50)

    first = [one for one in records() if one["verdict"]["numbers"]["step"] == 0]
    errors = [one["verdict"]["numbers"]["canary_errors"] for one in first]
    assert errors == sorted(errors)
    assert errors[-1] > 0
