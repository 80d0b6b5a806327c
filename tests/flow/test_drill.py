"""The monthly drill: it passes only if a bad image was really taken back, and fails loudly if not."""

import pytest

from local_cloud.kit.http import Inbound
from tests.build.discovery import problems
from tests.flow.drilling import DELIVERY, DrillFlow
from tests.flow.install import PROJECT, REGION, ROOT

TRIGGER = "projects/barq-delivery/locations/europe-west1/triggers/builds"
SOON = {"warm_seconds": 5, "limit_seconds": 120}


@pytest.fixture(scope="module")
def drilled():
    """A drill as it is shipped, on a staging that nobody else uses."""
    flow = DrillFlow()
    before = flow.status_of("staging")["image"]
    name = flow.drills()
    return flow, flow.result(name), before


def test_a_drill_measures_how_soon_a_bad_image_is_taken_back(drilled):
    flow, told, _ = drilled

    assert 0 < told["seconds_to_rollback"] <= told["seconds_to_traffic_back"] < 30
    assert told["requests_failed"] >= 10
    assert told["requests"] > told["requests_failed"]
    assert flow.state("staging") == "rolled_back"
    assert told["because"] == flow.rollout("staging").because
    assert told["rollout"] == flow.rollout("staging").id


def test_a_drills_image_comes_the_way_of_every_image(drilled):
    """Cloud Build, the builds topic, the trigger: the rollout is of an execution of its own."""
    flow, told, before = drilled

    driver = flow.rollout("staging").execution.partition("/locations/")[2]
    assert "/workflows/rollout/" in driver
    assert any(name.endswith(driver) for name in flow.executions)
    about = [one["data"] for one in flow.events if one["data"]["rollout"] == told["rollout"]]
    assert {one["source"] for one in about} == {"drill/main"}
    bad = flow.cloud.images.resolve(told["left_behind"].split()[2].rstrip(","))
    assert bad.env == {"VERSION": "v1", "FAULT_ERROR_RATIO": "1"}
    assert bad.command == flow.cloud.images.resolve(before).command


def test_cloud_build_would_accept_a_drills_build(drilled):
    """By the schema of its discovery document; and it runs what `cloudbuild.yaml` runs."""
    flow, _, _ = drilled
    place = f"projects/{PROJECT}/locations/{REGION}"
    (build,) = flow.cloud.builds.list(place, caller=None)[-1:]
    own = ("steps", "images", "tags", "timeout", "serviceAccount", "substitutions", "options")

    asked = {name: build[name] for name in own}
    assert list(problems(asked, {"$ref": "Build"}, "build")) == []
    assert asked["steps"][0]["name"] in (ROOT / "cloudbuild.yaml").read_text()
    assert asked["serviceAccount"].endswith("/barq-build@barq-delivery.iam.gserviceaccount.com")


def test_after_a_drill_stable_serves_and_the_image_is_refused(drilled):
    flow, told, before = drilled

    now = flow.status_of("staging")
    assert flow.serving() == "v1"
    assert now["image"] == before
    assert now["refused"] == [flow.rollout("staging").digest]
    assert now["refused"][0] in told["left_behind"]


def test_production_never_hears_of_a_drill(drilled):
    flow, told, _ = drilled

    about = [one["data"] for one in flow.events if one["data"]["target"] == "production"]
    assert about
    assert told["rollout"] not in {one["rollout"] for one in about}
    assert flow.serving("production") == "v1"
    assert flow.served("v1", failed=True) == 0


def test_each_drill_has_an_image_of_its_own_and_the_next_push_goes_its_way(drilled):
    """What one drill left behind is refused, and must not be in the way of the next."""
    flow, _, _ = drilled

    again = flow.result(flow.drills(**SOON))
    flow.built(flow.image("v2"))
    flow.until_ended()

    assert len(flow.status_of("staging")["refused"]) == 2
    assert again["requests_failed"] > 0
    assert flow.serving("staging") == flow.serving("production") == "v2"


def test_a_drill_of_a_staging_with_shares_waits_for_the_few_requests_that_meet_the_canary():
    """The last of them may lie well before the rollback; traffic is not back before it."""
    flow = DrillFlow(DELIVERY.replace("steps: [100], no_data: pass", "steps: [10, 50, 100]"))

    told = flow.result(flow.drills())

    assert told["seconds_to_rollback"] <= told["seconds_to_traffic_back"] < 90
    assert told["requests_failed"] < told["requests"] / 5


def test_a_drill_that_nobody_takes_back_fails_loudly_and_goes_back_itself():
    """Barq is blind here: neither signal can be read."""
    flow = DrillFlow()
    flow.faults.monitoring_down = True
    flow.faults.api("POST", "/v2/entries:list", 403, function="check_metrics")

    error = flow.error(flow.drills(**SOON))

    assert (
        "failed, its rollout did not end within 120 s, it is shifting and waits for data" in error
    )
    assert "the drill asked for a rollback" in error
    assert flow.serving() == "v1"


def test_a_drill_whose_image_is_promoted_fails_loudly_and_goes_back_itself():
    """Barq does not look at 404s; a user of the drill does."""
    flow = DrillFlow()

    error = flow.error(flow.drills(fault={"FAULT_STATUS": "404", "FAULT_ERROR_RATIO": "1"}, **SOON))

    assert "Barq promoted an image of whose requests" in error
    assert "the drill asked for a rollback" in error
    assert flow.serving() == "v1"


def test_a_drill_says_when_it_could_not_go_back_either():
    flow = DrillFlow()
    name = flow.drill(**SOON)
    flow.until(lambda: flow.serving() == "v1 FAULT_ERROR_RATIO")
    flow.faults.function_down("check_metrics", "rollback", minutes=60)

    flow.until_drilled(name)

    error = flow.error(name)
    assert flow.serving() == "v1 FAULT_ERROR_RATIO"
    assert "did not end within 120 s" in error
    assert "could not be rolled back" in error
    assert "look at the service now" in error


def test_a_drill_that_a_person_took_back_is_not_passed():
    flow = DrillFlow()
    name = flow.drill(**SOON)
    flow.until(lambda: flow.serving() == "v1 FAULT_ERROR_RATIO")
    flow.asks("roll_back", target="staging", reason="I did not know that it is a drill")

    flow.until_drilled(name)

    error = flow.error(name)
    assert "taken back by execution" in error
    assert "and not by Barq; repeat it" in error
    assert "the drill moved no traffic itself" in error


def test_a_drill_that_was_taken_back_for_another_reason_is_not_passed():
    """A delivery that breaks off goes back as well, and refuses nothing."""
    flow = DrillFlow()
    name = flow.drill(**SOON)
    flow.until(lambda: flow.serving() == "v1 FAULT_ERROR_RATIO")
    flow.faults.function_down("check_metrics", minutes=10, answer=Inbound(403))

    flow.until_drilled(name)

    assert "taken back but is not refused, the delivery to staging broke off" in flow.error(name)


def test_a_drill_whose_image_no_user_met_proves_nothing():
    flow = DrillFlow()

    error = flow.error(flow.drills(fault={"FAULT_NOT_READY": "true"}, **SOON))

    assert "taken back before a request failed" in error
    assert "choose a fault that spares the health routes" in error


def test_a_drill_whose_build_starts_no_rollout_names_the_trigger():
    flow = DrillFlow()
    flow.cloud.eventarc.delete_trigger(TRIGGER)

    error = flow.error(flow.drills(**SOON))

    assert "no rollout of its image began within 120 s" in error
    assert "the trigger on projects/barq-delivery/topics/barq-builds" in error
    assert flow.serving() == "v1"


def test_a_drill_gives_way_to_a_push():
    """Nobody's delivery to production may end because a drill came in between."""
    flow = DrillFlow()
    name = flow.drill(**SOON)
    flow.passes(seconds=10)
    flow.built(flow.image("v2", ready_seconds=60))

    flow.until_drilled(name)

    assert "it gave way to rollout" in flow.error(name)
    flow.until_ended()
    assert flow.serving("staging") == flow.serving("production") == "v2"


def test_of_two_drills_at_once_one_gives_way_and_the_other_is_passed():
    """Their builds end in the same second, so both are planned before either has begun."""
    flow = DrillFlow()
    names = [flow.drill(**SOON), flow.drill(**SOON)]

    for name in names:
        flow.until_drilled(name)

    lost = [name for name in names if flow.executions[name]["state"] == "FAILED"]
    assert len(lost) == 1
    assert "it gave way to rollout" in flow.error(lost[0])
    assert "the drill moved no traffic itself" in flow.error(lost[0])
    assert "rollout.superseded" not in {one["data"]["event"] for one in flow.events}
    assert flow.serving() == "v1"


def test_a_drill_whose_image_cannot_be_built_changes_nothing():
    flow = DrillFlow()
    served = flow.status_of("staging")["image"]
    flow.cloud.images.forget(served)

    error = flow.error(flow.drills(**SOON))

    assert "changed nothing, its image was not built" in error
    assert "is FAILURE, see https://console.cloud.google.com/cloud-build/builds/" in error


def test_a_drill_proves_nothing_where_stable_itself_fails():
    flow = DrillFlow()
    flow.becomes(flow.status_of("staging")["image"], error_ratio=1.0)

    error = flow.error(flow.drills(**SOON))

    assert "changed nothing, stable itself fails" in error
    assert "was answered with 500" in error


@pytest.mark.parametrize(
    ("argument", "because"),
    [
        ({"target": "production"}, "it is the last target in delivery.yaml"),
        ({"target": "stagin"}, "delivery.yaml has no such target"),
        ({"target": ""}, "service and target must both be named"),
        ({"service": "", "target": "staging"}, "service and target must both be named"),
        ({"fault": {}}, "fault is empty"),
        ({"path": "@elsewhere.example.com/"}, "must begin with a slash, such as /items"),
        ({"fault": {"X": "1\nRUN rm"}}, "must be variables with plain values"),
        ({"fault": {"X Y": "1"}}, "must be variables with plain values"),
    ],
)
def test_a_drill_that_may_not_be_held_changes_nothing_and_says_why(drilled, argument, because):
    flow, _, _ = drilled
    writes = flow.writes()

    error = flow.error(flow.drills(**argument))

    assert because in error
    assert "changed nothing" in error
    assert flow.writes() == writes


def test_a_drill_waits_for_nobody_it_is_refused_during_a_rollout_and_on_a_closed_line():
    flow = DrillFlow()
    flow.built(flow.image("v2", ready_seconds=60))

    assert "is under way there; try again once it has ended" in flow.error(flow.drills())

    closed = DrillFlow(DELIVERY + "stop_the_line: an audit\n", first=None)
    assert "the line is closed" in closed.error(closed.drills())


def test_a_drill_is_refused_where_the_registry_tells_of_images_too():
    """Of a drill's image as well, and that word names no target: it went on to production."""
    flow = DrillFlow(DELIVERY.replace("    targets:", "    registry_events: true\n    targets:"))

    assert "a drill's would go to every target" in flow.error(flow.drills())


def test_a_drill_leaves_alone_what_a_person_put_in_its_images_place():
    flow = DrillFlow()
    name = flow.drill(**SOON)
    flow.until(lambda: flow.serving() == "v1 FAULT_ERROR_RATIO")
    flow.person_writes(
        lambda service: service["spec"]["template"]["metadata"].update(name="api-hotfix"), "staging"
    )
    flow.passes(seconds=4)
    flow.person_sets_traffic("staging", {"api-hotfix": 100})

    flow.until_drilled(name)

    error = flow.error(name)
    assert "its rollout was ended by others" in error
    assert "the drill moved no traffic itself" in error
    shares = flow.document("staging")["spec"]["traffic"]
    assert [one["revisionName"] for one in shares if one.get("percent")] == ["api-hotfix"]


def test_a_drill_is_refused_where_barq_delivered_nothing():
    flow = DrillFlow(first=None)

    assert "does not know which image serves there" in flow.error(flow.drills())
