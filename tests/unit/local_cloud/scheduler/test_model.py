"""Jobs in virtual time: when they call, what they send, and what an answer does."""

import datetime as dt

import pytest

from local_cloud.kit.errors import NUMBER, Refused
from local_cloud.kit.http import NoAnswer
from local_cloud.scheduler.values import HttpTarget, Job, OidcToken, Retry
from tests.unit.local_cloud.scheduler.conftest import ACCOUNT, NAME, PARENT, START, TARGET

TIMEOUT, NOBODY = NoAnswer("timeout", ""), NoAnswer("never_connected", "")


def test_a_job_calls_at_each_full_minute(world):
    live = world.job()
    assert live.due == START + dt.timedelta(seconds=30)

    world.passes(150)

    assert world.endpoint.times() == [30, 90, 150]
    assert live.due == START + dt.timedelta(seconds=210)
    assert live.attempted == START + dt.timedelta(seconds=150)
    assert live.status == 0


def test_a_request_says_who_calls_and_for_when(world):
    world.job()
    world.passes(30)

    ((_, request),) = world.endpoint.seen
    assert (request.method, request.url, request.body) == ("POST", "https://sweep.test/now", b"")
    assert request.timeout_seconds == 180
    assert request.headers == {
        "User-Agent": "Google-Cloud-Scheduler",
        "X-CloudScheduler": "true",
        "X-CloudScheduler-JobName": "sweep",
        "X-CloudScheduler-ScheduleTime": "2026-03-01T12:01:00Z",
        "Authorization": f"Bearer id:{ACCOUNT}:https://sweep.test/now",
    }


def test_an_audience_is_taken_and_the_services_own_headers_stay_its_own(world):
    headers = {"X-Mine": "1", "Host": "x", "X-CloudScheduler": "no", "Authorization": "Basic x"}
    target = HttpTarget("https://a.test", "PUT", headers, b"{}", OidcToken(ACCOUNT, "aud"))
    world.job(target=target)
    world.passes(30)

    request = world.endpoint.seen[0][1]
    assert request.headers["Authorization"] == f"Bearer id:{ACCOUNT}:aud"
    assert request.headers["X-CloudScheduler"] == "true"
    assert request.headers["X-Mine"] == "1"
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert "Host" not in request.headers


def test_a_content_type_of_ones_own_is_kept_and_without_a_token_there_is_none(world):
    target = HttpTarget("http://a.test", headers={"content-type": "application/json"}, body=b"{}")
    world.job(target=target)
    world.passes(30)

    headers = world.endpoint.seen[0][1].headers
    assert headers["content-type"] == "application/json"
    assert {"Content-Type", "Authorization"}.isdisjoint(headers)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (200, "OK"),
        (204, "OK"),
        (299, "OK"),
        (302, "UNKNOWN"),
        (400, "INVALID_ARGUMENT"),
        (401, "UNAUTHENTICATED"),
        (403, "PERMISSION_DENIED"),
        (404, "NOT_FOUND"),
        (429, "RESOURCE_EXHAUSTED"),
        (500, "INTERNAL"),
        (503, "UNAVAILABLE"),
        (TIMEOUT, "DEADLINE_EXCEEDED"),
        (NOBODY, "UNAVAILABLE"),
    ],
)
def test_the_status_tells_what_became_of_the_last_attempt(world, answer, code):
    live = world.job()
    world.endpoint.answers = [answer]
    world.passes(31)

    assert live.status == NUMBER[code]


def test_a_failed_job_waits_for_its_next_time_unless_it_may_retry(world):
    world.job()
    world.endpoint.answers = [500, 500]
    world.passes(95)

    assert world.endpoint.times() == [30, 90]


def test_a_job_that_may_retry_does_so_with_backoff_until_it_is_taken(world):
    live = world.job(schedule="0 * * * *", retry=Retry(count=3, backoff_seconds_min=10))
    world.endpoint.answers = [500, TIMEOUT, 200]
    world.passes(59 * 60 + 30)
    assert world.endpoint.times() == [3570]

    assert live.due == START + dt.timedelta(seconds=3580)
    world.passes(300)

    assert world.endpoint.times() == [3570, 3580, 3600]
    assert live.due == START + dt.timedelta(seconds=3570 + 3600)


def test_retries_end_when_their_number_is_used_up(world):
    world.job(schedule="0 * * * *", retry=Retry(count=2, backoff_seconds_min=10))
    world.endpoint.answers = [500] * 3
    world.passes(2 * 3600)

    assert world.endpoint.times() == [3570, 3580, 3600, 7170]


def test_with_both_limits_retries_go_on_until_both_are_reached(world):
    retry = Retry(count=1, duration_seconds_max=60, backoff_seconds_min=10, doublings_max=0)
    world.job(schedule="0 * * * *", retry=retry)
    world.endpoint.answers = [500] * 9
    world.passes(3600)

    assert world.endpoint.times() == [3570, 3580, 3600]


def test_no_retry_comes_after_the_next_start(world):
    world.job(retry=Retry(count=5, backoff_seconds_min=25))
    world.endpoint.answers = [500] * 9
    world.passes(100)

    assert world.endpoint.times() == [30, 55, 90]


def test_backoff_doubles_then_grows_evenly_up_to_its_longest():
    retry = Retry(backoff_seconds_min=10, backoff_seconds_max=300, doublings_max=3)

    waits = [retry.backoff_seconds(attempt) for attempt in range(1, 9)]

    assert waits == [10, 20, 40, 80, 160, 240, 300, 300]


def test_an_execution_is_never_beside_another_and_the_next_starts_late(world):
    world.job()
    world.endpoint.answers = [None]
    world.passes(200)
    assert world.endpoint.times() == [30]

    world.endpoint.out[0](NOBODY)
    world.passes(20)

    assert world.endpoint.times() == [30, 200, 210]


def test_a_job_that_is_paused_calls_nobody_until_it_is_resumed(world):
    live = world.job()
    assert world.model.pause(NAME).state == "PAUSED"
    world.passes(120)
    assert (world.endpoint.times(), live.due) == ([], None)

    world.model.resume(NAME)
    world.passes(60)

    assert world.endpoint.times() == [150]


def test_a_job_paused_while_its_request_is_out_starts_no_other(world):
    world.job()
    world.endpoint.answers = [None]
    world.passes(31)
    world.model.pause(NAME)
    world.endpoint.out[0](NOBODY)
    world.passes(200)
    assert world.endpoint.times() == [30]

    world.model.resume(NAME)
    world.passes(60)

    assert world.endpoint.times() == [30, 270]


def test_a_job_paused_and_resumed_while_its_request_is_out_goes_on_after_it(world):
    world.job()
    world.endpoint.answers = [None]
    world.passes(31)
    world.model.pause(NAME)
    world.model.resume(NAME)
    world.passes(30)
    assert world.endpoint.times() == [30]

    world.endpoint.out[0](NOBODY)
    world.passes(60)

    assert world.endpoint.times() == [30, 90]


def test_a_job_paused_before_a_retry_begins_anew_when_it_is_resumed(world):
    world.job(retry=Retry(count=5, backoff_seconds_min=20))
    world.endpoint.answers = [500]
    world.passes(35)
    world.model.pause(NAME)
    world.model.resume(NAME)
    world.passes(60)

    assert world.endpoint.times() == [30, 90]


def test_run_sends_now_and_leaves_the_schedule_alone(world):
    live = world.job()
    world.model.pause(NAME)

    world.model.run(NAME)
    world.passes(1)

    assert (world.endpoint.times(), live.state, live.status) == ([0], "PAUSED", 0)


def test_a_changed_job_keeps_its_new_time(world):
    live = world.job()
    changed = Job(NAME, "0 13 * * *", TARGET)

    assert world.model.update(changed) is live
    world.passes(3600)

    assert world.endpoint.times() == [59 * 60 + 30]


@pytest.mark.parametrize("state", ["paused", "out"])
def test_a_job_that_is_paused_or_out_is_changed_without_being_started(world, state):
    world.job()
    if state == "paused":
        world.model.pause(NAME)
    else:
        world.endpoint.answers = [None]
        world.passes(30)
    before = world.endpoint.times()
    world.model.update(Job(NAME, "*/2 * * * *", TARGET))
    world.passes(200)

    assert world.endpoint.times() == before


def test_a_deleted_job_calls_nobody_again(world):
    world.job()
    world.endpoint.answers = [None]
    world.passes(31)
    world.model.delete(NAME)
    world.endpoint.out[0](NOBODY)
    world.passes(300)

    assert world.endpoint.times() == [30]
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get(NAME)


def test_a_job_may_run_more_than_once(world_with):
    """Source: the service promises at least once."""
    world = world_with(twice_ratio=1.0)
    world.job()
    world.passes(90)

    assert world.endpoint.times() == [30, 30, 90, 90]


def test_jobs_are_listed_by_name_and_each_call_is_noted(world):
    world.job(name=f"{PARENT}/jobs/b")
    world.job(name=f"{PARENT}/jobs/a")
    world.job(name="projects/p1/locations/us-east1/jobs/c")

    found = world.model.list(PARENT, caller="ann")

    assert [one.job.name[-1] for one in found] == ["a", "b"]
    call = world.audit.calls[-1]
    assert (call.principal, call.method) == (
        "ann",
        "google.cloud.scheduler.v1.CloudScheduler.ListJobs",
    )


def test_a_job_without_a_name_gets_one(world):
    names = {world.job(name=f"{PARENT}/jobs/").job.name for _ in range(2)}

    assert len(names) == 2


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"name": "sweep"}, "INVALID_ARGUMENT", "name must be formatted"),
        ({"name": f"{PARENT}/jobs/a.b"}, "INVALID_ARGUMENT", "name must be formatted"),
        ({"name": f"{PARENT}/jobs/{'a' * 501}"}, "INVALID_ARGUMENT", "name must be formatted"),
        ({"description": "x" * 501}, "INVALID_ARGUMENT", "500 characters"),
        ({"schedule": "each minute"}, "INVALID_ARGUMENT", "Schedule or time zone"),
        ({"time_zone": "Nowhere"}, "INVALID_ARGUMENT", "Schedule or time zone"),
        ({"attempt_seconds_max": 14.9}, "INVALID_ARGUMENT", "15 seconds and 30 minutes"),
        ({"attempt_seconds_max": 1801.0}, "INVALID_ARGUMENT", "15 seconds and 30 minutes"),
        ({"retry": Retry(count=6)}, "INVALID_ARGUMENT", "between 0 and 5"),
        ({"retry": Retry(count=-1)}, "INVALID_ARGUMENT", "between 0 and 5"),
        ({"retry": Retry(backoff_seconds_min=-1)}, "INVALID_ARGUMENT", "negative"),
        ({"retry": Retry(backoff_seconds_max=4)}, "INVALID_ARGUMENT", "max_backoff"),
        ({"target": HttpTarget("ftp://a")}, "INVALID_ARGUMENT", "must start with"),
        ({"target": HttpTarget("http://" + "a" * 2083)}, "INVALID_ARGUMENT", "must start with"),
        ({"target": HttpTarget("http://a", "TRACE")}, "INVALID_ARGUMENT", "http_method"),
        ({"target": HttpTarget("http://a", "GET", body=b"x")}, "INVALID_ARGUMENT", "POST, PUT"),
        ({"target": HttpTarget("http://a", body=b"x" * 2**21)}, "INVALID_ARGUMENT", "1 MB"),
        ({"target": HttpTarget("http://a", headers={"a": "x" * 2**17})}, "INVALID_ARGUMENT", "80"),
        (
            {"target": HttpTarget("http://a", oidc=OidcToken("ann@example.com"))},
            "INVALID_ARGUMENT",
            "no service account",
        ),
        (
            {"target": HttpTarget("http://a", oidc=OidcToken("a@p2.iam.gserviceaccount.com"))},
            "PERMISSION_DENIED",
            "actAs",
        ),
    ],
)
def test_what_the_service_would_not_keep_is_refused(world, fields, code, words):
    with pytest.raises(Refused, match=words) as refused:
        world.job(**fields)

    assert refused.value.code == code


def test_the_default_account_of_a_project_may_be_named(world):
    oidc = OidcToken("123-compute@developer.gserviceaccount.com")

    assert world.job(target=HttpTarget("http://a", oidc=oidc)).state == "ENABLED"


@pytest.mark.parametrize("method", ["get", "delete", "pause", "resume", "run"])
def test_an_unknown_job_is_not_found(world, method):
    with pytest.raises(Refused, match="NOT_FOUND"):
        getattr(world.model, method)(NAME)


def test_a_name_is_taken_once_and_states_must_fit(world):
    world.job()

    with pytest.raises(Refused, match="ALREADY_EXISTS"):
        world.job()
    with pytest.raises(Refused, match="must be PAUSED"):
        world.model.resume(NAME)
    world.model.pause(NAME)
    with pytest.raises(Refused, match="must be ENABLED"):
        world.model.pause(NAME)
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        world.model.list("projects/p1")
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.update(Job(f"{NAME}2", "* * * * *", TARGET))
