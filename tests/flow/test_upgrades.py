"""Barq itself is replaced while rollouts wait: functions change at once, executions keep their workflow."""

import json
from pathlib import Path

import pytest

from rollouts.record_json import parse_record, show_record
from tests.flow.flow import DELIVERY, Flow, changed
from tests.flow.invariants import RECORD

BEFORE = Path(__file__).parent / "before"
RECORDS = [
    (since, state, document)
    for since, states in json.loads((BEFORE / "records.json").read_text()).items()
    for state, document in states.items()
]
ASKS = changed(DELIVERY, approval="{by: manual, expires: 72h}")
FIELDS_OF_SINCE = {"past", "waiting", "spec"}


class Older(Flow):
    """Barq as it was installed before, with the functions of now."""

    def workflow_source(self) -> str:
        return (BEFORE / "rollout.yaml").read_text()

    def upgraded(self) -> None:
        """Deploy the workflow of now; what runs keeps its own."""
        self._deploy_workflow(super().workflow_source())

    def record_as_before(self) -> None:
        """Leave the record as functions of before would have written it."""
        service = self.cloud.run.service(self.key())
        document = json.loads(service.annotations[RECORD])
        for name in FIELDS_OF_SINCE:
            document.pop(name, None)
        service.annotations = {**service.annotations, RECORD: json.dumps(document)}


@pytest.mark.parametrize(("since", "state", "document"), RECORDS)
def test_a_record_of_before_is_read_and_keeps_what_it_says(since, state, document):
    record = parse_record(json.dumps(document))

    assert record.rollout is not None
    assert record.rollout.state == state, since
    again = json.loads(show_record(record))
    for name, value in document["rollout"].items():
        if name not in ("policy", "policy_hash"):
            assert again["rollout"][name] == value
    assert again["refused"] == document["refused"]
    assert record.rollout.policy.steps == (10, 50, 100)


@pytest.mark.parametrize("quality", [{}, {"error_ratio": 1.0}])
def test_an_execution_of_before_is_driven_to_its_end_by_the_functions_of_now(quality):
    flow = Older()
    flow.built(flow.image("v2", **quality))
    flow.until_at(10)
    flow.record_as_before()

    flow.upgraded()
    flow.until_ended()

    assert flow.outcome()[0] == ("rolled_back" if quality else "promoted")
    assert flow.split() == ({"v1": 100} if quality else {"v2": 100})


def test_an_approval_that_is_waited_for_while_barq_is_upgraded_is_taken():
    flow = Older(ASKS)
    flow.traffic.rps = 0
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told())
    flow.record_as_before()
    flow.passes(hours=20)

    flow.upgraded()
    flow.traffic.rps = 5
    flow.answers("approve", reason="looks good")
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"


def test_a_push_after_the_upgrade_supersedes_a_rollout_of_before():
    flow = Older(ASKS)
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told())
    first = flow.execution()["name"]
    flow.record_as_before()

    flow.upgraded()
    flow.built(flow.image("v3"))
    flow.until(lambda: flow.told().count("approval.requested") == 2, within_minutes=1)

    assert flow.outcome(first)[0] == "superseded"


@pytest.mark.parametrize("second_push", ["queue", "reject"])
def test_the_workflow_of_before_knows_what_to_do_with_a_second_push(second_push):
    flow = Older(changed(DELIVERY, second_push=second_push))
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.built(flow.image("v3"))

    flow.until_ended()

    assert flow.split() == {"v3" if second_push == "queue" else "v2": 100}


def test_a_rollout_whose_execution_of_before_died_is_found_by_the_sweeper():
    flow = Older()
    flow.built(flow.image("v2"))
    flow.until_at(10)
    flow.record_as_before()

    flow.upgraded()
    flow.cancels(flow.execution()["name"])
    flow.passes(minutes=3)

    assert (flow.split(), flow.state()) == ({"v1": 100}, "rolled_back")
