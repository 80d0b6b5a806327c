"""The real gcloud against our REST door: the commands that a person at the keyboard uses."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.rest import router
from tests.contract.gcloud import Gcloud, gcloud_at
from tests.contract.pubsub.conftest import NoTokens
from tests.unit.local_cloud.pubsub.conftest import START

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not on this machine"),
]


class Nowhere:
    """No subscription here is pushed."""

    def send(self, request: Outbound, done: Callable[[Inbound | NoAnswer], None]) -> None:
        raise AssertionError(request)


@pytest.fixture
def model() -> PubSubModel:
    clock = VirtualScheduler(START)
    return PubSubModel(clock, Nowhere(), NoTokens(), Audit(clock), random.Random(1))


@pytest.fixture
def gcloud(model: PubSubModel, tmp_path: Path) -> Iterator[Gcloud]:
    with gcloud_at(router(model), "PUBSUB", tmp_path, ["pubsub"]) as run:
        yield run


def test_gcloud_creates_publishes_pulls_and_lists(gcloud, model):
    gcloud("topics", "create", "builds")
    gcloud(
        "subscriptions",
        "create",
        "builds-sub",
        "--topic=builds",
        '--message-filter=attributes.status = "SUCCESS"',
    )
    gcloud("topics", "publish", "builds", "--message=ignored", "--attribute=status=WORKING")
    sent = gcloud("topics", "publish", "builds", "--message=hi", "--attribute=status=SUCCESS")

    (pulled,) = gcloud("subscriptions", "pull", "builds-sub", "--auto-ack", "--limit=5")

    assert sent["messageIds"] == [pulled["message"]["messageId"]]
    assert pulled["message"]["data"] == "aGk="
    assert pulled["message"]["attributes"] == {"status": "SUCCESS"}
    assert model.backlog_count("projects/p1/subscriptions/builds-sub") == 0
    assert [topic["name"] for topic in gcloud("topics", "list")] == ["projects/p1/topics/builds"]
    (listed,) = gcloud("subscriptions", "list")
    assert listed["name"] == "projects/p1/subscriptions/builds-sub"


def test_gcloud_says_what_is_wrong(gcloud):
    assert "Resource not found (resource=nope)." in gcloud(
        "topics", "publish", "nope", "--message=hi"
    )
