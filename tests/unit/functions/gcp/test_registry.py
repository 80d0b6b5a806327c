from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.registry import ACCEPT, ImageRegistry, children_of
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Missing, Refused, Transient
from tests.unit.functions.gcp.routed import session_over, text, transport
from tests.unit.functions.gcp.worlds import NEW, OLD, REPOSITORY

INDEX = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.index.v1+json",
    "manifests": [
        {"digest": OLD, "platform": {"architecture": "amd64", "os": "linux"}, "size": 1},
        {"digest": "sha256:" + "c" * 64, "platform": {"architecture": "unknown"}, "size": 1},
    ],
}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"digest": OLD},
    "layers": [{"digest": NEW}],
}


def children(by, endpoint="https://{host}"):
    return ImageRegistry(session_over(by), endpoint).children(REPOSITORY, NEW)


def test_an_index_has_children():
    by = transport(ApiResponse.of(INDEX))

    assert children(by) == {OLD, "sha256:" + "c" * 64}


def test_the_images_own_host_is_asked_and_every_kind_accepted():
    by = transport(ApiResponse.of(INDEX))

    children(by)

    path = f"/v2/barq-build/fleet/health-service/manifests/{NEW}"
    assert by.urls == [f"https://europe-west1-docker.pkg.dev{path}"]
    assert by.sent[0].headers["accept"] == ACCEPT
    assert "manifest.list.v2" in ACCEPT
    assert "image.index.v1" in ACCEPT


def test_a_fixed_endpoint_is_asked_for_every_host():
    by = transport(ApiResponse.of(INDEX))

    children(by, "http://127.0.0.1:5000")

    assert by.urls[0].startswith("http://127.0.0.1:5000/v2/barq-build/")


def asked_by(repository, endpoint="https://{host}"):
    """Return which session asks for an image of a repository, and where."""
    authorized, plain = transport(ApiResponse.of(INDEX)), transport(ApiResponse.of(INDEX))
    registry = ImageRegistry(session_over(authorized), endpoint, session_over(plain))
    registry.children(repository, NEW)
    who = "plain" if plain.urls else "authorized"
    assert len(authorized.urls) + len(plain.urls) == 1
    return who, urlsplit((authorized.urls + plain.urls)[0]).netloc


@pytest.mark.parametrize(
    "host", ["europe-west1-docker.pkg.dev", "docker.pkg.dev", "gcr.io", "eu.gcr.io", "EU.GCR.io"]
)
def test_googles_registries_are_asked_with_the_token(host):
    assert asked_by(f"{host}/project/api") == ("authorized", host.lower())


@pytest.mark.parametrize(
    "host",
    [
        "docker.io",
        "registry.example.net",
        "pkg.dev",
        "evilpkg.dev",
        "docker.pkg.dev.example.net",
        "evilgcr.io",
        "gcr.io.example.net",
        "gcr.io:8443",
        "europe-west1-docker.pkg.dev:443",
        "example.net:443",
    ],
)
def test_any_other_registry_is_asked_as_anybody_asks(host):
    who, where = asked_by(f"{host}/project/api")

    assert who == "plain"
    assert where.startswith(host.removesuffix(":443"))


@pytest.mark.parametrize(
    "host",
    [
        "user@docker.pkg.dev",
        "docker.pkg.dev@example.net",
        "example.net#.pkg.dev",
        "example.net?.pkg.dev",
        "example.net\\.pkg.dev",
        "example.net:.pkg.dev",
        "gcr.io:1:2",
        "gcr.io\n",
        "[::1]",
        "",
    ],
)
def test_what_is_no_host_is_not_asked(host):
    with pytest.raises(Refused, match="is no host of a registry"):
        asked_by(f"{host}/project/api")


def test_an_endpoint_that_the_operator_names_is_asked_with_the_token():
    found = asked_by("docker.io/project/api", "http://127.0.0.1:5000")

    assert found == ("authorized", "127.0.0.1:5000")


@pytest.mark.processes
def test_without_a_session_of_its_own_another_registry_gets_no_token():
    """The default asks with a plain session: nothing of this process's identity is looked up."""
    registry = ImageRegistry(session_over(transport(ApiResponse.of(INDEX))), "http://{host}")

    with pytest.raises(Transient, match="was not read: no connection"):
        registry.children("127.0.0.1:1/project/api", NEW)


def test_an_image_that_is_no_index_has_no_children():
    assert children(transport(ApiResponse.of(MANIFEST))) == frozenset()


def test_an_unknown_digest_is_missing():
    body = '{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "no"}]}'

    with pytest.raises(Missing, match="was not read: HTTP 404 MANIFEST_UNKNOWN"):
        children(transport(text(404, body)))


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["manifests", "digest", "x"]), inner, max_size=3)
        ),
    )
)
def test_whatever_the_registry_answers_children_are_strings(document):
    assert all(isinstance(digest, str) for digest in children_of(document))
