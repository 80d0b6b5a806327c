import collections

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.run.resources import ServiceKey


def condition(world, kind):
    return world.model.service(world.key).conditions[kind]


# A service's first revision.


def test_a_new_service_serves_its_first_revision_once_that_is_ready(world):
    service = world.model.create(world.key, world.document())
    world.scheduler.run_for(1)
    assert service.reconciling
    assert world.model.route(*world.key) is None

    world.scheduler.run_for(1)

    assert not service.reconciling
    assert service.latest_ready == service.latest_created
    assert world.model.route(*world.key) == service.latest_ready


def test_a_revision_is_named_by_service_generation_and_three_letters(world):
    name = world.create().latest_created

    assert name.startswith("api-00001-")
    assert len(name) == len("api-00001-abc")


def test_a_revision_is_named_as_its_template_says(world):
    assert world.create(revision="api-first").latest_created == "api-first"


def test_the_same_name_in_another_project_is_another_service(world):
    world.create()
    other = ServiceKey("staging", *world.key[1:])

    assert world.model.route(*other) is None
    with pytest.raises(Refused, match="does not exist"):
        world.model.service(other)


# Deployments.


def test_an_unchanged_template_makes_no_revision(world):
    world.create()
    document = world.read()
    document["metadata"]["annotations"]["example.com/note"] = "seen"

    world.write(document)
    world.settle()

    assert len(world.model.revisions(world.key)) == 1


def test_latest_follows_the_newest_ready_revision(world):
    world.create()

    second = world.deploy("v2")

    assert world.model.route(*world.key) == second


def test_pinned_traffic_is_kept_by_a_later_deployment(world, to):
    first = world.create().latest_created
    world.shift(to(first, 100))

    world.deploy("v2")

    assert world.model.route(*world.key) == first


def test_latest_keeps_the_old_revision_until_the_new_one_is_ready(world):
    first = world.create().latest_created
    document = world.document("v2")
    world.write(document)

    world.scheduler.run_for(1)

    assert world.model.route(*world.key) == first
    assert condition(world, "Ready").status == "Unknown"


def test_an_older_revision_that_gets_ready_late_does_not_take_latest_back(world):
    world.create()
    world.instances.seconds = 10
    world.write(world.document("v2"))
    slow = world.model.service(world.key).latest_created
    world.scheduler.run_for(1)
    world.instances.seconds = 1
    world.write(world.document("v3"))
    newest = world.model.service(world.key).latest_created

    world.scheduler.run_for(20)

    assert world.model.revision(world.key, slow).state == "ready"
    assert world.model.service(world.key).latest_ready == newest


def test_a_failed_revision_never_serves_and_says_why(world):
    first = world.create().latest_created
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")

    second = world.deploy("v2")

    service = world.model.service(world.key)
    assert (service.latest_created, service.latest_ready) == (second, first)
    assert world.model.route(*world.key) == first
    ready = condition(world, "Ready")
    assert (ready.status, ready.reason) == ("False", "HealthCheckContainerError")
    assert ready.message == (
        f"Revision '{second}' is not ready and cannot serve traffic. It did not listen."
    )


def test_a_failed_revision_beside_pinned_traffic_leaves_the_routes_ready(world, to):
    first = world.create().latest_created
    world.shift(to(first, 100))
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")

    world.deploy("v2")

    assert condition(world, "RoutesReady").status == "True"
    assert condition(world, "ConfigurationsReady").status == "False"
    assert condition(world, "Ready").status == "False"


@pytest.mark.parametrize(("clears", "ready"), [(True, "True"), (False, "False")])
def test_whether_a_traffic_write_clears_a_failed_deployment_is_a_setting(
    make_world, to, clears, ready
):
    world = make_world(traffic_write_clears_failed_deployment=clears)
    first = world.create().latest_created
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")
    world.deploy("v2")

    world.shift(to(first, 100))

    assert condition(world, "Ready").status == ready


def test_a_missing_image_fails_the_revision_and_not_the_write(world):
    document = world.document()
    document["spec"]["template"]["spec"]["containers"][0]["image"] = "host/nothing:v1"

    name = world.model.create(world.key, document).latest_created
    world.settle()

    revision = world.model.revision(world.key, name)
    assert (revision.state, revision.reason) == ("failed", "ContainerMissing")
    assert revision.message == "Image 'host/nothing:v1' not found."


def test_a_revisions_name_with_the_same_configuration_is_taken_up_again(world):
    world.create(revision="api-one")
    world.deploy("v2", revision="api-two")

    world.deploy("v1", revision="api-one")

    assert world.instances.started == ["api-one", "api-two"]
    assert world.model.route(*world.key) == "api-one"


def test_revisions_that_nothing_addresses_are_collected_beyond_the_limit(make_world, to):
    world = make_world(revisions_max=3)
    first = world.create().latest_created
    world.shift({"latestRevision": True, "percent": 100}, to(first, tag="old"))
    second = world.deploy("v2")
    for version in ("v3", "v4"):
        world.deploy(version)

    names = {revision.name for revision in world.model.revisions(world.key)}

    assert first in names
    assert second not in names
    assert world.instances.stopped == [second]


def test_deleting_a_service_stops_its_revisions(world):
    name = world.create().latest_created

    world.model.delete(world.key)

    assert world.instances.stopped == [name]
    assert world.model.route(*world.key) is None


# Traffic.


def test_requests_are_split_at_random_by_percent(world, to):
    first = world.create().latest_created
    second = world.deploy("v2")
    world.shift(to(first, 90), to(second, 10))

    counts = collections.Counter(world.model.route(*world.key) for _ in range(10_000))

    assert 900 <= counts[second] <= 1100
    assert counts[first] + counts[second] == 10_000


def test_many_requests_are_split_at_once_as_they_are_one_by_one(world, to):
    first = world.create().latest_created
    second = world.deploy("v2")
    world.shift(to(first, 60), to(second, 10), to(first, 30), to(second, 0, tag="tip"))

    counts = world.model.route_many(world.key, 10_000)

    assert 900 <= counts[second] <= 1100
    assert counts[first] + counts[second] == 10_000
    assert world.model.route_many(ServiceKey("staging", *world.key[1:]), 10) == {}


def test_several_entries_of_one_revision_are_kept_as_given(world, to):
    first = world.create().latest_created
    second = world.deploy("v2")
    entries = [
        to(first, 60),
        to(second, 30),
        to(first, 10),
        to(second, 0, "canary"),
        to(first, tag="stable"),
    ]

    world.shift(*entries)

    assert world.read()["spec"]["traffic"] == entries
    assert world.model.served_percents(world.key) == {first: 70, second: 30}


def test_a_tag_routes_to_its_revision_whatever_the_split(world, to):
    first = world.create().latest_created
    second = world.deploy("v2")

    world.shift(to(first, 100), to(second, 0, "canary"))

    assert world.model.route(*world.key, "canary") == second
    assert world.model.route(*world.key, "nope") is None
    assert {world.model.route(*world.key) for _ in range(50)} == {first}


def test_a_tag_on_latest_moves_with_the_next_deployment(world):
    world.create()
    world.shift({"latestRevision": True, "percent": 100, "tag": "tip"})

    second = world.deploy("v2")

    assert world.model.route(*world.key, "tip") == second


def test_a_written_split_is_served_only_after_its_delay(make_world, to):
    world = make_world(served_split_seconds=30)
    first = world.create().latest_created
    world.scheduler.run_for(60)
    second = world.deploy("v2")
    world.scheduler.run_for(60)

    world.shift(to(first, 100))

    world.scheduler.run_for(29)
    assert world.model.route(*world.key) == second
    assert condition(world, "RoutesReady").status == "Unknown"
    world.scheduler.run_for(1)
    assert world.model.route(*world.key) == first
    assert condition(world, "RoutesReady").status == "True"


def test_each_split_is_served_after_its_own_delay_in_the_order_written(make_world, to):
    world = make_world(served_split_seconds=30)
    first = world.create().latest_created
    second = world.deploy("v2")
    world.scheduler.run_for(60)
    world.shift(to(first, 100))
    world.scheduler.run_for(20)
    world.shift(to(second, 100))

    world.scheduler.run_for(10)
    assert world.model.route(*world.key) == first
    world.scheduler.run_for(20)
    assert world.model.route(*world.key) == second


def test_a_held_route_is_never_served_until_it_is_released(world, to):
    first = world.create().latest_created
    second = world.deploy("v2")
    world.model.hold_routes(world.key)

    world.shift(to(first, 100))
    world.scheduler.run_for(3600)

    assert world.read()["spec"]["traffic"] == [to(first, 100)]
    assert world.read()["status"]["traffic"][0]["revisionName"] == second
    world.model.release_routes(world.key)
    assert world.model.route(*world.key) == first


def test_a_split_with_a_failed_revision_is_written_but_not_served(world, to):
    first = world.create().latest_created
    world.shift(to(first, 100))
    world.instances.outcome = lambda _: ("HealthCheckContainerError", "It did not listen.")
    broken = world.deploy("v2")

    world.shift(to(first, 50), to(broken, 50))

    assert {world.model.route(*world.key) for _ in range(50)} == {first}
    assert condition(world, "RoutesReady").status == "False"


def test_one_write_may_create_a_revision_and_tag_it(world, to):
    first = world.create(revision="api-one").latest_created
    document = world.document(
        "v2", revision="api-two", traffic=[to(first, 100), to("api-two", 0, "canary")]
    )

    world.write(document)
    world.scheduler.run_for(1)
    assert world.model.route(*world.key, "canary") is None
    world.settle()

    assert world.model.route(*world.key, "canary") == "api-two"
    assert world.model.route(*world.key) == first


def test_whether_one_write_may_create_and_route_is_a_setting(make_world, to):
    world = make_world(new_revision_may_get_traffic=False)
    world.create()

    with pytest.raises(Refused, match="'api-two' does not exist or is deleted"):
        world.write(world.document("v2", revision="api-two", traffic=[to("api-two", 100)]))


# Versions and generations.


def test_every_write_and_the_platforms_own_reconciliation_bump_the_version(world):
    world.create()
    seen = [world.read()["metadata"]["resourceVersion"]]

    world.write(world.read())
    seen.append(world.read()["metadata"]["resourceVersion"])
    world.scheduler.run_for(0)
    seen.append(world.read()["metadata"]["resourceVersion"])

    assert len(set(seen)) == 3


def test_a_revision_that_gets_ready_bumps_the_version(world):
    world.model.create(world.key, world.document())
    world.scheduler.run_for(1)
    before = world.read()["metadata"]["resourceVersion"]

    world.scheduler.run_for(1)

    assert world.read()["metadata"]["resourceVersion"] != before


def test_a_stale_resource_version_is_refused_with_aborted(world):
    world.create()
    stale = world.read()
    world.write(world.read())
    current = world.read()["metadata"]["resourceVersion"]

    with pytest.raises(Refused) as refused:
        world.write(stale)

    assert refused.value.code == "ABORTED"
    assert refused.value.message == (
        f"Conflict for resource 'api': version '{stale['metadata']['resourceVersion']}' was"
        f" specified but current version is '{current}'"
    )


def test_a_write_without_a_version_overwrites_whatever_is_there(world):
    world.create()
    old = world.read()
    del old["metadata"]["resourceVersion"]
    world.deploy("v2")

    world.write(old)
    world.settle()

    assert world.read()["spec"]["template"] == old["spec"]["template"]


@pytest.mark.parametrize("bumps", [False, True])
def test_whether_annotations_bump_the_generation_is_a_setting(make_world, bumps):
    world = make_world(annotations_bump_generation=bumps)
    world.create()
    document = world.read()
    document["metadata"]["annotations"]["example.com/state"] = "x"

    world.write(document)

    assert world.read()["metadata"]["generation"] == (2 if bumps else 1)


def test_traffic_and_template_bump_the_generation_and_a_replay_does_not(world, to):
    first = world.create().latest_created
    world.shift(to(first, 100))
    world.shift(to(first, 100))
    assert world.read()["metadata"]["generation"] == 2

    world.deploy("v2")

    assert world.read()["metadata"]["generation"] == 3
    assert world.read()["status"]["observedGeneration"] == 3


# Refusals.


def test_a_name_with_other_configuration_is_refused_with_already_exists(world):
    world.create(revision="api-one")
    document = world.read()
    document["spec"]["template"]["spec"]["timeoutSeconds"] = 60

    with pytest.raises(Refused) as refused:
        world.write(document)

    assert refused.value.code == "ALREADY_EXISTS"
    assert refused.value.message == (
        "Revision named 'api-one' with different configuration already exists."
    )


def test_a_refused_write_changes_nothing(world, to):
    world.create()
    before = world.read()
    document = world.document("v2", traffic=[to("api-nope", 100)])
    document["metadata"]["annotations"] = {"example.com/a": "b"}

    with pytest.raises(Refused):
        world.write(document)

    assert world.read() == before


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("api-one", 60), ("api-one", 30)], "sum to 90, want 100"),
        ([("api-one", 101), ("api-one", -1)], "expected 0 <= 101 <= 100"),
        ([("api-nope", 100)], "Revision 'api-nope' does not exist or is deleted. Update all"),
        ([("api-one", 100, "a"), ("api-one", 0, "a")], 'Multiple definitions for "a"'),
        ([("api-one", 100, "Not_A_Tag")], "Invalid traffic tag"),
        ([("api-one", 100, "a" * 44)], "Invalid traffic tag"),
        ([("projects/p/revisions/api-one", 100)], "bare revision name"),
        ([("", 100)], "expected exactly one, got both or neither"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(world, to, entries, message):
    world.create(revision="api-one")

    with pytest.raises(Refused, match=message) as refused:
        world.shift(*(to(*entry) for entry in entries))

    assert refused.value.code == "INVALID_ARGUMENT"


def test_the_sixty_first_write_of_a_minute_is_refused_in_that_region_alone(world):
    world.create()
    for _ in range(59):
        world.write(world.read())

    with pytest.raises(Refused, match="'Write requests per minute per region'") as refused:
        world.write(world.read())
    assert refused.value.code == "RESOURCE_EXHAUSTED"

    world.model.create(ServiceKey("prod", "us-central1", "api"), world.document())
    world.scheduler.run_for(60)
    world.write(world.read())


def test_a_service_that_exists_cannot_be_created_again(world):
    world.create()

    with pytest.raises(Refused) as refused:
        world.create()

    assert refused.value.code == "ALREADY_EXISTS"


def test_an_unknown_service_cannot_be_replaced_or_deleted(world):
    for call in (lambda: world.write(world.document()), lambda: world.model.delete(world.key)):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.code == "NOT_FOUND"


# Who may call, and who is told.


def test_only_an_invoker_may_call_a_private_service(world):
    world.create()
    assert not world.model.may_invoke(world.key, "a@p.iam")

    world.model.set_invokers(world.key, ["serviceAccount:a@p.iam"])

    assert world.model.may_invoke(world.key, "a@p.iam")
    assert not world.model.may_invoke(world.key, "b@p.iam")
    assert not world.model.may_invoke(world.key, None)


@pytest.mark.parametrize("way", ["allUsers", "annotation"])
def test_a_public_service_takes_everybody(world, way):
    annotations = {"run.googleapis.com/invoker-iam-disabled": "true"} if way == "annotation" else {}
    world.create(annotations=annotations)
    if way == "allUsers":
        world.model.set_invokers(world.key, ["allUsers"])

    assert world.model.may_invoke(world.key, None)


@pytest.mark.parametrize(
    ("annotations", "reachable"),
    [
        ({}, True),
        ({"run.googleapis.com/ingress": "all"}, True),
        ({"run.googleapis.com/ingress": "internal"}, False),
        ({"run.googleapis.com/default-url-disabled": "true"}, False),
    ],
)
def test_ingress_and_the_default_url_decide_who_reaches_it(world, annotations, reachable):
    assert world.create(annotations=annotations).reachable is reachable


def test_a_revision_is_kept_warm_by_a_share_or_by_its_own_minimum(world, to):
    first = world.create().latest_created
    second = world.model.revision(world.key, world.deploy("v2"))
    world.shift(to(first, 100), to(second.name, 0, "canary"))
    assert not world.model.keeps_warm(second)
    assert world.model.keeps_warm(world.model.revision(world.key, first))

    document = world.document(
        "v3", revision="api-warm", instances_min=1, traffic=[to(first, 100), to("api-warm", 0, "w")]
    )
    world.write(document)
    world.settle()

    assert world.model.keeps_warm(world.model.revision(world.key, "api-warm"))


def test_observers_are_told_of_every_change(world):
    changes: list[ServiceKey] = []
    world.model.on_service_change.append(changes.append)

    world.create()

    assert set(changes) == {world.key}
    assert len(changes) >= 3


def test_the_same_seed_gives_the_same_names_and_versions(make_world):
    first, second = make_world(), make_world()
    first.create()
    second.create()

    assert first.read() == second.read()
