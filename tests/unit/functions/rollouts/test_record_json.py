"""The record as text: nothing is lost, and nothing damaged or newer is taken for whole."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollouts.delivery_schema import settings_of
from rollouts.errors import BadRecord
from rollouts.record import (
    EMPTY,
    SCHEMA,
    ApprovalGiven,
    Build,
    Probed,
    Record,
    RefusedDigest,
    Rollout,
    ShiftDone,
    Waiting,
)
from rollouts.record_json import parse_record, show_record
from tests.unit.functions.rollouts.builders import (
    DIGEST,
    EXECUTION,
    NOW,
    at,
    policy,
    rollout,
    waiting,
)
from tests.unit.functions.rollouts.strategies import INSTANTS, anything, attempt
from tests.unit.functions.rollouts.test_delivery_schema import POLICIES

TEXT = st.text(max_size=40)
STATES = st.sampled_from(
    [
        "deploying",
        "deployed",
        "verified",
        "shifting",
        "promoted",
        "rolled_back",
        "stopped",
        "superseded",
    ]
)
APPROVALS = st.builds(
    ApprovalGiven,
    asked_at=INSTANTS,
    expires_at=INSTANTS,
    decision=st.sampled_from(["", "approved", "denied"]),
    by=TEXT,
    at=st.none() | INSTANTS,
    reason=TEXT,
)
ROLLOUTS = st.builds(
    Rollout,
    id=TEXT,
    execution=TEXT,
    callback=TEXT,
    service=TEXT,
    target=TEXT,
    repository=TEXT,
    digest=TEXT,
    build=st.builds(Build, TEXT, st.none() | INSTANTS, TEXT),
    stable=TEXT,
    canary=TEXT,
    policy=POLICIES.map(lambda given: policy(**given)),
    policy_hash=TEXT,
    state=STATES,
    claimed_at=INSTANTS,
    adopted=st.booleans(),
    placeholder=st.booleans(),
    verified=TEXT,
    approval=st.none() | APPROVALS,
    deadline_approval=st.none() | APPROVALS,
    paged_at=st.none() | INSTANTS,
    alerted_at=st.none() | INSTANTS,
    shifts=st.lists(
        st.builds(ShiftDone, INSTANTS, st.integers(0, 19), st.integers(1, 100)), max_size=4
    ).map(tuple),
    verdict=TEXT,
    because=TEXT,
    ended_at=st.none() | INSTANTS,
    ended_by=TEXT,
    probed=st.none()
    | st.builds(
        Probed, st.integers(1, 50), st.integers(0, 50), st.integers(0, 50), INSTANTS, INSTANTS
    ),
)
RECORDS = st.builds(
    Record,
    rollout=st.none() | ROLLOUTS,
    generation=st.integers(0, 10**9),
    refused=st.lists(st.builds(RefusedDigest, TEXT, TEXT, INSTANTS, TEXT), max_size=3).map(tuple),
    newest_build=st.none() | INSTANTS,
    acted_on=st.lists(TEXT, max_size=3).map(tuple),
)


@given(RECORDS)
def test_a_record_that_was_written_is_read_again(record):
    assert parse_record(show_record(record)) == record


@pytest.mark.parametrize("text", [None, ""])
def test_a_service_without_a_record_was_never_touched(text):
    assert parse_record(text) == EMPTY


def test_a_record_of_newer_code_is_refused_because_writing_it_would_lose_something():
    newer = json.dumps({"schema": SCHEMA + 1, "rollout": {"state": "flying"}})

    with pytest.raises(BadRecord, match=f"has schema {SCHEMA + 1}, this code reads up to"):
        parse_record(newer)


def grown(value):
    """Return a document with a field in every object that no code knows yet."""
    if isinstance(value, dict):
        return {**{key: grown(inner) for key, inner in value.items()}, "added_later": {"x": 1}}
    return [grown(inner) for inner in value] if isinstance(value, list) else value


def test_fields_that_are_not_known_yet_are_ignored_wherever_they_stand():
    refused = RefusedDigest(DIGEST, "r", NOW, "it failed")
    record = Record(rollout(approval=waiting()), 3, (refused,), at(1), ("build-1",))
    text = json.dumps(grown(json.loads(show_record(record))))

    assert "added_later" in text
    assert parse_record(text) == record


def test_fields_that_older_code_did_not_write_have_their_defaults():
    old = json.loads(show_record(Record(rollout("deploying"))))
    for field in (
        "adopted", "placeholder", "approval", "shifts", "verdict", "build", "ended_by", "probed",
    ):  # fmt: skip
        del old["rollout"][field]
    del old["rollout"]["policy"]["watch"]

    found = parse_record(json.dumps({"schema": 1, "rollout": old["rollout"]}))

    assert found == Record(replace(rollout("deploying"), build=Build()))


DOCUMENT = json.loads(
    show_record(
        Record(
            rollout(
                approval=waiting(decision="approved", by="a@example.org", at=at(5)),
                probed=Probed(20, 3, 0, at(-9), at(-5)),
            ),
            3,
            (RefusedDigest(DIGEST, "r", NOW, "it failed"),),
            at(1),
            ("build-1",),
        )
    )
)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        "7",
        '"record"',
        "{}",
        '{"schema": "1"}',
        '{"schema": 0}',
        '{"schema": true}',
        '{"schema": NaN}',
        '{"schema": 1, "generation": Infinity}',
        '{"schema": 1, "generation": "many"}',
        '{"schema": 1, "refused": null}',
        '{"schema": 1, "refused": ["sha256"]}',
        '{"schema": 1, "rollout": []}',
        '{"schema": 1, "rollout": {}}',
        '{"schema": 1, "newest_build": "yesterday"}',
        "[" * 100_000,
    ],
)
def test_a_damaged_record_is_refused_and_said_to_be_unchanged(text):
    with pytest.raises(BadRecord, match="nothing was changed") as refusal:
        parse_record(text)

    assert "rollout.barq.dev/record" in refusal.value.hint


def test_a_null_rollout_is_none():
    assert parse_record('{"schema": 1, "rollout": null}') == EMPTY


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "flying"),
        ("id", 7),
        ("stable", None),
        ("adopted", "no"),
        ("claimed_at", None),
        ("claimed_at", "today"),
        ("ended_at", 5),
        ("policy", {"steps": [50]}),
        ("policy", None),
        ("build", ["b"]),
        ("build", {"id": 7}),
        ("shifts", {"at": "now"}),
        ("shifts", [{"at": "2026-11-22T12:00:00Z", "step": "0", "percent": 10}]),
        ("shifts", [{"at": None, "step": 0, "percent": 10}]),
        ("shifts", [{"at": "2026-11-22T12:00:00Z", "step": True, "percent": 10}]),
        ("approval", {"asked_at": "2026-11-22T12:00:00Z"}),
        ("approval", "yes"),
        ("probed", 20),
        ("probed", {"requests": 20}),
        ("probed", DOCUMENT["rollout"]["probed"] | {"canary_bad": True}),
    ],
)
def test_a_rollout_with_a_field_of_another_kind_is_damaged(field, value):
    text = json.dumps(DOCUMENT | {"rollout": DOCUMENT["rollout"] | {field: value}})

    with pytest.raises(BadRecord):
        parse_record(text)


FIELDS = st.sampled_from(
    [
        "schema",
        "generation",
        "rollout",
        "refused",
        "newest_build",
        "acted_on",
        "digest",
        "at",
        *sorted(DOCUMENT["rollout"]),
    ]
)


@given(
    st.text(max_size=60)
    | anything(FIELDS).map(json.dumps)
    | st.dictionaries(FIELDS, anything(FIELDS), max_size=5).map(
        lambda document: json.dumps({"schema": 1, **document})
    )
)
def test_whatever_text_arrives_it_is_a_record_or_bad(text):
    found = attempt(parse_record, text, BadRecord)

    assert isinstance(found, Record | BadRecord)


@given(st.data())
def test_a_record_with_one_value_replaced_is_bad_or_can_be_written_again(data):
    """What is read is of the right kinds all through: no handler trips over it later."""
    given = json.loads(json.dumps(DOCUMENT))
    place = data.draw(
        st.sampled_from(
            [
                given,
                given["rollout"],
                given["rollout"]["approval"],
                given["rollout"]["shifts"][0],
                given["rollout"]["build"],
                given["rollout"]["probed"],
                given["refused"][0],
            ]
        )
    )
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(anything(FIELDS))

    found = attempt(parse_record, json.dumps(given), BadRecord)

    if isinstance(found, Record):
        assert parse_record(show_record(found)) == found
        assert found.rollout is None or sum(found.rollout.shares.values()) == 100


def test_a_record_as_large_as_it_gets_stays_under_20_kib():
    """A long life: twenty refused digests, twenty builds, and every text at its longest."""
    words = "x" * 5000
    longest = rollout(
        "rolled_back",
        execution=EXECUTION + "-" * 150,
        callback="https://workflowexecutions.googleapis.com/v1/" + "p" * 300,
        policy=policy(
            steps=[*range(5, 100, 5), 100],
            window=["1h30m"] * 20,
            verify={"paths": [f"/health/{'p' * 20}/{number}" for number in range(20)]},
            analysis={
                "max_errors": list(range(1000, 1020)),
                "min_requests": list(range(1000, 1020)),
            },
        ),
        build=Build("b" * 100, at(), "s" * 200),
        approval=waiting(decision="approved", by=words, at=at(5), reason=words),
        deadline_approval=waiting(decision="approved", by=words, at=at(5), reason=words),
        paged_at=at(0.123456),
        alerted_at=at(0.123456),
        shifts=tuple(ShiftDone(at(0.123456 + step), step, 5 + step) for step in range(20)),
        verified=words,
        verdict=words,
        because=words,
        ended_by=words,
        probed=Probed(50, 50, 50, at(0.123456), at(9.123456)),
    )
    record = Record(
        longest,
        10**6,
        tuple(RefusedDigest(DIGEST, "0123abcd", at(0.123456), "r" * 200) for _ in range(20)),
        at(),
        tuple(f"{number:0100}" for number in range(20)),
    )

    assert len(show_record(record).encode()) < 20 * 1024


def test_the_oldest_memories_go_first():
    refused = tuple(RefusedDigest(f"d{number}", "r", NOW, "") for number in range(25))
    record = Record(refused=refused, acted_on=tuple(str(number) for number in range(25)))

    found = parse_record(show_record(record))

    assert [one.digest for one in found.refused] == [f"d{number}" for number in range(5, 25)]
    assert found.acted_on[0] == "5"


def test_the_policy_on_record_is_the_one_that_the_rollout_began_with():
    kept = policy(window="7m", analysis={"max_errors": [5, 10]})

    found = parse_record(show_record(Record(rollout(policy=kept)))).rollout

    assert found is not None
    assert found.policy == kept
    assert settings_of(found.policy)["window"] == "7m"


def test_a_record_of_the_code_before_windows_of_their_own_is_still_read():
    document = json.loads(show_record(Record(rollout())))
    older = document["rollout"]
    for name in ("deadline_approval", "paged_at", "alerted_at", "probed"):
        del older[name]
    older["policy"] |= {
        "window": "5m",
        "analysis": {
            "min_requests": 20,
            "max_errors": [5, 10],
            "max_error_ratio": 0.05,
            "max_latency_p95": "off",
        },
    }
    del older["policy"]["extend_max"]
    del older["policy"]["second_push"]

    found = parse_record(json.dumps(document)).rollout

    limits = {"max_errors": [5, 10], "max_error_ratio": 0.05}
    assert found == rollout(policy=policy(analysis=limits), policy_hash=older["policy_hash"])


def test_one_window_for_all_steps_is_written_as_the_code_before_reads_it():
    document = json.loads(show_record(Record(rollout(policy=policy(window="7m")))))

    assert document["rollout"]["policy"]["window"] == "7m"
    assert document["rollout"]["policy"]["analysis"]["min_requests"] == 20


def test_who_waits_and_what_is_over_come_back_whole():
    waits = Waiting("89abcdef", EXECUTION, "https://c", Build("build-2", NOW, "main"), at(5))
    record = Record(rollout=rollout(), past=("1", "2"), waiting=waits, spec="0123456789ab")

    assert parse_record(show_record(record)) == record
