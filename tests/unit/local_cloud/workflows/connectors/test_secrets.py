"""Secret Manager's helpers, with answers as values."""

import base64
import json

SECRETS = "googleapis.secretmanager.v1.projects.secrets."
ACCESS = SECRETS + "versions.accessString"
ROOT = "https://secretmanager.googleapis.com/v1/projects/"


def version(data):
    return 200, {"name": "n", "payload": {"data": base64.b64encode(data).decode()}}


def test_access_string_decodes_the_latest_version(call):
    played = call(ACCESS, {"secret_id": "s"}, version("grün".encode()))

    assert played.value == "grün"
    assert played.sent == [f"GET {ROOT}p/secrets/s/versions/latest:access"]


def test_access_string_takes_a_number_and_another_project(call):
    played = call(ACCESS, {"secret_id": "s", "version": 3, "project_id": "q"}, version(b""))

    assert played.value == ""
    assert played.sent == [f"GET {ROOT}q/secrets/s/versions/3:access"]


def test_access_string_refuses_what_is_no_text(call):
    assert call(ACCESS, {"secret_id": "s"}, version(b"\xff")).error["tags"] == ["ValueError"]
    assert call(ACCESS, {"secret_id": "s"}, (200, [])).error["tags"] == ["ResponseTypeError"]


def test_add_version_string_encodes(call):
    played = call(SECRETS + "addVersionString", {"secret_id": "s", "data": "x"}, (200, {"name": 1}))

    assert played.value == {"name": 1}
    assert json.loads(played.requests[0].request.body) == {"payload": {"data": "eA=="}}


def test_access_string_may_stand_in_an_expression(play):
    source = [{"r": {"return": '${"<" + ' + ACCESS + '("s") + ">"}'}}]
    played = play(source, [(503, {}), version(b"secret")])

    assert played.value == "<secret>"
    assert played.slept == [1]


def test_an_expression_s_secret_that_is_not_there_fails_its_step(play):
    source = [{"read": {"return": "${" + ACCESS + '("s")}'}}]
    played = play(source, [(404, {"error": {"code": 404}})])

    assert played.error["code"] == 404
    assert played.context.splitlines()[1:] == ['in step "read", routine "main", line: 1']


def test_other_connectors_may_not_stand_in_an_expression(problem_of):
    source = [{"r": {"return": "${" + SECRETS + 'get("s")}'}}]

    assert "blocking" in problem_of(source)
