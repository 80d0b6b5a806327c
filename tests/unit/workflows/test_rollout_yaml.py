"""workflows/rollout.yaml: what the service would accept, and what this project promises of it."""

import re
from pathlib import Path

import pytest
import yaml

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source

ROOT = Path(__file__).parents[3]
FILE = ROOT / "workflows" / "rollout.yaml"
TEXT = FILE.read_text()
ROUTINES = yaml.safe_load(TEXT)
DRIVING = {"plan", "deploy", "verify", "shift_traffic", "check_metrics", "rollback"}


def steps_of(node):
    """Yield every (name, step) of a routine, nested ones too."""
    if isinstance(node, list):
        for item in node:
            if isinstance(item, dict) and len(item) == 1:
                ((name, step),) = item.items()
                if isinstance(step, dict):
                    yield name, step
            yield from steps_of(item)
    elif isinstance(node, dict):
        for value in node.values():
            yield from steps_of(value)


ALL = [(name, step) for routine in ROUTINES.values() for name, step in steps_of(routine["steps"])]


def test_it_deploys():
    assert compile_source(TEXT) is not None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("next: verify", "next: verfy"),
        ("functions.deploy", "function.deploy"),
        ("call: wait", "call: wate"),
        ("sys.sleep", "sys.slep"),
        ("${answer.action.kind ==", "${answer.action.kind =="[:-2]),
    ],
)
def test_a_slip_in_it_does_not_deploy(old, new):
    """The check that guards the file can fail."""
    assert old in TEXT

    with pytest.raises(BuildFailed):
        compile_source(TEXT.replace(old, new, 1))


def test_every_driving_function_is_a_step_of_its_name():
    called = {name for name, step in ALL if "call" in step}

    assert called >= DRIVING
    assert all((ROOT / "functions" / f"{name}.py").is_file() for name in DRIVING)


def test_a_step_with_a_functions_name_calls_that_function():
    for name, step in ALL:
        if name in DRIVING:
            assert step["args"]["url"] == f"${{functions.{name}}}"


def test_there_is_one_retry_and_it_stands_in_post():
    """A loop of its own: the language's `retry` knows no jitter."""
    assert [name for name, step in ALL if "retry" in step] == []
    back = [step["next"] for name, step in ALL if name == "rest_longer"]
    assert back == ["send"]
    assert any("send" in step for step in ROUTINES["post"]["steps"])


def test_there_is_one_http_call():
    assert len(re.findall(r"call: http\.", TEXT)) == 1


def test_it_sleeps_between_two_attempts_of_a_call_alone():
    """A sleep cannot be woken; all other waiting is on the callback."""
    sleeping = [name for name, step in ALL if step.get("call") == "sys.sleep"]

    assert sleeping == ["rest"]
    assert any("rest" in step for step in ROUTINES["post"]["steps"])


def test_it_holds_no_threshold_and_no_percent():
    """Numbers in it are of HTTP and of the retry alone: what is decided is decided in Python."""
    numbers = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", re.sub(r"#.*", "", TEXT)))

    retry = {"300", "1000", "0", "3", "9"}
    assert numbers == {"30", "8", "10", "1", "60", "2", "429", "500", *retry}


def test_every_unknown_answer_raises():
    for name in ("unknown_plan", "unknown_action"):
        assert any(found == name and "raise" in step for found, step in ALL)


def test_it_handles_every_kind_of_action():
    kinds = set(re.findall(r'action\.kind == "(\w+)"', TEXT))

    assert kinds == {"hold", "shift", "promote", "roll_back", "stop"}


def test_no_expression_is_longer_than_the_service_takes():
    longest = max(len(found) for found in re.findall(r"\$\{[^\n]*\}", TEXT))

    assert longest <= 400
