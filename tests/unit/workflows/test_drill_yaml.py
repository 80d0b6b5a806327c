"""workflows/drill.yaml: what the service would accept, and what it may do."""

import re
from pathlib import Path

import pytest
import yaml

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "workflows" / "drill.yaml").read_text()
DESCRIPTION = yaml.safe_load((ROOT / "functions" / "installation.yaml").read_text())
DRILL = DESCRIPTION["workflows"]["drill"]


def test_it_deploys():
    assert compile_source(TEXT) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [("next: judge", "next: juge"), ("call: visit", "call: vist"), ("drill.url", "dril.url")],
)
def test_a_slip_in_it_does_not_deploy(old, new):
    assert old in TEXT

    with pytest.raises(BuildFailed):
        compile_source(TEXT.replace(old, new, 1))


def test_its_environment_is_what_the_installation_gives_it():
    asked = set(re.findall(r'sys\.get_env\("(\w+)"\)', TEXT))

    assert {name for name in asked if not name.startswith("GOOGLE_CLOUD_")} == set(DRILL["env"])


def test_it_calls_the_functions_that_the_installation_lets_it_call():
    called = re.findall(r"drill\.functions\.(\w+)", TEXT)

    assert set(called) == set(DRILL["calls"])
    assert all(DESCRIPTION["functions"][name]["http"] for name in called)


def test_it_sends_requests_to_those_functions_its_builds_and_the_service_alone():
    urls = set(re.findall(r"(?m)^\s+url: \$\{([^}+ ]+)", TEXT))

    assert urls == {
        "drill.builds",
        "drill.functions.status",
        "drill.functions.rollback",
        "drill.url",
    }


def test_everything_that_it_raises_is_told_as_a_drills():
    raised = re.findall(r"raise:\n\s+message: .*\n(\s+tags: \[DrillError\])?", TEXT)

    assert len(raised) >= 10
    assert all(raised)


def test_no_expression_is_longer_than_the_service_takes():
    """Source: reference/workflows.md section 1.7."""
    longest = max(len(found) for found in re.findall(r"\$\{[^\n]*\}", TEXT))

    assert longest <= 400
