"""Errors as sentences: they name what is wrong, and never hold a token.

Every error that can be provoked from outside is provoked here; then all logs are read.
"""

import re

import pytest

from tests.processes.stage import ask
from tests.processes.stories import STORIES
from tests.processes.wrong_functions import install, installed_wrongly, refusing_api

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

TOKEN = re.compile(r"Bearer +[\w.-]{8}|ya29\.|eyJ[\w-]{8}", re.IGNORECASE)
DRIVER = {
    "execution": "projects/p/locations/l/workflows/w/executions/e",
    "service": "shop",
    "target": "production",
    "action": {"kind": "roll_back", "because": "a test"},
}


@pytest.fixture(scope="module")
def answers(cloud):
    """What functions answered that are installed wrongly, or asked wrongly."""
    stage = cloud.stage

    async def provoke():
        urls = await installed_wrongly(stage)
        found = {name: await stage.call(url, DRIVER) for name, url in urls.items()}
        found["plan"] = await stage.call(stage.installed.urls["plan"], {"argument": {"action": 1}})
        async with refusing_api() as api:
            env = {**stage.running.endpoints(), "RUN_ENDPOINT": api}
            url = await install(stage, "refused", "status", env)
            for service in ("shop", "late", "crash", "gate", "hand", "moved"):
                found[service] = await stage.call(url, {"service": service})
        return found

    return cloud.run(provoke())


def test_an_endpoint_that_is_not_set_is_an_error_that_names_it(answers):
    """Never Google's own endpoint: nothing talks to a cloud that nobody meant."""
    status, answer = answers["unset"]

    assert status == 422
    assert answer["error"]["message"].startswith("RUN_ENDPOINT is not set: must be ")
    assert answer["error"]["message"].endswith(", such as https://{region}-run.googleapis.com.")


def test_an_endpoint_that_is_no_url_is_an_error_that_names_it(answers):
    status, answer = answers["unreadable"]

    assert status == 422
    assert answer["error"]["message"].startswith("RUN_ENDPOINT is 'run.googleapis.com': must be ")


def test_a_broken_delivery_file_is_told_as_such(answers):
    status, answer = answers["broken"]

    assert status == 422
    assert answer["error"]["message"].startswith("delivery.yaml cannot be read (")


def test_every_problem_of_a_wrong_delivery_file_is_told(answers):
    status, answer = answers["wrong"]

    assert status == 422
    problems = answer["error"]["message"].splitlines()
    assert len(problems) >= 4
    assert all(re.fullmatch(r"services\.shop\S* (is|are) .*must be .*\.", one) for one in problems)


def test_a_wrong_argument_is_told_with_what_would_be_right(answers):
    status, answer = answers["plan"]

    assert status == 400
    assert "plan: execution is missing: must be" in answer["error"]["message"]


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ("shop", "HTTP 401 UNAUTHENTICATED"),
        ("late", "HTTP 403 PERMISSION_DENIED"),
        ("crash", "HTTP 500 INTERNAL"),
        ("gate", "the answer cannot be read"),
        ("hand", "no connection, or it broke"),
    ],
)
def test_what_google_refuses_is_told_in_googles_words(answers, service, words):
    status, answer = answers[service]

    assert status == 200
    assert words in answer["targets"][0]["error"]


def test_a_defect_is_a_500_that_sends_to_the_log_and_shows_no_traceback(answers):
    status, answer = answers["moved"]

    assert status == 500
    assert answer["error"]["message"].startswith("status failed for a reason that it does not know")


def test_no_log_and_no_answer_holds_a_token(cloud, story, answers):
    for name in STORIES:
        story(name)
    stage = cloud.stage
    for token in (None, "nonsense", stage.running.tokens.access_token("a@b.example.com")):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        status, text = cloud.run(ask("POST", stage.installed.urls["plan"], {}, headers))
        assert status in (401, 403)
        assert not TOKEN.search(text)

    files = [path for path in (stage.running.folder / "logs").rglob("*.log") if path.is_file()]
    found = {path.name: TOKEN.search(path.read_text()) for path in files}

    assert {name.rpartition("-00001")[0] for name in found} >= {"barq-plan", "unset", "refused"}
    assert not {name: what.group() for name, what in found.items() if what}
    assert not TOKEN.search(str(answers))


def test_no_server_of_a_function_is_in_anothers_way(cloud, story):
    """All of them run on one machine, and none should notice."""
    for name in STORIES:
        story(name)

    logs = (cloud.stage.running.folder / "logs").rglob("barq-*.log")

    told = [line for log in logs for line in log.read_text().splitlines()]
    assert any("request.handled" in line for line in told)
    assert [line for line in told if "[ERROR]" in line] == []


def test_the_pattern_of_a_token_finds_real_ones(cloud):
    """Else the test above could not fail."""
    tokens = cloud.stage.running.tokens

    assert TOKEN.search(tokens.access_token("a@b.example.com"))
    assert TOKEN.search(tokens.id_token("a@b.example.com", "https://example.com"))
    assert TOKEN.search("authorization: bearer abcdefghij")
