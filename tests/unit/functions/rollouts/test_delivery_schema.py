"""The JSON Schema for editors agrees with the parser, and policies are written back whole."""

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rollouts import settings
from rollouts.delivery_file import parse_delivery, parse_policy
from rollouts.delivery_schema import json_schema, policy_hash, settings_of
from rollouts.durations import show_duration
from rollouts.errors import BadSettings
from rollouts.freezes import WEEKDAYS
from tests.unit.functions.rollouts.builders import PLACE, document, policy
from tests.unit.functions.rollouts.strategies import JSON_LEAVES, durations, yaml_documents

SHIPPED = Path(__file__).parents[4] / "docs/examples/delivery.yaml"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def parses(given: Any) -> bool:
    try:
        parse_delivery(given)
    except BadSettings:
        return False
    return True


def long_enough(shortest_ms: int = 1000) -> st.SearchStrategy[str]:
    return durations(shortest_ms).map(show_duration)


def or_off(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.sampled_from(["off", False])


def each_step(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return one value, or a list for steps of which there are always two or more."""
    return values | st.lists(values, min_size=1, max_size=2)


STEPS = st.sets(st.integers(1, 99), min_size=1, max_size=5).map(lambda found: [*sorted(found), 100])
COUNTS = st.integers(0, 1_000_000)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "steps": STEPS,
        "window": each_step(st.integers(60, 120).map("{}s".format)),
        "deadline": st.integers(200, 360).map("{}m".format),
        "check_every": st.integers(8, 60).map("{}s".format),
        "watch": long_enough(0),
        "ready_within": long_enough(),
        "no_data": st.sampled_from(["hold", "extend", "pass", "roll_back"]),
        "second_push": st.sampled_from(["supersede", "queue", "reject"]),
        "extend_max": st.integers(1, 300).map("{}m".format),
        "approval": st.fixed_dictionaries(
            {}, optional={"by": st.sampled_from(["none", "manual"]), "expires": long_enough()}
        ),
        "verify": st.fixed_dictionaries(
            {},
            optional={
                "paths": st.lists(st.sampled_from(["/", "/health/live", "/a?b=c"]), max_size=4),
                "status": st.integers(100, 599),
                "latency_max": long_enough(1),
                "attempts": st.integers(1, 100),
                "every": long_enough(),
            },
        ),
        "analysis": st.fixed_dictionaries(
            {},
            optional={
                "profile": st.sampled_from(["comparison", "fixed_counts"]),
                "sensitivity": st.sampled_from(["low", "normal", "high"]),
                "min_requests": each_step(COUNTS),
                "error_increase_tolerated": st.floats(0, 10),
                "error_ratio_ignored": st.floats(0.000001, 0.1),
                "slowdown_tolerated": or_off(st.floats(0, 10)),
                "warm_up": st.integers(0, 59).map("{}s".format),
                "bad_intervals_min": st.integers(1, 2),
                "stable_also_bad": st.sampled_from(["hold", "roll_back"]),
                "common_outage_max": long_enough(),
                "watch_action": st.sampled_from(["roll_back", "alert"]),
                "early_promote": st.booleans(),
                "dry_run": st.booleans(),
                "probes": st.integers(0, 50),
                "max_errors": or_off(each_step(COUNTS)),
                "max_error_ratio": or_off(st.floats(0, 1) | st.sampled_from([0, 1])),
                "max_latency_p95": or_off(long_enough(1)),
            },
        ),
    },
)
CLOCK = st.integers(0, 1439).map(lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}")
ON_A_DAY = st.tuples(st.sampled_from(WEEKDAYS), CLOCK).map(" ".join)
ON_A_DATE = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2040, 1, 1)).map(
    lambda found: found.isoformat(timespec="minutes")
)


def two(moments: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the ends of a window, in their order."""
    ends = st.lists(moments, min_size=2, max_size=2, unique=True)
    return ends.map(lambda both: dict(zip(("from", "until"), sorted(both), strict=True)))


BESIDE = {"zone": st.sampled_from(["UTC", "Europe/Berlin"]), "reason": or_off(st.just("Christmas"))}
DAYS = {"days": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7)}
FREEZES = st.lists(
    st.one_of(
        st.tuples(two(CLOCK), st.fixed_dictionaries({}, optional=BESIDE | DAYS)),
        st.tuples(two(ON_A_DAY), st.fixed_dictionaries({}, optional=BESIDE)),
        st.tuples(two(ON_A_DATE), st.fixed_dictionaries({}, optional=BESIDE)),
    ).map(lambda parts: parts[0] | parts[1]),
    max_size=3,
)
LINE = st.fixed_dictionaries(
    {}, optional={"freeze": FREEZES, "stop_the_line": or_off(st.just("checkout is down"))}
)
NAMES = st.sampled_from(["team", "on-call"])


def told_by(kind: str, event: str) -> st.SearchStrategy[dict[str, Any]]:
    events = st.lists(st.just(event), max_size=3)
    return st.fixed_dictionaries({kind: NAMES}, optional={"events": events})


NOTIFICATIONS = st.lists(
    told_by("slack", "rollout.promoted")
    | told_by("webhook", "rollout.started")
    | told_by("pagerduty", "rollout.rolled_back")
    | st.fixed_dictionaries(
        {
            "email": NAMES,
            "to": st.lists(st.just("team@example.com"), min_size=1, max_size=3),
            "from": st.just("barq@example.com"),
        }
    ),
    max_size=3,
)


def together(policy: dict[str, Any]) -> dict[str, Any]:
    """Give a policy of many steps the deadline that they need: no schema asks for that."""
    return {"deadline": "360m"} | policy if "steps" in policy else policy


@st.composite
def right_documents(draw: st.DrawFn) -> dict[str, Any]:
    targets = {
        name: PLACE | {"project": f"team-{name}"} | together(draw(POLICIES)) | draw(LINE)
        for name in draw(st.sets(st.sampled_from(["staging", "production", "eu"]), min_size=1))
    }
    made = document(
        targets=targets,
        branches=draw(st.lists(st.sampled_from(["main", "release/1"]), min_size=1, max_size=3)),
        registry_events=draw(st.booleans()),
        notifications=draw(NOTIFICATIONS),
        **draw(LINE),
    )
    return made | draw(LINE)


def test_the_schema_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_shipped_file_is_valid():
    VALIDATOR.validate(yaml.safe_load(SHIPPED.read_text()))


def test_the_schema_describes_every_setting():
    service = json_schema()["properties"]["services"]["additionalProperties"]["properties"]
    target = service["targets"]["additionalProperties"]["properties"]

    for group, found in (
        (settings.SERVICE, service),
        (settings.TARGET, target),
        (settings.APPROVAL, target["approval"]["properties"]),
        (settings.VERIFY, target["verify"]["properties"]),
        (settings.ANALYSIS, target["analysis"]["properties"]),
        (settings.NOTIFICATION, service["notifications"]["items"]["properties"]),
        (settings.FREEZE, json_schema()["properties"]["freeze"]["items"]["properties"]),
        *((settings.LINE, place) for place in (json_schema()["properties"], service, target)),
    ):
        assert {name: found[name]["description"] for name in group} == {
            name: setting.doc for name, setting in group.items()
        }


def test_every_default_and_every_example_is_of_its_own_kind():
    for group in settings.GROUPS.values():
        for setting in group.values():
            setting.kind.read(yaml.safe_load(setting.kind.example))
            if setting.default not in (settings.REQUIRED, settings.UNSET):
                setting.kind.read(setting.default)
                jsonschema.validate(setting.default, dict(setting.kind.schema))


@given(right_documents())
def test_what_is_right_is_accepted_by_both(given):
    assert parses(given)
    assert VALIDATOR.is_valid(given)


@given(right_documents(), st.data())
def test_what_the_schema_refuses_the_parser_refuses(given, data):
    broken = copy.deepcopy(given)
    service = broken["services"]["api"]
    target = data.draw(st.sampled_from(sorted(service["targets"].values(), key=repr)))
    place = data.draw(st.sampled_from([service, target, target.get("analysis", target)]))
    key = data.draw(st.sampled_from([*sorted(place), "image", "max_errors", "surplus"]))
    place[key] = data.draw(JSON_LEAVES | yaml_documents(st.sampled_from(["by", "paths", "every"])))

    assert VALIDATOR.is_valid(broken) or not parses(broken)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": []},
        {"steps": [10, 50]},
        {"steps": [10, 10, 100]},
        {"steps": [0, 100]},
        {"steps": 100},
        {"window": 300},
        {"window": "5 minutes"},
        {"no_data": "maybe"},
        {"project": "x"},
        {"region": None},
        {"approval": "manual"},
        {"approval": {"by": "anyone"}},
        {"verify": {"status": 99}},
        {"verify": {"paths": ["health"]}},
        {"analysis": {"max_error_ratio": 5}},
        {"analysis": {"bad_intervals_min": 3}},
        {"analysis": {"error_ratio_ignored": 0}},
        {"analysis": {"probes": 51}},
        {"analysis": {"sensitivity": "off"}},
        {"analysis": {"max_errors": "none"}},
        {"analysis": {"max_errors": True}},
        {"analysis": {"max_latency": "1s"}},
        {"unknown": 1},
    ],
)
def test_a_wrong_value_is_refused_by_both(change):
    given = document(targets={"production": PLACE | change})

    assert not parses(given)
    assert not VALIDATOR.is_valid(given)


@pytest.mark.parametrize(
    "change",
    [
        {"steps": [50, 10, 100]},
        {"window": "366d"},
        {"window": "1ms"},
        {"window": ["1m"] * 4},
        {"window": "20m", "deadline": "20m"},
        {"verify": {"status": 200.0}},
    ],
)
def test_what_a_schema_cannot_say_the_parser_alone_refuses(change):
    """Order, length of time and sums: an editor stays silent, `plan` does not."""
    given = document(targets={"production": PLACE | change})

    assert VALIDATOR.is_valid(given)
    assert not parses(given)


@given(POLICIES)
def test_a_policy_that_was_written_is_read_again(given):
    chosen = parse_policy(given)

    assert parse_policy(settings_of(chosen)) == chosen
    assert policy_hash(parse_policy(settings_of(chosen))) == policy_hash(chosen)


@given(POLICIES, POLICIES)
def test_two_policies_have_one_hash_only_if_they_are_the_same(one, other):
    first, second = parse_policy(one), parse_policy(other)

    assert (policy_hash(first) == policy_hash(second)) is (first == second)


def test_a_policy_is_written_in_a_users_words_with_every_setting():
    shown = settings_of(policy(window="90s", analysis={"max_errors": [5, 10]}))

    assert shown["window"] == "1m30s"
    assert shown["analysis"] == {
        "profile": "comparison",
        "sensitivity": "normal",
        "min_requests": 20,
        "error_increase_tolerated": 0.1,
        "error_ratio_ignored": 0.0002,
        "slowdown_tolerated": 0.1,
        "warm_up": "20s",
        "bad_intervals_min": 1,
        "stable_also_bad": "hold",
        "common_outage_max": "5m",
        "watch_action": "roll_back",
        "early_promote": False,
        "dry_run": False,
        "probes": 0,
        "max_errors": [5, 10],
        "max_error_ratio": "off",
        "max_latency_p95": "off",
    }
    assert VALIDATOR.is_valid(document(targets={"production": PLACE | shown}))
