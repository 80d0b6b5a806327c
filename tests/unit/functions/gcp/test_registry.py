import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp.registry import ACCEPT, ImageRegistry, children_of
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Missing
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
