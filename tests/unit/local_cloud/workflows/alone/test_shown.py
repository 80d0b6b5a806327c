"""Values and lengths of time as a trace shows them."""

import pytest

from local_cloud.workflows.alone.shown import seconds, short


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (1, "1"),
        (0, "0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (1e300, "1e+300"),
        ('a\n"b" é', '"a\\n\\"b\\" é"'),
        ([], "[]"),
        ({}, "{}"),
        ([1, "a", None, [True]], '[1, "a", null, [true]]'),
        ({"a": {"b": []}, "c": 1}, '{"a": {"b": []}, "c": 1}'),
        (b"abc", "<3 bytes>"),
    ],
)
def test_a_short_value_is_json_and_tells_its_type(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abcdefghijklmnop", '"abcdefghi\u2026 (16 characters)'),
        (list(range(1000)), "[0, 1, 2, \u2026 (1,000 items)"),
        ({"key": 1, "other": 2}, '{"key": 1\u2026 (2 keys)'),
        ({"a-very-long-key": 1}, '{"a-very-l\u2026 (1 key)'),
        (12345678901234, "\u2026"),
    ],
)
def test_a_long_value_is_cut_and_tells_its_size(value, text):
    assert short(value, 10) == text


def test_no_more_of_a_value_is_looked_at_than_is_shown():
    looked = []

    class Items(list[int]):
        def __iter__(self):
            for item in super().__iter__():
                looked.append(item)
                yield item

    short(Items(range(100_000)), 50)

    assert len(looked) < 50


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0.0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9996, "1 s"),
        (1.25, "1.25 s"),
        (60, "1 min"),
        (3661, "1 h 1 min 1 s"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_is_said_as_people_say_it(length, text):
    assert seconds(length) == text
