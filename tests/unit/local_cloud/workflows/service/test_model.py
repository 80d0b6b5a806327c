"""The model in virtual time: deployments and executions (reference sections 4.3 and 6)."""

import json

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound, NoAnswer

HELLO = [{"r": {"return": "hello"}}]
SLEEP = [{"s": {"call": "sys.sleep", "args": {"seconds": 3600}}}]
ECHO = {"main": {"params": ["a"], "steps": [{"r": {"return": "${a}"}}]}}


def refusal(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return refused.value.code


def test_an_execution_has_the_documented_shape(world):
    execution = world.run(ECHO, {"k": 1})
    assert execution["name"].startswith("projects/4242/locations/l/workflows/w/executions/")
    assert execution["state"] == "SUCCEEDED"
    assert execution["argument"] == '{"k": 1}'
    assert execution["result"] == '{"k":1}'
    assert execution["startTime"] == "2026-01-01T00:00:00.000000000Z"
    assert execution["duration"] == "0.000000000s"
    assert execution["workflowRevisionId"].startswith("000001-")
    assert world.states == ["ACTIVE", "SUCCEEDED"]


def test_an_execution_is_active_before_its_first_step(world):
    world.deploy([{"l": {"call": "sys.log", "args": {"text": "x"}}}])
    assert world.model.create_execution(world.parent)["state"] == "ACTIVE"
    assert world.logs == []
    world.scheduler.run_for(0)
    assert [entry["textPayload"] for entry in world.logs] == ["x"]


def test_a_failed_execution_carries_payload_context_and_stack(world):
    error = world.run("- fail:\n    raise: {code: 5, message: broken}\n")["error"]
    assert json.loads(error["payload"]) == {"code": 5, "message": "broken"}
    assert error["context"] == 'broken\nin step "fail", routine "main", line: 2'
    assert error["stackTrace"]["elements"] == [
        {
            "step": "fail",
            "routine": "main",
            "position": {"line": "2", "column": "5", "length": "5"},
        }
    ]


def test_a_sleeping_execution_says_where_it_is_and_can_be_cancelled(world):
    name = world.start(SLEEP)
    world.scheduler.run_for(10)
    execution = world.model.get_execution(name)
    assert execution["status"] == {"currentSteps": [{"routine": "main", "step": "s"}]}
    assert world.model.cancel_execution(name)["state"] == "CANCELLED"
    assert refusal(world.model.cancel_execution, name) == "FAILED_PRECONDITION"
    assert not world.scheduler.step()


def test_the_environment_is_the_documented_one_and_the_user_s(world):
    names = ["GOOGLE_CLOUD_PROJECT_ID", "GOOGLE_CLOUD_PROJECT_NUMBER", "GOOGLE_CLOUD_LOCATION"]
    names += ["GOOGLE_CLOUD_WORKFLOW_ID", "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME", "MINE"]
    source = [{"r": {"return": [f'${{sys.get_env("{name}")}}' for name in names]}}]
    execution = world.run(source, env={"MINE": "x"}, service_account="sa@p")
    assert json.loads(execution["result"]) == ["p", "4242", "l", "w", "sa@p", "x"]


@pytest.mark.parametrize(
    ("auth", "authorization"),
    [
        ({"type": "OIDC"}, "Bearer id:sa@p:http://h/x"),
        ({"type": "OIDC", "audience": "http://h"}, "Bearer id:sa@p:http://h"),
        ({"type": "OAuth2"}, "Bearer access:sa@p"),
        (None, None),
    ],
)
def test_a_call_carries_the_token_of_the_workflow_s_account(world, auth, authorization):
    call = {"call": "http.get", "args": {"url": "http://h/x", "auth": auth}}
    world.run([{"c": call}], service_account="projects/-/serviceAccounts/sa@p")
    (request,) = world.wire.requests
    assert request.headers.get("Authorization") == authorization


def test_a_token_that_cannot_be_had_is_an_auth_error(world):
    call = {"call": "http.get", "args": {"url": "http://h", "auth": {"type": "OAuth2"}}}
    error = world.run([{"c": call}], service_account="unknown@p")["error"]
    assert json.loads(error["payload"])["tags"] == ["AuthError"]
    assert world.wire.requests == []


def test_retries_wait_in_virtual_time(world):
    world.wire.answer = lambda _: (
        Inbound(503) if len(world.wire.requests) < 3 else Inbound(200, (), b"")
    )
    call = {"call": "http.get", "args": {"url": "http://h"}, "result": "x"}
    steps = [{"t": {"try": call, "retry": "${http.default_retry}"}}, {"r": {"return": "${x.code}"}}]
    execution = world.run(steps)
    assert execution["result"] == "200"
    assert execution["duration"] == "5.250000000s"  # Three answers of 1 s; waits of 1 and 1.25 s.


def test_an_answer_after_the_cancellation_is_ignored(world):
    name = world.start([{"c": {"call": "http.get", "args": {"url": "http://h"}}}])
    world.scheduler.run_for(0.5)
    world.model.cancel_execution(name)
    world.scheduler.run_for(10)
    assert world.model.get_execution(name)["state"] == "CANCELLED"


def test_a_branch_s_end_leaves_no_timer_behind_when_the_execution_fails(make_world):
    world = make_world(step_entries="never")
    endless = {"steps": [{"a": {"next": "b"}}, {"b": {"next": "a"}}]}
    branches = [{"x": {"steps": SLEEP}}, {"y": endless}]
    execution = world.run([{"p": {"parallel": {"branches": branches}}}])
    assert execution["state"] == "FAILED"
    assert not world.scheduler.step()


def test_a_log_entry_names_the_workflow_and_the_execution(world):
    world.run([{"l": {"call": "sys.log", "args": {"json": {"a": 1}, "severity": "WARNING"}}}])
    (entry,) = world.logs
    assert entry["jsonPayload"] == {"a": 1}
    assert entry["severity"] == "WARNING"
    assert entry["resource"]["labels"] == {
        "project_id": "p",
        "location": "l",
        "workflow_id": "w",
    }


# Deployments.


def test_a_source_that_does_not_build_is_an_error_in_the_operation(world):
    operation = world.model.create_workflow(
        "projects/p/locations/l", "w", {"sourceContents": "- a:\n    return: ${x}\n"}
    )
    assert operation["done"] is True
    assert operation["error"]["code"] == 3
    assert operation["error"]["message"].startswith("failed to build: error in step a: ")
    assert refusal(world.model.get_workflow, world.parent) == "NOT_FOUND"
    assert world.model.get_operation(operation["name"]) == operation


def test_creating_what_exists_is_refused(world):
    world.deploy(HELLO)
    assert (
        refusal(world.model.create_workflow, "projects/p/locations/l", "w", {}) == "ALREADY_EXISTS"
    )


def test_a_new_revision_arises_only_when_what_runs_has_changed(world):
    first = world.deploy(HELLO)["revisionId"]
    world.model.update_workflow(world.parent, {"description": "d"}, "description")
    described = world.model.get_workflow(world.parent)
    assert (described["revisionId"], described["description"]) == (first, "d")
    assert described["sourceContents"] == json.dumps(HELLO)  # Reference section 11.
    second = world.deploy(ECHO)["revisionId"]
    assert (first[:7], second[:7]) == ("000001-", "000002-")
    listed = world.model.list_revisions(world.parent)["workflows"]
    assert [workflow["revisionId"] for workflow in listed] == [second, first]
    assert world.model.get_workflow(world.parent, first)["revisionId"] == first


def test_a_running_execution_keeps_its_revision(world):
    name = world.start([*SLEEP, *HELLO])
    world.deploy([{"r": {"return": "new"}}])
    world.scheduler.run_for(4000)
    assert world.model.get_execution(name)["result"] == '"hello"'
    world.again()
    world.scheduler.run_for(1)
    newest = world.model.list_executions(world.parent, view="FULL")["executions"][0]
    assert newest["result"] == '"new"'


def test_a_source_that_does_not_build_leaves_the_workflow_as_it_was(world):
    before = world.deploy(HELLO)
    assert refusal(world.deploy, "- a:\n    return: ${x}\n") == "INVALID_ARGUMENT"
    assert world.model.get_workflow(world.parent) == before


@pytest.mark.parametrize("workflow_id", ["", "1abc", "a b", "a-", "x" * 65])
def test_a_workflow_id_has_rules(world, workflow_id):
    call = world.model.create_workflow
    document = {"sourceContents": json.dumps(HELLO)}
    assert refusal(call, "projects/p/locations/l", workflow_id, document) == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "document",
    [
        {"labels": {"Upper": "x"}},
        {"labels": {f"k{n}": "v" for n in range(65)}},
        {"userEnvVars": {"GOOGLE_X": "x"}},
        {"userEnvVars": {f"K{n}": "v" for n in range(21)}},
        {"userEnvVars": {"K": "x" * 4097}},
        {"description": "x" * 1001},
        {"callLogLevel": "LOG_SOME"},
    ],
)
def test_a_workflow_s_fields_have_limits(world, document):
    world.deploy(HELLO)
    mask = ",".join(document)
    assert refusal(world.model.update_workflow, world.parent, document, mask) == "INVALID_ARGUMENT"


def test_an_unknown_field_in_the_mask_is_refused(world):
    world.deploy(HELLO)
    call = world.model.update_workflow
    assert refusal(call, world.parent, {}, "nope") == "INVALID_ARGUMENT"


def test_the_mask_may_be_in_either_case(world):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, {"userEnvVars": {"A": "b"}}, "user_env_vars")
    assert world.model.get_workflow(world.parent)["userEnvVars"] == {"A": "b"}


def test_deleting_a_workflow_deletes_and_cancels_its_executions(world):
    name = world.start(SLEEP)
    world.model.delete_workflow(world.parent)
    assert world.states[-1] == "CANCELLED"
    assert refusal(world.model.get_execution, name) == "NOT_FOUND"
    assert refusal(world.model.list_executions, world.parent) == "NOT_FOUND"


# Executions.


@pytest.mark.parametrize("argument", ["{", '"' + "x" * 512 * 1024 + '"', "NaN"])
def test_an_argument_must_be_json_of_at_most_512_kb(world, argument):
    world.deploy(HELLO)
    call = world.model.create_execution
    assert refusal(call, world.parent, argument) == "INVALID_ARGUMENT"


def test_the_argument_is_null_without_one(world):
    assert world.run(ECHO)["argument"] == "null"  # Reference 6.2 [O].


def test_labels_of_the_workflow_are_inherited(world):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, {"labels": {"a": "1", "b": "1"}}, "labels")
    execution = world.model.create_execution(world.parent, None, {"b": "2"})
    assert execution["labels"] == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    "name",
    ["projects/p/locations/l/workflows/none", "projects/p/locations/l/workflows/w/executions/none"],
)
def test_what_is_not_there_is_not_found(world, name):
    world.deploy(HELLO)
    call = world.model.get_execution if "executions" in name else world.model.create_execution
    assert refusal(call, name) == "NOT_FOUND"


@pytest.mark.parametrize("name", ["", "w", "projects/p/locations/l/workflows/w/x/y"])
def test_a_name_of_another_shape_is_an_invalid_argument(world, name):
    assert refusal(world.model.create_execution, name) == "INVALID_ARGUMENT"


def test_an_execution_is_found_by_project_id_and_number(world):
    name = world.start(HELLO)
    by_id = name.replace("projects/4242/", "projects/p/")
    assert world.model.get_execution(by_id) == world.model.get_execution(name)


def test_executions_are_listed_newest_first_in_pages_and_filtered(world):
    world.deploy(ECHO)
    names = [world.again(n) for n in range(3)]
    world.scheduler.run_for(1)
    names.append(world.start(SLEEP))
    first = world.model.list_executions(world.parent, page_size=3)
    assert [item["name"] for item in first["executions"]] == names[:0:-1]
    assert "argument" not in first["executions"][0]  # View BASIC.
    token = first["nextPageToken"]
    second = world.model.list_executions(world.parent, page_size=3, page_token=token)
    assert [item["name"] for item in second["executions"]] == names[:1]
    assert "nextPageToken" not in second
    active = world.model.list_executions(world.parent, filter_='state="ACTIVE"')
    assert [item["name"] for item in active["executions"]] == names[3:]
    oldest = world.model.list_executions(world.parent, order_by="createTime")
    assert oldest["executions"][-1]["name"] == names[3]


@pytest.mark.parametrize(
    ("filter_", "count"),
    [
        ("", 2),
        ('state="SUCCEEDED"', 1),
        ('state != "SUCCEEDED"', 1),
        ('state="SUCCEEDED" AND startTime<"2026-01-01T00:00:00.5Z"', 1),
        ('createTime > "2027-01-01T00:00:00Z"', 0),
        ('duration >= "5s"', 1),
        ('labels.team="a"', 1),
        ("labels.team:*", 1),
        ("endTime:*", 1),
        ('executionId="none"', 0),
    ],
)
def test_a_filter_picks_executions(world, filter_, count):
    world.deploy(HELLO)
    world.model.create_execution(world.parent, None, {"team": "a"})
    world.scheduler.run_for(5)
    world.start(SLEEP)
    world.scheduler.run_for(5)
    listed = world.model.list_executions(world.parent, filter_=filter_)
    assert len(listed.get("executions", [])) == count


@pytest.mark.parametrize("filter_", ["state", "nope=1", 'state="A" OR state="B"', 'state="A" AND'])
def test_a_filter_of_another_language_is_refused(world, filter_):
    world.deploy(HELLO)
    call = world.model.list_executions
    assert refusal(call, world.parent, filter_=filter_) == "INVALID_ARGUMENT"


def test_beyond_the_concurrency_quota_executions_queue_in_order(make_world):
    world = make_world(concurrent_executions_max=1, queued_executions_max=1)
    first = world.start(SLEEP)
    second = world.model.create_execution(world.parent)
    assert second["state"] == "QUEUED"
    assert refusal(world.model.create_execution, world.parent) == "RESOURCE_EXHAUSTED"
    world.scheduler.run_for(3600)
    assert world.model.get_execution(first)["state"] == "SUCCEEDED"
    assert world.model.get_execution(second["name"])["state"] == "ACTIVE"


def test_a_queued_execution_can_be_cancelled(make_world):
    world = make_world(concurrent_executions_max=1)
    world.start(SLEEP)
    queued = world.again()
    world.model.cancel_execution(queued)
    world.scheduler.run_for(7200)
    assert world.states.count("SUCCEEDED") == 1
    assert world.model.get_execution(queued)["state"] == "CANCELLED"


def test_without_backlogging_the_quota_refuses(make_world):
    world = make_world(concurrent_executions_max=1)
    world.start(SLEEP)
    options = {"disableConcurrencyQuotaOverflowBuffering": True}
    call = world.model.create_execution
    assert refusal(call, world.parent, options=options) == "RESOURCE_EXHAUSTED"
    assert refusal(world.model.trigger_pubsub_execution, world.parent, {}) == "RESOURCE_EXHAUSTED"


def test_creating_too_many_in_a_minute_is_refused(make_world):
    world = make_world(writes_per_minute=2)
    world.start(HELLO)
    world.again()
    assert refusal(world.model.create_execution, world.parent) == "RESOURCE_EXHAUSTED"
    world.scheduler.run_for(60)
    world.again()


def test_an_event_is_the_argument_and_returns_once_started(world):
    world.deploy(ECHO)
    event = {"id": "1", "data": {"message": {"data": "aGk="}}}
    name = world.model.trigger_pubsub_execution(world.parent, event)["name"]
    world.scheduler.run_for(1)
    assert json.loads(world.model.get_execution(name)["result"]) == event


def test_every_call_is_noted_before_it_is_judged(world):
    with pytest.raises(Refused):
        world.model.create_execution(world.parent, caller="someone@p")
    (call,) = world.audit.calls
    assert call.principal == "someone@p"
    assert call.method == "google.cloud.workflows.executions.v1.Executions.CreateExecution"
    assert call.resource == world.parent


def test_the_same_seed_gives_the_same_run(make_world):
    ids = [make_world().start([{"r": {"return": "${uuid.generate()}"}}]) for _ in range(2)]
    assert ids[0] == ids[1]


def test_a_connection_that_fails_is_what_the_workflow_sees(world):
    world.wire.answer = lambda _: NoAnswer("never_connected", "refused")
    error = world.run([{"c": {"call": "http.get", "args": {"url": "http://h"}}}])["error"]
    assert json.loads(error["payload"]) == {
        "message": "ConnectionFailedError: connection failed: refused",
        "tags": ["ConnectionFailedError"],
    }
