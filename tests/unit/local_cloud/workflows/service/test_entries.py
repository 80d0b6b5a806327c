"""Step entries of executions (reference/workflows.md 6.2)."""

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import Inbound

SOURCE = """
main:
  steps:
    - init: {assign: [{x: 1}, {m: {k: 1}}]}
    - loop:
        for:
          value: v
          in: [1, 2]
          steps:
            - add: {assign: [{m.k: '${m.k + v}'}]}
    - sub: {call: other, result: y}
    - stop: {raise: broken}
other:
  steps:
    - back: {return: 4}
"""
DETAILED = {"executionHistoryLevel": "EXECUTION_HISTORY_DETAILED"}


def executed(world, source=SOURCE, options=None):
    world.deploy(source)
    name = world.model.create_execution(world.parent, options=options)["name"]
    world.scheduler.run_for(1)
    return name


def entries(world, name, **asked):
    return world.model.list_step_entries(name, **asked).get("stepEntries", [])


def test_an_entry_tells_its_place_among_the_others(world):
    name = executed(world)
    found = entries(world, name)
    told = [(one["entryId"], one["stepType"], one["routine"], one["step"]) for one in found]
    assert told == [
        ("1", "STEP_ASSIGN", "main", "init"),
        ("2", "STEP_FOR", "main", "loop"),
        ("3", "STEP_FOR_ITERATION", "main", "loop"),
        ("4", "STEP_ASSIGN", "main", "add"),
        ("5", "STEP_FOR_ITERATION", "main", "loop"),
        ("6", "STEP_ASSIGN", "main", "add"),
        ("7", "STEP_SUBWORKFLOW_CALL", "main", "sub"),
        ("8", "STEP_RETURN", "other", "back"),
        ("9", "STEP_RAISE", "main", "stop"),
    ]
    assert found[1]["navigationInfo"] == {"previous": "1", "next": "7", "children": ["3", "5"]}
    assert found[7]["navigationInfo"] == {"parent": "7"}
    progress = {"progressType": "PROGRESS_TYPE_FOR", "progressNumber": "2"}
    assert found[4]["stepEntryMetadata"] == progress
    assert found[0]["name"] == f"{name}/stepEntries/1"
    assert found[0]["createTime"] == "2026-01-01T00:00:00.000000000Z"
    assert world.model.get_step_entry(f"{name}/stepEntries/7") == found[6]


def test_an_entry_that_failed_carries_the_error_as_json(world):
    last = entries(world, executed(world))[-1]
    assert (last["state"], last["exception"]) == ("STATE_FAILED", {"payload": '"broken"'})


def test_only_the_detailed_level_tells_values_as_they_were(world):
    assert all("variableData" not in one for one in entries(world, executed(world)))
    detailed = entries(world, executed(world, options=DETAILED))
    assert detailed[0]["variableData"]["variables"] == {"x": 1, "m": {"k": 1}}
    assert detailed[1]["stepEntryMetadata"] == {"expectedIteration": "2"}
    name = detailed[0]["name"]
    assert "variableData" not in world.model.get_step_entry(name, "EXECUTION_ENTRY_VIEW_BASIC")


def test_values_of_calls_are_told_without_their_credentials(world):
    world.wire.answer = lambda _: Inbound(200)
    source = """
- call:
    call: http.get
    args: {url: 'http://h/', headers: {authorization: Bearer of-mine, X-Other: told}}
"""
    (one,) = entries(world, executed(world, source, DETAILED))
    args = one["variableData"]["variables"]["args"]
    assert args["headers"] == {"authorization": "**REDACTED**", "X-Other": "told"}
    assert world.wire.requests[0].headers["Authorization"] == "Bearer of-mine"


def test_the_level_of_the_execution_goes_before_the_workflow_s(world):
    world.deploy(SOURCE)
    world.model.update_workflow(world.parent, DETAILED, "executionHistoryLevel")
    own = {"executionHistoryLevel": "EXECUTION_HISTORY_BASIC"}
    levels = [
        world.model.create_execution(world.parent, options=options)["executionHistoryLevel"]
        for options in ({}, own)
    ]
    assert levels == ["EXECUTION_HISTORY_DETAILED", "EXECUTION_HISTORY_BASIC"]


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ("entryId>7", "8 9"),
        ("step=add", "4 6"),
        ("stepType=FOR_ITERATION", "3 5"),
        ('stepType="STEP_FOR"', "2"),
        ("parent=2", "3 5"),
        ("state=FAILED", "9"),
        ('state="STATE_SUCCEEDED" AND routine=other', "8"),
        ("updateTime<2025-01-01", ""),
    ],
)
def test_entries_are_filtered(world, filter_, ids):
    found = entries(world, executed(world), filter_=filter_)
    assert [one["entryId"] for one in found] == ids.split()


def test_entries_are_ordered_skipped_and_paged(world):
    name = executed(world)
    page = world.model.list_step_entries(name, order_by="entryId desc", page_size=2, skip=1)
    assert [one["entryId"] for one in page["stepEntries"]] == ["8", "7"]
    assert page["totalSize"] == 9
    token = page["nextPageToken"]
    rest = entries(world, name, order_by="entryId desc", page_token=token)
    assert [one["entryId"] for one in rest] == ["6", "5", "4", "3", "2", "1"]


def test_what_is_in_progress_ends_with_its_execution(world):
    name = executed(world, "- nap: {call: sys.sleep, args: {seconds: 60}}")
    assert [one["state"] for one in entries(world, name)] == ["STATE_IN_PROGRESS"]
    world.model.cancel_execution(name)
    assert [one["state"] for one in entries(world, name)] == ["STATE_CANCELLED"]


def test_a_history_can_be_deleted_and_exported(world):
    name = executed(world)
    assert '"stepEntries":[{' in world.model.export_data(name)["data"]
    world.model.delete_execution_history(name)
    assert world.model.list_step_entries(name) == {}
    assert "stepEntries" not in world.model.export_data(name)["data"]


@pytest.mark.parametrize("entry", ["0", "10", "x", "9" * 5000, "-1"])
def test_an_entry_that_is_not_there_is_not_found(world, entry):
    name = executed(world)
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get_step_entry(f"{name}/stepEntries/{entry}")


def test_simulations_keep_no_entries(make_world):
    world = make_world(step_entries="never")
    name = executed(world)
    assert world.model.list_step_entries(name) == {}


def test_the_oldest_histories_make_room(make_world):
    world = make_world(step_entries_max=12)
    first, second = executed(world), executed(world)
    assert entries(world, first) == []
    assert len(entries(world, second)) == 9
