"""Cloud Build by its REST door: what it refuses, what it tells, and what it pushes."""

import datetime as dt
import json
import random

import pytest

from local_cloud.build.documents import AGENT
from local_cloud.build.model import BuildSettings, CloudBuildModel
from local_cloud.build.rest import router
from local_cloud.iam import needed
from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.pubsub.values import Message
from local_cloud.registry.images import Images

START = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
BUILDS = "/v1/projects/p1/locations/europe-west1/builds"
REPOSITORY = "europe-west1-docker.pkg.dev/p1/shop/api"
TOPIC = "projects/p1/topics/builds"
DRILL = "barq-drill@p1.iam.gserviceaccount.com"
BUILDER = "barq-build@p1.iam.gserviceaccount.com"


class World:
    def __init__(self):
        self.clock = VirtualScheduler(START)
        self.audit = Audit(self.clock)
        self.images = Images()
        self.told: list[tuple[str, Message]] = []
        self.model = CloudBuildModel(
            self.clock,
            self.images,
            lambda topic, message: self.told.append((topic, message)),
            self.audit,
            random.Random(1),
            BuildSettings(queued_seconds=3, works_seconds=25),
        )
        self.routes = router(self.model)
        self.base = self.images.push(
            REPOSITORY, directory=None, command=["run"], env={"A": "1", "B": "1"}, tag="v1"
        )

    def call(self, method, path, body=None):
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.routes.handle(ApiRequest(method, path, {}, {}, data, DRILL))
        assert answer is not None, f"no route for {method} {path}"
        return answer.status, json.loads(answer.body)

    def asked(self, dockerfile=None, **fields):
        lines = dockerfile or f"FROM {self.base.reference}\nENV B=2 C='3 4'\nLABEL drill=one"
        script = f"docker build --tag {REPOSITORY}:bad - <<'END'\n{lines}\nEND\n"
        return {
            "steps": [{"name": "gcr.io/cloud-builders/docker", "script": script}],
            "images": [f"{REPOSITORY}:bad"],
            "serviceAccount": f"projects/p1/serviceAccounts/{BUILDER}",
            "substitutions": {"BRANCH_NAME": "main", "_BARQ_TARGET": "staging"},
            "options": {
                "pubsubTopic": TOPIC,
                "logging": "CLOUD_LOGGING_ONLY",
                "substitutionOption": "ALLOW_LOOSE",
            },
            **fields,
        }

    def refused(self, document):
        status, answer = self.call("POST", BUILDS, document)
        assert status >= 400, answer
        assert self.told == []
        return answer["error"]["status"], answer["error"]["message"]


@pytest.fixture
def world():
    return World()


def test_a_build_is_queued_works_and_pushes_an_image_on_the_one_that_it_names(world):
    status, operation = world.call("POST", BUILDS, world.asked())
    build = operation["metadata"]["build"]
    path = f"{BUILDS}/{build['id']}"
    seen = [build["status"]]
    for seconds in (3, 25):
        world.clock.run_for(seconds)
        seen.append(world.call("GET", path)[1]["status"])

    assert status == 200
    assert seen == ["QUEUED", "WORKING", "SUCCESS"]
    (made,) = world.call("GET", path)[1]["results"]["images"]
    image = world.images.resolve(f"{REPOSITORY}@{made['digest']}")
    assert made["name"] == f"{REPOSITORY}:bad"
    assert world.images.resolve(made["name"]) == image
    assert (image.command, image.env) == (("run",), {"A": "1", "B": "2", "C": "3 4"})
    assert image.digest != world.base.digest


def test_every_change_of_status_is_published_as_cloud_build_does(world):
    world.call("POST", BUILDS, world.asked())
    world.clock.run_for(60)

    assert {topic for topic, _ in world.told} == {TOPIC}
    told = [(message.attributes, json.loads(message.data)) for _, message in world.told]
    assert [one["status"] for _, one in told] == ["QUEUED", "WORKING", "SUCCESS"]
    for attributes, document in told:
        assert attributes == {"buildId": document["id"], "status": document["status"]}
    assert "results" not in told[1][1]
    assert told[2][1]["results"]["images"][0]["digest"].startswith("sha256:")
    assert told[2][1]["substitutions"]["_BARQ_TARGET"] == "staging"
    assert told[2][1]["createTime"] == "2026-03-01T12:00:00Z"
    assert AGENT.startswith("service-")


def test_a_label_alone_makes_another_digest(world):
    for name in ("one", "two", "two"):
        lines = f"FROM {world.base.reference}\nLABEL drill={name}"
        world.call("POST", BUILDS, world.asked(lines))
    world.clock.run_for(60)

    found = world.call("GET", BUILDS)[1]["builds"]
    digests = [one["results"]["images"][0]["digest"] for one in found]
    assert len(found) == 3
    assert digests[0] == digests[1] != digests[2]


def test_a_build_without_a_topic_tells_nobody(world):
    world.call("POST", BUILDS, world.asked(options={"logging": "NONE"}, substitutions={}))
    world.clock.run_for(60)

    assert world.told == []


def test_a_build_on_an_image_that_is_not_there_fails(world):
    gone = f"FROM {REPOSITORY}@sha256:{'0' * 64}"
    world.call("POST", BUILDS, world.asked(gone))
    world.clock.run_for(60)

    (build,) = world.call("GET", BUILDS)[1]["builds"]
    assert build["status"] == "FAILURE"
    assert build["failureInfo"]["type"] == "USER_BUILD_STEP"
    assert "not found" in build["failureInfo"]["detail"]
    assert "results" not in build


def test_who_starts_a_build_acts_as_its_account_which_pulls_and_pushes(world):
    world.call("POST", BUILDS, world.asked())
    world.clock.run_for(60)
    world.call("GET", BUILDS)

    assert needed(world.audit.calls) == {
        DRILL: {"cloudbuild.builds.create", "cloudbuild.builds.list", "iam.serviceAccounts.actAs"},
        BUILDER: {
            "artifactregistry.repositories.downloadArtifacts",
            "artifactregistry.repositories.uploadArtifacts",
        },
    }
    pushed = [call.resource for call in world.audit.calls if call.method == "Docker-PutManifest"]
    assert pushed == ["projects/p1/locations/europe-west1/repositories/shop"]


def test_builds_of_a_project_without_a_location_are_global_ones(world):
    _, operation = world.call("POST", "/v1/projects/p1/builds", world.asked())
    build = operation["metadata"]["build"]

    assert build["name"] == f"projects/p1/locations/global/builds/{build['id']}"
    assert world.call("GET", f"/v1/projects/p1/builds/{build['id']}")[0] == 200
    assert world.call("GET", BUILDS)[1] == {}
    assert world.call("GET", f"{BUILDS}/{build['id']}")[0] == 404


@pytest.mark.parametrize(
    "name", ["docker:28-cli", f"docker@sha256:{'0' * 64}", "gcr.io/cloud-builders/docker:latest"]
)
def test_either_image_of_docker_is_understood(world, name):
    asked = world.asked()
    asked["steps"][0]["name"] = name

    assert world.call("POST", BUILDS, asked)[0] == 200


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"steps": []}, "no build steps"),
        ({"steps": [{"script": "x"}]}, "no build steps"),
        ({"stepz": []}, 'Unknown name "stepz"'),
        ({"options": {}}, "if 'build.service_account' is specified, the build must"),
        (
            {"substitutions": {"DRILL": "x"}},
            'substitution key "DRILL" does not respect format "^_[A-Z0-9_]+$"',
        ),
        (
            {"options": {"logging": "NONE"}},
            'key "_BARQ_TARGET" in the substitution data is not matched in the template',
        ),
        ({"options": {"logging": "NONE", "pubsubTopic": "builds"}, "substitutions": {}}, "topic"),
        ({"options": {"logging": "NONE", "pubsubTopic": 1}, "substitutions": None}, "topic"),
        ({"options": []}, "'build.options': expected an object"),
        ({"substitutions": "_A=b"}, "'build.substitutions': expected an object"),
    ],
)
def test_what_cloud_build_refuses_is_refused(world, fields, message):
    status, said = world.refused(world.asked(**fields))

    assert status == "INVALID_ARGUMENT"
    assert message in said


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM a\nRUN make",
        "FROM a AS b",
        "ENV A=1",
        "FROM a\nFROM b",
        "FROM a\nENV A",
        "FROM a\nENV A='",
    ],
)
def test_a_dockerfile_that_takes_an_engine_is_refused_in_plain_words(world, dockerfile):
    status, said = world.refused(world.asked(dockerfile))

    assert status == "UNIMPLEMENTED"
    assert "The local cloud builds without a container engine" in said


@pytest.mark.parametrize(
    "fields",
    [
        {"steps": [{"name": "gcr.io/cloud-builders/docker", "args": ["build", "."]}]},
        {
            "steps": [
                {"name": "python:3.12", "script": "docker build --tag a - <<'END'\nFROM b\nEND"}
            ]
        },
        {"steps": [{"name": "a", "script": "x"}, {"name": "b", "script": "x"}]},
        {"source": {"storageSource": {}}},
        {"images": [f"{REPOSITORY}:other"]},
    ],
)
def test_a_build_that_takes_an_engine_is_refused_in_plain_words(world, fields):
    status, said = world.refused(world.asked(**fields))

    assert status == "UNIMPLEMENTED"
    assert "The local cloud builds without a container engine" in said
