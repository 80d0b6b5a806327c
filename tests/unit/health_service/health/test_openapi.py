"""The documented answers, held against the real ones."""

import asyncio
import copy
import time

import jsonschema
import pytest
from fastapi import FastAPI
from openapi_spec_validator import validate

from health_service.health import openapi
from health_service.health.answers import error
from health_service.health.callers import Nobody
from health_service.health.checks import Check, Unhealthy
from health_service.health.container import Container
from health_service.health.lifecycle import Phase

METHODS = ["GET", "HEAD", "POST"]
PATHS = ["/health/live", "/health/ready", "/health/detailed"]


def document(prefix="/health"):
    empty = {"openapi": "3.1.0", "info": {"title": "Any", "version": "1"}}
    return openapi.add_to(empty, prefix)


def judge(answer, path, method="GET"):
    """Raise unless the document says that this answer may come."""
    whole = document()
    operations = whole["paths"][path]
    documented = operations.get(method.lower(), operations["get"])["responses"]
    response = documented[str(answer.status)]
    for name, header in response.get("headers", {}).items():
        kind = int if header["schema"]["type"] == "integer" else str
        jsonschema.validate(kind(answer.headers[name.lower()]), header["schema"])
    if method == "HEAD":
        assert "content" not in response
        assert answer.body == b""
        return
    reference = response["content"]["application/json"]["schema"]["$ref"]
    schema = {"$ref": reference, "components": whole["components"]}
    jsonschema.validate(answer.json(), schema, jsonschema.Draft202012Validator)


async def down():
    raise Unhealthy("pool is exhausted", {"in_use": 5})


class Unknown:
    async def refusal(self, headers):
        return error(401, "no identity", [(b"www-authenticate", b"Bearer")])


class Unreachable:
    async def refusal(self, headers):
        return error(503, "the token was not checked", [(b"retry-after", b"10")])


@pytest.mark.parametrize("prefix", ["", "/", "/health", "/a/b/"])
def test_the_document_is_a_valid_one_at_any_prefix(prefix):
    made = document(prefix)

    validate(made)
    assert set(made["paths"]) == {
        f"{prefix.rstrip('/')}/{name}" for name in ("live", "ready", "detailed")
    }


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("phase", list(Phase))
def test_every_answer_is_as_documented(run, service, phase, path, method):
    async def main():
        for checks in ([], [Check("db", down)], [Check("mail", down, critical=False)]):
            subject = service({}, *checks)
            subject.lifecycle.phase = phase
            answer = await subject.get(path, method=method)
            judge(answer, path, method)

    run(main())


@pytest.mark.parametrize(
    ("callers", "status"), [(Unknown(), 401), (Nobody(), 403), (Unreachable(), 503)]
)
def test_every_refusal_is_as_documented(run, ask, bare, callers, status):
    async def main():
        router = bare(callers=callers)
        return await ask(router, "/detailed")

    answer = run(main())

    assert answer.status == status
    judge(answer, "/health/detailed")


def test_what_a_real_container_tells_is_documented_word_for_word():
    async def main():
        return await Container(time.monotonic, timeout_seconds=30).read()

    read = asyncio.run(main())

    documented = openapi.schemas()["HealthDetails"]["properties"]
    for name, part in read.items():
        jsonschema.validate(part, documented[name])
        assert set(part) == set(documented[name]["properties"])


@pytest.mark.parametrize(
    ("path", "spoil"),
    [
        ("/health/live", {"status": "dead"}),
        ("/health/live", {"host": "instance-0a1b"}),
        ("/health/ready", {"failed": []}),
        ("/health/detailed", {"phase": "asleep"}),
        ("/health/detailed", {"checks": [{"name": "db"}]}),
        ("/health/detailed", {"cpu": {"seconds": "many"}}),
        ("/health/detailed", {"memory": {"limit_bytes": -1}}),
    ],
)
def test_an_answer_of_another_shape_is_found(run, service, path, spoil):
    """Else the tests above would pass whatever is answered."""

    class Spoilt:
        def __init__(self, answer):
            self.status, self.headers, self.body = answer.status, answer.headers, answer.body
            self.document = answer.json()

        def json(self):
            return {**self.document, **spoil}

    async def main():
        return await service({}).get(path)

    with pytest.raises(jsonschema.ValidationError):
        judge(Spoilt(run(main())), path)


def test_a_fastapi_application_shows_the_routes_that_it_mounted(run, ask, bare):
    application = FastAPI()

    @application.get("/vehicles")
    async def vehicles() -> list[str]:
        return []

    openapi.add_to(application.openapi(), "/health")

    async def main():
        application.mount("/health", bare())
        document = (await ask(application, "/openapi.json")).json()
        return document, await ask(application, "/health/ready")

    shown, answer = run(main())

    validate(shown)
    assert set(shown["paths"]) == {"/vehicles", *PATHS}
    assert answer.json()["status"] == "ready"
    judge(answer, "/health/ready")


def test_adding_twice_changes_nothing():
    once = document()

    assert openapi.add_to(copy.deepcopy(once), "/health") == once


def ids(made):
    return [one["operationId"] for item in made["paths"].values() for one in item.values()]


def test_the_routes_at_several_prefixes_have_operation_ids_of_their_own():
    made = document("/health")
    for prefix in ("/internal/health", "/internal-health", "/"):
        openapi.add_to(made, prefix)

    validate(made)
    assert len(set(ids(made))) == len(ids(made)) == 4 * 6
    assert ids(made)[0] == "health_live"
    assert made["paths"]["/internal/health/live"]["get"]["operationId"] == (
        "health_internal_health_live"
    )
    again = copy.deepcopy(made)
    for prefix in ("/internal-health", "/health", "/"):
        openapi.add_to(again, prefix)
    assert again == made


def test_an_operation_id_of_the_application_is_left_to_it():
    operation = {"operationId": "health_ready", "responses": {"200": {"description": "Mine."}}}
    mine = {
        "openapi": "3.1.0",
        "info": {"title": "Any", "version": "1"},
        "paths": {"/mine": {"summary": "Mine.", "get": operation}},
    }

    validate(openapi.add_to(mine, "/health"))


def test_what_the_document_has_already_is_not_overwritten():
    other = {"paths": {"/health/live": {"get": {"summary": "mine"}}}}

    with pytest.raises(ValueError, match="/health/live is in the document already"):
        openapi.add_to(other, "/health")

    assert other["paths"]["/health/live"] == {"get": {"summary": "mine"}}
