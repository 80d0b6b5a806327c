"""How many executions there may be, and how long they stay (reference/workflows.md 1.7)."""

import json

import pytest

from local_cloud.kit.errors import Refused

HELLO = [{"r": {"return": "hello"}}]
SLEEP = [{"s": {"call": "sys.sleep", "args": {"seconds": 3600}}}]
WAIT = """
- c: {call: events.create_callback_endpoint, result: cb}
- d: {call: events.create_callback_endpoint, args: {http_callback_method: GET}, result: db}
- w: {call: events.await_callback, args: {callback: '${cb}'}}
"""
DAY = 86_400


def test_the_basic_view_has_only_the_documented_fields(world):
    name = world.run(HELLO)["name"]
    assert set(world.model.get_execution(name, "BASIC")) == {
        *("name", "startTime", "endTime", "duration", "state", "workflowRevisionId"),
    }


def test_what_has_ended_is_kept_for_ninety_days(world):
    name, asleep = world.run(HELLO)["name"], world.start(SLEEP)
    world.scheduler.run_for(89 * DAY - 1)
    assert world.model.get_execution(name)["state"] == "SUCCEEDED"
    world.scheduler.run_for(2)
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get_execution(name)
    listed = world.model.list_executions(world.parent)["executions"]
    assert [one["name"] for one in listed] == [asleep]


def test_an_execution_fails_after_a_year(world):
    source = {
        "main": {
            "steps": [
                {"s": {"call": "sys.sleep", "args": {"seconds": 31_536_000}}},
                {"t": {"call": "sys.sleep", "args": {"seconds": 60}}},
            ]
        }
    }
    name = world.start(source)
    world.scheduler.run_for(366 * DAY)
    execution = world.model.get_execution(name)
    assert execution["state"] == "FAILED"
    assert json.loads(execution["error"]["payload"])["tags"] == ["TimeoutError"]


def test_what_is_queued_and_cancelled_never_begins(make_world):
    world = make_world(concurrent_executions_max=1)
    world.start(SLEEP)
    queued = [world.again() for _ in range(3)]
    world.model.cancel_execution(queued[0])
    world.scheduler.run_for(3600)
    states = [world.model.get_execution(name)["state"] for name in queued]
    assert states == ["CANCELLED", "ACTIVE", "QUEUED"]
    assert "startTime" not in world.model.get_execution(queued[2])


@pytest.mark.parametrize(
    ("setting", "ask"),
    [
        ("reads_per_minute", lambda world, name: world.model.get_execution(name)),
        ("lists_per_minute", lambda world, name: world.model.list_executions(world.parent)),
        ("lists_per_minute", lambda world, name: world.model.list_step_entries(name)),
        ("lists_per_minute", lambda world, name: world.model.list_callbacks(name)),
        ("reads_per_minute", lambda world, name: world.model.export_data(name)),
    ],
)
def test_calls_beyond_the_rate_are_refused_until_the_minute_is_over(make_world, setting, ask):
    world = make_world(**{setting: 1})
    name = world.start(SLEEP)
    ask(world, name)
    with pytest.raises(Refused, match="RESOURCE_EXHAUSTED"):
        ask(world, name)
    world.scheduler.run_for(60)
    ask(world, name)


def test_callbacks_are_listed_by_id_in_pages(world):
    name = world.start(WAIT)
    world.scheduler.run_for(1)
    every = world.model.list_callbacks(name)["callbacks"]
    assert sorted(one["method"] for one in every) == ["GET", "POST"]
    assert sorted(one["waiters"] for one in every) == ["0", "1"]
    assert [one["name"] for one in every] == sorted(one["name"] for one in every)
    first = world.model.list_callbacks(name, page_size=1)
    token = first["nextPageToken"]
    rest = world.model.list_callbacks(name, page_token=token)
    assert first["callbacks"] + rest["callbacks"] == every


def test_the_last_step_of_an_execution_is_told_when_it_has_ended(world):
    execution = world.run(HELLO)
    assert execution["status"] == {"currentSteps": [{"routine": "main", "step": "r"}]}
