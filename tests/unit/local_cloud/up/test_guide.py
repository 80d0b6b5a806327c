import dataclasses
import json
import re
import shlex

import pytest

from local_cloud.run.resources import ServiceKey
from local_cloud.up.delivery import Target
from local_cloud.up.guide import Names, first_to_drill, first_with_approval, guide, steps


def target(name="production", *, approval=True):
    return Target(
        service="my-api",
        name=name,
        key=ServiceKey("p", "europe-west1", "my-api"),
        image="host/p/r/api",
        branch="main",
        approval=approval,
        error_ratio_max=0.05,
        requests_min=20,
    )


@pytest.fixture
def names():
    return Names("europe-west1", "rollout", "barq-builds", target())


def _all(names):
    return [line for step in steps(names) for line in (*step.curl, *step.gcloud)]


def _json_of(line):
    """Return the JSON that a line sends, the shell's quotes taken off."""
    read = line.replace('"$IMAGE"', "host/p/r/api@sha256:0").replace('"$ROLLOUT"', "1f0c9a2e")
    words = shlex.split(read)
    if "-d" in words:
        return json.loads(words[words.index("-d") + 1])
    data = next((word for word in words if word.startswith("--data=")), None)
    return json.loads(data.removeprefix("--data=")) if data else None


def test_every_line_is_a_whole_line_of_shell(names):
    for line in _all(names):
        assert "\n" not in line
        assert shlex.split(line)


def test_every_document_is_json_after_the_shell_has_read_it(names):
    found = [document for line in _all(names) if (document := _json_of(line))]

    assert len(found) > 10
    for document in found:
        if "argument" in document:
            assert json.loads(document["argument"])["service"] == "my-api"


def test_what_is_done_by_curl_and_by_gcloud_is_the_same(names):
    for step in steps(names):
        by_curl, by_gcloud = (
            _json_of(step.curl[-1]),
            _json_of(step.gcloud[-1]) if step.gcloud else None,
        )
        if by_curl and by_gcloud and "argument" in by_curl:
            assert json.loads(by_curl["argument"]) == by_gcloud


def test_of_several_services_each_push_says_which(names):
    several = dataclasses.replace(names, alone=False)
    pushed = [
        document for line in _all(several) if (document := _json_of(line)) and "version" in document
    ]

    assert {document["version"] for document in pushed} == {"v1", "v2", "v3", "v4", "v5"}
    assert {document["service"] for document in pushed} == {"my-api"}


def test_the_guide_has_every_line_in_its_order(names):
    text = guide(names, ".barq/env")

    printed = [line.strip() for line in text.splitlines() if line.startswith("    ")]
    assert printed == [". .barq/env", *_all(names)]
    assert re.findall(r"^(\d+)\. ", text, re.MULTILINE) == [
        str(number) for number in range(1, len(steps(names)) + 1)
    ]


def test_the_story_is_about_the_target_that_asks_a_person():
    listed = [
        target("staging", approval=False),
        target("production"),
        target("late", approval=False),
    ]

    assert first_with_approval(listed).name == "production"


def test_without_approvals_the_story_is_about_the_last_target():
    listed = [target("staging", approval=False), target("production", approval=False)]

    assert first_with_approval(listed).name == "production"


def test_without_a_database_the_story_needs_none(names):
    without = dataclasses.replace(names, database=False)

    assert any("/vehicles" in line for line in _all(names))
    assert any("/local/database" in line or "URL/database" in line for line in _all(names))
    for line in _all(without):
        assert "vehicles" not in line
        assert "database" not in line


def test_the_database_is_stopped_under_a_canary_that_was_pushed_for_it(names):
    """Right after the bad image nobody uses a canary: it was taken back."""
    stops = next(n for n, step in enumerate(steps(names)) if '"stopped"' in step.curl[-1])
    push, stop, start = steps(names)[stops - 1 : stops + 2]

    assert _json_of(push.curl[0]) == {"version": "v5"}
    assert _json_of(stop.curl[1])["decision"] == "approve"
    assert _json_of(start.curl[0]) == {"state": "running"}


def test_a_canary_that_asks_nobody_is_not_approved_before_the_database_stops(names):
    unasked = dataclasses.replace(names, target=target(approval=False))

    stop = next(step for step in steps(unasked) if '"stopped"' in step.curl[-1])

    assert stop.title.startswith("Stop the database under its first users")
    assert len(stop.curl) == 2
    assert stop.curl[0].startswith("sleep ")


def test_a_drill_is_held_on_a_target_before_the_last_one_and_on_no_other(names):
    staging, production = target("staging", approval=False), target("production")

    assert first_to_drill([staging, production], production) == "staging"
    assert first_to_drill([production], production) == ""
    assert not any("drill" in line for line in _all(names))
    drill = next(
        step
        for step in steps(dataclasses.replace(names, drilled="staging"))
        if step.title.startswith("Hold the drill")
    )
    argument = json.loads(_json_of(drill.curl[0])["argument"])
    assert (argument["service"], argument["target"]) == ("my-api", "staging")
