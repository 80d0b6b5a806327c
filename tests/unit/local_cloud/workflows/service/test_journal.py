"""What happens to an execution is written down and read again without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.workflows.engine import effects as fx
from local_cloud.workflows.service import journal
from local_cloud.workflows.service.journal import Came, Offered, Resumed, Started

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXT = st.text(st.characters(codec=None))
IDS = st.integers(0, 1000)
ENDS = st.one_of(
    st.sampled_from([None, fx.TimedOut()]),
    st.builds(fx.AuthRefused, TEXT),
    st.builds(
        NoAnswer, st.sampled_from(["never_connected", "broken", "timeout", "too_large"]), TEXT
    ),
    st.builds(
        Inbound,
        st.integers(100, 599),
        st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple),
        st.binary(),
    ),
)
REQUESTS = st.builds(
    lambda body, headers: fx.CallbackRequest({"http_request": {"body": body, "headers": headers}}),
    JSON | st.binary(),
    st.dictionaries(TEXT, TEXT, max_size=2),
)


@given(
    st.one_of(
        st.just(Started()),
        st.builds(Came, IDS),
        st.builds(Offered, TEXT, REQUESTS),
        st.builds(Resumed, IDS, ENDS),
    )
)
def test_an_event_is_read_as_it_was_written(event: journal.Event) -> None:
    assert journal.decode(*journal.encode(event)) == event


@pytest.mark.parametrize(
    "text", ["", "{", "1", "[]", '["else"]', '["came"]', '["answered", 1, 200, [1]]', "[[]]"]
)
def test_what_was_never_written_is_refused(text: str) -> None:
    with pytest.raises(journal.Unreadable):
        journal.decode(text, None)


def test_a_mark_tells_effects_apart() -> None:
    effects: list[fx.Effect] = [fx.Sleep(3, 1.0), fx.Log("INFO", "a", "s", "main"), fx.Breathe()]
    assert journal.mark(effects) == "Sleep:3 Log Breathe:0"
