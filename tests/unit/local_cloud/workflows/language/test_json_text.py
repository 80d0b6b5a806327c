import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.workflows.language import json_text
from local_cloud.workflows.language.choices import Choices

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_python_writes_is_what_go_writes(value):
    try:
        expected = json_text._escaped(json_text._compact(value, json_text.PLAIN_STYLE), html=False)
    except json_text.NotJson:
        with pytest.raises(json_text.NotJson):
            json_text.encode(value)
    else:
        assert json_text.encode(value) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5"), (0.0, "0"), (-0.0, "-0"), (1e-5, "0.00001"), (2.0**53, "9007199254740992"),
     (1e20, "100000000000000000000"), (1e21, "1e+21"), (0.1, "0.1")],
)  # fmt: skip
def test_a_double_is_written_as_go_writes_it(value, text):
    assert json_text.encode([value]) == f"[{text}]"


FRACTION = json_text.Style(fraction=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.0, "5.0"), (-0.0, "-0.0"), (1e16, "10000000000000000.0"), (0.5, "0.5"), (1e21, "1e+21"),
     (1e-7, "1e-7"), (5, "5"), ([1, 2.0], "[1,2.0]"), ({"a": 2.0}, '{"a":2.0}')],
)  # fmt: skip
def test_whole_doubles_keep_a_fraction_where_that_is_chosen(value, text):
    assert json_text.encode(value, style=Choices(whole_doubles="5.0").json_style()) == text
    assert json_text.encode(value, style=FRACTION) == text


def test_signs_of_html_are_escaped_where_that_is_chosen():
    chosen = Choices(html_escapes="yes").json_style()
    assert json_text.encode({"<b>": "a&b"}, style=chosen) == r'{"\u003cb\u003e":"a\u0026b"}'
    assert json_text.encode({"<b>": "a&b"}) == '{"<b>":"a&b"}'


def test_line_separators_are_escaped_always():
    """Go's encoder does, whatever it is told about HTML."""
    assert json_text.encode("a\u2028\u2029") == r'"a\u2028\u2029"'
    assert json_text.encode(["\u2028"], indent=("", " ")) == '[\n "\\u2028"\n]'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "unexpected end of JSON input"),
        ('{"a": [1', "unexpected end of JSON input"),
        ('["abc', "unexpected end of JSON input"),
        ('{"a":\n tru}', 'invalid character "t" at line 2, column 2'),
        ("[1 2]", 'invalid character "2" at line 1, column 4'),
        ("1 2", 'invalid character "2" after top-level value at line 1, column 3'),
        ('"\x01"', 'invalid character "\\u0001" at line 1, column 2'),
        ("NaN", "NaN"),
    ],
)
def test_what_is_no_json_is_told_in_plain_words(text, why):
    with pytest.raises(json_text.NotJson) as told:
        json_text.decode(text)

    assert str(told.value) == f"invalid JSON: {why}"
