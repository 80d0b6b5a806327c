"""Connector calls, with answers as values: arguments, retries, polling (reference section 5)."""

import json

import pytest

from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.workflows.language.choices import Choices

FIRESTORE = "googleapis.firestore.v1.projects.databases.documents."
DOCUMENT = "https://firestore.googleapis.com/v1/projects/p/databases/d/documents/c/x"
SERVICES = "googleapis.run.v2.projects.locations.services."
GET = SERVICES + "get"
PATCH = SERVICES + "patch"
NAME = "projects/p/locations/l/services/s"
PUBLISH = "googleapis.pubsub.v1.projects.topics.publish"
BUILD = "googleapis.cloudbuild.v1.projects.builds.create"
V1 = "googleapis.run.v1.namespaces."
UNAVAILABLE = (503, {"error": {"code": 503}})
RUNNING = {"name": "projects/p/locations/l/operations/o"}
DONE = {**RUNNING, "done": True, "response": {"name": NAME}, "metadata": {"m": 1}}


@pytest.mark.parametrize(
    ("function", "arguments", "sent"),
    [
        (GET, {"name": NAME}, f"GET https://run.googleapis.com/v2/{NAME}"),
        (
            SERVICES + "list",
            {"parent": "projects/p/locations/l", "pageSize": 3, "showDeleted": True},
            "GET https://run.googleapis.com/v2/projects/p/locations/l/services?pageSize=3&showDeleted=true",
        ),
        (
            "googleapis.storage.v1.objects.get",
            {"bucket": "b", "object": "a%2Fb c", "alt": "media"},
            "GET https://storage.googleapis.com/storage/v1/b/b/o/a%2Fb%20c?alt=media",
        ),
        (
            "googleapis.storage.v1.objects.insert",
            {"bucket": "b", "name": "n", "uploadType": "media", "body": "text"},
            "POST https://storage.googleapis.com/upload/storage/v1/b/b/o?name=n&uploadType=media",
        ),
        (
            "googleapis.translate.v2.translations.translate",
            {"body": {"q": "hello", "target": "de"}},
            "POST https://translation.googleapis.com/language/translate/v2",
        ),
        (
            FIRESTORE + "patch",
            {
                "name": "projects/p/databases/d/documents/c/x",
                "updateMask": {"fieldPaths": ["a", "b"]},
                "currentDocument": {"exists": True},
            },
            f"PATCH {DOCUMENT}?currentDocument.exists=true&updateMask.fieldPaths=a&updateMask.fieldPaths=b",
        ),
        (
            FIRESTORE + "get",
            {"name": "projects/p/databases/d/documents/c/x", "mask.fieldPaths": ["a"]},
            f"GET {DOCUMENT}?mask.fieldPaths=a",
        ),
        (
            FIRESTORE + "createDocument",
            {"parent": "p", "collectionId": "c", "query": {"documentId": "x"}, "body": {}},
            "POST https://firestore.googleapis.com/v1/p/c?documentId=x",
        ),
        (
            "googleapis.storage.v1.buckets.insert",
            {"query": {"project": "p"}, "body": {"name": "b"}},
            "POST https://storage.googleapis.com/storage/v1/b?project=p",
        ),
        (
            "googleapis.translate.v2.translations.translate",
            {"query": {"q": ["a", "b"], "target": "fr"}},
            "POST https://translation.googleapis.com/language/translate/v2?q=a&q=b&target=fr",
        ),
        (
            V1 + "services.get",
            {"name": "namespaces/p/services/s", "location": "europe-west1"},
            "GET https://europe-west1-run.googleapis.com/apis/serving.knative.dev/v1/namespaces/p/services/s",
        ),
        (
            V1 + "services.list",
            {"parent": "namespaces/p"},
            "GET https://run.googleapis.com/apis/serving.knative.dev/v1/namespaces/p/services",
        ),
    ],
)
def test_arguments_become_path_query_and_host_as_discovery_has_them(
    call, function, arguments, sent
):
    played = call(function, arguments, (200, {"a": 1}))

    assert played.sent == [sent]
    assert played.value == {"a": 1}


def test_translate_takes_the_fields_of_its_body_as_arguments(call):
    name = "googleapis.translate.v2.translations.translate"

    beside = call(name, {"q": "hello", "target": "de"}, (200, {}))
    both = call(name, {"q": "hello", "body": {"target": "de"}}, (200, {}))

    for played in (beside, both):
        assert json.loads(played.requests[0].request.body) == {"q": "hello", "target": "de"}


def test_a_call_sends_its_body_with_an_access_token_and_a_timeout_of_30_minutes(call):
    played = call(PUBLISH, {"topic": "projects/p/topics/t", "body": {"messages": []}}, (200, {}))

    (sent,) = played.requests
    assert sent.auth.kind == "OAuth2"
    assert sent.request.body == b'{"messages":[]}'
    assert sent.request.timeout_seconds == 1800


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": NAME, "nmae": 1}, "unexpected argument 'nmae'"),
        ({"name": NAME, "body": {}}, "unexpected argument 'body'"),
        ({}, "argument 'name' is missing"),
    ],
)
def test_wrong_arguments_do_not_deploy(problem_of, arguments, text):
    source = [{"c": {"call": GET, "args": arguments}}]

    assert text in problem_of(source)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (SERVICES + "gte", "neither a function nor a sub-workflow name"),
        ("googleapis.unheard.v1.of", "not part of the local cloud"),
        ("experimental.executions.fly", "neither a function nor a sub-workflow name"),
    ],
)
def test_a_method_that_is_not_there_does_not_deploy(problem_of, function, text):
    assert text in problem_of([{"c": {"call": function}}])


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ({"name": "${null}"}, "TypeError"),
        ({"name": {}}, "TypeError"),
        ({"name": ""}, "ValueError"),
        ({"name": NAME, "connector_params": 1}, "TypeError"),
        ({"name": NAME, "connector_params": {"timeout": -1}}, "ValueError"),
        ({"name": NAME, "connector_params": {"timeout": 31_536_001}}, "ValueError"),
        ({"name": NAME, "connector_params": {"timeuot": 1}}, "ValueError"),
        ({"name": NAME, "connector_params": {"skip_polling": "yes"}}, "TypeError"),
        ({"name": NAME, "connector_params": {"polling_policy": {"multiplier": 0.5}}}, "ValueError"),
    ],
)
def test_a_wrong_value_is_an_error_and_nothing_is_sent(call, arguments, tag):
    played = call(GET, arguments)

    assert played.error["tags"] == [tag]
    assert played.requests == []


def test_scopes_replace_the_usual_one(call):
    arguments = {"name": NAME, "connector_params": {"scopes": "a, b"}}

    assert call(GET, arguments, (200, {})).requests[0].auth.scopes == ("a", "b")


@pytest.mark.parametrize(
    "first",
    [UNAVAILABLE, (502, {}), NoAnswer("timeout", ""), NoAnswer("broken", "")],
)
def test_a_get_is_repeated_as_what_may_be_repeated(call, first):
    played = call(GET, {"name": NAME}, first, first, (200, {"a": 1}))

    assert played.value == {"a": 1}
    assert played.slept == [1, 1.25]


def test_what_may_not_be_repeated_is_only_repeated_when_nothing_happened(call):
    arguments = {"topic": "t", "body": {}}

    assert call(PUBLISH, arguments, UNAVAILABLE, (200, {"a": 1})).value == {"a": 1}
    assert call(PUBLISH, arguments, (502, {})).error["code"] == 502
    assert call(PUBLISH, arguments, NoAnswer("broken", "")).error["tags"] == ["ConnectionError"]


def test_after_five_retries_the_error_goes_to_the_workflow(call):
    played = call(GET, {"name": NAME}, *[UNAVAILABLE] * 6)

    assert played.error["code"] == 503
    assert len(played.slept) == 5


def test_the_answer_of_an_empty_body_is_null(call):
    assert call(GET, {"name": NAME}, Inbound(204)).value is None


def test_an_operation_is_polled_until_it_is_done(call):
    played = call(PATCH, {"name": NAME, "body": {}}, *[(200, RUNNING)] * 3, (200, DONE))

    poll = "GET https://run.googleapis.com/v2/projects/p/locations/l/operations/o"
    assert played.sent == [f"PATCH https://run.googleapis.com/v2/{NAME}", *[poll] * 3]
    assert played.slept == [1, 1.25, 1.5625]
    assert played.value == DONE


def test_the_value_of_an_operation_may_be_its_response(call):
    chosen = Choices(finished_operation="response")

    assert call(PATCH, {"name": NAME}, (200, DONE), choices=chosen).value == {"name": NAME}


def test_a_polling_policy_says_how_often(call):
    policy = {"initial_delay": 5, "multiplier": 2, "max_delay": 8}
    arguments = {"name": NAME, "connector_params": {"polling_policy": policy}}

    assert call(PATCH, arguments, *[(200, RUNNING)] * 3, (200, DONE)).slept == [5, 8, 8]


def test_skip_polling_gives_the_first_answer(call):
    arguments = {"name": NAME, "connector_params": {"skip_polling": True}}

    assert call(PATCH, arguments, (200, RUNNING)).value == RUNNING


def test_an_operation_that_failed_is_an_operation_error(call):
    failed = {**RUNNING, "done": True, "error": {"code": 7, "message": "no"}}
    played = call(BUILD, {"projectId": "p", "body": {}}, (200, RUNNING), (200, failed))

    assert played.error == {
        "message": "Long-running operation failed.",
        "operation": failed,
        "error": {"code": 7, "message": "no"},
        "tags": ["OperationError"],
    }


@pytest.mark.parametrize("answer", [[], "text", {"done": False}, {"name": 1}, None])
def test_an_answer_that_is_no_operation_is_a_response_type_error(call, answer):
    assert call(PATCH, {"name": NAME}, (200, answer)).error["tags"] == ["ResponseTypeError"]


def test_a_call_ends_at_its_timeout(call):
    arguments = {"name": NAME, "connector_params": {"timeout": 2}}
    played = call(PATCH, arguments, *[(200, RUNNING)] * 2)

    assert played.error["tags"] == ["TimeoutError"]
    assert played.slept == [1, 1]
    assert played.requests[1].request.timeout_seconds == 1


def test_an_operation_with_a_status_is_read_where_its_link_says_and_on_no_other_host(call):
    link = "https://evil.example/compute/v1/projects/p/zones/z/operations/o"
    running = {"name": "o", "status": "RUNNING", "selfLink": link}
    played = call(
        "googleapis.compute.v1.instances.stop",
        {"project": "p", "zone": "z", "instance": "i"},
        (200, running),
        (200, {**running, "status": "DONE"}),
    )

    path = "compute/v1/projects/p/zones/z/operations/o"
    assert played.sent[1] == f"GET https://compute.googleapis.com/{path}"
    assert played.value["status"] == "DONE"


def test_a_bigquery_job_is_waited_for_and_fails_by_its_error_result(call):
    reference = {"projectId": "p", "jobId": "j", "location": "EU"}
    running = {"jobReference": reference, "status": {"state": "RUNNING"}}
    failed = {"jobReference": reference, "status": {"state": "DONE", "errorResult": {"reason": 1}}}
    insert = "googleapis.bigquery.v2.jobs.insert"
    played = call(insert, {"projectId": "p", "body": {}}, (200, running), (200, failed))

    assert played.sent[1] == (
        "GET https://bigquery.googleapis.com/bigquery/v2/projects/p/jobs/j?location=EU"
    )
    assert played.error["tags"] == ["OperationError"]


def execution_of_job(status):
    condition = {"type": "Completed", "status": status, "reason": "NonZeroExitCode"}
    return {
        "metadata": {"name": "job-x", "namespace": "p", "generation": 1},
        "status": {"observedGeneration": 1, "conditions": [condition]},
    }


@pytest.mark.parametrize("status", ["True", "False"])
def test_a_run_of_a_job_waits_until_its_execution_is_completed(call, status):
    played = call(
        V1 + "jobs.run",
        {"name": "namespaces/p/jobs/job", "location": "us-central1"},
        (200, execution_of_job("Unknown")),
        (200, execution_of_job(status)),
    )

    assert played.sent[1] == (
        "GET https://us-central1-run.googleapis.com/apis/run.googleapis.com/v1/namespaces/p"
        "/executions/job-x"
    )
    if status == "True":
        assert played.value == execution_of_job("True")
    else:
        assert played.error == {
            "message": "Cloud Run long-running operation failed.",
            "operation": execution_of_job("False"),
            "tags": ["OperationError"],
        }


def test_each_request_and_wait_of_a_call_counts_against_the_limit_of_steps(call):
    played = call(PATCH, {"name": NAME}, (200, RUNNING), (200, DONE))
    skipped = call(
        PATCH, {"name": NAME, "connector_params": {"skip_polling": True}}, (200, RUNNING)
    )

    assert played.execution.steps_left < skipped.execution.steps_left


@pytest.mark.parametrize(
    ("mask", "tag", "message"),
    [({"paths": ["a"]}, "ValueError", "'mask.paths'"), ("a", "TypeError", "a map")],
)
def test_a_map_of_arguments_that_are_none_is_refused(call, mask, tag, message):
    played = call(FIRESTORE + "get", {"name": "projects/p/databases/d/documents/c/x", "mask": mask})

    assert tag in played.error["tags"]
    assert message in played.error["message"]


def test_a_required_argument_that_the_query_might_have_had_is_missed_at_run_time(call):
    played = call("googleapis.storage.v1.buckets.insert", {"query": {}, "body": {"name": "b"}})

    assert played.sent == []
    assert played.error["message"] == "TypeError: argument 'project' is missing"
