"""delivery.yaml into values: everything that is wrong is said at once, and nothing falls back."""

import copy
import datetime as dt
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from rollouts import settings
from rollouts.delivery_file import parse_delivery, parse_policy
from rollouts.errors import BadSettings
from rollouts.policy import Delivery, ServiceRef
from tests.unit.functions.rollouts.builders import PLACE, document, policy
from tests.unit.functions.rollouts.strategies import attempt, yaml_documents

SHIPPED = Path(__file__).parents[4] / "docs/examples/delivery.yaml"
WORDS = sorted(
    {"services", "targets", "notifications", "approval", "verify", "analysis", "api", "production"}
    | {name for group in settings.GROUPS.values() for name in group}
)


def problems_of(given):
    with pytest.raises(BadSettings) as refusal:
        parse_delivery(given)
    return refusal.value.problems


def production(**more):
    return document(targets={"production": PLACE | more})


def test_the_shipped_file_is_the_one_of_the_design():
    delivery = parse_delivery(yaml.safe_load(SHIPPED.read_text()))

    fleet = delivery.service("fleet")
    assert fleet is not None
    staging, careful = fleet.targets
    assert fleet.branches == ("main",)
    assert (staging.name, staging.policy.steps, staging.policy.no_data) == (
        "staging",
        (100,),
        "pass",
    )
    assert careful.ref == ServiceRef("barq-production", "europe-west1", "fleet")
    assert careful.policy.steps == (10, 50, 100)
    assert careful.policy.approval.by == "manual"
    assert careful.policy.approval.expires == dt.timedelta(days=1)
    assert careful.policy.no_data == "hold"


def test_what_is_not_said_has_its_default():
    target = parse_delivery(document(targets={"production": PLACE})).services[0].targets[0]

    assert target.policy == policy()
    assert target.policy.window == (dt.timedelta(minutes=5),)
    limits = target.policy.analysis
    assert (limits.max_errors, limits.max_error_ratio, limits.max_latency_p95) == (None,) * 3
    assert (limits.profile, limits.sensitivity, limits.alpha) == ("comparison", "normal", 0.01)
    assert target.policy.verify.paths == ("/health/ready", "/health/live")


def test_a_second_push_supersedes_unless_the_target_says_another_thing():
    (target,) = parse_delivery(production(second_push="queue")).services[0].targets

    assert target.policy.second_push == "queue"
    assert policy().second_push == "supersede"
    assert problems_of(production(second_push="wait")) == [
        (
            "services.api.targets.production.second_push is 'wait': must be one of supersede, queue,"
            " reject, such as supersede."
        )
    ]


def test_targets_and_services_are_found_by_their_names():
    delivery = parse_delivery(document())
    api = delivery.service("api")

    assert api is not None
    assert [target.name for target in api.targets] == ["staging", "production"]
    assert api.target("production") is api.targets[1]
    assert api.target("nowhere") is None
    assert delivery.service("nothing") is None


def test_a_problem_says_name_value_rule_and_example():
    assert problems_of(production(steps=[50, 10])) == [
        (
            "services.api.targets.production.steps is [50, 10]: must be rising whole percents, each"
            " once, that end in 100, such as [10, 50, 100]."
        )
    ]


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("analysis", "{profile: comparison}"),
        ("approval", "{by: none}"),
        ("verify", "{paths: [/health/ready]}"),
    ],
)
def test_a_group_that_is_no_map_is_told_with_an_example(name, example):
    """A group whose only line is a comment is `null` in YAML."""
    where = f"services.api.targets.production.{name}"

    assert problems_of(production(**{name: None})) == [
        f"{where} is None: must be a map of settings, such as {example}."
    ]


def test_what_has_no_name_in_it_is_told_with_an_example():
    rule = "must be a map with at least one name in it, such as {api: ...}."

    assert problems_of({"services": None}) == [f"services is None: {rule}"]
    assert problems_of({}) == [f"services is missing: {rule}"]


def test_all_problems_are_said_at_once():
    broken = document(
        image="host/api:latest",
        branches=[],
        notifications=[{"webhook": "Team"}, {"events": "all"}],
        targets={
            "Production": PLACE,
            "staging": {"project": "x", "window": "5 minutes", "approval": {"who": "me"}},
            "empty": None,
        },
        retries=3,
    )

    found = problems_of(broken | {"version": 2})

    started = [problem.split(" ")[0] for problem in found]
    assert started == [
        "version",
        "services.api.retries",
        "services.api.image",
        "services.api.branches",
        "services.api.targets",
        "services.api.targets.staging.project",
        "services.api.targets.staging.region",
        "services.api.targets.staging.service",
        "services.api.targets.staging.window",
        "services.api.targets.staging.approval.who",
        "services.api.targets.empty",
        "services.api.targets.empty.project",
        "services.api.targets.empty.region",
        "services.api.targets.empty.service",
        "services.api.notifications[0].webhook",
        "services.api.notifications[1].events",
        "services.api.notifications[1]",
    ]


@pytest.mark.parametrize("given", [None, [], "services", 7, {}, {"services": {}}, {"services": []}])
def test_a_file_without_services_is_refused(given):
    assert any(
        "services" in problem or "delivery.yaml" in problem for problem in problems_of(given)
    )


def test_two_targets_cannot_be_one_cloud_run_service():
    found = problems_of(document(targets={"a": PLACE, "b": PLACE}))

    assert found == [
        (
            "services.api.targets.b is api in team-production/europe-west1: must be a Cloud Run service"
            " of its own, but services.api.targets.a is the same one."
        )
    ]


def test_two_targets_without_a_place_are_not_called_the_same_service():
    found = problems_of(document(targets={"a": {}, "b": {}}))

    assert not any("of its own" in problem for problem in found)


@pytest.mark.parametrize(
    ("analysis", "steps", "allowed"),
    [
        ({}, [10, 50, 100], (5, 10)),
        ({}, [100], (5,)),
        ({"max_errors": 7}, [10, 50, 100], (7,)),
        ({"max_errors": "off"}, [10, 50, 100], None),
    ],
)
def test_the_profile_of_fixed_counts_sets_errors_where_none_are_given(analysis, steps, allowed):
    given = production(steps=steps, analysis={"profile": "fixed_counts"} | analysis)

    target = parse_delivery(given).services[0].targets[0]

    assert target.policy.analysis.max_errors == allowed
    assert target.policy.analysis.profile == "fixed_counts"


def test_fixed_counts_hide_no_problem_of_the_steps():
    (problem,) = problems_of(production(steps=[50], analysis={"profile": "fixed_counts"}))

    assert problem.startswith("services.api.targets.production.steps is [50]")


def test_a_short_deadline_is_said_beside_problems_of_other_targets():
    far = PLACE | {"project": "team-staging"}
    broken = document(targets={"a": far | {"steps": []}, "b": PLACE | {"deadline": "1s"}})

    started = [problem.split(" ")[0] for problem in problems_of(broken)]

    assert started == ["services.api.targets.a.steps", "services.api.targets.b.deadline"]


def test_a_long_value_is_shown_cut():
    (problem,) = problems_of(production(service="x" * 500))

    assert len(problem) < 250
    assert "..." in problem


def test_the_hint_names_the_reference():
    with pytest.raises(BadSettings) as refusal:
        parse_delivery({})

    assert "docs/reference/delivery.md" in refusal.value.hint


def test_a_policy_on_record_that_is_damaged_is_refused():
    with pytest.raises(BadSettings, match=r"policy\.steps"):
        parse_policy({"steps": [50]})


@given(yaml_documents(st.sampled_from(WORDS)))
def test_whatever_document_arrives_only_bad_settings_escapes(given):
    found = attempt(parse_delivery, given, BadSettings)

    assert isinstance(found, Delivery) or found.problems
    assert isinstance(found, Delivery) or all(one.endswith(".") for one in found.problems)


@examples(max_examples=80)
@given(st.data())
def test_a_right_file_with_one_value_replaced_is_refused_or_read(data):
    given = copy.deepcopy(yaml.safe_load(SHIPPED.read_text()))
    where, names = given, sorted(given)
    while True:
        key = data.draw(st.sampled_from(names))
        inner = where[key]
        if not isinstance(inner, dict) or not data.draw(st.booleans()):
            break
        where, names = inner, sorted(inner)
    where[key] = data.draw(yaml_documents(st.sampled_from(WORDS)))

    assert isinstance(attempt(parse_delivery, given, BadSettings), Delivery | BadSettings)
