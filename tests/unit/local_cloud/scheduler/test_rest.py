"""The REST door, in process."""

import json

import pytest

from local_cloud.kit.http import ApiRequest
from local_cloud.scheduler.rest import router
from tests.unit.local_cloud.scheduler.conftest import ACCOUNT, NAME, PARENT

JOBS = f"/v1/{PARENT}/jobs"
ONE = f"/v1/{NAME}"
WANTED = {
    "name": NAME,
    "description": "each minute",
    "schedule": "* * * * *",
    "httpTarget": {
        "uri": "https://sweep.test",
        "body": "e30=",
        "headers": {"Content-Type": "application/json"},
        "oidcToken": {"serviceAccountEmail": ACCOUNT, "audience": "https://sweep.test"},
    },
    "attemptDeadline": "300s",
}


@pytest.fixture
def rest(world):
    routes = router(world.model)

    def call(method, path, body=None, caller=None, **query):
        data = json.dumps(body).encode() if body is not None else b""
        found = {name: (value,) for name, value in query.items()}
        answer = routes.handle(ApiRequest(method, path, found, {}, data, caller))
        assert answer is not None, f"no route for {method} {path}"
        return answer.status, json.loads(answer.body)

    return call


def test_a_job_is_created_as_the_service_shows_it(rest):
    created = rest("POST", JOBS, WANTED)

    assert created == (
        200,
        {
            "name": NAME,
            "description": "each minute",
            "httpTarget": {
                "uri": "https://sweep.test",
                "httpMethod": "POST",
                "headers": {
                    "Content-Type": "application/json",
                    "User-Agent": "Google-Cloud-Scheduler",
                },
                "body": "e30=",
                "oidcToken": {"serviceAccountEmail": ACCOUNT, "audience": "https://sweep.test"},
            },
            "userUpdateTime": "2026-03-01T12:00:30Z",
            "state": "ENABLED",
            "schedule": "* * * * *",
            "timeZone": "Etc/UTC",
            "retryConfig": {
                "maxRetryDuration": "0s",
                "minBackoffDuration": "5s",
                "maxBackoffDuration": "3600s",
                "maxDoublings": 5,
            },
            "attemptDeadline": "300s",
            "scheduleTime": "2026-03-01T12:01:00Z",
        },
    )
    assert rest("GET", ONE) == created
    assert rest("POST", JOBS, WANTED)[0] == 409


def test_what_was_attempted_is_shown(rest, world):
    rest("POST", JOBS, WANTED)
    world.endpoint.answers = [503]
    world.passes(31)

    _, failed = rest("GET", ONE)
    world.passes(60)
    _, taken = rest("GET", ONE)

    assert (failed["status"], failed["lastAttemptTime"]) == ({"code": 14}, "2026-03-01T12:01:00Z")
    assert taken["status"] == {}


def test_an_unnamed_job_gets_a_name_in_its_place(rest):
    _, created = rest("POST", JOBS, {**WANTED, "name": ""})

    assert created["name"].startswith(f"{PARENT}/jobs/")


def test_jobs_are_listed_in_pages(rest):
    assert rest("GET", JOBS) == (200, {})
    for name in "abc":
        rest("POST", JOBS, {**WANTED, "name": f"{PARENT}/jobs/{name}"})

    _, first = rest("GET", JOBS, pageSize="2")
    _, second = rest("GET", JOBS, pageSize="2", pageToken=first["nextPageToken"])

    assert [one["name"][-1] for one in first["jobs"] + second["jobs"]] == ["a", "b", "c"]
    assert "nextPageToken" not in second
    assert rest("GET", JOBS, pageToken="x")[0] == 400


def test_a_patch_changes_what_its_mask_names_and_nothing_else(rest):
    rest("POST", JOBS, {**WANTED, "retryConfig": {"retryCount": 2}})
    patch = {"httpTarget": {"uri": "https://other.test"}, "schedule": "0 * * * *"}
    mask = "http_target.uri,description,retryConfig.maxRetryDuration"

    status, changed = rest("PATCH", ONE, patch, updateMask=mask)

    assert status == 200
    assert changed["httpTarget"]["uri"] == "https://other.test"
    assert changed["httpTarget"]["body"] == "e30="
    assert changed["schedule"] == "* * * * *"
    assert changed["retryConfig"]["retryCount"] == 2
    assert "description" not in changed


def test_a_patch_without_a_mask_changes_what_it_has(rest):
    rest("POST", JOBS, WANTED)

    _, changed = rest("PATCH", ONE, {"schedule": "0 * * * *", "state": "PAUSED"})

    assert (changed["schedule"], changed["state"]) == ("0 * * * *", "ENABLED")
    assert changed["description"] == "each minute"


def test_a_job_is_paused_resumed_run_and_deleted(rest, world):
    rest("POST", JOBS, WANTED)

    assert rest("POST", ONE + ":pause", {})[1]["state"] == "PAUSED"
    assert rest("POST", ONE + ":pause", {})[0] == 400
    assert rest("POST", ONE + ":run", {}, caller="ann@p1")[0] == 200
    assert world.endpoint.times() == [0]
    assert world.audit.calls[-1].principal == "ann@p1"
    assert rest("POST", ONE + ":resume", {})[1]["state"] == "ENABLED"
    assert rest("DELETE", ONE) == (200, {})
    assert rest("GET", ONE)[0] == 404
    assert rest("PATCH", ONE, {})[0] == 404


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"httpTarget": None}, 400, "httpTarget|http_target"),
        ({"httpTarget": {"url": "x"}}, 400, "Unknown name \"url\" at 'job.http_target'"),
        ({"shedule": "x"}, 400, "Unknown name \"shedule\" at 'job'"),
        ({"httpTarget": {"uri": 7}}, 400, "'uri' (TYPE_STRING)"),
        ({"httpTarget": {"uri": "http://a", "body": "{}"}}, 400, "TYPE_BYTES"),
        ({"httpTarget": {"uri": "http://a", "headers": {"a": 1}}}, 400, "headers"),
        ({"httpTarget": {"uri": "http://a", "oidcToken": {"email": "a"}}}, 400, "oidc_token"),
        ({"httpTarget": {"uri": "http://a", "oauthToken": {}}}, 501, "not emulated"),
        ({"pubsubTarget": {}}, 501, "not emulated"),
        ({"retryConfig": {"retryCount": "2"}}, 400, "TYPE_INT32"),
        ({"retryConfig": {"retryCount": True}}, 400, "TYPE_INT32"),
        ({"attemptDeadline": "5m"}, 400, "Duration"),
        ({"attemptDeadline": 300}, 400, "Duration"),
        ({"attemptDeadline": "14.5s"}, 400, "15 seconds"),
        ({"name": "projects/p2/locations/l/jobs/sweep"}, 400, "Job.name must be in"),
    ],
)
def test_what_the_service_would_not_read_is_refused(rest, changes, status, words):
    answered, body = rest("POST", JOBS, {**WANTED, **changes})

    assert answered == status
    assert any(word in body["error"]["message"] for word in words.split("|"))


def test_a_job_needs_a_target_and_must_be_an_object(rest):
    no_target = {name: value for name, value in WANTED.items() if name != "httpTarget"}

    assert "target must be set" in rest("POST", JOBS, no_target)[1]["error"]["message"]
    assert rest("POST", JOBS, [])[0] == 400
    rest("POST", JOBS, WANTED)
    assert rest("PATCH", ONE, [])[0] == 400
