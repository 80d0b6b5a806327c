"""The metadata server of one account, without sockets."""

import datetime as dt
import json

import pytest

from local_cloud.identity.metadata import Account, Metadata, project_number
from local_cloud.identity.tokens import LocalTokens, simple_tokens
from local_cloud.kit.http import ApiRequest, ApiResponse
from local_cloud.kit.scheduler import VirtualScheduler

EMAIL = "deploy@barq-staging.iam.gserviceaccount.com"
ROOT = "/computeMetadata/v1"
DEFAULT = f"{ROOT}/instance/service-accounts/default"


@pytest.fixture
def scheduler() -> VirtualScheduler:
    return VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


@pytest.fixture
def tokens(scheduler) -> LocalTokens:
    return simple_tokens(scheduler)


@pytest.fixture
def metadata(tokens) -> Metadata:
    return Metadata(Account(EMAIL, "barq-staging", "123456789012", "europe-west1"), tokens)


def get(metadata: Metadata, path: str, **query: str) -> ApiResponse:
    wanted = {name: (value,) for name, value in query.items()}
    return metadata.handle(ApiRequest("GET", path, wanted, {"metadata-flavor": "Google"}))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/project/project-id", "barq-staging"),
        ("/project/numeric-project-id", "123456789012"),
        ("/instance/region", "projects/123456789012/regions/europe-west1"),
        ("/instance/zone", "projects/123456789012/zones/europe-west1-1"),
        ("/instance/service-accounts/", f"default/\n{EMAIL}/\n"),
        ("/instance/service-accounts/default/email", EMAIL),
        ("/instance/service-accounts/default/aliases", "default\n"),
        (
            "/instance/service-accounts/default/scopes",
            "https://www.googleapis.com/auth/cloud-platform\n",
        ),
        ("/universe/universe-domain", "googleapis.com"),
    ],
)
def test_a_fact_is_answered_as_text(metadata, path, text):
    answer = get(metadata, ROOT + path)

    assert (answer.status, answer.body.decode()) == (200, text)
    assert answer.headers["Metadata-Flavor"] == "Google"


@pytest.mark.parametrize("path", [f"{ROOT}/project/project-id", f"{DEFAULT}/token", f"{ROOT}/x"])
def test_a_request_without_the_flavor_header_is_refused(metadata, path):
    answer = metadata.handle(ApiRequest("GET", path))

    assert answer.status == 403


def test_a_forwarded_request_is_refused(metadata):
    headers = {"metadata-flavor": "Google", "x-forwarded-for": "10.0.0.1"}

    assert metadata.handle(ApiRequest("GET", f"{DEFAULT}/token", {}, headers)).status == 403


def test_the_root_answers_a_ping_with_the_flavor_header(metadata):
    answer = get(metadata, "/")

    assert answer.status == 200
    assert answer.headers["Metadata-Flavor"] == "Google"


def test_the_account_is_listed_recursively_as_json(metadata):
    answer = get(metadata, f"{DEFAULT}/", recursive="true")

    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body) == {
        "aliases": ["default"],
        "email": EMAIL,
        "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
    }


def test_the_account_is_listed_flat_without_recursion(metadata):
    assert get(metadata, f"{DEFAULT}/").body == b"aliases\nemail\nidentity\nscopes\ntoken\n"


def test_a_token_comes_with_the_seconds_it_still_lives(metadata, tokens, scheduler):
    first = json.loads(get(metadata, f"{DEFAULT}/token", scopes="a,b").body)
    scheduler.run_for(1000)
    second = json.loads(get(metadata, f"{DEFAULT}/token").body)

    assert (first["expires_in"], second["expires_in"]) == (3600, 2600)
    assert first["token_type"] == "Bearer"
    assert second["access_token"] == first["access_token"]
    assert tokens.caller(f"Bearer {first['access_token']}") == EMAIL


@pytest.mark.parametrize("name", [EMAIL, EMAIL.replace("@", "%40")])
def test_the_account_is_known_by_its_e_mail_too(metadata, name):
    answer = get(metadata, f"{ROOT}/instance/service-accounts/{name}/email")

    assert answer.body.decode() == EMAIL


def test_another_account_is_not_found(metadata):
    answer = get(metadata, f"{ROOT}/instance/service-accounts/rollback@p/token")

    assert answer.status == 404


def test_an_identity_is_an_id_token_for_the_audience(metadata, tokens):
    answer = get(metadata, f"{DEFAULT}/identity", audience="https://fleet", format="full")

    assert tokens.invoker(f"Bearer {answer.body.decode()}", ("https://fleet",)) == EMAIL


def test_an_identity_without_an_audience_is_refused(metadata):
    assert get(metadata, f"{DEFAULT}/identity").status == 400


def test_an_unknown_path_is_not_found(metadata):
    answer = get(metadata, f"{ROOT}/instance/attributes/ssh-keys")

    assert answer.status == 404
    assert answer.headers["Metadata-Flavor"] == "Google"


def test_a_project_number_has_twelve_digits_and_is_the_projects_own():
    numbers = {project_number(f"project-{n}") for n in range(100)}

    assert len(numbers) == 100
    assert all(len(number) == 12 and number[0] != "0" for number in numbers)
