"""What the routes answer before a database is asked, and when one cannot be.

With a real database: tests/processes/test_fleet.py.
"""

import json

import asyncpg
import pytest

from health_service.database.errors import NO_RIGHT, Unavailable
from health_service.fleet import absent
from health_service.fleet.routes import BODY_BYTES_MAX, routes
from health_service.fleet.schema import LACKING, GoodLook
from tests.unit.health_service.fleet.asking import Failing, Unused, as_database, ask

GOOD = json.dumps({"vin": "1HGCM82633A004352", "name": "Van 12"}).encode()
ID = "5f0c0a52-6d0b-4b5e-9a3c-0d8f3f1b7c11"


def routes_of(database):
    return routes(as_database(database), GoodLook(lambda: 0.0))


UNUSED = routes_of(Unused())
EVERY_USE = [("POST", "/vehicles"), ("GET", "/vehicles"), ("GET", f"/vehicles/{ID}")]


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/json2", "json"])
def test_a_body_that_is_not_said_to_be_json_is_refused_unread(content_type):
    answer = ask(UNUSED, "POST", "/vehicles", body=GOOD, content_type=content_type)

    assert (answer.status, answer.json()) == (
        415,
        {"error": "the body must be application/json"},
    )


@pytest.mark.parametrize("content_type", ["Application/JSON", "application/json; charset=utf-8"])
def test_the_media_type_may_have_parameters_and_capitals(content_type):
    answer = ask(UNUSED, "POST", "/vehicles", body=b"{", content_type=content_type)

    assert answer.status == 400


def test_a_body_that_is_no_json_is_told_with_its_place():
    answer = ask(UNUSED, "POST", "/vehicles", body=b'{"vin": ')

    assert answer.status == 400
    assert answer.json()["error"].startswith("the body is not JSON: EOF while parsing")


def test_all_problems_of_a_body_are_told_with_name_value_and_rule():
    answer = ask(UNUSED, "POST", "/vehicles", body=b'{"vin": "x"}')

    assert answer.status == 422
    assert answer.json()["error"] == "the request is not accepted"
    assert [set(problem) for problem in answer.json()["problems"]] == [
        {"name", "value", "rule"}
    ] * 2
    assert [p["value"] for p in answer.json()["problems"]] == ['"x"', None]


def test_a_body_is_read_no_further_than_it_may_be_long():
    """Also without a Content-Length, and in many pieces: the last of these would never come."""
    chunks = [b" " * 1000] * (BODY_BYTES_MAX // 1000 + 1)

    answer = ask(UNUSED, "POST", "/vehicles", body=chunks, leaves=True)

    assert answer.status == 413
    assert answer.json() == {"error": "the body is larger than 16384 bytes"}


def test_a_body_of_just_the_longest_length_is_read():
    answer = ask(UNUSED, "POST", "/vehicles", body=b" " * BODY_BYTES_MAX)

    assert answer.status == 400


def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_error():
    answer = ask(UNUSED, "POST", "/vehicles", body=b'{"vin"', leaves=True)

    assert answer.status == 400


def test_a_query_that_is_wrong_is_refused():
    answer = ask(UNUSED, "GET", "/vehicles", query="limit=0&page=2")

    assert answer.status == 422
    assert [problem["name"] for problem in answer.json()["problems"]] == ["page", "limit"]


@pytest.mark.parametrize("id_", ["1", "x" * 5000, "%00", "../etc"])
def test_what_cannot_be_an_id_is_not_found_without_asking(id_):
    answer = ask(UNUSED, "GET", f"/vehicles/{id_}")

    assert answer.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/vehicles", {"GET", "HEAD", "POST"}),
        ("PUT", f"/vehicles/{ID}", {"GET", "HEAD"}),
        ("POST", f"/vehicles/{ID}", {"GET", "HEAD"}),
    ],
)
@pytest.mark.parametrize("which", [UNUSED, absent.routes()], ids=["database", "none"])
def test_a_method_that_a_path_does_not_have_is_told_with_those_it_has(which, method, path, allowed):
    answer = ask(which, method, path, body=GOOD)

    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(("method", "path"), EVERY_USE)
def test_a_database_that_does_not_answer_is_told_in_its_words(method, path):
    failing = routes_of(Failing(Unavailable("the database refuses connections")))

    answer = ask(failing, method, path, body=GOOD)

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"error": "the database refuses connections"}


@pytest.mark.parametrize(("method", "path"), EVERY_USE)
@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedColumnError('column "odometer_km" does not exist'),
        asyncpg.UndefinedTableError('relation "vehicles" does not exist'),
    ],
)
def test_a_schema_that_lacks_something_is_told_without_sql(method, path, error):
    answer = ask(routes_of(Failing(error)), method, path, body=GOOD)

    assert answer.status == 503
    assert "run the migration" in answer.json()["error"]
    assert "odometer" not in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), EVERY_USE)
def test_a_right_that_is_missing_is_told_as_that(method, path):
    error = asyncpg.InsufficientPrivilegeError("permission denied for table vehicles")

    answer = ask(routes_of(Failing(error)), method, path, body=GOOD)

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"error": NO_RIGHT}


@pytest.mark.parametrize(("method", "path"), EVERY_USE)
@pytest.mark.parametrize("error", [one("") for one in LACKING])
def test_a_request_that_meets_a_wrong_schema_has_it_looked_at_again(method, path, error):
    """Else readiness would say for half a minute that requests are served."""
    good_look = GoodLook(lambda: 0.0)
    good_look.had()

    ask(routes(as_database(Failing(error)), good_look), method, path, body=GOOD)

    assert not good_look.counts()


def test_a_database_that_went_away_says_nothing_of_its_schema():
    good_look = GoodLook(lambda: 0.0)
    good_look.had()
    failing = as_database(Failing(Unavailable("the database refuses connections")))

    ask(routes(failing, good_look), "GET", "/vehicles")

    assert good_look.counts()


@pytest.mark.parametrize(("method", "path"), EVERY_USE)
def test_without_a_database_every_route_says_so(method, path):
    answer = ask(absent.routes(), method, path, body=GOOD)

    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json() == {"error": "no database is configured"}
