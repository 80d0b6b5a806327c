"""Secrets through the REST door, in process."""

import base64
import datetime as dt
import json

import pytest

from local_cloud.kit.audit import Audit
from local_cloud.kit.http import ApiRequest
from local_cloud.kit.scheduler import VirtualScheduler
from local_cloud.secrets.checksum import crc32c
from local_cloud.secrets.model import SecretManagerModel
from local_cloud.secrets.rest import router

ALL = "/v1/projects/prod/secrets"
ONE = f"{ALL}/database-password"
AUTOMATIC: dict[str, object] = {"replication": {"automatic": {}}}


class Rest:
    def __init__(self):
        scheduler = VirtualScheduler(dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
        self.audit = Audit(scheduler)
        self.routes = router(SecretManagerModel(scheduler, self.audit))

    def __call__(self, method, path, body=None, caller=None, **query):
        data = json.dumps(body).encode() if body is not None else b""
        found = {name: (value,) for name, value in query.items()}
        answer = self.routes.handle(ApiRequest(method, path, found, {}, data, caller))
        assert answer is not None, f"no route for {method} {path}"
        return answer.status, json.loads(answer.body)

    def add(self, text: str, **more):
        return self(
            "POST",
            f"{ONE}:addVersion",
            {"payload": {"data": base64.b64encode(text.encode()).decode(), **more}},
        )

    def content(self, version: str = "latest") -> str:
        status, answer = self("GET", f"{ONE}/versions/{version}:access")
        assert status == 200, answer
        return base64.b64decode(answer["payload"]["data"]).decode()


@pytest.fixture
def rest():
    found = Rest()
    found("POST", ALL, AUTOMATIC, secretId="database-password")
    return found


def refused(answer) -> tuple[str, str]:
    _, document = answer
    return document["error"]["status"], document["error"]["message"]


def test_a_secret_is_created_as_the_service_shows_it(rest):
    created = rest(
        "POST", ALL, {**AUTOMATIC, "labels": {"made-by": "test"}}, secretId="other", caller="a@b"
    )

    assert created == (
        200,
        {
            "name": "projects/prod/secrets/other",
            "replication": {"automatic": {}},
            "createTime": "2026-03-01T12:00:00Z",
            "labels": {"made-by": "test"},
            "etag": '"1"',
        },
    )
    assert rest("GET", f"{ALL}/other") == created
    listed = [one["name"] for one in rest("GET", ALL)[1]["secrets"]]
    assert listed == ["projects/prod/secrets/other", "projects/prod/secrets/database-password"]
    assert rest("GET", "/v1/projects/another/secrets")[1] == {"totalSize": 0}
    assert rest.audit.calls[1][1:] == (
        "a@b",
        "google.cloud.secretmanager.v1.SecretManagerService.CreateSecret",
        "projects/prod/secrets/other",
    )


def test_the_newest_version_is_latest_and_the_older_ones_stay(rest):
    rest.add("first")
    status, added = rest.add("second", dataCrc32c=str(crc32c(b"second")))

    assert added["clientSpecifiedPayloadChecksum"] is True
    assert (status, added["name"]) == (200, "projects/prod/secrets/database-password/versions/2")
    assert (rest.content(), rest.content("1"), rest.content("2")) == ("second", "first", "second")
    _, listed = rest("GET", f"{ONE}/versions")
    assert [one["name"].rpartition("/")[2] for one in listed["versions"]] == ["2", "1"]


def test_contents_carry_the_checksum_that_clients_compare(rest):
    rest.add("123456789")

    payload = rest("GET", f"{ONE}/versions/1:access")[1]["payload"]

    assert payload["dataCrc32c"] == str(0xE3069283)  # The check value of CRC-32C.


def test_a_disabled_version_is_refused_also_as_latest(rest):
    rest.add("first")
    rest.add("second")

    assert rest("POST", f"{ONE}/versions/2:disable")[1]["state"] == "DISABLED"

    assert refused(rest("GET", f"{ONE}/versions/latest:access")) == (
        "FAILED_PRECONDITION",
        "Secret Version [projects/prod/secrets/database-password/versions/2] is in DISABLED state.",
    )
    assert rest.content("1") == "first"
    rest("POST", f"{ONE}/versions/2:enable")
    assert rest.content() == "second"


def test_a_destroyed_version_never_comes_back(rest):
    rest.add("first")
    rest("POST", f"{ONE}/versions/1:destroy")

    assert refused(rest("GET", f"{ONE}/versions/1:access"))[0] == "FAILED_PRECONDITION"
    assert refused(rest("POST", f"{ONE}/versions/1:enable"))[0] == "FAILED_PRECONDITION"
    assert rest("GET", f"{ONE}/versions/1")[1]["destroyTime"] == "2026-03-01T12:00:00Z"


def test_a_deleted_secret_is_gone_with_its_versions(rest):
    rest.add("first")

    assert rest("DELETE", ONE) == (200, {})

    assert rest("GET", f"{ONE}/versions/latest:access")[0] == 404
    assert rest("DELETE", ONE)[0] == 404


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        (("GET", f"{ALL}/none"), "NOT_FOUND", "Secret [projects/prod/secrets/none] not found."),
        (
            ("GET", f"{ONE}/versions/latest:access"),
            "NOT_FOUND",
            "Secret [projects/prod/secrets/database-password] not found or has no versions.",
        ),
        (("POST", f"{ONE}:addVersion", {"payload": {}}), "INVALID_ARGUMENT", "cannot be empty"),
        (
            ("POST", f"{ONE}:addVersion", {"payload": {"data": "no base64"}}),
            "INVALID_ARGUMENT",
            "TYPE_BYTES",
        ),
        (
            ("POST", f"{ONE}:addVersion", {"payload": {"data": "YQ==", "dataCrc32c": "7"}}),
            "INVALID_ARGUMENT",
            "checksum",
        ),
        (("POST", f"{ONE}:addVersion", []), "INVALID_ARGUMENT", "expected an object"),
        (("GET", ALL, None, None, "x"), "INVALID_ARGUMENT", "page"),
    ],
)
def test_what_cannot_be_is_refused(rest, asked, code, message):
    page = {"pageSize": asked[4]} if len(asked) > 4 else {}

    found = refused(rest(*asked[:4], **page))

    assert found[0] == code
    assert message in found[1]


def test_a_version_that_was_never_added_is_refused(rest):
    rest.add("first")

    assert refused(rest("GET", f"{ONE}/versions/2:access")) == (
        "NOT_FOUND",
        "Secret Version [projects/prod/secrets/database-password/versions/2] not found.",
    )


def test_a_secret_needs_an_id_and_a_replication_and_is_created_once(rest):
    assert refused(rest("POST", ALL, AUTOMATIC, secretId="a b"))[0] == "INVALID_ARGUMENT"
    assert refused(rest("POST", ALL, {}, secretId="other"))[0] == "INVALID_ARGUMENT"
    assert refused(rest("POST", ALL, AUTOMATIC, secretId="database-password")) == (
        "ALREADY_EXISTS",
        "Secret [projects/prod/secrets/database-password] already exists.",
    )


def test_a_content_is_at_most_64_kib(rest):
    assert rest.add("x" * 65_536)[0] == 200
    assert refused(rest.add("x" * 65_537))[0] == "INVALID_ARGUMENT"


def test_lists_come_in_pages(rest):
    for text in "abc":
        rest.add(text)

    _, first = rest("GET", f"{ONE}/versions", pageSize="2")
    _, last = rest("GET", f"{ONE}/versions", pageSize="2", pageToken=first["nextPageToken"])

    assert (len(first["versions"]), len(last["versions"])) == (2, 1)
    assert "nextPageToken" not in last
