"""Documents and values that Hypothesis makes up: whatever may arrive, and whatever is right."""

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


def attempt(parse: Callable[[Any], T], given: Any, refusal: type[E]) -> T | E:
    """Return what `parse` makes of it, a refusal included. Whatever else it raises, escapes."""
    try:
        return parse(given)
    except refusal as error:
        return error


JSON_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 10**400, float("nan"), float("inf"), "", "off", "5m", "api", "main"])
    | st.floats()
    | st.text(max_size=20)
)


def anything(keys: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Any]:
    """Return decoded JSON documents, with keys that a parser may know among others."""
    names = st.text(max_size=8) if keys is None else keys | st.text(max_size=8)
    return st.recursive(
        JSON_LEAVES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
        max_leaves=15,
    )


YAML_KEYS: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=8)
)


def yaml_documents(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Return decoded YAML: dates among the leaves, and keys that are no text."""
    leaves = JSON_LEAVES | st.dates() | st.datetimes() | st.binary(max_size=5)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(keys | YAML_KEYS, inner, max_size=5)
        ),
        max_leaves=15,
    )


def durations(low_ms: int = 1000, high_days: int = 365) -> st.SearchStrategy[dt.timedelta]:
    """Return durations of whole milliseconds, which is as fine as text writes them."""
    return st.integers(low_ms, high_days * 86_400_000).map(lambda ms: dt.timedelta(milliseconds=ms))


INSTANTS = st.datetimes(
    min_value=dt.datetime(1, 1, 2), max_value=dt.datetime(9999, 12, 30), timezones=st.just(dt.UTC)
)
