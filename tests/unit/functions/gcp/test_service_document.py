import copy
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.service_document import (
    RECORD,
    SUMMARY,
    apply,
    fingerprint,
    seen_of,
    summary,
    unreachable,
)
from rollouts.errors import BadRecord, Refused
from rollouts.record import EMPTY, ShiftDone
from rollouts.record_json import parse_record
from rollouts.seen import Change, NewRevision
from rollouts.traffic import Entry
from tests.unit.functions.gcp.worlds import (
    NEW,
    NOON,
    OLD,
    REF,
    REPOSITORY,
    record,
    rollout,
    service_json,
)

PLAIN_KEYS = st.text("abcdefghijklmnop.-/", min_size=3, max_size=20).filter(
    lambda key: key not in {"metadata", "spec", "status", "annotations"}
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def deploy():
    return Change(
        record(),
        (Entry("fleet-old", 100), Entry("fleet-older", 0, "keep")),
        NewRevision("fleet-new", f"{REPOSITORY}@{NEW}"),
    )


def test_a_read_tells_split_served_container_and_url():
    seen = seen_of(REF, service_json())

    assert seen.generation == 7
    assert seen.split == (Entry("fleet-old", 100), Entry("fleet-older", 0, "keep"))
    assert seen.served[1].url == "https://keep---fleet-abc-ew.a.run.app"
    assert seen.latest_ready == "fleet-old"
    assert (seen.container, seen.image) == ("app", f"{REPOSITORY}@{OLD}")
    assert seen.url == "https://fleet-abc-ew.a.run.app"
    assert seen.record == EMPTY
    assert seen.unreachable == ""


@pytest.mark.parametrize("traffic", [None, [], [{"latestRevision": True, "percent": 100}]])
def test_latest_is_an_entry_without_a_revision(traffic):
    raw = service_json()
    raw["spec"]["traffic"] = traffic
    if traffic is None:
        del raw["spec"]["traffic"]

    assert seen_of(REF, raw).split == (Entry(None, 100),)


def test_what_latest_serves_is_told_by_name():
    raw = service_json()
    served = {"latestRevision": True, "revisionName": "fleet-old", "percent": 100}
    raw["status"]["traffic"] = [served]

    assert seen_of(REF, raw).served == (Entry("fleet-old", 100),)


def test_a_service_that_never_got_ready_is_read():
    raw = service_json()
    raw["status"] = {"conditions": []}

    seen = seen_of(REF, raw)

    assert (seen.latest_ready, seen.served, seen.url) == (None, (), "")


def test_the_only_container_needs_neither_name_nor_ports():
    raw = service_json()
    raw["spec"]["template"]["spec"]["containers"] = [{"image": "x@" + OLD}]

    assert (seen_of(REF, raw).container, seen_of(REF, raw).image) == ("", "x@" + OLD)


def test_two_containers_without_ports_are_refused():
    raw = service_json()
    del raw["spec"]["template"]["spec"]["containers"][1]["ports"]

    with pytest.raises(Refused, match="0 of its 2 containers have ports"):
        seen_of(REF, raw)


def test_a_damaged_record_is_said_so():
    raw = service_json()
    raw["metadata"]["annotations"][RECORD] = "{"

    with pytest.raises(BadRecord):
        seen_of(REF, raw)


@pytest.mark.parametrize("ingress", ["internal", "internal-and-cloud-load-balancing"])
def test_internal_ingress_hides_tag_urls_and_says_what_to_set(ingress):
    sentence = unreachable({"run.googleapis.com/ingress": ingress})

    assert f"ingress is {ingress}" in sentence
    assert "verify.paths: []" in sentence


def test_a_disabled_default_url_hides_tag_urls_and_says_what_to_set():
    sentence = unreachable({"run.googleapis.com/default-url-disabled": "true"})

    assert "default URL is disabled" in sentence
    assert "verify.paths: []" in sentence


def test_an_open_service_hides_nothing():
    assert unreachable({}) == ""
    assert unreachable({"run.googleapis.com/default-url-disabled": "false"}) == ""


@pytest.mark.parametrize(
    ("metadata", "sticky"),
    [
        (None, False),
        ({"annotations": None}, False),
        ({"annotations": {"run.googleapis.com/sessionAffinity": "false"}}, False),
        ({"annotations": {"run.googleapis.com/sessionAffinity": "true"}}, True),
    ],
)
def test_session_affinity_is_read_from_the_template(metadata, sticky):
    raw = service_json()
    raw["spec"]["template"]["metadata"] = metadata

    assert seen_of(REF, raw).session_affinity is sticky


def test_session_affinity_of_the_service_itself_means_nothing():
    raw = service_json()
    raw["metadata"].setdefault("annotations", {})["run.googleapis.com/sessionAffinity"] = "true"

    assert seen_of(REF, raw).session_affinity is False


def test_a_deploy_changes_name_image_traffic_and_record_and_nothing_else():
    raw = service_json()
    expected = copy.deepcopy(raw)
    del expected["status"]
    image = f"{REPOSITORY}@{NEW}"
    template = expected["spec"]["template"]
    template["metadata"]["name"] = "fleet-new"
    template["spec"]["containers"][1]["image"] = image
    # gcloud shows this one as the image, so it must not tell of the old.
    template["metadata"]["annotations"]["client.knative.dev/user-image"] = image
    expected["metadata"]["annotations"]["client.knative.dev/user-image"] = image
    expected["spec"]["traffic"] = [
        {"revisionName": "fleet-old", "percent": 100},
        {"revisionName": "fleet-older", "percent": 0, "tag": "keep"},
    ]

    body = apply(raw, deploy(), 7)
    written = parse_record(body["metadata"]["annotations"].pop(RECORD))
    line = body["metadata"]["annotations"].pop(SUMMARY)

    assert body == expected
    assert written == dataclasses.replace(record(), generation=7)
    assert line == "deploying: fleet-new at 0 %"


def test_a_record_alone_leaves_traffic_and_template_as_they_were_read():
    raw = service_json()
    raw["spec"]["traffic"] = [{"latestRevision": True, "percent": 100, "odd": "kept"}]

    body = apply(raw, Change(record()), 7)

    assert body["spec"] == raw["spec"]


def test_a_record_alone_remembers_the_spec_that_it_left_as_it_was():
    alone = apply(service_json(), Change(record()), 7)

    noted = parse_record(alone["metadata"]["annotations"][RECORD])
    assert noted.spec == fingerprint(service_json()["spec"])
    assert seen_of(REF, alone).fingerprint == noted.spec


def test_a_write_of_the_spec_remembers_none():
    written = apply(service_json(), deploy(), 7)

    assert parse_record(written["metadata"]["annotations"][RECORD]).spec == ""
    assert seen_of(REF, written).fingerprint == ""


def test_any_change_of_template_or_tags_is_another_spec():
    spec = service_json()["spec"]
    tagged, grown = copy.deepcopy(spec), copy.deepcopy(spec)
    tagged["traffic"].append({"revisionName": "fleet-old", "tag": "blue"})
    grown["template"]["spec"]["containerConcurrency"] = 7

    assert len({fingerprint(one) for one in (spec, tagged, grown)}) == 3


def test_the_resource_version_goes_back_as_it_was_read():
    assert apply(service_json(), deploy(), 7)["metadata"]["resourceVersion"] == "AAYtcXQ9wZU"


def test_what_was_read_is_not_touched():
    raw = service_json()

    apply(raw, deploy(), 7)

    assert raw == service_json()


def test_a_service_without_annotations_gets_its_first():
    raw = service_json()
    del raw["metadata"]["annotations"]
    del raw["spec"]["template"]["metadata"]

    body = apply(raw, deploy(), 7)

    assert set(body["metadata"]["annotations"]) == {RECORD, SUMMARY}
    assert body["spec"]["template"]["metadata"] == {"name": "fleet-new"}


def test_latest_is_never_written():
    with pytest.raises(AssertionError, match="LATEST"):
        apply(service_json(), Change(record(), (Entry(None, 100),)), 7)


def test_what_is_written_is_what_the_next_read_tells():
    body = apply(service_json(), deploy(), 7)

    seen = seen_of(REF, {**body, "status": {}})

    assert seen.split == deploy().split
    assert seen.image == f"{REPOSITORY}@{NEW}"
    assert seen.record == dataclasses.replace(record(), generation=7)


@given(
    top=st.dictionaries(PLAIN_KEYS, JSON, max_size=3),
    metadata=st.dictionaries(PLAIN_KEYS, JSON, max_size=3),
    annotations=st.dictionaries(PLAIN_KEYS, st.text(max_size=10), max_size=3),
    container=st.dictionaries(PLAIN_KEYS, JSON, max_size=3),
)
def test_whatever_foreign_fields_there_are_they_stay(top, metadata, annotations, container):
    raw = service_json()
    raw.update({key: value for key, value in top.items() if key not in raw})
    raw["metadata"] = {**metadata, **raw["metadata"]}
    raw["metadata"]["annotations"].update(annotations)
    raw["spec"]["template"]["spec"]["containers"][1].update(
        {key: value for key, value in container.items() if key not in {"ports", "image", "name"}}
    )

    body = apply(raw, deploy(), 7)

    kept = body["metadata"]["annotations"]
    changed = {RECORD, SUMMARY, "client.knative.dev/user-image"}
    before = raw["metadata"]["annotations"]
    assert {k: v for k, v in kept.items() if k not in changed} == {
        k: v for k, v in before.items() if k not in changed
    }
    assert {k: v for k, v in body.items() if k not in {"metadata", "spec"}} == {
        k: v for k, v in raw.items() if k not in {"metadata", "spec", "status"}
    }
    assert {k: v for k, v in body["metadata"].items() if k != "annotations"} == {
        k: v for k, v in raw["metadata"].items() if k != "annotations"
    }
    was, now = raw["spec"]["template"]["spec"], body["spec"]["template"]["spec"]
    assert now["containers"][0] == was["containers"][0]
    assert {**now["containers"][1], "image": ""} == {**was["containers"][1], "image": ""}


def test_the_summary_tells_state_share_and_last_verdict():
    shifts = (ShiftDone(NOON, 0, 10),)
    running = record(state="shifting", shifts=shifts, verdict="0 of 402 requests failed")
    ended = record(state="rolled_back", shifts=shifts, verdict="old", because="31 of 402 failed")

    assert summary(EMPTY) == "no rollout yet"
    assert summary(running) == "shifting: fleet-new at 10 %; 0 of 402 requests failed"
    assert summary(ended) == "rolled_back: fleet-new at 0 %; 31 of 402 failed"


@given(st.text(max_size=1000))
def test_the_summary_is_never_long(verdict):
    assert len(summary(record(verdict=verdict))) <= 300


def test_a_rollout_of_the_tests_is_one_that_records_can_carry():
    assert (
        parse_record(apply(service_json(), deploy(), 3)["metadata"]["annotations"][RECORD]).rollout
        == rollout()
    )
