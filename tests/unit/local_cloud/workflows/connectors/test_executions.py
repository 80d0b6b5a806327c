"""Workflows that run workflows, with answers as values."""

import json

import pytest

from local_cloud.workflows.language.choices import Choices

RUN = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run"
CREATE = "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.create"
EXPERIMENTAL = "experimental.executions."
ROOT = "https://workflowexecutions.googleapis.com/v1/"
CHILD = "projects/p/locations/l/workflows/child"


def execution(state="ACTIVE", number=1, **fields):
    return {"name": f"{CHILD}/executions/{number}", "state": state, **fields}


def succeeded(value, number=1):
    return execution("SUCCEEDED", number, result=json.dumps(value))


FAILED = execution("FAILED", error={"payload": '"no"', "context": "c"})


def test_run_starts_in_the_caller_s_place_and_gives_the_decoded_result(call):
    played = call(
        RUN,
        {"workflow_id": "child", "argument": {"a": [1]}},
        (200, execution()),
        (200, execution()),
        (200, succeeded({"b": 2})),
    )

    poll = f"GET {ROOT}{CHILD}/executions/1"
    assert played.sent == [f"POST {ROOT}{CHILD}/executions", poll, poll]
    assert json.loads(played.requests[0].request.body) == {
        "argument": '{"a":[1]}',
        "disableConcurrencyQuotaOverflowBuffering": True,
    }
    assert played.value == {"b": 2}


def test_run_may_be_elsewhere_and_may_queue(call):
    arguments = {
        "workflow_id": "w",
        "location": "m",
        "project_id": "q",
        "disableConcurrencyQuotaOverflowBuffering": False,
    }
    played = call(RUN, arguments, (200, execution("QUEUED")), (200, succeeded(None)))

    assert played.sent[0] == f"POST {ROOT}projects/q/locations/m/workflows/w/executions"
    assert json.loads(played.requests[0].request.body) == {
        "disableConcurrencyQuotaOverflowBuffering": False
    }


def test_run_that_does_not_wait_gives_nothing(call):
    arguments = {"workflow_id": "child", "connector_params": {"skip_polling": True}}

    assert call(RUN, arguments, (200, execution())).value is None


@pytest.mark.parametrize("function", [RUN, CREATE])
def test_a_failed_child_is_an_operation_error(call, function):
    arguments = {"workflow_id": "child"} if function == RUN else {"parent": CHILD}

    assert call(function, arguments, (200, execution()), (200, FAILED)).error == {
        "message": "Execution failed or cancelled.",
        "operation": FAILED,
        "tags": ["OperationError"],
    }


def test_create_waits_unless_chosen_otherwise(call):
    arguments = {"parent": CHILD, "body": {"argument": "1"}}
    waited = call(CREATE, arguments, (200, execution()), (200, succeeded(1)))
    returned = call(
        CREATE, arguments, (200, execution()), choices=Choices(executions_create="returns")
    )

    assert waited.value == succeeded(1)
    assert returned.value == execution()
    assert json.loads(returned.requests[0].request.body) == {
        "argument": "1",
        "disableConcurrencyQuotaOverflowBuffering": True,
    }


def test_an_argument_that_is_not_json_is_a_type_error(call):
    for function in (RUN, EXPERIMENTAL + "run"):
        played = call(function, {"workflow_id": "w", "argument": '${text.encode("b")}'})
        assert played.error["tags"] == ["TypeError"]


def test_map_starts_everything_before_it_waits_and_keeps_the_order(call):
    arguments = {"workflow_id": "child", "arguments": ["a", "b"]}
    played = call(
        EXPERIMENTAL + "map",
        arguments,
        (200, execution(number=1)),
        (200, execution(number=2)),
        (200, succeeded("A", 1)),
        (200, succeeded("B", 2)),
    )

    assert [sent.partition(" ")[0] for sent in played.sent] == ["POST", "POST", "GET", "GET"]
    assert played.value == ["A", "B"]


def test_experimental_run_has_an_error_of_its_own(call):
    played = call(EXPERIMENTAL + "run", {"workflow_id": "w"}, (200, FAILED))

    assert played.error["tags"] == ["ExecutionError"]
    assert played.error["operation"] == FAILED


def test_experimental_run_gives_up_after_30_minutes(call):
    played = call(EXPERIMENTAL + "run", {"workflow_id": "w"}, *[(200, execution())] * 45)

    assert played.error["tags"] == ["TimeoutError"]
    assert sum(played.slept) == pytest.approx(1800)


def test_a_child_whose_result_is_no_json_is_a_response_type_error(call):
    broken = execution("SUCCEEDED", result="{")

    assert call(RUN, {"workflow_id": "w"}, (200, broken)).error["tags"] == ["ResponseTypeError"]
