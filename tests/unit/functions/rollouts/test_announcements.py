"""What the workflow was started with. The documents are the real ones of reference/gcp.md."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.announcements import (
    PUBSUB,
    VERBS,
    BuildAnnounced,
    ByHand,
    ImageAppeared,
    Unrelated,
    parse_announcement,
)
from rollouts.errors import BadInput
from rollouts.images import Image
from tests.unit.functions.rollouts.builders import DIGEST, IMAGE, OTHER_DIGEST, REPOSITORY
from tests.unit.functions.rollouts.strategies import anything, attempt

BUILD: dict[str, Any] = {
    "id": "5b8f1a3e-0d4c-4b51-9c9f-0a9a3c1c1f11",
    "name": "projects/1/locations/europe-west1/builds/5b8f1a3e-0d4c-4b51-9c9f-0a9a3c1c1f11",
    "projectId": "build",
    "status": "SUCCESS",
    "buildTriggerId": "0f1e",
    "substitutions": {
        "COMMIT_SHA": "c0ffee254729296a45a3885639ac7e10f9d54979",
        "REPO_NAME": "team-api",
        "BRANCH_NAME": "main",
        "TRIGGER_NAME": "push-to-main",
    },
    "images": [f"{REPOSITORY}:c0ffee"],
    "results": {
        "images": [
            {
                "name": f"{REPOSITORY}:c0ffee",
                "digest": DIGEST,
                "pushTiming": {"startTime": "2026-11-22T11:58:00Z"},
                "ociMediaType": "application/vnd.oci.image.index.v1+json",
            }
        ]
    },
    "createTime": "2026-11-22T11:55:00.123456789Z",
    "finishTime": "2026-11-22T11:59:00Z",
    "machineType": 1,
}
INSERTED = {"action": "INSERT", "digest": IMAGE, "tag": f"{REPOSITORY}:v7"}


def event(data):
    """The event format in which Eventarc hands a Pub/Sub message to a workflow."""
    text = data if isinstance(data, str) else json.dumps(data)
    return {
        "data": {
            "message": {
                "attributes": {"buildId": "5b8f", "status": "SUCCESS"},
                "data": base64.b64encode(text.encode()).decode(),
                "messageId": "2070443601311540",
                "message_id": "2070443601311540",
                "publishTime": "2026-11-22T11:59:01.749Z",
                "publish_time": "2026-11-22T11:59:01.749Z",
            },
            "subscription": "projects/build/subscriptions/eventarc-europe-west1-rollout-sub-1",
        },
        "datacontenttype": "application/json",
        "id": "2070443601311540",
        "source": "//pubsub.googleapis.com/projects/build/topics/cloud-builds",
        "specversion": "1.0",
        "time": "2026-11-22T11:59:01.749Z",
        "type": PUBSUB,
    }


def by_hand(action="rollout", **more):
    return {"action": action, "service": "api"} | more


def refusal_of(argument):
    with pytest.raises(BadInput) as refusal:
        parse_announcement(argument)
    return refusal.value


def test_a_build_message_tells_status_branch_images_and_source():
    found = parse_announcement(event(BUILD))

    assert isinstance(found, BuildAnnounced)
    assert (found.status, found.branch) == ("SUCCESS", "main")
    assert found.images == (Image(REPOSITORY, DIGEST),)
    assert found.build.id == BUILD["id"]
    assert found.build.created == dt.datetime(2026, 11, 22, 11, 55, 0, 123_456, dt.UTC)
    assert found.build.source == "team-api/main@c0ffee254729"


@pytest.mark.parametrize(
    "results",
    [
        None,
        [],
        {},
        {"images": None},
        {"images": {}},
        {"images": [None, "x", {}, {"name": "x"}, {"name": 1, "digest": DIGEST}]},
        {"images": [{"name": REPOSITORY, "digest": "sha256:12"}]},
    ],
)
def test_an_image_without_name_and_whole_digest_is_not_announced(results):
    found = parse_announcement(event(BUILD | {"results": results}))

    assert isinstance(found, BuildAnnounced)
    assert found.images == ()


@pytest.mark.parametrize("key", ["_PR_NUMBER", "_HEAD_REPO_URL", "_HEAD_BRANCH"])
def test_a_pull_request_is_delivered_to_nobody_whatever_its_branch_is_called(key):
    """BRANCH_NAME is the contributor's own there, and a fork's may well be called main."""
    pulled = BUILD | {"substitutions": BUILD["substitutions"] | {key: "7"}}

    found = parse_announcement(event(pulled))

    assert found == Unrelated("the build is of a pull request")


def substituted(**more):
    found = parse_announcement(
        event(BUILD | {"substitutions": BUILD["substitutions"] | more}),
    )
    assert isinstance(found, BuildAnnounced)
    return found


def test_a_build_may_be_for_one_target_alone():
    assert substituted(_BARQ_TARGET="staging").target == "staging"
    assert substituted(_BARQ_TARGET="").target == substituted(_BARQ_TARGET=None).target == ""


@pytest.mark.parametrize(
    ("skipped", "source"),
    [
        ({"_SKIP_TESTS": "true"}, "team-api/main@c0ffee254729, built without tests"),
        ({"_SKIP_SCAN": "true"}, "team-api/main@c0ffee254729, built without scan"),
        (
            {"_SKIP_SCAN": "true", "_SKIP_TESTS": "true"},
            "team-api/main@c0ffee254729, built without tests and scan",
        ),
        ({"_SKIP_SCAN": "false", "_SKIP_TESTS": ""}, "team-api/main@c0ffee254729"),
        ({"_SKIP_SCAN": "TRUE", "_SKIP_TESTS": "1"}, "team-api/main@c0ffee254729"),
    ],
)
def test_what_a_build_left_out_stands_beside_its_source(skipped, source):
    """Everything that tells of the rollout tells it, by what cloudbuild.yaml itself acts on."""
    assert substituted(**skipped).build.source == source


def test_what_a_build_left_out_is_told_without_a_source_and_beside_a_long_one():
    long = substituted(BRANCH_NAME="b" * 300, _SKIP_TESTS="true").build.source
    bare = substituted(REPO_NAME="", BRANCH_NAME="", COMMIT_SHA="", _SKIP_TESTS="true")

    assert len(long) == 200
    assert long.endswith("bbb, built without tests")
    assert bare.build.source == "built without tests"
    assert len(substituted(BRANCH_NAME="b" * 300).build.source) == 200


def test_a_build_started_without_a_trigger_has_no_branch_and_no_source():
    found = parse_announcement(event({"id": "b", "status": "WORKING", "substitutions": None}))

    assert isinstance(found, BuildAnnounced)
    assert (found.branch, found.build.source, found.build.created) == ("", "", None)


def test_a_build_time_that_cannot_be_read_is_unknown():
    found = parse_announcement(event(BUILD | {"createTime": "0001-01-01T00:00:00+01:00"}))

    assert isinstance(found, BuildAnnounced)
    assert found.build.created is None


def test_a_registry_message_tells_of_an_image_by_digest():
    assert parse_announcement(event(INSERTED)) == ImageAppeared(Image(REPOSITORY, DIGEST))


@pytest.mark.parametrize(
    ("data", "because"),
    [
        ({"action": "DELETE", "tag": f"{REPOSITORY}:v7"}, "an image or tag was deleted"),
        ({"action": "INSERT", "tag": f"{REPOSITORY}:v7"}, "names no digest"),
        ({"action": "INSERT", "digest": f"{REPOSITORY}:v7"}, "names no digest"),
        ({"hello": "world"}, "neither of a build nor of a registry"),
        ({"action": "UPSERT"}, "neither of a build nor of a registry"),
        ([1, 2], "no JSON object"),
        ("not json", "holds no JSON"),
        ("[" * 100_000, "holds no JSON"),
    ],
)
def test_an_event_that_asks_for_nothing_says_why(data, because):
    found = parse_announcement(event(data))

    assert isinstance(found, Unrelated)
    assert because in found.because


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"message": None},
        {"message": {}},
        {"message": {"data": 7}},
        {"message": {"data": "%%%"}},
        {"message": {"data": "/w=="}},
    ],
)
def test_a_message_without_data_is_unrelated(data):
    assert isinstance(parse_announcement({"type": PUBSUB, "data": data}), Unrelated)


def test_a_rollout_by_hand_names_service_image_and_optionally_target():
    found = parse_announcement(by_hand(image=IMAGE, target="production", reason=" hotfix "))

    assert found == ByHand(
        "rollout", "api", "production", Image(REPOSITORY, DIGEST), None, False, "hotfix"
    )


def test_a_revision_by_hand_needs_its_target():
    found = parse_announcement(by_hand(revision="api-00012-abc", target="production", force=True))
    refusal = refusal_of(by_hand(revision="api-00012-abc"))

    assert isinstance(found, ByHand)
    assert (found.image, found.revision, found.force) == (None, "api-00012-abc", True)
    assert refusal.problems == [
        "argument: target is missing: a revision lives in one target, such as production."
    ]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "rollout"])
def test_every_other_verb_is_read_with_target_and_reason(verb):
    found = parse_announcement(by_hand(verb, target="production", reason="because"))

    assert isinstance(found, ByHand)
    assert (found.verb, found.target, found.reason) == (verb, "production", "because")


def test_status_may_ask_for_every_target():
    found = parse_announcement(by_hand("status"))

    assert isinstance(found, ByHand)
    assert found.target == ""


@pytest.mark.parametrize("verb", ["verify", "approve", "deny", "roll_back", "stop"])
def test_a_verb_that_acts_on_one_target_needs_it(verb):
    refusal = refusal_of(by_hand(verb, reason="because"))

    assert refusal.problems == [
        "argument: target is missing: must be a target's name, such as production."
    ]


@pytest.mark.parametrize("verb", ["roll_back", "stop", "deny"])
def test_what_takes_something_back_needs_a_reason(verb):
    refusal = refusal_of(by_hand(verb, target="production", reason="  "))

    assert len(refusal.problems) == 1
    assert f"{verb} needs one" in refusal.problems[0]


def test_a_rollout_past_a_freeze_needs_a_reason():
    given = {"image": IMAGE, "override_freeze": True}

    found = parse_announcement(by_hand(**given, reason="checkout is down"))
    refusal = refusal_of(by_hand(**given))

    assert isinstance(found, ByHand)
    assert (found.override_freeze, found.reason) == (True, "checkout is down")
    assert refusal.problems == [
        ('argument: reason is missing: override_freeze needs one, such as "checkout is failing".')
    ]


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "rollout"])
def test_nothing_but_a_rollout_passes_a_freeze(verb):
    given = by_hand(verb, target="production", reason="because", override_freeze=True)

    assert refusal_of(given).problems == [
        (f"argument: override_freeze is given: {verb} passes no freeze, must stand beside rollout.")
    ]


@pytest.mark.parametrize("named", [{}, {"image": IMAGE, "revision": "api-1"}, {"image": ""}])
def test_a_rollout_by_hand_is_of_an_image_or_of_a_revision(named):
    refusal = refusal_of(by_hand(target="production", **named))

    assert len(refusal.problems) == 1
    assert "exactly one of the two" in refusal.problems[0]


def test_an_image_by_tag_is_refused_with_how_to_pass_a_digest():
    refusal = refusal_of(by_hand(image=f"{REPOSITORY}:v7"))

    assert "must name a digest, not a tag" in refusal.message
    assert "gcloud artifacts docker images describe" in refusal.message


def test_all_that_a_person_typed_wrong_is_said_at_once():
    refusal = refusal_of(
        {
            "action": "deploy",
            "service": "API",
            "target": 5,
            "force": "yes",
            "reason": 7,
            "override_freeze": 1,
            "when": 1,
        }
    )

    assert [problem.split(" ")[1] for problem in refusal.problems] == [
        "when",
        "action",
        "service",
        "target",
        "force",
        "reason",
        "override_freeze",
    ]


@pytest.mark.parametrize(
    "argument", [None, [], "rollout", 7, {}, {"type": "google.cloud.audit.log.v1.written"}]
)
def test_what_is_neither_event_nor_words_is_refused_with_what_would_be_right(argument):
    refusal = refusal_of(argument)

    assert '{"action": "rollout"' in refusal.message
    assert "docs/reference/functions.md" in refusal.hint


KEYS = st.sampled_from(
    [
        "action",
        "service",
        "target",
        "image",
        "revision",
        "force",
        "reason",
        "type",
        "data",
        "message",
        "status",
        "id",
        "results",
        "images",
        "name",
        "digest",
        "substitutions",
        "createTime",
        "BRANCH_NAME",
        "tag",
    ]
)
VALUES = st.sampled_from([*VERBS, "INSERT", "SUCCESS", "api", IMAGE, OTHER_DIGEST, "main"])


@given(anything(KEYS) | st.dictionaries(KEYS, VALUES | anything(KEYS), max_size=6))
def test_whatever_argument_arrives_only_bad_input_escapes(argument):
    found = attempt(parse_announcement, argument, BadInput)

    assert isinstance(found, ByHand | Unrelated | BadInput)


@given(anything(KEYS) | st.dictionaries(KEYS, VALUES | anything(KEYS), max_size=8))
def test_whatever_an_event_carries_nothing_escapes(data):
    found = parse_announcement(event(data))

    assert isinstance(found, BuildAnnounced | ImageAppeared | Unrelated)
