"""The example for GitHub Actions: what it may do, and that Barq takes what it announces.

Its steps are run with stand-ins; actions (`uses`) are not. That it is a workflow was checked by hand
with check-jsonschema 0.39.0: `check-jsonschema --builtin-schema vendor.github-workflows FILE`.
"""

import base64
import json
import re
import subprocess
import sys

import pytest
import yaml

from rollouts.announcements import PUBSUB, BuildAnnounced, parse_announcement
from rollouts.delivery_file import parse_delivery
from rollouts.images import Image
from rollouts.planning import Deliver, choose
from tests.build.cloud_build import FILE, ROOT, read
from tests.build.programs import DIGEST, lay_out

EXAMPLE = ROOT / "docs/examples/github-actions/deliver.yaml"
TEXT = EXAMPLE.read_text("utf-8")
WORKFLOW = yaml.safe_load(TEXT)
[JOB] = WORKFLOW["jobs"].values()
IMAGE = JOB["env"]["IMAGE"]
GIVEN = {
    "GITHUB_RUN_ID": "77",
    "GITHUB_SHA": "c0ffee" + "0" * 34,
    "GITHUB_REPOSITORY": "team/fleet",
    "GITHUB_REF_NAME": "main",
    "GITHUB_SERVER_URL": "https://github.com",
    "TAG": "77-1",
    "TOKEN": "a-token",
}


def shell_of(step):
    return step.get("shell", WORKFLOW["defaults"]["run"]["shell"])


@pytest.fixture
def play(tmp_path):
    """Run the steps as the runner does; return exit status and calls."""

    def played(*failing, tests="false", scan="false"):
        programs = lay_out(tmp_path / "programs", *failing)
        kept = tmp_path / "env"
        kept.write_text("")
        env = {k: v for k, v in JOB["env"].items() if "${{" not in v}
        env |= GIVEN | {"SKIP_TESTS": tests, "SKIP_SCAN": scan, "GITHUB_ENV": str(kept)}
        env["PATH"] = f"{programs}:/usr/bin:/bin"
        code = 0
        for step in JOB["steps"]:
            if "run" not in step or skipped(step, env):
                continue
            env |= dict(line.split("=", 1) for line in kept.read_text().splitlines())
            python = [sys.executable, "-c", step["run"]]
            bash = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
            command = python if shell_of(step) == "python" else bash
            code = subprocess.run(
                command, env=env, cwd=tmp_path, timeout=60, check=False
            ).returncode
            if code:
                break
        calls = (programs / "calls").read_text("utf-8").splitlines()
        return code, [call.split("\t") for call in calls]

    return played


def skipped(step, env):
    condition = re.fullmatch(r"env\.(\w+) != 'true'", step.get("if", ""))
    return env[condition[1]] == "true" if condition else False


def announced(calls):
    [call] = [call for call in calls if call[:4] == ["gcloud", "pubsub", "topics", "publish"]]
    assert call[4] == JOB["env"]["TOPIC"]
    data = base64.b64encode(call[call.index("--message") + 1].encode()).decode()
    return parse_announcement({"type": PUBSUB, "data": {"message": {"data": data}}})


def test_what_it_announces_is_a_build_that_barq_delivers(play):
    code, calls = play()

    told = announced(calls)
    assert code == 0
    assert isinstance(told, BuildAnnounced)
    assert (told.status, told.branch, told.build.id) == ("SUCCESS", "main", "github-77-1")
    assert told.build.created is not None
    assert told.build.source == "team/fleet/main@c0ffee000000"
    plan = choose(
        told,
        parse_delivery(yaml.safe_load((ROOT / "docs/examples/delivery.yaml").read_text("utf-8"))),
    )
    assert isinstance(plan, Deliver)
    assert plan.image == Image(IMAGE, DIGEST)


def test_what_was_left_out_is_told(play):
    code, calls = play(tests="true", scan="true")

    assert code == 0
    assert announced(calls).build.source.endswith("built without tests and scan")
    assert not [call for call in calls if call[0] == "make" or call[:2] == ["docker", "run"]]
    [build] = [call for call in calls if call[:3] == ["docker", "buildx", "build"]]
    assert {"dev.barq.tests=skipped", "dev.barq.scan=skipped"} <= set(build)


@pytest.mark.parametrize("failing", ["make test-service", "buildx build", "--exit-code 1"])
def test_what_fails_is_neither_pushed_nor_announced(play, failing):
    code, calls = play(failing)

    assert code != 0
    assert not [call for call in calls if call[:2] == ["docker", "push"] or call[0] == "gcloud"]


@pytest.mark.parametrize("failing", ["docker push", "docker image inspect", "docker login"])
def test_a_push_that_fails_or_gives_no_digest_is_not_announced(play, failing):
    code, calls = play(failing)

    assert code != 0
    assert not [call for call in calls if call[0] == "gcloud"]


def test_it_signs_in_only_after_tests_build_and_scan():
    """The token lives for ten minutes, and what is built must not find it."""
    names = [step.get("name") or step["uses"].split("@")[0] for step in JOB["steps"]]

    assert names.index("Scan") < names.index("google-github-actions/auth") < names.index("Push")


def test_the_scan_and_the_labels_are_those_of_cloud_build():
    other = {step["id"]: step["script"] for step in read()["steps"]}
    mine = {step.get("name"): step.get("run", "") for step in JOB["steps"]}
    words = r"--[a-z-]+(?:[ =][A-Za-z0-9,.]+)?"

    # The database is fetched apart there, and by the scan itself here.
    there = set(re.findall(words, other["scan"])) - {"--skip-db-update"}
    assert there <= set(re.findall(words, mine["Scan"]))
    label = r"(?:dev\.barq|org\.opencontainers)[a-z.]+"
    assert set(re.findall(label, mine["Build"])) == set(re.findall(label, other["build"]))
    assert other["tests"].splitlines()[-1] == mine["Test"]


def test_images_that_it_runs_are_pinned_as_in_cloud_build():
    there = FILE.read_text("utf-8")

    for name in ("BUILDKIT", "TRIVY"):
        assert JOB["env"][name] in there
    assert read()["substitutions"]["_IMAGE"] == IMAGE


def test_actions_are_pinned_by_commit_and_say_their_version():
    used = re.findall(r"uses: (.+)", TEXT)

    assert len(used) == len([step for step in JOB["steps"] if "uses" in step])
    assert all(re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)


def test_it_may_read_the_source_and_show_who_it_is_and_nothing_else():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert JOB["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in TEXT


def test_no_code_of_strangers_runs_with_its_rights():
    """`on` is true in YAML 1.1."""
    assert set(WORKFLOW[True]) == {"push", "workflow_dispatch"}
    assert WORKFLOW[True]["push"] == {"branches": ["main"]}
    assert not [step for step in JOB["steps"] if "${{" in step.get("run", "")]
    assert [step["with"]["persist-credentials"] for step in JOB["steps"][:1]] == [False]


def test_its_shell_scripts_parse_and_are_short():
    for step in JOB["steps"]:
        script = step.get("run", "")
        assert len(script.splitlines()) <= 20
        if shell_of(step) == "bash":
            subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_the_message_is_json_of_the_fields_that_barq_reads(play):
    _, calls = play()

    [call] = [call for call in calls if "publish" in call]
    message = json.loads(call[call.index("--message") + 1])
    assert set(message) == {"id", "status", "createTime", "logUrl", "results", "substitutions"}
    assert call[-1] == "buildId=github-77-1,status=SUCCESS"
