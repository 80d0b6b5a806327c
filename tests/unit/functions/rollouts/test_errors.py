"""The tree of errors, and what its types mean to the workflow."""

import pytest

from rollouts import errors


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.BadInput, 400),
        (errors.BadSettings, 422),
        (errors.Denied, 422),
        (errors.Missing, 422),
        (errors.Refused, 422),
        (errors.BadRecord, 422),
        (errors.Conflict, 503),
        (errors.Transient, 503),
        (errors.OverQuota, 503),
    ],
)
def test_only_what_another_attempt_may_cure_has_a_status_that_is_tried_again(kind, status):
    assert kind.http_status == status
    assert issubclass(kind, errors.BarqError)


@pytest.mark.parametrize("kind", [errors.BadInput, errors.BadSettings])
def test_several_problems_are_a_line_each(kind):
    error = kind(["one.", "two."], hint="look")

    assert error.problems == ["one.", "two."]
    assert error.message == str(error) == "one.\ntwo."
    assert error.hint == "look"
    assert kind("one.").problems == ["one."]
