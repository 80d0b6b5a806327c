import contextlib
import json
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from health_service.fleet.models import LIMIT_MAX, NewVehicle
from health_service.fleet.parsing import (
    NotJson,
    PageQuery,
    Refused,
    parse_id,
    parse_new_vehicle,
    parse_page_query,
)

VIN = "1HGCM82633A004352"
GOOD = {"vin": VIN, "name": "Van 12", "odometer_km": 1200}
ID = "5f0c0a52-6d0b-4b5e-9a3c-0d8f3f1b7c11"


def refused(document: object) -> dict[str, str]:
    """Return the rules that a body breaks, by name."""
    with pytest.raises(Refused) as caught:
        parse_new_vehicle(json.dumps(document).encode())
    return {problem.name: problem.rule for problem in caught.value.problems}


def test_a_vehicle_is_read():
    assert parse_new_vehicle(json.dumps(GOOD).encode()) == NewVehicle(
        vin=VIN, name="Van 12", odometer_km=1200
    )


def test_a_vehicle_without_an_odometer_begins_at_zero():
    assert parse_new_vehicle(json.dumps({"vin": VIN, "name": "é"}).encode()).odometer_km == 0


def test_all_that_is_wrong_is_told_at_once():
    problems = refused({"vin": "short", "odometer_km": -1, "colour": "red"})

    assert list(problems) == ["vin", "name", "odometer_km", "colour"]
    assert problems["vin"].endswith("such as 1HGCM82633A004352")
    assert problems["colour"] == "is unknown: must be one of vin, name, odometer_km"


@pytest.mark.parametrize("letter", "IOQiaä")
def test_a_vin_has_no_letter_that_looks_like_a_digit_and_no_small_one(letter):
    assert "vin" in refused({**GOOD, "vin": letter + VIN[1:]})


@pytest.mark.parametrize("vin", [VIN[1:], VIN + "1", VIN + "\n", "", None, 17])
def test_a_vin_has_17_characters(vin):
    assert "vin" in refused({**GOOD, "vin": vin})


@pytest.mark.parametrize("name", ["", "x" * 101, "a\x00b", "\x1f", "\x7f", None, 1])
def test_a_name_that_cannot_be_stored_or_read_is_refused(name):
    """U+0000 is what PostgreSQL stores in no text."""
    assert "name" in refused({**GOOD, "name": name})


@pytest.mark.parametrize("name", ["x" * 100, "🚐" * 100, "\ufffe", " "])
def test_a_name_may_hold_any_other_characters(name):
    assert parse_new_vehicle(json.dumps({**GOOD, "name": name}).encode()).name == name


@pytest.mark.parametrize("km", [-1, 10_000_001, 1.5, "1", True, None, 10**400, float("inf")])
def test_an_odometer_is_a_whole_number_in_its_range(km):
    assert "odometer_km" in refused({**GOOD, "odometer_km": km})


@pytest.mark.parametrize(("km", "read"), [(0, 0), (10_000_000, 10_000_000), (1.0, 1), (-0.0, 0)])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(km, read):
    assert parse_new_vehicle(json.dumps({**GOOD, "odometer_km": km}).encode()).odometer_km == read


@pytest.mark.parametrize("document", [[], "x", 1, None, True])
def test_a_body_that_is_no_object_is_told_as_a_whole(document):
    assert list(refused(document)) == ["body"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{'vin': 1}", b"\xff", b'{"vin":"\\ud800"}', b"[" * 5000, b"\xef\xbb\xbf{}"],
)
def test_a_body_that_is_no_json_is_told_with_its_place(body):
    with pytest.raises(NotJson, match=r"at line 1 column \d+"):
        parse_new_vehicle(body)


def test_a_long_value_is_cut():
    with pytest.raises(Refused) as caught:
        parse_new_vehicle(json.dumps({**GOOD, "name": "x" * 5000, "y" * 5000: 1}).encode())

    for problem in caught.value.problems:
        assert len(problem.name) <= 80
        assert len(problem.value or "") <= 80


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
nearly_vehicles = st.fixed_dictionaries(
    {},
    optional={
        "vin": st.text("0AIZ\n", min_size=16, max_size=18) | st.just(VIN) | json_values,
        "name": st.text(max_size=101) | st.just("Van") | json_values,
        "odometer_km": st.integers(-1, 10_000_001) | st.floats(-1, 10) | json_values,
        "other": json_values,
    },
)


@given(nearly_vehicles | json_values)
@example(GOOD)
@example({**GOOD, "name": "a\x7f"})
def test_what_the_schema_allows_is_read_and_nothing_else(document):
    """The document at /openapi.json says neither more nor less than the parser does."""
    allowed = Draft202012Validator(NewVehicle.model_json_schema()).is_valid(document)
    try:
        body = json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return  # A lone surrogate stands in no UTF-8.

    if allowed:
        assert parse_new_vehicle(body).vin == document["vin"]
    else:
        with pytest.raises(Refused):
            parse_new_vehicle(body)


@given(st.binary(max_size=200))
def test_whatever_bytes_arrive_nothing_else_escapes(body):
    with pytest.raises((NotJson, Refused)):
        parse_new_vehicle(body)


def test_a_query_without_parameters_is_the_first_page():
    assert parse_page_query([]) == PageQuery(20, None)


def test_a_query_says_where_to_go_on():
    query = parse_page_query([("limit", "100"), ("after", ID.upper())])

    assert query == PageQuery(100, UUID(ID))


@pytest.mark.parametrize(
    "limit", ["0", "101", "-1", "+1", "1.0", "", " 1", "1_0", "\u0661", "9" * 5000]
)
def test_a_limit_is_a_whole_number_from_1_to_100(limit):
    with pytest.raises(Refused, match="limit must be a whole number from 1 to 100"):
        parse_page_query([("limit", limit)])


def test_all_that_is_wrong_with_a_query_is_told_at_once():
    with pytest.raises(Refused) as caught:
        parse_page_query([("afer", ID), ("limit", "x"), ("after", "y"), ("limit", "1")])

    told = [(problem.name, problem.value) for problem in caught.value.problems]
    assert told == [("afer", f'"{ID}"'), ("limit", '["x", "1"]'), ("after", '"y"')]


@given(st.lists(st.tuples(st.sampled_from(["limit", "after"]) | st.text(), st.text())))
def test_whatever_query_arrives_it_is_read_or_refused(items):
    with contextlib.suppress(Refused):
        assert 1 <= parse_page_query(items).limit <= LIMIT_MAX


@pytest.mark.parametrize(
    "text", ["", "1", ID.replace("-", ""), f"{{{ID}}}", f"urn:uuid:{ID}", ID + "\n", "\x00"]
)
def test_only_the_usual_form_is_an_id(text):
    assert parse_id(text) is None
