"""cloudbuild.yaml played from its first step to the plan that its message leads to."""

import base64
import json

import pytest
import yaml

from rollouts.announcements import PUBSUB, parse_announcement
from rollouts.delivery_file import parse_delivery
from rollouts.planning import Deliver, Ignore, choose
from tests.build.cloud_build import BUILT_IN, ROOT, read, run
from tests.build.programs import DIGEST, lay_out

BUILD = read()
IMAGE = BUILD["substitutions"]["_IMAGE"]
JOBS = "barq-staging/europe-west1/fleet-migrate barq-production/europe-west1/fleet-migrate"


@pytest.fixture
def play(tmp_path):
    def played(*failing, **given):
        workspace = tmp_path / "workspace"
        workspace.mkdir()
        return run(BUILD, given, lay_out(tmp_path / "programs", *failing), workspace)

    return played


def planned(built):
    """What `plan` makes of the message that Cloud Build would publish."""
    data = base64.b64encode(json.dumps(built.document).encode()).decode()
    told = parse_announcement({"type": PUBSUB, "data": {"message": {"data": data}}})
    return choose(
        told,
        parse_delivery(yaml.safe_load((ROOT / "docs/examples/delivery.yaml").read_text("utf-8"))),
    )


def labels(built):
    [call] = built.called("docker", "buildx", "build")
    return dict(call[n + 1].split("=", 1) for n, word in enumerate(call) if word == "--label")


def place(built, *words):
    """At which place the one call stands that begins so."""
    [call] = built.called(*words)
    return built.calls.index(call)


def test_a_build_ends_in_a_plan_to_deliver_what_was_pushed(play):
    built = play()

    plan = planned(built)
    assert (built.status, isinstance(plan, Deliver)) == ("SUCCESS", True)
    assert (plan.image.repository, plan.image.digest) == (IMAGE, DIGEST)
    assert [target.name for target in plan.targets] == ["staging", "production"]
    assert plan.build.source == "fleet/main@c0ffee000000"


def test_tests_are_run_the_image_is_scanned_and_only_then_pushed(play):
    built = play()

    push = place(built, "docker", "push")
    assert place(built, "make", "test-service") < push
    [scan] = [call for call in built.called("trivy") if "--exit-code" in call]
    assert built.calls.index(scan) < push
    assert scan[2] == f"{IMAGE}:b-1"
    assert built.calls[push][-1] == scan[2]
    severity = scan[scan.index("--severity") + 1]
    assert (severity, "--ignore-unfixed" in scan) == ("HIGH,CRITICAL", True)


def test_the_scan_uses_the_database_that_was_fetched_beside_the_build(play):
    built = play()

    fetched = place(built, "trivy", "image", "--download-db-only")
    [scan] = [call for call in built.called("trivy") if "--skip-db-update" in call]
    assert fetched < built.calls.index(scan)
    steps = {step["id"]: step["env"] for step in BUILD["steps"] if "env" in step}
    cache = "TRIVY_CACHE_DIR=.build/scan"
    assert cache in steps["database"]
    assert cache in steps["scan"]
    assert cache not in steps["sbom"]


def test_the_build_has_a_cache_in_the_registry_and_no_index(play):
    [call] = play().called("docker", "buildx", "build")

    assert call[call.index("--cache-from") + 1] == f"type=registry,ref={IMAGE}-cache:buildkit"
    assert call[call.index("--cache-to") + 1].startswith(
        f"type=registry,ref={IMAGE}-cache:buildkit,mode=max,"
    )
    assert {"--load", "--provenance=false", "--sbom=false"} <= set(call)
    assert call[3] == "health_service"


def test_an_image_says_its_commit_and_that_nothing_was_left_out(play):
    assert labels(play(_SOURCE_URL="https://example.com/fleet")) == {
        "dev.barq.tests": "required",
        "dev.barq.scan": "required",
        "org.opencontainers.image.revision": BUILT_IN["COMMIT_SHA"],
        "org.opencontainers.image.source": "https://example.com/fleet",
    }


def test_a_build_by_hand_needs_no_commit_and_is_delivered_only_if_it_names_a_branch(play):
    built = play(COMMIT_SHA="", REPO_NAME="", BRANCH_NAME="")

    assert built.status == "SUCCESS"
    assert labels(built) == {"dev.barq.tests": "required", "dev.barq.scan": "required"}
    plan = planned(built)
    assert isinstance(plan, Ignore)
    assert "branch ''" in plan.because


@pytest.mark.parametrize(
    ("switch", "label", "left_out", "told"),
    [
        ("_SKIP_TESTS", "dev.barq.tests", ("make",), "TESTS SKIPPED"),
        ("_SKIP_SCAN", "dev.barq.scan", ("trivy", "image", "--download-db-only"), "SCAN SKIPPED"),
    ],
)
def test_an_emergency_switch_leaves_out_one_thing_and_says_so(play, switch, label, left_out, told):
    built = play(**{switch: "true"})

    assert built.status == "SUCCESS"
    assert built.called(*left_out) == []
    kept = {"dev.barq.tests", "dev.barq.scan"} - {label}
    assert labels(built)[label] == "skipped"
    assert [labels(built)[one] for one in kept] == ["required"]
    assert f"!!!!!!!! {switch} is 'true'" in built.log
    assert f"!!!!!!!! {told} by {switch} !!!!!!!!" in built.log
    assert len(built.called("docker", "push")) == 1


def test_without_a_scan_the_inventory_is_made_all_the_same(play):
    built = play(_SKIP_SCAN="true")

    assert [call[3:5] for call in built.called("trivy")] == [["--image-src", "docker"]]
    assert len(built.called("oras", "attach")) == 1


def test_a_switch_is_told_in_the_plan_that_notices_are_made_of(play):
    plan = planned(play(_SKIP_TESTS="true", _SKIP_SCAN="true"))

    assert plan.build.source == "fleet/main@c0ffee000000, built without tests and scan"


@pytest.mark.parametrize("value", ["True", "yes", "", "1", "true ", "x 'false"])
@pytest.mark.parametrize("switch", ["_SKIP_TESTS", "_SKIP_SCAN"])
def test_a_switch_that_is_neither_true_nor_false_is_refused(play, switch, value):
    built = play(**{switch: value})

    assert (built.status, built.failed) == ("FAILURE", "switches")
    assert (
        f"error: nothing was built; {switch} is '{value}': must be true or false, such as false."
        in built.log
    )
    assert built.called("docker") == []


@pytest.mark.parametrize(
    ("failing", "step"),
    [
        ("make test-service", "tests"),
        ("buildx build", "build"),
        ("--exit-code 1", "scan"),
        ("--download-db-only", "database"),
        ("--format cyclonedx", "sbom"),
    ],
)
def test_what_fails_before_the_push_leaves_nothing_in_the_registry(play, failing, step):
    built = play(failing, _MIGRATE_JOBS=JOBS)

    assert (built.status, built.failed) == ("FAILURE", step)
    assert built.called("docker", "push") == []
    assert built.called("gcloud", "run", "jobs", "execute") == []
    assert isinstance(planned(built), Ignore)


def test_a_scan_that_is_switched_off_cannot_fail_the_build(play):
    assert play("--exit-code 1", _SKIP_SCAN="true").status == "SUCCESS"


def test_the_inventory_is_attached_to_the_digest_that_was_pushed(play):
    [call] = play().called("oras", "attach")

    assert call[2] == f"{IMAGE}@{DIGEST}"
    assert call[-1] == ".build/sbom.cdx.json:application/vnd.cyclonedx+json"


def test_each_job_migrates_with_the_pushed_digest_one_after_the_other(play):
    built = play(_MIGRATE_JOBS=JOBS)

    done = [
        (call[3], call[4], call[5], call[-1])
        for call in built.called("gcloud", "run", "jobs")
        if call[3] != "describe"
    ]
    image = f"--image={IMAGE}@{DIGEST}"
    assert done == [
        ("update", "fleet-migrate", "--project=barq-staging", image),
        ("execute", "fleet-migrate", "--project=barq-staging", "--wait"),
        ("update", "fleet-migrate", "--project=barq-production", image),
        ("execute", "fleet-migrate", "--project=barq-production", "--wait"),
    ]
    assert built.calls[-1] == built.called("gcloud", "run", "jobs", "execute")[-1]
    assert place(built, "docker", "push") < built.calls.index(built.called("gcloud")[2])


def test_without_jobs_nothing_is_migrated(play):
    assert play().called("gcloud") == []


def test_a_migration_that_fails_stops_the_next_and_is_not_announced(play):
    built = play("execute fleet-migrate --project=barq-staging", _MIGRATE_JOBS=JOBS)

    assert (built.status, built.failed) == ("FAILURE", "migrate")
    assert len(built.called("gcloud", "run", "jobs", "update")) == 1
    assert isinstance(planned(built), Ignore)


@pytest.mark.parametrize(
    "job", ["fleet-migrate", "p/r", "p/r/j/more", "P/europe-west1/j", "p//j", "p/r/j;ls"]
)
def test_a_job_that_is_none_is_refused_before_anything_is_built(play, job):
    built = play(_MIGRATE_JOBS=f"barq-staging/europe-west1/fleet-migrate {job}")

    assert (built.status, built.failed) == ("FAILURE", "jobs")
    assert f"_MIGRATE_JOBS names '{job}': must be PROJECT/REGION/JOB, such as" in built.log
    assert built.called("docker") == []


def test_a_job_that_is_not_there_ends_the_build_before_it_began(play):
    built = play("jobs describe", _MIGRATE_JOBS=JOBS)

    assert (built.failed, built.called("docker")) == ("jobs", [])


def test_a_build_for_one_target_is_planned_for_that_one(play):
    plan = planned(play(_BARQ_TARGET="staging"))

    assert [target.name for target in plan.targets] == ["staging"]
