import pytest

from local_cloud.up.reference import DOCUMENT, EVERY_FUNCTION, filled, tables


def test_the_document_has_the_tables_of_today():
    """If this fails: python -m local_cloud.up.reference."""
    text = DOCUMENT.read_text()

    assert filled(text) == text


def test_a_table_that_is_out_of_date_is_replaced():
    text = DOCUMENT.read_text()

    assert filled(text.replace("`--rest-port`", "`--old-port`")) == text


def test_a_document_without_a_place_for_a_table_is_refused():
    with pytest.raises(AssertionError, match="options has no beginning"):
        filled("nothing")


def test_no_variable_stands_in_both_tables():
    assert not [name for name in EVERY_FUNCTION if f"`{name}`" in tables()["environment"]]
