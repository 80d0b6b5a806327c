import datetime as dt
import json
import random
from typing import Any

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest, Router
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.registry.images import Images
from local_cloud.run import documents
from local_cloud.run.model import RunModel
from local_cloud.run.resources import Service, ServiceKey
from local_cloud.run.secret_variables import Wanted, no_secrets
from local_cloud.run.settings import RunSettings
from local_cloud.run.v1 import v1_router
from local_cloud.run.v2 import v2_router
from local_cloud.run.virtual import VirtualInstances

REPOSITORY = "europe-west1-docker.pkg.dev/build/shop/api"
KEY = ServiceKey("prod", "europe-west1", "api")


class World:
    """A Cloud Run in virtual time with a service `api`, and short ways to talk to it."""

    key = KEY

    def __init__(self, **settings: Any) -> None:
        self.scheduler = VirtualScheduler(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        self.audit = Audit(self.scheduler)
        self.images = Images()
        self.secrets: dict[tuple[str, str], bytes] = {}
        """By name and version."""
        self.readers: set[str] = set()
        """Which accounts asked for one."""
        self.instances = VirtualInstances(self.scheduler, seconds=2)
        self.model = RunModel(
            self.scheduler,
            self.audit,
            self.images,
            self.instances,
            random.Random(1),
            RunSettings(**settings),
            read_secret=self.read_secret,
        )
        self.router = Router()
        self.router.include(v1_router(self.model))
        self.router.include(v2_router(self.model))

    def read_secret(self, wanted: Wanted) -> bytes:
        self.readers.add(wanted.account)
        if (wanted.secret, wanted.version) not in self.secrets:
            return no_secrets(wanted)
        return self.secrets[wanted.secret, wanted.version]

    def image(self, version: str, *, index: bool = False) -> str:
        pushed = self.images.push(
            REPOSITORY, directory=None, command=["serve", version], index=index
        )
        return pushed.reference

    def document(self, version: str = "v1", **fields: Any) -> dict[str, Any]:
        return documents.service_document("api", self.image(version), **fields)

    def create(self, version: str = "v1", **fields: Any) -> Service:
        service = self.model.create(KEY, self.document(version, **fields))
        self.settle()
        return service

    def read(self) -> dict[str, Any]:
        return documents.of_service(self.model.service(KEY))

    def write(self, document: dict[str, Any]) -> Service:
        return self.model.replace(KEY, document)

    def deploy(self, version: str, *, revision: str | None = None) -> str:
        """Replace the image, keep the rest; return the new revision's name when it settled."""
        document = self.read()
        template = document["spec"]["template"]
        template["spec"]["containers"][0]["image"] = self.image(version)
        template["metadata"] = {"name": revision} if revision else {}
        service = self.write(document)
        self.settle()
        return service.latest_created

    def shift(self, *entries: dict[str, Any]) -> Service:
        document = self.read()
        document["spec"]["traffic"] = list(entries)
        service = self.write(document)
        self.scheduler.run_for(0)
        return service

    def settle(self) -> None:
        self.scheduler.run_for(5)

    def ask(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        answer = self.router.handle(
            ApiRequest(
                method,
                path,
                query={name: (value,) for name, value in query.items()},
                body=b"" if body is None else json.dumps(body).encode(),
                caller="deployer@prod.iam.gserviceaccount.com",
            )
        )
        assert answer is not None
        return answer.status, json.loads(answer.body)


def to(revision: str, percent: int | None = None, tag: str | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {"revisionName": revision}
    if percent is not None:
        entry["percent"] = percent
    if tag:
        entry["tag"] = tag
    return entry


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(name="to")
def to_fixture() -> Any:
    return to


@pytest.fixture
def make_world() -> type[World]:
    return World
