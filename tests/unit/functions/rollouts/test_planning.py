"""From an announcement to a plan."""

import pytest

from rollouts.announcements import BuildAnnounced, ByHand, ImageAppeared, Unrelated
from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadInput
from rollouts.images import Image
from rollouts.planning import Call, Deliver, Ignore, choose, settle, stale
from rollouts.record import EMPTY, Build, Record, Waiting
from rollouts.requests import parse_deploy
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    DELIVERY,
    DIGEST,
    EXECUTION,
    REPOSITORY,
    at,
    document,
    rollout,
)

OURS = Image(REPOSITORY, DIGEST)
OTHER = Image("host/p/other", DIGEST)
BUILD = Build("build-1", at(), "team/api/main@c0ffee")


def built(*images, status="SUCCESS", branch="main", build=BUILD, target=""):
    return BuildAnnounced(status, branch, images or (OURS,), build, target)


def asked(verb="rollout", **fields):
    values = {"service": "api", "target": "", "image": None, "revision": None, "force": False}
    return ByHand(verb, **(values | {"reason": ""} | fields))


def ignored(plan):
    assert isinstance(plan, Ignore)
    assert plan.as_json() == {"kind": "ignore", "because": plan.because}
    return plan.because


def test_a_good_build_goes_to_every_target_in_order():
    plan = choose(built(OTHER, OURS), DELIVERY)

    assert isinstance(plan, Deliver)
    assert [target.name for target in plan.targets] == ["staging", "production"]
    assert (plan.image, plan.build, plan.automatic, plan.force) == (OURS, BUILD, True, False)


def test_a_plan_on_the_wire_is_what_deploy_is_asked_less_the_driver():
    answer = choose(built(), DELIVERY).as_json()

    assert answer["kind"] == "deliver"
    assert answer["service"] == "api"
    assert answer["approvals"] == ["production"]
    for asked_of, name in zip(answer["rollouts"], ["staging", "production"], strict=True):
        request = parse_deploy({"execution": EXECUTION, "callback": CALLBACK, **asked_of})
        assert (request.driver.target, request.image, request.build) == (name, OURS, BUILD)
        assert request.automatic


@pytest.mark.parametrize(
    ("announcement", "because"),
    [
        (built(status="FAILURE"), "the build's status is FAILURE, not SUCCESS"),
        (built(branch="feature"), "the build is of branch 'feature', not of main"),
        (built(OTHER), "the build pushed other images: host/p/other"),
        (BuildAnnounced("SUCCESS", "main", (), BUILD), "the build pushed no image"),
        (ImageAppeared(OURS), "registry_events is off for api"),
        (ImageAppeared(OTHER), "the registry told of another image: host/p/other"),
        (Unrelated("it is Monday"), "it is Monday"),
    ],
)
def test_what_is_not_for_us_is_ignored_with_a_reason(announcement, because):
    assert because in ignored(choose(announcement, DELIVERY))


def test_a_service_of_another_branch_does_not_hide_one_of_the_same_image():
    api = document()["services"]["api"]
    places = {name: one | {"service": "next"} for name, one in api["targets"].items()}
    second = api | {"branches": ["next"], "targets": places}
    delivery = parse_delivery({"services": {"api": api, "api-next": second}})

    plan = choose(built(branch="next"), delivery)

    assert isinstance(plan, Deliver)
    assert plan.service.name == "api-next"


def test_other_services_of_the_same_build_are_named_as_left_out():
    """One execution delivers one service: a build of several is one to say so about."""
    api = document()["services"]["api"]
    places = {name: one | {"service": "worker"} for name, one in api["targets"].items()}
    worker = api | {"image": OTHER.repository, "targets": places}
    delivery = parse_delivery({"services": {"api": api, "worker": worker}})

    plan = choose(built(OURS, OTHER), delivery)

    assert isinstance(plan, Deliver)
    assert (plan.service.name, plan.left_out) == ("api", ("worker",))
    assert plan.as_json()["left_out"] == ["worker"]


def test_a_build_for_one_target_goes_there_alone():
    """A drill's image must not reach production, even if staging passes it."""
    plan = choose(built(target="staging"), DELIVERY)

    assert isinstance(plan, Deliver)
    assert [target.name for target in plan.targets] == ["staging"]
    assert [one["target"] for one in plan.as_json()["rollouts"]] == ["staging"]


def test_a_build_for_a_target_that_is_not_there_goes_nowhere():
    because = ignored(choose(built(target="stagin"), DELIVERY))

    assert because == "the build is for target 'stagin' alone, which is none of staging, production"


def test_of_several_services_those_without_the_target_are_none_of_its_business():
    api = document()["services"]["api"]
    places = {"test": api["targets"]["staging"] | {"service": "worker"}}
    worker = api | {"image": OTHER.repository, "targets": places}
    delivery = parse_delivery({"services": {"api": api, "worker": worker}})

    plan = choose(built(OURS, OTHER, target="test"), delivery)

    assert isinstance(plan, Deliver)
    assert (plan.service.name, plan.left_out) == ("worker", ())


def test_of_services_that_share_an_image_the_named_one_is_meant():
    """A drill of the second must not bring its bad image to the first."""
    api = document()["services"]["api"]
    places = {name: one | {"service": "worker"} for name, one in api["targets"].items()}
    delivery = parse_delivery({"services": {"api": api, "worker": api | {"targets": places}}})

    plan = choose(built(target="worker/staging"), delivery)

    assert isinstance(plan, Deliver)
    assert (plan.service.name, plan.left_out) == ("worker", ())
    assert [target.name for target in plan.targets] == ["staging"]
    assert "which is none of" in ignored(choose(built(target="web/staging"), delivery))


def for_staging_alone():
    plan = choose(built(target="staging"), DELIVERY)
    assert isinstance(plan, Deliver)
    return plan


def test_a_build_for_one_target_overtakes_no_push_and_is_overtaken_by_none():
    plan = for_staging_alone()

    assert (plan.build.id, plan.build.created) == (BUILD.id, None)
    assert settle(plan, [NEWER]) == plan


@pytest.mark.parametrize("state", ["deploying", "shifting"])
def test_a_build_for_one_target_gives_way_to_what_is_under_way_there(state):
    plan = for_staging_alone()
    under_way = Record(rollout=rollout(state))

    because = ignored(settle(plan, [under_way]))

    assert "gives way to rollout" in because
    assert settle(plan, [Record(rollout=rollout("promoted"))]) == plan
    # A push does not: `second_push` decides there.
    assert settle(deliver(), [under_way]) == deliver()


def test_a_build_for_one_target_does_not_slip_in_before_what_waits_for_its_turn():
    waiting = Waiting("77aa", "e3", "c3", BUILD, at())
    between = Record(rollout=rollout("promoted"), waiting=waiting)

    because = ignored(settle(for_staging_alone(), [between]))

    assert "gives way to delivery 77aa, which waits for its turn there" in because


def test_deploy_is_told_what_gives_way_since_more_may_begin_before_it_is_asked():
    (alone,) = for_staging_alone().as_json()["rollouts"]

    assert alone["gives_way"]
    assert not any(one["gives_way"] for one in deliver().as_json()["rollouts"])


def test_a_build_for_one_target_that_was_acted_on_is_old_news():
    """Rather than giving way to its own rollout."""
    plan = for_staging_alone()
    own = Record(rollout=rollout("shifting"), acted_on=(BUILD.id,))

    assert ignored(settle(plan, [own])) == "build build-1 was already acted on"


def test_the_branches_of_every_service_of_an_image_are_named():
    api = document()["services"]["api"]
    places = {name: one | {"service": "next"} for name, one in api["targets"].items()}
    second = api | {"branches": ["main", "next"], "targets": places}
    delivery = parse_delivery({"services": {"api": api, "api-next": second}})

    because = ignored(choose(built(branch="topic"), delivery))

    assert because == "the build is of branch 'topic', not of main, next"


def test_an_image_in_the_registry_is_delivered_where_that_is_switched_on():
    plan = choose(ImageAppeared(OURS), parse_delivery(document(registry_events=True)))

    assert isinstance(plan, Deliver)
    assert plan.automatic
    assert plan.build == Build(id=DIGEST)
    assert plan.as_json()["rollouts"][0]["build"]["created"] is None


def test_an_image_by_hand_goes_to_every_target_or_to_the_one_that_is_named():
    everywhere = choose(asked(image=OURS), DELIVERY)
    once = choose(asked(image=OURS, target="production", force=True), DELIVERY)

    assert isinstance(everywhere, Deliver)
    assert isinstance(once, Deliver)
    assert len(everywhere.targets) == 2
    assert [target.name for target in once.targets] == ["production"]
    assert (once.automatic, once.force, once.build) == (False, True, Build())


def test_a_persons_reason_to_pass_a_freeze_is_told_to_deploy_and_no_other_is():
    passing = asked(image=OURS, override_freeze=True, reason="checkout is down")

    told = [
        [one["override_freeze"] for one in choose(argument, DELIVERY).as_json()["rollouts"]]
        for argument in (passing, asked(image=OURS, reason="checkout is down"), built())
    ]

    assert told == [["checkout is down"] * 2, ["", ""], ["", ""]]


def test_a_revision_by_hand_stands_in_the_plan_without_an_image():
    plan = choose(asked(revision="api-7", target="production"), DELIVERY)

    assert plan.as_json()["rollouts"][0]["image"] is None
    assert plan.as_json()["rollouts"][0]["revision"] == "api-7"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (asked(service="web", image=OURS), "service is 'web': must be one of api."),
        (
            asked(target="qa", image=OURS),
            "target is 'qa': must be one of staging, production.",
        ),
        (
            asked(image=OTHER),
            f"must be of the repository that delivery.yaml names for api, {REPOSITORY}",
        ),
        (asked("roll_back", target="qa"), "must be one of staging, production."),
    ],
)
def test_a_name_that_is_not_in_delivery_yaml_is_refused_with_those_that_are(words, message):
    with pytest.raises(BadInput, match=r"argument: ") as refusal:
        choose(words, DELIVERY)

    assert message in refusal.value.message


@pytest.mark.parametrize(
    ("verb", "function", "more"),
    [
        ("status", "status", {}),
        ("verify", "verify", {}),
        ("approve", "approve", {"decision": "approve"}),
        ("deny", "approve", {"decision": "deny"}),
        ("roll_back", "rollback", {}),
        ("stop", "shift_traffic", {"action": {"kind": "stop"}}),
    ],
)
def test_every_other_verb_is_a_call_of_one_function(verb, function, more):
    plan = choose(asked(verb, target="production", reason="because"), DELIVERY)

    assert isinstance(plan, Call)
    assert plan.as_json() == {
        "kind": "call",
        "function": function,
        "body": {
            "service": "api",
            "target": "production",
            "reason": "because",
            "by_hand": True,
            **more,
        },
    }


def deliver(*, automatic=True, force=False, build=BUILD):
    chosen = choose(built(build=build), DELIVERY)
    assert isinstance(chosen, Deliver)
    return Deliver(chosen.service, chosen.targets, OURS, None, build, force, automatic)


ACTED_ON = Record(acted_on=("build-0", "build-1"))
NEWER = Record(newest_build=at(1))


def test_a_new_build_is_delivered():
    older = Record(newest_build=at(-1), acted_on=("build-0",))

    assert settle(deliver(), [EMPTY, older]) == deliver()


def test_the_newest_build_itself_is_not_older_than_itself():
    assert stale(Record(newest_build=at()), Build("build-2", at())) == ""


@pytest.mark.parametrize(
    ("record", "because"),
    [
        (ACTED_ON, "build build-1 was already acted on"),
        (NEWER, "was created at 2026-11-22T12:00:00Z, before the newest accepted build"),
    ],
)
def test_old_news_for_one_target_is_ignored(record, because):
    assert because in ignored(settle(deliver(), [EMPTY, record]))


@pytest.mark.parametrize("plan", [deliver(automatic=False), deliver(force=True)])
def test_what_a_person_asked_for_is_never_old_news(plan):
    assert settle(plan, [ACTED_ON, NEWER]) == plan


def test_a_build_of_unknown_time_is_not_old_news():
    assert stale(NEWER, Build("build-9", None)) == ""
