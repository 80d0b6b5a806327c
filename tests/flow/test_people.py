"""Never overwrite a person, nor Terraform: what Barq did not write stops the rollout."""

from typing import Any

import pytest

from local_cloud.cloud import CloudSettings
from local_cloud.run.settings import RunSettings
from tests.flow.flow import DELIVERY, Flow, changed
from tests.flow.invariants import RECORD
from tests.flow.traffic import Quality

QUICK = DELIVERY.replace("window: 2m", "window: 1m")
ENV = {"name": "MODE", "value": "new"}


def set_env(service: dict[str, Any]) -> None:
    """Change a variable as gcloud does: a new revision with a name of gcloud's own."""
    template = service["spec"]["template"]
    template["spec"]["containers"][0]["env"] = [ENV]
    template.setdefault("metadata", {})["name"] = "api-00042-abc"


def test_a_person_who_moves_traffic_stops_the_rollout_and_keeps_the_split():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(50)
    rollout = flow.rollout()
    flow.passes(seconds=5)

    flow.person_sets_traffic("production", {rollout.stable: 70, rollout.canary: 30})
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert f"{rollout.canary} 30 %" in because
    assert "overwrites nothing" in because
    assert flow.split() == {"v1": 70, "v2": 30}
    assert flow.told()[-1] == "rollout.stopped"


def test_a_person_who_moves_traffic_while_an_approval_is_awaited_stops_the_rollout():
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.rollout().approval is not None)
    rollout = flow.rollout()

    flow.person_sets_traffic("production", {rollout.canary: 100})
    flow.answers("approve")
    flow.until_ended()

    assert flow.outcome()[0] == "stopped"
    assert flow.split() == {"v2": 100}


def test_a_person_who_moves_traffic_while_the_canary_starts_stops_the_rollout():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state() == "deploying")

    flow.person_writes(
        lambda service: service["spec"].update(traffic=[{"latestRevision": True, "percent": 100}])
    )
    flow.until_ended()

    assert flow.outcome()[0] == "stopped"


def test_the_next_event_after_a_split_by_hand_asks_who_is_stable():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    rollout = flow.rollout()
    flow.person_sets_traffic("production", {rollout.stable: 70, rollout.canary: 30})
    flow.until_ended()

    flow.built(flow.image("v3"))
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "nobody can say which revision is stable" in because
    assert "gcloud run services update-traffic api --to-revisions=REVISION=100" in because
    assert flow.split() == {"v1": 70, "v2": 30}


def test_a_person_who_changes_another_setting_during_a_rollout_stops_it():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.person_writes(set_env)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "was written by someone else" in because
    assert flow.split() == {"v1": 90, "v2": 10}


@pytest.mark.parametrize("annotations_count", [False, True])
def test_an_approval_does_not_explain_away_what_a_person_changed(annotations_count):
    settings = CloudSettings(run=RunSettings(annotations_bump_generation=annotations_count))
    flow = Flow(changed(DELIVERY, approval="{by: manual, expires: 24h}"), settings=settings)
    flow.built(flow.image("v2"))
    flow.until(lambda: "approval.requested" in flow.told())

    flow.person_writes(set_env)
    flow.answers("approve", reason="looks good")
    flow.until_ended()

    assert flow.state() == "stopped"
    assert "written by someone else" in flow.rollout().because
    assert flow.split() == {"v1": 100}


def test_a_person_who_only_labels_the_service_hinders_nothing():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.person_writes(lambda service: service["metadata"]["labels"].update(team="blue"))
    flow.until_ended()

    assert flow.split() == {"v2": 100}
    assert flow.document()["metadata"]["labels"]["team"] == "blue"


def test_a_write_between_barqs_read_and_its_write_is_never_lost():
    """The compare-and-swap: read again, decide again."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until(lambda: flow.state() == "deploying")
    deployed = flow.worlds["shift_traffic"].services.write
    raced: list[int] = []

    def racing(seen: Any, change: Any) -> None:
        if not raced:
            raced.append(1)
            flow.person_writes(lambda service: service["metadata"]["labels"].update(race="won"))
        deployed(seen, change)

    flow.worlds["shift_traffic"].services.write = racing  # type: ignore[method-assign]
    flow.until_ended()

    assert raced
    assert flow.split() == {"v2": 100}
    assert flow.document()["metadata"]["labels"]["race"] == "won"


def test_an_older_whole_object_written_back_is_known_by_its_generation():
    """Terraform sends what it refreshed: traffic, template and record go back together."""
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    older = flow.document()
    flow.until_at(50)
    flow.passes(seconds=5)

    flow.terraform_writes(older)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "was written by someone else" in because
    assert flow.split() == {"v1": 90, "v2": 10}
    assert flow.told()[-1] == "rollout.stopped"


def test_an_object_of_before_the_rollout_written_back_ends_it():
    flow = Flow(QUICK)
    older = flow.document()
    flow.built(flow.image("v2"))
    flow.until_at(50)
    flow.passes(seconds=5)

    flow.terraform_writes(older)
    flow.until_ended()

    assert flow.outcome()[0] == "stopped"
    assert flow.split() == {"v1": 100}
    assert RECORD not in flow.document()["metadata"]["annotations"]


def test_an_object_of_the_rollout_before_written_back_ends_this_one():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_ended()
    older = flow.document()
    flow.built(flow.image("v3"))
    flow.until_at(50)
    flow.passes(seconds=5)

    flow.terraform_writes(older)
    flow.until_ended()

    assert flow.outcome()[0] in ("stopped", "superseded")
    assert flow.split() == {"v2": 100}


def test_after_terraform_brought_a_split_back_the_next_event_finds_stable():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)
    older = flow.document()
    flow.until_ended()
    assert flow.split() == {"v2": 100}

    flow.terraform_writes(older)
    flow.built(flow.image("v3"))
    flow.until_at(10)

    assert flow.split() == {"v1": 90, "v3": 10}


def adoptable(flow: Flow) -> str:
    """Have a person make a Ready revision at 0 % with another variable; return its name."""
    stable = flow.document()["status"]["traffic"][0]["revisionName"]

    def no_traffic(service: dict[str, Any]) -> None:
        set_env(service)
        service["spec"]["traffic"] = [{"revisionName": stable, "percent": 100}]

    flow.person_writes(no_traffic)
    flow.passes(seconds=5)
    return "api-00042-abc"


def test_a_revision_that_a_person_made_is_delivered_like_an_image():
    flow = Flow(QUICK)
    revision = adoptable(flow)

    flow.by_hand(action="rollout", service="api", target="production", revision=revision)
    flow.until_ended()

    assert flow.outcome()[0] == "promoted"
    serving = flow.document()["status"]["traffic"]
    assert [(one["revisionName"], one["percent"]) for one in serving] == [(revision, 100)]


def test_a_bad_adopted_revision_is_rolled_back():
    flow = Flow(QUICK)
    revision = adoptable(flow)
    stable = flow.document()["status"]["traffic"][0]["revisionName"]
    flow.traffic.by_revision[revision] = Quality(error_ratio=1.0)
    flow.by_hand(action="rollout", service="api", target="production", revision=revision)
    flow.until_ended()

    assert flow.outcome()[0] == "rolled_back"
    serving = flow.document()["status"]["traffic"]
    assert [(one["revisionName"], one["percent"]) for one in serving] == [(stable, 100)]


def test_a_revision_that_does_not_exist_is_not_adopted():
    flow = Flow(QUICK)

    flow.by_hand(action="rollout", service="api", target="production", revision="api-nowhere")
    flow.until_ended()

    assert flow.outcome() == ("stopped", "revision api-nowhere does not exist; nothing was changed")
    assert flow.writes() == 0


def test_the_stable_revision_is_not_adopted_as_its_own_canary():
    flow = Flow(QUICK)
    stable = flow.document()["status"]["traffic"][0]["revisionName"]

    flow.by_hand(action="rollout", service="api", target="production", revision=stable)
    flow.until_ended()

    assert flow.outcome()[0] == "unchanged"


def test_a_record_that_someone_broke_gives_a_sentence_and_changes_nothing():
    flow = Flow(QUICK)
    flow.person_writes(
        lambda service: service["metadata"]["annotations"].update({RECORD: '{"schema": 1, "rol'})
    )

    flow.built(flow.image("v2"))
    flow.until(flow.ended)

    assert "the rollout record cannot be read" in flow.error()
    assert "nothing was changed" in flow.error()
    assert flow.writes() == 0


def test_a_record_broken_during_a_rollout_leaves_the_split_and_says_so():
    flow = Flow(QUICK)
    flow.built(flow.image("v2"))
    flow.until_at(10)

    flow.person_writes(lambda service: service["metadata"]["annotations"].update({RECORD: "[]"}))
    flow.until(flow.ended)

    assert "the rollout record cannot be read" in flow.error()
    assert flow.split() == {"v1": 90, "v2": 10}


def test_a_record_of_newer_code_is_left_alone():
    flow = Flow(QUICK)
    flow.person_writes(
        lambda service: service["metadata"]["annotations"].update({RECORD: '{"schema": 99}'})
    )

    flow.built(flow.image("v2"))
    flow.until(flow.ended)

    assert "has schema 99" in flow.error()
    assert flow.writes() == 0


def test_a_record_that_went_back_behind_its_smoke_test_ends_the_rollout():
    """An older object of the same generation: only the record's own state gives it away."""
    flow = Flow(changed(QUICK, approval="{by: manual, expires: 6h}"))
    flow.built(flow.image("v2", unhealthy=True))
    flow.until(lambda: flow.state() == "deployed")
    older = flow.document()
    flow.becomes(flow.image("v2"))
    flow.until(lambda: flow.rollout().approval is not None)

    flow.terraform_writes(older)
    flow.passes(hours=2)

    assert flow.ended()
    assert flow.outcome()[0] == "stopped"
    assert flow.told()[-1] == "rollout.stopped"
    assert flow.split() == {"v1": 100}


def test_an_object_of_before_the_rollout_written_back_while_the_canary_starts_ends_it():
    flow = Flow(QUICK)
    before = flow.document()
    flow.built(flow.image("v2", ready_seconds=60))
    flow.until(lambda: flow.state() == "deploying", within_minutes=1)

    flow.terraform_writes(before)
    flow.until_ended()

    outcome, because = flow.outcome()
    assert outcome == "stopped"
    assert "is gone: somebody wrote an older object back" in because
    assert flow.told().count("rollout.started") == 1
