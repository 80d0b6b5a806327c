"""The real gcloud against the scheduler's REST door, on loopback."""

import shutil

import pytest

from local_cloud.scheduler.rest import router
from tests.contract.gcloud import gcloud_at
from tests.unit.local_cloud.scheduler.conftest import World

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not shutil.which("gcloud"), reason="gcloud is not on this machine"),
]
PLACE = "--location=europe-west1"
ACCOUNT = "barq-scheduler@p1.iam.gserviceaccount.com"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def gcloud(world, tmp_path):
    jobs = ["scheduler", "jobs"]
    with gcloud_at(router(world.model), "CLOUDSCHEDULER", tmp_path, jobs, [PLACE]) as run:
        yield run


def test_gcloud_creates_lists_changes_pauses_runs_and_deletes_a_job(gcloud, world):
    created = gcloud(
        "create",
        "http",
        "sweep",
        "--schedule=*/5 * * * *",
        "--uri=https://sweep.test",
        "--http-method=post",
        "--message-body={}",
        f"--oidc-service-account-email={ACCOUNT}",
        "--attempt-deadline=300s",
    )
    assert created["scheduleTime"] == "2026-03-01T12:05:00Z"
    assert created["attemptDeadline"] == "300s"
    assert created["httpTarget"]["oidcToken"]["serviceAccountEmail"] == ACCOUNT

    (listed,) = gcloud("list")
    assert (listed["name"].rpartition("/")[2], listed["state"]) == ("sweep", "ENABLED")
    changed = gcloud("update", "http", "sweep", "--schedule=* * * * *", "--max-retry-attempts=2")
    assert changed["scheduleTime"] == "2026-03-01T12:01:00Z"
    assert changed["retryConfig"]["retryCount"] == 2
    assert changed["httpTarget"]["uri"] == "https://sweep.test"
    gcloud("pause", "sweep")
    assert gcloud("describe", "sweep")["state"] == "PAUSED"
    gcloud("run", "sweep")
    assert world.endpoint.times() == [0]
    gcloud("resume", "sweep")
    gcloud("delete", "sweep")
    assert gcloud("list") == []


def test_gcloud_says_what_is_wrong(gcloud):
    where = ("--uri=https://sweep.test", f"--oidc-service-account-email={ACCOUNT}")

    assert "Schedule or time zone is invalid." in gcloud(
        "create", "http", "sweep", "--schedule=nonsense", *where
    )
    assert "Job not found." in gcloud("describe", "sweep")
