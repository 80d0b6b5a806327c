"""Variables that are secrets, in both versions of the API, and how a deployment fails on them."""

import copy

import pytest

from local_cloud.kit.errors import Refused

PATH = "/regions/europe-west1/apis/serving.knative.dev/v1/namespaces/prod/services/api"
V2 = "/v2/projects/prod/locations/europe-west1/services/api"
PASSWORD = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "password", "key": "2"}}}
PASSWORD_V2 = {
    "name": "PASSWORD",
    "valueSource": {"secretKeyRef": {"secret": "password", "version": "2"}},
}
PLAIN = {"name": "PLAIN", "value": "text"}
WHERE = "spec.template.spec.containers[0].env[0].value_from.secret_key_ref.name"


def document(world, *entries):
    found = world.document()
    found["spec"]["template"]["spec"]["containers"][0]["env"] = list(entries)
    return found


def created(world, *entries):
    service = world.model.create(world.key, document(world, *entries))
    world.settle()
    return service


@pytest.fixture
def ready(world):
    world.secrets["password", "2"] = b"sesame"
    created(world, PASSWORD, PLAIN)
    return world


def env(document):
    return document["spec"]["template"]["spec"]["containers"][0]["env"]


def test_a_revision_keeps_the_reference_and_never_the_content(ready):
    [revision] = ready.model.revisions(ready.key)

    assert revision.state == "ready"
    assert revision.containers[0].env == {"PLAIN": "text"}
    assert ready.readers == {"prod-compute@developer.gserviceaccount.com"}
    assert env(ready.read()) == [PASSWORD, PLAIN]


def test_both_versions_show_the_reference_in_their_own_words(ready):
    _, v1 = ready.ask("GET", PATH)
    _, v2 = ready.ask("GET", V2)

    assert env(v1) == [PASSWORD, PLAIN]
    assert v2["template"]["containers"][0]["env"] == [PASSWORD_V2, PLAIN]
    assert "sesame" not in f"{v1}{v2}"


def test_what_one_version_shows_is_no_new_template_when_it_comes_back(ready):
    _, v1 = ready.ask("GET", PATH)
    ready.ask("PUT", PATH, v1)
    _, v2 = ready.ask("GET", V2)
    ready.ask("PATCH", V2, v2)
    ready.settle()

    assert len(ready.model.revisions(ready.key)) == 1


def test_a_new_image_keeps_its_secrets(ready):
    name = ready.deploy("v2")

    assert ready.model.revision(ready.key, name).state == "ready"
    assert env(ready.read()) == [PASSWORD, PLAIN]


@pytest.mark.parametrize("given", ["password", "projects/prod/secrets/password"])
def test_v2_may_name_the_project_and_need_not_name_a_version(ready, given):
    ready.secrets["password", "latest"] = b"sesame"
    _, v2 = ready.ask("GET", V2)
    wanted = copy.deepcopy(v2)
    wanted["template"]["containers"][0]["env"] = [
        {"name": "PASSWORD", "valueSource": {"secretKeyRef": {"secret": given}}}
    ]

    assert ready.ask("PATCH", V2, wanted)[0] == 200

    reference = env(ready.read())[0]["valueFrom"]["secretKeyRef"]
    assert reference == {"name": "password", "key": "latest"}


def test_a_revision_without_its_secrets_never_becomes_ready(world):
    """Source of the words: terraform-google-modules/terraform-docs-samples, pull request 168."""
    other = {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "key", "key": "latest"}}}
    service = created(world, PASSWORD, other)
    _, v2 = world.ask("GET", f"{V2}/revisions/{service.latest_created}")

    [revision] = world.model.revisions(world.key)
    assert (revision.state, revision.reason) == ("failed", "SecretsAccessCheckFailed")
    assert revision.message == (
        f"{WHERE}: Secret projects/prod/secrets/password/versions/2 was not found\n"
        + WHERE.replace("env[0]", "env[1]")
        + ": Secret projects/prod/secrets/key/versions/latest was not found"
    )
    assert world.instances.started == []
    ready = service.conditions["Ready"]
    assert ready.status == "False"
    assert ready.message.startswith(
        f"Revision '{revision.name}' is not ready and cannot serve traffic. {WHERE}: Secret"
    )
    failed = next(one for one in v2["conditions"] if one["type"] == "Ready")
    assert failed["reason"] == "SECRETS_ACCESS_CHECK_FAILED"


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b"])
def test_a_content_that_is_no_text_is_no_value_of_a_variable(world, content):
    world.secrets["password", "2"] = content

    created(world, PASSWORD)

    assert world.model.revisions(world.key)[0].state == "failed"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({**PASSWORD, "value": "text"}, "must not both be set"),
        ({"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a"}}}, "secret_key_ref"),
        ({"name": "A", "valueFrom": {"secretKeyRef": {"name": "a"}}}, "secret_key_ref.key"),
        ({"name": "A", "valueFrom": {"secretKeyRef": {"key": "1"}}}, "secret_key_ref.name"),
        ({**PASSWORD, "name": "PORT"}, "reserved env names were provided: PORT"),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(world, entry, words):
    with pytest.raises(Refused, match=words) as refused:
        world.model.create(world.key, document(world, entry))

    assert refused.value.code == "INVALID_ARGUMENT"


@pytest.mark.parametrize("source", [{"secretKeyRef": None}, {"other": 1}, 7])
def test_an_entry_of_v2_that_makes_no_sense_is_refused(ready, source):
    _, wanted = ready.ask("GET", V2)
    wanted["template"]["containers"][0]["env"] = [{"name": "A", "valueSource": source}]

    status, answer = ready.ask("PATCH", V2, wanted)

    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
