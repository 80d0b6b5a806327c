"""Workflows v1: masks, revisions, keys, operations, locations (reference/workflows.md 6.1)."""

import json

import pytest

from local_cloud.kit.errors import Refused

HELLO = [{"r": {"return": "hello"}}]
KEY = "locations/l/keyRings/r/cryptoKeys/k"


def shown(world, **query):
    return world.model.get_workflow(world.parent, **query)


@pytest.mark.parametrize(
    "mask", ["description", "labels", "callLogLevel", "execution_history_level"]
)
def test_what_is_not_run_makes_no_revision_and_leaves_the_source(world, mask):
    before = world.deploy(HELLO)
    change = {
        "description": "d",
        "labels": {"a": "b"},
        "callLogLevel": "LOG_NONE",
        "executionHistoryLevel": "EXECUTION_HISTORY_BASIC",
        "sourceContents": "not looked at",
    }
    world.model.update_workflow(world.parent, change, mask)
    after = shown(world)
    assert after["revisionId"] == before["revisionId"]
    assert after["sourceContents"] == before["sourceContents"]
    assert len(after) == len(before) + 1


@pytest.mark.parametrize(
    "change",
    [
        {"serviceAccount": "a@b"},
        {"userEnvVars": {"A": "b"}},
        {"sourceContents": "- a: {return: 1}"},
    ],
)
def test_what_is_run_makes_a_revision(world, change):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, change, ",".join(change))
    assert shown(world)["revisionId"].startswith("000002-")


@pytest.mark.parametrize("mask", ["", "*"])
def test_without_a_mask_the_whole_workflow_is_replaced(world, mask):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, {"labels": {"a": "b"}}, "labels")
    document = {"sourceContents": json.dumps(HELLO), "description": "d"}
    world.model.update_workflow(world.parent, document, mask)
    assert "labels" not in shown(world)
    assert shown(world)["description"] == "d"


def test_a_mask_may_name_one_key_of_a_map(world):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, {"labels": {"a": "1", "b": "1"}}, "labels")
    world.model.update_workflow(world.parent, {"labels": {"a": "2"}}, "labels.a")
    assert shown(world)["labels"] == {"a": "2", "b": "1"}
    world.model.update_workflow(world.parent, {}, "labels.a")
    assert shown(world)["labels"] == {"b": "1"}


@pytest.mark.parametrize("mask", ["name", "state", "tags", "description.x", "nope"])
def test_a_mask_of_what_cannot_be_set_is_refused(world, mask):
    world.deploy(HELLO)
    with pytest.raises(Refused, match="INVALID_ARGUMENT"):
        world.model.update_workflow(world.parent, {}, mask)


def test_an_older_revision_shows_what_the_workflow_is_called_today(world):
    first = world.deploy(HELLO)
    world.deploy([{"r": {"return": 2}}])
    world.model.update_workflow(world.parent, {"description": "d"}, "description")
    old = shown(world, revision_id=first["revisionId"])
    assert old["sourceContents"] == first["sourceContents"]
    assert (old["description"], old["revisionId"]) == ("d", first["revisionId"])


def test_keys_are_told_with_their_versions(world):
    world.deploy(HELLO)
    world.model.update_workflow(world.parent, {"cryptoKeyName": KEY}, "cryptoKeyName")
    workflow = shown(world)
    assert workflow["cryptoKeyName"] == KEY
    assert workflow["cryptoKeyVersion"] == f"projects/p/{KEY}/cryptoKeyVersions/1"
    assert workflow["allKmsKeys"] == [f"projects/p/{KEY}"]
    assert workflow["allKmsKeysVersions"] == [f"projects/p/{KEY}/cryptoKeyVersions/1"]


@pytest.mark.parametrize(
    "labels",
    [{"1a": "x"}, {"a" * 64: "x"}, {"a": "X"}, {"a": "x" * 64}, {"a b": "x"}, {"A": "x"}],
)
def test_labels_have_rules(world, labels):
    world.deploy(HELLO)
    with pytest.raises(Refused, match="invalid label"):
        world.model.update_workflow(world.parent, {"labels": labels}, "labels")


def test_labels_may_be_international(world):
    world.deploy(HELLO)
    labels = {"straße": "größe-1_a"}
    world.model.update_workflow(world.parent, {"labels": labels}, "labels")
    assert shown(world)["labels"] == labels


def test_creating_what_exists_is_refused(world):
    world.deploy(HELLO)
    with pytest.raises(Refused, match="ALREADY_EXISTS"):
        world.model.create_workflow("projects/p/locations/l", "w", {"sourceContents": "x"})


def test_revisions_come_in_pages_the_newest_first(world):
    for number in range(3):
        world.deploy([{"r": {"return": number}}])
    first = world.model.list_revisions(world.parent, page_size=2)
    assert [one["revisionId"][:6] for one in first["workflows"]] == ["000003", "000002"]
    token = first["nextPageToken"]
    rest = world.model.list_revisions(world.parent, page_token=token)
    assert [one["revisionId"][:6] for one in rest["workflows"]] == ["000001"]


def test_operations_are_listed_filtered_and_deleted(world):
    world.deploy(HELLO)
    world.model.delete_workflow(world.parent)
    place = "projects/p/locations/l"
    verbs = [one["metadata"]["verb"] for one in world.model.list_operations(place)["operations"]]
    assert verbs == ["create", "delete"]
    (deleted,) = world.model.list_operations(place, filter_="verb=delete")["operations"]
    world.model.delete_operation(deleted["name"])
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get_operation(deleted["name"])


def test_locations_are_those_of_the_service(world):
    listed = world.model.list_locations("projects/p", page_size=1)
    (first,) = listed["locations"]
    assert world.model.get_location(first["name"]) == first
    assert first["locationId"] in first["name"]
    with pytest.raises(Refused, match="NOT_FOUND"):
        world.model.get_location("projects/p/locations/moon")


def test_a_workflow_of_every_location_is_listed_for_the_location_dash(world):
    document = {"sourceContents": json.dumps(HELLO)}
    for place in ("a", "b"):
        world.model.create_workflow(f"projects/p/locations/{place}", "w", document)
    assert len(world.model.list_workflows("projects/p/locations/-")["workflows"]) == 2
    assert len(world.model.list_workflows("projects/p/locations/a")["workflows"]) == 1
