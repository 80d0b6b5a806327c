"""cloudbuild.yaml as it is written: schema, substitutions, pins, order. Each rule also on a breach."""

import re
import subprocess
from graphlib import TopologicalSorter

import pytest
import yaml

from tests.build import cloud_build, discovery
from tests.build.cloud_build import BUILT_IN, FILE, ROOT, before, in_order, names_in, read

BUILD = read()
STEPS = {step["id"]: step for step in BUILD["steps"]}
PINNED = re.compile(r"[a-z0-9][a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}")


def refused(document):
    return list(discovery.problems(document, {"$ref": "Build"}, "build"))


def all_before(name):
    waits = before(BUILD["steps"])
    return waits[name].union(*(all_before(one) for one in waits[name]))


def test_cloud_build_would_accept_it():
    assert refused(BUILD) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"imagess": []}, "build.imagess is not known"),
        ({"timeout": 1800}, "build.timeout is 1800: must be of type string"),
        ({"timeout": "30m"}, "build.timeout is '30m': must be a google-duration"),
        ({"status": "SUCCESS"}, "build.status is only for Google to write"),
        ({"options": {"pubsubTopics": "x"}}, "build.options.pubsubTopics is not known"),
        ({"steps": [{"waitfor": []}]}, "build.steps[0].waitfor is not known"),
        ({"steps": "build"}, "build.steps is 'build': must be of type array"),
        ({"substitutions": {"_A": True}}, "build.substitutions._A is True: must be of type string"),
        (
            {"options": {"requestedVerifyOption": "ALWAYS"}},
            (
                "build.options.requestedVerifyOption is 'ALWAYS':"
                " must be one of NOT_VERIFIED, VERIFIED, BEST_EFFORT"
            ),
        ),
    ],
)
def test_what_cloud_build_would_refuse_is_seen(change, told):
    assert refused(BUILD | change) == [told]


def test_a_step_has_a_script_or_arguments_not_both():
    """Cloud Build refuses both; no schema says so."""
    for step in BUILD["steps"]:
        assert ("script" in step) != bool({"args", "entrypoint"} & set(step))


def test_no_step_may_fail_and_the_build_succeed():
    assert not [step for step in BUILD["steps"] if {"allowFailure", "allowExitCodes"} & set(step)]


def test_every_substitution_that_is_used_is_declared_or_built_in():
    used = names_in({key: value for key, value in BUILD.items() if key != "substitutions"})

    assert used - set(BUILT_IN) == set(BUILD["substitutions"])


def test_names_and_defaults_of_substitutions_are_such_as_cloud_build_takes():
    for name, default in BUILD["substitutions"].items():
        assert re.fullmatch(r"_[A-Z0-9_]+", name)
        assert isinstance(default, str)


def test_names_are_found_wherever_cloud_build_puts_values_in():
    assert names_in(["a-$_A-b", {"x": "${_B}:$BUILD_ID", "script": "echo $C"}, "$$_D"]) == {
        "_A",
        "_B",
        "BUILD_ID",
    }


def test_the_comment_at_the_top_names_every_substitution():
    rows = re.findall(r"^# \| (_\w+) ", FILE.read_text("utf-8"), re.MULTILINE)

    assert rows == list(BUILD["substitutions"])


def test_the_image_is_the_one_that_delivery_yaml_waits_for():
    delivery = yaml.safe_load((ROOT / "docs/examples/delivery.yaml").read_text("utf-8"))

    assert BUILD["substitutions"]["_IMAGE"] in {
        service["image"] for service in delivery["services"].values()
    }


def test_every_image_that_runs_is_pinned_by_digest_and_the_same_everywhere():
    text = FILE.read_text("utf-8")
    pins = PINNED.findall(text)

    assert all(PINNED.fullmatch(step["name"]) for step in BUILD["steps"])
    assert len({pin.split(":")[0] for pin in pins}) == len(set(pins))
    assert "moby/buildkit" in {pin.split(":")[0] for pin in pins}


def test_tests_run_on_the_python_that_the_image_is_built_with():
    dockerfile = (ROOT / "health_service/Dockerfile").read_text("utf-8")

    assert f"FROM {STEPS['tests']['name']} AS" in dockerfile


def test_tests_are_called_by_a_verb_of_the_makefile():
    [verb] = re.findall(r"^make (\S+)$", STEPS["tests"]["script"], re.MULTILINE)

    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_scripts_parse_in_the_shell_that_they_name_and_are_short():
    for name, step in STEPS.items():
        script = step["script"]
        shell = {"#!/bin/sh": "sh", "#!/usr/bin/env bash": "bash"}[script.splitlines()[0]]
        done = subprocess.run(
            [shell, "-n"], input=script, text=True, capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), name
        assert len(script.splitlines()) <= 20, name
        assert re.match(r"set -eu(o pipefail)?$", script.splitlines()[1]), name


def test_steps_wait_only_for_steps_that_are_there_and_not_in_a_circle():
    assert [step["id"] for step in in_order(BUILD["steps"])][-1] == "migrate"
    assert all(step.get("waitFor") for step in BUILD["steps"])
    with pytest.raises(ValueError, match="wait for each other"):
        in_order([{"id": "a", "waitFor": ["b"]}, {"id": "b", "waitFor": ["a"]}])
    with pytest.raises(ValueError, match="nothing known"):
        in_order([{"id": "a", "waitFor": ["misspelt"]}])


def test_what_takes_long_runs_side_by_side():
    for one in ("tests", "build", "database", "jobs"):
        assert not all_before(one) & {"tests", "build", "scan", "database", "jobs"}
    assert "sbom" not in all_before("scan")
    assert "scan" not in all_before("sbom")


def test_nothing_is_pushed_before_tests_scan_and_inventory():
    pushing = {name for name, step in STEPS.items() if "docker push" in step["script"]}

    assert pushing == {"push"}
    assert all_before("push") == set(STEPS) - {"push", "attach", "migrate"}


def test_the_migration_is_the_last_that_happens_before_the_build_is_told_of():
    assert all_before("migrate") == set(STEPS) - {"migrate"}


def test_nothing_here_deploys():
    """Traffic is Barq's alone; the jobs of the migration are the one thing of Cloud Run's."""
    commands = re.findall(r"gcloud [a-z ]+", FILE.read_text("utf-8"))

    assert {one.strip() for one in commands} == {
        "gcloud run jobs describe",
        "gcloud run jobs update",
        "gcloud run jobs execute",
    }


def test_the_build_is_told_to_the_topic_and_runs_as_the_account_of_the_installation():
    build = cloud_build.substituted(BUILD, BUILT_IN)

    assert build["options"]["pubsubTopic"] == "projects/barq-build/topics/barq-builds"
    assert build["serviceAccount"] == (
        "projects/barq-build/serviceAccounts/barq-build@barq-build.iam.gserviceaccount.com"
    )
    assert build["options"]["logging"] == "CLOUD_LOGGING_ONLY"
    assert build["options"]["requestedVerifyOption"] == "VERIFIED"


def test_what_is_pushed_is_listed_so_that_its_digest_is_in_the_results():
    build = cloud_build.substituted(BUILD, {**BUILD["substitutions"], **BUILT_IN})

    assert build["images"] == [f"{build['substitutions']['_IMAGE']}:b-1"]


def longest_seconds(seconds):
    """The seconds of the longest way through the steps."""
    waits = before(BUILD["steps"])
    ends: dict[str, int] = {}
    for name in TopologicalSorter(waits).static_order():
        ends[name] = seconds[name] + max((ends[one] for one in waits[name]), default=0)
    return max(ends.values())


def test_the_design_stays_under_five_minutes():
    """The page says what each step may take and why; this adds them up along `waitFor`."""
    page = (ROOT / "docs/build.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \|[^|]*\| (\d+) \|", page, re.MULTILINE)
    seconds = {name: int(value) for name, value in rows}
    around = sum(map(int, re.findall(r"^\| \*[^|]*\|[^|]*\| (\d+) \|", page, re.MULTILINE)))

    assert set(seconds) == set(STEPS)
    total = around + longest_seconds(seconds)
    assert f"**{total} s**" in page
    assert total < 300
    assert longest_seconds(dict.fromkeys(STEPS, 100)) == 600
