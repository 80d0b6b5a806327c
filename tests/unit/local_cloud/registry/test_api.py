import datetime as dt
import json

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest, ApiResponse
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.registry.api import router
from local_cloud.registry.images import Images

REPOSITORY = "europe-west1-docker.pkg.dev/build/shop/api"


class World:
    def __init__(self):
        self.images = Images()
        self.audit = Audit(VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
        self.router = router(self.images, self.audit)

    def ask(self, path: str, method: str = "GET", caller: str | None = None) -> ApiResponse:
        answer = self.router.handle(ApiRequest(method, path, caller=caller))
        assert answer is not None
        return answer


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("by", ["digest", "tag"])
def test_a_manifest_is_read_without_the_host_in_its_path(world, by):
    pushed = world.images.push(REPOSITORY, directory=None, command=["x"], tag="v1", index=True)
    ref = pushed.digest if by == "digest" else "v1"

    answer = world.ask(f"/v2/build/shop/api/manifests/{ref}")

    assert answer.status == 200
    assert answer.headers["Docker-Content-Digest"] == pushed.digest
    assert answer.headers["Content-Type"] == "application/vnd.oci.image.index.v1+json"
    assert json.loads(answer.body)["manifests"][0]["digest"] == pushed.child_digest


def test_head_answers_the_digest_without_a_body(world):
    pushed = world.images.push(REPOSITORY, directory=None, command=["x"])

    answer = world.ask(f"/v2/build/shop/api/manifests/{pushed.digest}", method="HEAD")

    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["Docker-Content-Digest"] == pushed.digest


def test_an_unknown_manifest_is_a_404_in_the_registrys_own_shape(world):
    answer = world.ask("/v2/build/shop/api/manifests/v9")

    assert answer.status == 404
    assert json.loads(answer.body)["errors"][0]["code"] == "MANIFEST_UNKNOWN"


def test_a_read_is_noted_on_the_artifact_registry_repository(world):
    world.images.push(REPOSITORY, directory=None, command=["x"], tag="v1")

    world.ask("/v2/build/shop/api/manifests/v1", caller="reader@p.iam")

    (call,) = world.audit.calls
    assert call.method == "Docker-GetManifest"
    assert call.resource == "projects/build/locations/europe-west1/repositories/shop"
    assert call.principal == "reader@p.iam"
