"""The watch over every run can fail: planted breaches are caught."""

import copy
from typing import Any

import pytest

from tests.flow.flow import DELIVERY, Flow
from tests.flow.install import ACCOUNTS

QUICK = DELIVERY.replace("window: 2m", "window: 1m")


def barq_writes(flow: Flow, document: dict[str, Any]) -> None:
    """Write as one of Barq's own functions would."""
    document["metadata"].pop("resourceVersion")
    flow.cloud.run.replace(flow.key(), document, f"shift-traffic{ACCOUNTS}")


@pytest.fixture
def flow() -> Flow:
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    return flow


def test_latest_in_a_split_of_barqs_is_caught(flow):
    document = flow.document()
    document["spec"]["traffic"] = [{"latestRevision": True, "percent": 100}]

    with pytest.raises(AssertionError, match="LATEST is in the split"):
        barq_writes(flow, document)


def test_a_split_that_the_record_does_not_explain_is_caught(flow):
    document = flow.document()
    document["spec"]["traffic"][0]["percent"] = 60
    document["spec"]["traffic"][1]["percent"] = 40

    with pytest.raises(AssertionError, match="the record explains"):
        barq_writes(flow, document)


def test_a_shift_after_a_rollback_is_caught(flow):
    shifted = copy.deepcopy(flow.document())
    flow.asks("roll_back", reason="planted")

    with pytest.raises(AssertionError, match="after its rollback"):
        barq_writes(flow, shifted)


def test_a_share_that_falls_without_a_rollback_is_caught(flow):
    at_10 = copy.deepcopy(flow.document())
    flow.until_at(50)

    with pytest.raises(AssertionError, match="a share fell"):
        barq_writes(flow, at_10)


def test_traffic_on_a_revision_that_is_not_ready_is_caught(flow):
    flow.cloud.run.revision(flow.key(), flow.rollout().canary).state = "failed"

    with pytest.raises(AssertionError, match="is failed"):
        flow.passes(seconds=2)
