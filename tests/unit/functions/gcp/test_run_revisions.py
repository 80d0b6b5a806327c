"""What v2 and v1 tell of a revision. The client itself meets a door in tests/contract/gcp."""

import pytest
from google.cloud.run_v2.types import Condition, Revision

from gcp.run_revisions import readiness_of, resolved_digest
from tests.unit.functions.gcp.worlds import NEW, OLD, REPOSITORY

State = Condition.State


def revision(**ready):
    conditions = [Condition(type_="Active", state=State.CONDITION_SUCCEEDED)]
    if ready:
        conditions.append(Condition(type_="Ready", **ready))
    return Revision(conditions=conditions)


def v1(containers, statuses, **status):
    return {
        "metadata": {"name": "fleet-new"},
        "spec": {"containers": containers},
        "status": {"containerStatuses": statuses, **status},
    }


APP = {"name": "app", "image": f"{REPOSITORY}@{NEW}", "ports": [{"containerPort": 8080}]}
PROXY = {"name": "proxy", "image": "envoy:1"}


def test_a_succeeded_condition_is_ready():
    assert readiness_of(revision(state=State.CONDITION_SUCCEEDED)) == ("ready", "")


@pytest.mark.parametrize(
    "state", [State.STATE_UNSPECIFIED, State.CONDITION_PENDING, State.CONDITION_RECONCILING]
)
def test_what_is_neither_ready_nor_failed_is_pending(state):
    found = revision(state=state, message="Deploying Revision.")

    assert readiness_of(found) == ("pending", "Deploying Revision.")


def test_a_revision_without_a_ready_condition_is_pending():
    assert readiness_of(revision()) == ("pending", "")


def test_a_failed_one_tells_the_platforms_own_words():
    failed = revision(
        state=State.CONDITION_FAILED,
        revision_reason=Condition.RevisionReason.HEALTH_CHECK_CONTAINER_ERROR,
        message="The container failed to start.",
    )

    assert readiness_of(failed) == (
        "failed",
        "HEALTH_CHECK_CONTAINER_ERROR: The container failed to start.",
    )


def test_a_common_reason_is_told_as_well_but_not_that_it_is_unknown():
    missing = revision(
        state=State.CONDITION_FAILED, reason=Condition.CommonReason.CONTAINER_MISSING, message="No."
    )
    unknown = revision(
        state=State.CONDITION_FAILED, reason=Condition.CommonReason.UNKNOWN, message="No."
    )

    assert readiness_of(missing)[1] == "CONTAINER_MISSING: No."
    assert readiness_of(unknown)[1] == "No."


def test_the_resolved_digest_is_the_ingress_containers():
    statuses = [
        {"name": "proxy", "imageDigest": f"envoy@{OLD}"},
        {"name": "app", "imageDigest": f"{REPOSITORY}@{NEW}"},
    ]

    assert resolved_digest(v1([PROXY, APP], statuses)) == NEW


def test_a_bare_digest_is_read_as_well():
    assert resolved_digest(v1([APP], [{"name": "app", "imageDigest": NEW}])) == NEW


def test_a_name_that_the_platform_gave_is_the_one_that_nobody_else_has():
    nameless = {key: value for key, value in APP.items() if key != "name"}
    statuses = [
        {"name": "health-service-1", "imageDigest": f"{REPOSITORY}@{NEW}"},
        {"name": "proxy", "imageDigest": f"envoy@{OLD}"},
    ]

    assert resolved_digest(v1([nameless, PROXY], statuses)) == NEW


def test_one_container_alone_needs_no_name():
    assert resolved_digest(v1([{"image": "x"}], [{"imageDigest": f"x@{NEW}"}])) == NEW


@pytest.mark.parametrize("statuses", [[], [{"name": "a"}, {"name": "b"}], [{"name": "app"}]])
def test_what_is_not_told_by_name_is_not_known(statuses):
    assert resolved_digest(v1([PROXY, APP], statuses)) is None


def test_the_status_image_digest_is_never_believed():
    document = v1([PROXY, APP], [], imageDigest=f"{REPOSITORY}@{OLD}")

    assert resolved_digest(document) is None
