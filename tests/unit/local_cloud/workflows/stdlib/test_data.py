"""json.*, base64.*, hash.*, time.* and the helpers: forms, limits and wrong arguments."""

import math
from typing import Any

import pytest

from local_cloud.workflows.language.faults import Fault
from local_cloud.workflows.stdlib.library import FUNCTIONS


def call(name, *values):
    return FUNCTIONS[name].call(*values)


def refusal(name, *values):
    with pytest.raises(Fault) as refused:
        call(name, *values)
    return refused.value.value


def test_the_library_has_what_the_documentation_lists():
    """Source: the standard library's overview; `in` is an operator."""
    assert set(FUNCTIONS) == {
        *("double", "int", "string", "keys", "len", "default", "if", "get_type"),
        *("base64.decode", "base64.encode", "events.create_callback_endpoint"),
        *("hash.compute_checksum", "hash.compute_hmac"),
        *("json.decode", "json.encode", "json.encode_to_string"),
        *("list.concat", "list.prepend"),
        *("map.delete", "map.get", "map.merge", "map.merge_nested"),
        *("math.abs", "math.floor", "math.max", "math.min"),
        *("sys.get_env", "sys.now", "uuid.generate", "time.format", "time.parse"),
        *("text.decode", "text.encode", "text.find_all", "text.find_all_regex"),
        *("text.match_regex", "text.replace_all", "text.replace_all_regex", "text.split"),
        *("text.substring", "text.to_lower", "text.to_upper"),
        *("text.url_decode", "text.url_encode", "text.url_encode_plus"),
    }


@pytest.mark.parametrize(
    ("seconds", "zone", "written"),
    [
        (1720788633, "GMT", "2024-07-12T12:50:33.000000Z"),
        (1720788633, "UTC", "2024-07-12T12:50:33.000000Z"),
        (1720788633, "", "2024-07-12T12:50:33.000000Z"),
        (1720788633, "Europe/Paris", "2024-07-12T14:50:33.000000+02:00"),
        (1704067200, "Europe/London", "2024-01-01T00:00:00.000000Z"),
        (1704067200, "America/St_Johns", "2023-12-31T20:30:00.000000-03:30"),
        (1704903354.615087, "UTC", "2024-01-10T16:15:54.615087Z"),
        (-1.5, "UTC", "1969-12-31T23:59:58.500000Z"),
        (-62000000000, "UTC", "0005-04-19T09:46:40.000000Z"),
    ],
)
def test_a_time_is_written_with_microseconds_and_its_offset(seconds, zone, written):
    assert call("time.format", seconds, zone) == written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2024-05-08T12:01:00.000000Z", 1715169660),
        ("2024-05-08t12:01:00z", 1715169660),
        ("2024-05-08T14:01:00+02:00", 1715169660),
        ("2024-05-08T08:31:00-03:30", 1715169660),
        ("1970-01-01T00:00:00.123456Z", 0.123456),
        ("1969-12-31T23:59:59.5Z", -0.5),
        ("0001-01-01T00:00:00Z", -62135596800),
        ("9999-12-31T23:59:59Z", 253402300799),
    ],
)
def test_a_time_is_read_back(text, seconds):
    found = call("time.parse", text)
    assert found == pytest.approx(seconds, abs=1e-9)
    assert type(found) is float


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2021-09-01", "2021-09-01T16:29Z", "2021-09-01T16:29:02"),
        *("2021-09-01T16:29:02+0200", "2021-02-30T00:00:00Z", "2021-09-01T24:00:00Z"),
        *("2021-09-01T16:29:60Z", "2021-09-01T16:29:02+24:00", "2021-09-01T16:29:02+01:60"),
        *("2021-09-01T16:29:02.Z", "٢٠٢١-09-01T16:29:02Z", " 2021-09-01T16:29:02Z", "9" * 100_000),
    ],
)
def test_only_rfc_3339_is_a_time(text):
    assert refusal("time.parse", text)["tags"] == ["ValueError"]


@pytest.mark.parametrize(
    ("value", "indent", "written"),
    [
        ({"b": 1, "a": [1.0, None]}, False, '{"a":[1,null],"b":1}'),
        ({"b": 1, "a": [1.0, None]}, None, '{"a":[1,null],"b":1}'),
        ([1], True, "[\n    1\n]"),
        ([1], {}, "[\n    1\n]"),
        ({"a": [1]}, {"prefix": "> ", "indent": "\t"}, '{\n> \t"a": [\n> \t\t1\n> \t]\n> }'),
        ([], True, "[]"),
        ("<é>", False, '"<é>"'),
    ],
)
def test_json_is_written_with_the_indentation_asked_for(value, indent, written):
    assert call("json.encode_to_string", value, indent) == written
    assert call("json.encode", value, indent) == written.encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("1.0", 1.0),
        (b'"\xc3\xa9"', "é"),
        ('{"a":1,"a":2}', {"a": 2}),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", 2.0**63),
        (" [true , false] ", [True, False]),
    ],
)
def test_json_is_read(text, value):
    found = call("json.decode", text)
    assert found == value
    assert type(found) is type(value)


def test_what_would_be_endless_as_json_is_refused_before_it_is_written():
    value: list[Any] = ["x" * 1000]
    for _ in range(60):
        value = [value, value]
    for name in ("json.encode", "json.encode_to_string"):
        assert refusal(name, value, False)["tags"] == ["ResourceLimitError"]
        assert refusal(name, [[1] * 9] * 9, {"indent": " " * 262_144})["tags"] == [
            "ResourceLimitError"
        ]


@pytest.mark.parametrize(
    ("data", "padding", "found"),
    [
        ("YWI=", True, b"ab"),
        ("YW\r\nI=\n", True, b"ab"),
        ("YWI", False, b"ab"),
        ("", True, b""),
    ],
)
def test_base64_is_read_line_ends_and_all(data, padding, found):
    assert call("base64.decode", data, padding) == found


@pytest.mark.parametrize(
    ("algorithm", "bits"),
    [
        ("MD5", 128),
        ("SHA1", 160),
        ("SHA224", 224),
        ("SHA256", 256),
        ("SHA384", 384),
        ("SHA512", 512),
    ],
)
def test_each_documented_algorithm_is_there(algorithm, bits):
    assert len(call("hash.compute_checksum", b"x", algorithm)) * 8 == bits
    assert len(call("hash.compute_hmac", b"k", b"x", algorithm)) * 8 == bits


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("double", ("-.5e1",), -5.0),
        ("int", ("+7",), 7),
        ("int", (-2.9,), -2),
        ("map.get", ({"a": {"b": 1}}, ["a", "b"]), 1),
        ("map.get", ({"a": 5}, ["a", "b"]), None),
        ("map.get", ("text", "a"), None),
        ("map.get", ({"a": None}, "a"), None),
        ("map.merge", ({"a": {"x": 1}}, {"a": {"y": 2}}), {"a": {"y": 2}}),
        ("map.merge_nested", ({"a": {"x": 1}}, {"a": {"y": 2}}), {"a": {"x": 1, "y": 2}}),
        ("list.concat", ([], None), [None]),
        ("math.max", (1, 1.0), 1),
        ("math.floor", (7,), 7),
        ("keys", ({"b": 1, "a": 2},), ["a", "b"]),
    ],
)
def test_helpers_answer(name, values, found):
    assert call(name, *values) == found


def test_a_list_is_changed_in_a_copy():
    first = [1]
    assert (call("list.concat", first, 2), call("list.prepend", first, 0), first) == (
        [1, 2],
        [0, 1],
        [1],
    )


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("double", ("1e400",)),
        ("double", ("0x10",)),
        ("double", ("NaN",)),
        ("double", ("",)),
        ("int", ("9" * 100_000,)),
        ("int", ("1e3",)),
        ("int", (" 1",)),
        ("int", (math.inf,)),
        ("int", (1e300,)),
        ("math.floor", (math.nan,)),
        ("math.floor", (1e300,)),
        ("math.abs", (-(2**63),)),
        ("time.format", (math.nan, "UTC")),
        ("time.format", (math.inf, "UTC")),
        ("time.format", (253402300799, "Asia/Tokyo")),
        ("time.format", (-62135596800, "America/New_York")),
        ("time.format", (1, "../../etc/passwd")),
        ("time.format", (1, "Europe")),
        ("time.format", (1, "x" * 100_000)),
        ("time.format", (1, "a\0b")),
        ("json.encode", (b"x", False)),
        ("json.encode_to_string", ([math.inf], False)),
        ("json.decode", ("[" * 100_000,)),
        ("json.decode", (b"\xff",)),
        ("json.decode", ("",)),
        ("base64.decode", ("YWI", True)),
        ("base64.decode", ("YWI=", False)),
        ("base64.decode", ("Y-I=", True)),
        ("base64.decode", ("é", True)),
        ("hash.compute_checksum", (b"x", "sha256")),
        ("hash.compute_hmac", (b"x", b"y", "CRC32C")),
    ],
)
def test_bad_values_are_value_errors(name, values):
    error = refusal(name, *values)
    assert error["tags"] == ["ValueError"]
    assert len(error["message"]) < 200


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("list.concat", ([0] * 65_536, 0)),
        ("list.prepend", ([0] * 65_536, 0)),
        ("base64.encode", (b"x" * 262_144, True)),
    ],
)
def test_what_would_be_too_large_is_a_resource_limit_error(name, values):
    assert refusal(name, *values)["tags"] == ["ResourceLimitError"]


GOOD: dict[str, tuple[Any, ...]] = {
    "double": ("1",),
    "int": ("1",),
    "keys": ({},),
    "len": ("a",),
    "base64.decode": ("", True),
    "base64.encode": (b"", True),
    "hash.compute_checksum": (b"", "MD5"),
    "hash.compute_hmac": (b"", b"", "MD5"),
    "json.decode": ("1",),
    "time.parse": ("2024-05-08T12:01:00Z",),
    "map.delete": ({}, "a"),
    "map.merge": ({}, {}),
    "map.merge_nested": ({}, {}),
    "math.abs": (1,),
    "math.floor": (1,),
    "math.max": (1, 2),
    "math.min": (1, 2),
}
WRONG: tuple[Any, ...] = (None, [None], True, {"a": 1})


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name, values in GOOD.items() for at in range(len(values))]
)
def test_each_argument_has_its_type(name, at):
    call(name, *GOOD[name])
    for wrong in WRONG:
        values = [*GOOD[name]]
        if type(wrong) is type(values[at]) or (name == "len" and wrong not in (None, True)):
            continue
        values[at] = wrong
        assert refusal(name, *values)["tags"] == ["TypeError"]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("time.format", ("1", "UTC")),
        ("time.format", (True, "UTC")),
        ("time.format", (1, None)),
        ("json.encode", ({}, "  ")),
        ("json.encode", ({}, {"prefix": 1})),
        ("json.encode_to_string", ({}, {"indent": 4})),
        ("map.get", ({}, 1)),
        ("map.get", (None, ["a", 1])),
        ("list.concat", (None, 1)),
        ("list.prepend", ({}, 1)),
        ("string", (None,)),
        ("if", ("x", 1, 2)),
    ],
)
def test_further_wrong_types_are_type_errors(name, values):
    assert refusal(name, *values)["tags"] == ["TypeError"]
