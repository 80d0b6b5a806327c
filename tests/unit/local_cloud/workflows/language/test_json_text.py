import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.workflows.language import json_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_python_writes_is_what_go_writes(value):
    try:
        expected = json_text._compact(value, lenient=False)
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
