"""How a rollout begins, and every reason for which it does not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.actions import Hold, Shift, Stop
from rollouts.claiming import Facts, claim, revision_name, rollout_id, stable_of
from rollouts.images import Image
from rollouts.record import Build, Record, RefusedDigest
from rollouts.requests import REVISION
from rollouts.seen import NewRevision
from rollouts.traffic import Entry
from tests.unit.functions.rollouts.builders import (
    CALLBACK,
    CANARY,
    DIGEST,
    EXECUTION,
    IMAGE,
    NOW,
    OTHER_DIGEST,
    OTHER_EXECUTION,
    REPOSITORY,
    STABLE,
    at,
    deploying,
    driver,
    revision,
    rollout,
    seen,
    shifts,
    target,
)

TARGET = target()
OLD_IMAGE = f"{REPOSITORY}@{OTHER_DIGEST}"
RUNS = revision(STABLE, image=OLD_IMAGE, resolved=OTHER_DIGEST)
FACTS = Facts(stable=RUNS, candidate=None, other_driver_alive=False)
ALIVE = replace(FACTS, other_driver_alive=True)
BY_EVENT = Build("build-2", at(minutes=-1), "team/api/main@c0ffee")


def stopped(decision):
    """Return why, of a decision that does nothing."""
    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "stopped"
    assert not decision.action.go_on
    assert (decision.change, decision.notices) == (None, ())
    return decision.action.because


def claimed(service, request, facts=FACTS, where=TARGET):
    decision = claim(service, request, where, facts, NOW)
    assert decision.change is not None
    assert decision.change.record.rollout is not None
    return decision, decision.change.record.rollout


def test_a_new_image_gets_a_revision_at_0_percent_and_traffic_is_pinned_to_stable():
    latest = seen(split=(Entry(None, 100),), latest_ready=STABLE)

    decision, own = claimed(latest, deploying(build=BY_EVENT))

    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100),)
    assert decision.change.template == NewRevision(own.canary, IMAGE)
    assert isinstance(decision.action, Hold)
    assert (decision.action.waits_for, decision.action.wait_seconds) == ("revision", 2)
    assert decision.action.until == at(minutes=10)
    (notice,) = decision.notices
    assert (notice.kind, notice.percent_before, notice.percent_after) == ("rollout.started", 0, 0)


def test_the_record_holds_who_claimed_what_and_under_which_policy():
    decision, own = claimed(seen(), deploying(build=BY_EVENT, automatic=True))

    assert (own.state, own.stable, own.digest, own.repository) == (
        "deploying",
        STABLE,
        DIGEST,
        REPOSITORY,
    )
    assert (own.execution, own.callback, own.service, own.target) == (
        EXECUTION,
        CALLBACK,
        "api",
        "production",
    )
    assert (own.policy, own.claimed_at, own.build) == (TARGET.policy, NOW, BY_EVENT)
    assert own.canary == f"api-aaaaaa-{own.id[:6]}"
    assert decision.change is not None
    assert decision.change.record.newest_build == BY_EVENT.created
    assert decision.change.record.acted_on == ("build-2",)


def test_repeats_of_one_execution_make_the_same_rollout():
    assert rollout_id(EXECUTION, "api", "production") == rollout_id(EXECUTION, "api", "production")
    assert rollout_id(EXECUTION, "api", "staging") != rollout_id(EXECUTION, "api", "production")
    assert rollout_id(OTHER_EXECUTION, "api", "staging") != rollout_id(EXECUTION, "api", "staging")


@given(st.from_regex(r"[a-z]([a-z0-9-]{0,47}[a-z0-9])?", fullmatch=True))
def test_a_revisions_name_begins_with_its_services_and_is_a_legal_one(service):
    name = revision_name(service, DIGEST, "0123abcd")

    assert name.startswith(f"{service}-")
    assert REVISION.fullmatch(name)


def test_a_rollout_by_hand_leaves_the_newest_build_alone():
    known = Record(newest_build=at(minutes=-5), acted_on=("build-1",))

    decision, _ = claimed(seen(record=known), deploying())

    assert decision.change is not None
    assert decision.change.record == replace(known, rollout=decision.change.record.rollout)


def test_an_older_build_that_a_person_delivers_does_not_become_the_newest():
    known = Record(newest_build=at())

    decision, _ = claimed(seen(record=known), deploying(build=BY_EVENT))

    assert decision.change is not None
    assert decision.change.record.newest_build == at()


def test_foreign_tags_stay_and_the_last_canarys_tag_goes():
    split = (Entry(STABLE, 100), Entry("api-0", 0, "qa"), Entry("api-0", 0, "canary"))

    decision, _ = claimed(seen(split=split), deploying())

    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100), Entry("api-0", 0, "qa"))


def test_a_rollout_under_way_is_not_taken_from_a_driver_that_lives_where_the_policy_rejects():
    service = seen(rollout(execution=OTHER_EXECUTION, digest=OTHER_DIGEST))

    decision = claim(service, deploying(), target(second_push="reject"), ALIVE, NOW)

    assert f"driven by {OTHER_EXECUTION}" in stopped(decision)
    assert "nothing was changed" in stopped(decision)


@pytest.mark.parametrize("way", ["supersede", "queue", "reject"])
@pytest.mark.parametrize("facts", [FACTS, ALIVE])
def test_a_build_for_one_target_that_gives_way_begins_nothing_beside_another(way, facts):
    """A push may have claimed the target between the look of `plan` and this one."""
    request = deploying(build=BY_EVENT, automatic=True, gives_way=True)
    present = seen(rollout(execution=OTHER_EXECUTION, digest=OTHER_DIGEST))

    decision = claim(present, request, target(second_push=way), facts, NOW)

    assert decision.change is None
    assert isinstance(decision.action, Stop)
    assert "gives way to rollout" in decision.action.because
    assert [one.kind for one in decision.notices] == ["delivery.ignored"]
    ended = seen(rollout("promoted", execution=OTHER_EXECUTION))
    assert claimed(ended, request)


def test_a_second_push_supersedes_beside_the_stable_that_the_first_began_with():
    under_way = rollout(execution=OTHER_EXECUTION, digest=OTHER_DIGEST, id="0000aaaa")

    decision, own = claimed(seen(under_way), deploying(), ALIVE)

    assert own.stable == STABLE
    assert decision.change.split == (Entry(STABLE, 100),)
    assert decision.change.record.past == ("0000aaaa",)
    left, started = decision.notices
    assert (left.kind, left.rollout.state) == ("rollout.superseded", "superseded")
    assert left.because == f"rollout {own.id} takes its place"
    assert started.kind == "rollout.started"


def test_a_rollout_that_is_over_does_not_begin_again():
    own = rollout_id(EXECUTION, "api", "production")

    decision = claim(seen(record=Record(past=(own,))), deploying(), TARGET, FACTS, NOW)

    assert "is over or was overtaken" in stopped(decision)


def test_a_rollout_that_somebody_wrote_off_the_record_does_not_begin_again():
    """An older whole object came back: what was claimed since stops, as everywhere else."""
    decision = claim(seen(), deploying(claimed="0000aaaa"), TARGET, FACTS, NOW)

    assert "the record of rollout 0000aaaa is gone" in stopped(decision)


def test_a_person_who_moved_traffic_is_not_overwritten_when_nothing_new_begins():
    theirs = (Entry("api-9", 100),)
    service = seen(rollout(execution=OTHER_EXECUTION, digest=OTHER_DIGEST), split=theirs)
    runs = replace(FACTS, stable=revision("api-9"), other_driver_alive=True)

    decision = claim(service, deploying(), TARGET, runs, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "unchanged"
    assert decision.change is not None
    assert decision.change.record.rollout is not None
    assert decision.change.record.rollout.state == "stopped"
    assert decision.change.split is None


def test_a_late_request_of_an_execution_that_has_ended_begins_nothing():
    because = stopped(claim(seen(), deploying(), TARGET, replace(FACTS, driver_alive=False), NOW))

    assert because == f"{EXECUTION} has ended, and nobody would drive; nothing was changed"


def test_a_rollout_of_a_dead_driver_is_superseded_from_its_own_stable():
    service = seen(rollout(execution=OTHER_EXECUTION, shifts=shifts(10, 50)))

    decision, own = claimed(service, deploying())

    assert own.stable == STABLE
    assert own.execution == EXECUTION
    assert decision.change is not None
    assert decision.change.split == (Entry(STABLE, 100),)
    left, started = decision.notices
    assert (left.kind, left.percent_before, left.percent_after) == ("rollout.superseded", 50, 0)
    assert (left.rollout.state, left.rollout.ended_at) == ("superseded", NOW)
    assert left.because == f"its execution is gone; rollout {own.id} takes its place"
    assert started.rollout == own


def test_an_abandoned_canary_gives_back_its_share_even_if_nothing_new_begins():
    service = seen(rollout(execution=OTHER_EXECUTION))
    serving = replace(FACTS, stable=revision(STABLE, image=IMAGE))

    decision = claim(service, deploying(), TARGET, serving, NOW)
    assert decision.change is not None
    again = claim(seen(decision.change.record.rollout), deploying(), TARGET, serving, NOW)

    assert isinstance(decision.action, Stop)
    assert decision.action.outcome == "unchanged"
    assert decision.change.split == (Entry(STABLE, 100),)
    assert decision.change.record.rollout is not None
    assert decision.change.record.rollout.state == "superseded"
    assert [notice.kind for notice in decision.notices] == ["rollout.superseded"]
    assert (again.action, again.change) == (decision.action, None)


def test_an_ended_rollout_is_in_nobodys_way_even_if_its_driver_lives():
    _, own = claimed(seen(rollout("rolled_back", execution=OTHER_EXECUTION)), deploying(), ALIVE)

    assert own.state == "deploying"


@pytest.mark.parametrize(
    ("service", "stable"),
    [
        (seen(), STABLE),
        (seen(split=(Entry(None, 100),), latest_ready="api-9"), "api-9"),
        (seen(rollout("promoted")), CANARY),
        (seen(rollout()), STABLE),
        (seen(rollout("stopped")), None),
        (seen(rollout(), split=(Entry(STABLE, 50), Entry(CANARY, 50))), None),
        (seen(rollout(), split=(Entry(CANARY, 100),)), CANARY),
    ],
)
def test_stable_is_what_has_everything_or_what_an_unfinished_rollout_began_beside(service, stable):
    assert stable_of(service) == stable


def test_without_a_stable_nothing_begins_and_the_way_out_is_said():
    because = stopped(claim(seen(rollout("stopped")), deploying(), TARGET, FACTS, NOW))

    assert "api-1 90 %, api-2 10 %, so nobody can say which revision is stable" in because
    assert "gcloud run services update-traffic api --to-revisions=REVISION=100" in because


REFUSED = Record(refused=(RefusedDigest(DIGEST, "r1", at(minutes=-60), "5 of 9 failed"),))


def test_a_digest_that_was_rolled_back_is_refused_with_when_why_and_how_to_force_it():
    because = stopped(claim(seen(record=REFUSED), deploying(), TARGET, FACTS, NOW))

    assert "aaaaaaaa was rolled back at 2026-11-22T11:00:00Z (5 of 9 failed)" in because
    assert '"force": true' in because


def test_who_passes_a_freeze_and_why_stands_in_record_and_event():
    decision, ours = claimed(seen(), deploying(override_freeze="checkout is down"))
    _, other = claimed(seen(), deploying())

    assert ours.override_freeze == "execution e1: checkout is down"
    assert decision.notices[-1].because == "waits for no freeze, execution e1: checkout is down"
    assert (other.override_freeze, other.because) == ("", "")


def test_the_same_image_begins_anew_if_the_one_under_way_waits_for_a_freeze():
    present = seen(rollout("verified", execution=OTHER_EXECUTION))
    request = deploying(override_freeze="checkout is down")
    passing = seen(rollout("verified", execution=OTHER_EXECUTION, override_freeze="e2: down"))

    assert claim(present, request, TARGET, ALIVE, NOW).change is not None
    assert "on its way already" in stopped(claim(passing, request, TARGET, ALIVE, NOW))
    assert "on its way already" in stopped(claim(present, deploying(), TARGET, ALIVE, NOW))


def test_a_refused_digest_can_be_forced_and_another_is_not_refused():
    other = deploying(image=Image(REPOSITORY, "sha256:" + "c" * 64))

    assert claimed(seen(record=REFUSED), deploying(force=True))
    assert claimed(seen(record=REFUSED), other)


@pytest.mark.parametrize(
    ("known", "because"),
    [
        (Record(acted_on=("build-2",)), "build build-2 was already acted on"),
        (Record(newest_build=at()), "before the newest accepted build"),
    ],
)
def test_an_event_that_is_told_again_or_late_begins_nothing(known, because):
    late = deploying(build=BY_EVENT, automatic=True)

    assert because in stopped(claim(seen(record=known), late, TARGET, FACTS, NOW))


def test_a_person_may_deliver_an_older_build():
    known = Record(newest_build=at(), acted_on=("build-2",))

    assert claimed(seen(record=known), deploying(build=BY_EVENT))


def test_a_canary_that_could_not_be_tested_is_not_deployed():
    hidden = seen(unreachable="the service's ingress is internal; set verify.paths: []")

    because = stopped(claim(hidden, deploying(), TARGET, FACTS, NOW))

    assert "the canary's tag URL could not be tested: the service's ingress is internal" in because
    assert claimed(hidden, deploying(), where=target(verify={"paths": []}))


@pytest.mark.parametrize(
    "runs",
    [
        revision(STABLE, image=IMAGE, resolved=None),
        revision(STABLE, image=IMAGE, resolved="sha256:" + "c" * 64),
        revision(STABLE, image=f"{REPOSITORY}:latest", resolved=DIGEST),
    ],
)
def test_the_digest_that_stable_serves_is_not_deployed_again(runs):
    decision = claim(seen(), deploying(), TARGET, replace(FACTS, stable=runs), NOW)

    assert decision.action == Stop(
        "unchanged", "api-1 already serves aaaaaaaa; nothing was changed"
    )
    assert decision.change is None


def test_an_index_image_is_new_even_if_stable_serves_another_of_its_repository():
    index = revision(STABLE, image=OLD_IMAGE, resolved="sha256:" + "c" * 64)

    assert claimed(seen(), deploying(), replace(FACTS, stable=index))


def test_a_stable_that_cannot_be_read_hinders_nothing():
    assert claimed(seen(), deploying(), replace(FACTS, stable=None))


ADOPT = deploying(image=None, revision=CANARY)
MADE = replace(FACTS, candidate=revision(CANARY))


def test_a_revision_of_a_refused_digest_is_not_adopted_unless_forced():
    """A person changed a setting of what was rolled back: the image is as bad as it was."""
    known = replace(seen(), record=Record(refused=(RefusedDigest(DIGEST, "r", NOW, "it failed"),)))
    made = replace(FACTS, candidate=revision(image=f"{REPOSITORY}@{DIGEST}"))

    refused = claim(known, ADOPT, TARGET, made, NOW)
    forced = claim(known, replace(ADOPT, force=True), TARGET, made, NOW)

    assert isinstance(refused.action, Stop)
    assert "was rolled back" in refused.action.because
    assert forced.change is not None


def test_what_a_person_has_replaced_since_its_promotion_is_not_kept():
    last = rollout("promoted", canary="api-9", execution=OTHER_EXECUTION)

    decision, _ = claimed(seen(last, split=(Entry(STABLE, 100),)), deploying())

    assert decision.change is not None
    assert decision.change.record.promoted is None


def test_what_was_promoted_last_is_kept_for_the_alerts_of_its_watch():
    last = rollout("promoted", canary=STABLE, execution=OTHER_EXECUTION)

    decision, _ = claimed(seen(last, split=(Entry(STABLE, 100),)), deploying())

    assert decision.change is not None
    assert decision.change.record.promoted == last


def test_a_revision_that_a_person_made_is_adopted_as_it_is():
    decision, own = claimed(seen(), ADOPT, MADE)

    assert own.adopted
    assert (own.canary, own.digest, own.repository, own.state) == (CANARY, "", "", "deployed")
    assert decision.change is not None
    assert decision.change.template is None
    assert decision.change.split == (Entry(STABLE, 100), Entry(CANARY, 0, "canary"))
    assert isinstance(decision.action, Shift)


@pytest.mark.parametrize(
    ("candidate", "because"),
    [
        (None, "revision api-2 does not exist; nothing was changed"),
        (revision(CANARY, "failed", reason="it crashed"), "is not Ready (it crashed)"),
        (revision(CANARY, "pending"), "is not Ready"),
    ],
)
def test_a_revision_that_is_not_ready_is_not_adopted(candidate, because):
    facts = replace(FACTS, candidate=candidate)

    assert because in stopped(claim(seen(), ADOPT, TARGET, facts, NOW))


def test_stable_itself_cannot_be_adopted():
    itself = deploying(image=None, revision=STABLE)
    facts = replace(FACTS, candidate=RUNS)

    decision = claim(seen(), itself, TARGET, facts, NOW)

    assert decision.action == Stop("unchanged", "revision api-1 already has all of the traffic")


def test_a_first_image_on_a_placeholder_goes_from_0_to_100_and_says_so():
    hello = revision(STABLE, image="us-docker.pkg.dev/cloudrun/container/hello", resolved=None)

    _, own = claimed(seen(), deploying(), replace(FACTS, stable=hello))

    assert own.placeholder
    assert own.steps == (100,)
    assert "first image after the placeholder" in own.because


def test_another_targets_request_makes_another_rollout():
    _, own = claimed(seen(), deploying(driver=driver(where="staging")))

    assert own.target == "staging"
    assert own.id != claimed(seen(), deploying())[1].id


def test_the_builds_acted_on_are_the_newest_twenty():
    known = Record(acted_on=tuple(f"b{number}" for number in range(20)))

    decision, _ = claimed(seen(record=known), deploying(build=BY_EVENT))

    assert decision.change is not None
    assert decision.change.record.acted_on[0] == "b1"
    assert decision.change.record.acted_on[-1] == "build-2"


def test_a_build_that_begins_nothing_tells_it_once_and_changes_nothing():
    own = rollout(shifts=shifts(10))
    late = deploying(build=BY_EVENT, automatic=True)
    gone = replace(FACTS, driver_alive=False)

    decision = claim(seen(own), late, TARGET, gone, NOW)
    again = claim(
        seen(record=Record(rollout=own, acted_on=(BY_EVENT.id,))), late, TARGET, gone, NOW
    )

    (notice,) = decision.notices
    assert (decision.change, notice.kind) == (None, "delivery.ignored")
    assert notice.because.startswith(f"build {BY_EVENT.id}: ")
    assert (notice.percent_before, notice.percent_after) == (10, 10)
    assert (again.change, again.notices) == (None, ())
