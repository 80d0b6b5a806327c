"""The rules of values: where each one begins to refuse, and that Terraform asks them."""

import pytest

from tests.terraform.boundaries import ACCESS, DELIVERY
from tests.terraform.boundaries_of_targets import TARGETS
from tests.terraform.harness import Refused, plan, run_tftest, validate
from tests.terraform.provider.values import UNKNOWN
from tests.terraform.rules import RULES, breaches
from tests.terraform.rules.kit import Rule, found_by
from tests.terraform.test_harness import GOOD, HEAD, planted

BOUNDARIES = [*ACCESS, *DELIVERY, *TARGETS]
NAMES = [f"{kind} {path} {bad!r}"[:90] for kind, path, _, bad in BOUNDARIES]


def placed(path, value):
    """A configuration with a value at a place, and nothing else."""
    for name in reversed(path.split(".") if path else []):
        value = {name: value} if value is not None else {}
        value = [value] if name != path.split(".")[0] else value
    return value


def at(path, kind, config):
    """The rules about this place that the configuration breaks."""
    return [
        rule
        for rule in RULES
        if rule.path == path and rule.kind.fullmatch(kind) and list(found_by(rule, config))
    ]


@pytest.mark.parametrize(("kind", "path", "good", "bad"), BOUNDARIES, ids=NAMES)
def test_the_last_right_value_passes_and_the_first_wrong_one_is_refused(kind, path, good, bad):
    assert at(path, kind, placed(path, good)) == []

    assert at(path, kind, placed(path, bad))


def test_no_rule_is_without_a_value_that_it_refuses():
    refusing = {
        id(rule) for kind, path, _, bad in BOUNDARIES for rule in at(path, kind, placed(path, bad))
    }

    assert [(r.kind.pattern, r.path, r.check.text) for r in RULES if id(r) not in refusing] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.kind.pattern} {r.path}")
def test_what_is_unknown_or_null_is_not_judged(rule: Rule):
    last = rule.path.rpartition(".")[0]
    holders = [placed(rule.path, UNKNOWN), placed(rule.path, None), placed(last, UNKNOWN)]

    assert [list(found_by(rule, holder)) for holder in holders] == [[], [], []]


def test_a_breach_names_the_place_the_value_and_who_says_so():
    (found,) = breaches(
        "google_pubsub_subscription", {"retry_policy": [{"minimum_backoff": "11m"}]}
    )

    assert found.path == ("retry_policy", 0, "minimum_backoff")
    assert found.value == "11m"
    assert "0s to 600s" in found.rule
    assert found.source.startswith("https://")


TOPIC = 'resource "google_pubsub_topic" "x" {\n  project = var.project\n  name = "goog-x"\n}\n'
TESTS = """
mock_provider "google" {}

run "any" {
  command = plan
  variables {
    project = "barq-x"
  }
}
"""


def test_terraform_refuses_a_breach_wherever_it_meets_one(tmp_path):
    (tmp_path / "main.tf").write_text(HEAD)
    (tmp_path / "all.tftest.hcl").write_text(TESTS)
    planted(tmp_path, TOPIC)

    (told,) = validate(tmp_path)
    (run,) = run_tftest(tmp_path)

    assert "3 to 255 letters" in told
    assert "planted.tf:3" in told
    assert run.status == "error"
    with pytest.raises(Refused, match="3 to 255 letters"):
        plan(tmp_path, GOOD)


def test_a_value_is_judged_as_soon_as_it_is_known(tmp_path):
    (tmp_path / "main.tf").write_text(HEAD)
    planted(tmp_path, TOPIC.replace('"goog-x"', '"${var.project}!"'))

    assert validate(tmp_path) == []
    with pytest.raises(Refused, match=r"It is 'barq-x!'"):
        plan(tmp_path, GOOD)
