"""Filters (AIP-160), orders and pages of lists (reference/workflows.md section 11)."""

import json

import pytest

from local_cloud.kit.errors import Refused

HELLO = [{"r": {"return": "hello"}}]
SLEEP = [{"nap": {"call": "sys.sleep", "args": {"seconds": 3600}}}]


@pytest.fixture
def two(world):
    """One execution that succeeded at once, and, five seconds later, one that sleeps."""
    world.deploy(HELLO)
    world.model.create_execution(world.parent, None, {"team": "a"})
    world.scheduler.run_for(5)
    world.deploy(SLEEP)
    options = {"disableConcurrencyQuotaOverflowBuffering": True}
    world.model.create_execution(world.parent, options=options)
    world.scheduler.run_for(5)
    return world


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ('state="SUCCEEDED" OR state="ACTIVE"', 2),
        ('NOT state="SUCCEEDED"', 1),
        ('-state="SUCCEEDED"', 1),
        ("state=SUCCEEDED state=ACTIVE", 0),
        ('state="FAILED" OR state="ACTIVE" AND duration<"6s"', 1),
        ('(state="FAILED" OR state="ACTIVE") AND NOT (duration<"1s")', 1),
        ('startTime>"2025-08-01" AND state="SUCCEEDED"', 1),
        ("createTime>=2026-01-01T00:00:05Z", 1),
        ("createTime>=2026-01-01T01:00:05+01:00", 1),
        ('createTime<"2026-01-01T00:00:05.000000000Z"', 1),
        ("duration<=0s", 1),
        ("label.team=a", 1),
        ("label:team", 1),
        ('labels.team!="b"', 1),
        ("stepName=nap", 1),
        ("stepName=r OR stepName=nap", 2),
        ("workflowRevisionId=000002*", 1),
        ("workflowRevisionId=*0001*", 1),
        ("workflowRevisionId=000001*0001*", 0),
        ("workflowRevisionId=0*0*0*2-*", 1),
        ("workflowRevisionId:00000", 2),
        ("disableConcurrencyQuotaOverflowBuffering=true", 1),
        ("disableConcurrencyQuotaOverflowBuffering=false", 1),
        ("NOT endTime:*", 1),
    ],
)
def test_a_filter_is_of_aip_160(two, filter_, found):
    listed = two.model.list_executions(two.parent, filter_=filter_)
    assert len(listed.get("executions", [])) == found


@pytest.mark.parametrize(
    "filter_",
    [
        *("state", "state=", "=ACTIVE", "state=ACTIVE AND", "AND state=ACTIVE", "NOT", "()"),
        *("(state=ACTIVE", "state=ACTIVE)", 'state="ACTIVE', "state=NOWHERE", "state<ACTIVE"),
        *(
            "createTime>noon",
            "duration>long",
            "duration>1e999s",
            "nope=1",
            "label=a",
            "label.=a",
            "state.x=1",
            "\\",
        ),
        *("(" * 100 + "state=ACTIVE" + ")" * 100, "state=ACTIVE " * 2000, "createTime=10:00"),
        "disableConcurrencyQuotaOverflowBuffering=perhaps",
    ],
)
def test_a_filter_that_says_nothing_is_refused(two, filter_):
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        two.model.list_executions(two.parent, filter_=filter_)


@pytest.mark.parametrize(
    ("order_by", "states"),
    [
        ("state", ["ACTIVE", "SUCCEEDED"]),
        ("state desc", ["SUCCEEDED", "ACTIVE"]),
        ("workflowRevisionId, state desc", ["SUCCEEDED", "ACTIVE"]),
        ("endTime", ["ACTIVE", "SUCCEEDED"]),
        ("duration desc,createTime", ["ACTIVE", "SUCCEEDED"]),
    ],
)
def test_lists_are_ordered_by_what_is_asked_for(two, order_by, states):
    listed = two.model.list_executions(two.parent, order_by=order_by)["executions"]
    assert [one["state"] for one in listed] == states


@pytest.mark.parametrize(
    "order_by", ["nope", "state up", "label", "stepName", "state,", "state a b"]
)
def test_an_order_by_what_has_none_is_refused(two, order_by):
    with pytest.raises(Refused, match="invalid order_by"):
        two.model.list_executions(two.parent, order_by=order_by)


def test_a_page_goes_on_where_the_one_before_ended_whatever_was_created_meanwhile(world):
    world.deploy(HELLO)
    names = [world.again() for _ in range(4)]
    first = world.model.list_executions(world.parent, page_size=2)
    world.again()
    token = first["nextPageToken"]
    second = world.model.list_executions(world.parent, page_size=9, page_token=token)
    assert [one["name"] for one in second["executions"]] == names[1::-1]


def test_a_token_is_good_for_its_own_request_only(two):
    token = two.model.list_executions(two.parent, page_size=1)["nextPageToken"]
    with pytest.raises(Refused, match="belongs to another request"):
        two.model.list_executions(two.parent, page_token=token, filter_="state=ACTIVE")
    with pytest.raises(Refused, match="invalid page token"):
        two.model.list_executions(two.parent, page_token="!")


def test_pages_have_at_most_1000_basic_and_100_full_executions(make_world):
    world = make_world(writes_per_minute=10_000, step_entries="never")
    world.deploy(HELLO)
    for _ in range(1001):
        world.again()
    sizes = [
        len(world.model.list_executions(world.parent, page_size=size, view=view)["executions"])
        for size, view in [(0, "BASIC"), (5000, "BASIC"), (0, "FULL"), (5000, "FULL")]
    ]
    assert sizes == [100, 1000, 100, 100]


@pytest.mark.parametrize(
    ("filter_", "ids"),
    [
        ("", ["a", "b"]),
        ("state=ACTIVE", ["a", "b"]),
        ("labels.team=x", ["b"]),
        ("name:/workflows/a", ["a"]),
        ("callLogLevel=LOG_ALL_CALLS", ["b"]),
        ("createTime>2026-01-02", []),
    ],
)
def test_workflows_are_filtered_by_their_fields(world, filter_, ids):
    document = {"sourceContents": json.dumps(HELLO)}
    place = "projects/p/locations/l"
    world.model.create_workflow(place, "a", document)
    more = {**document, "labels": {"team": "x"}, "callLogLevel": "LOG_ALL_CALLS"}
    world.model.create_workflow(place, "b", more)
    listed = world.model.list_workflows(place, filter_=filter_).get("workflows", [])
    assert [one["name"].rpartition("/")[2] for one in listed] == ids


def test_a_filter_of_many_stars_is_quick(world):
    world.deploy(HELLO)
    world.model.create_execution(world.parent, None, {"team": "a" * 63})

    stars = "*a" * 30
    for filter_, found in ((f"label.team={stars}", 1), (f"label.team={stars}*b", 0)):
        listed = world.model.list_executions(world.parent, filter_=filter_)
        assert len(listed.get("executions", [])) == found
