"""When colours are used."""

import io

import pytest

from local_cloud.workflows.alone.paint import Paint, paint_for


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("when", "stream", "environment", "on"),
    [
        ("auto", Terminal(), {}, True),
        ("auto", Terminal(), {"NO_COLOR": ""}, True),
        ("auto", Terminal(), {"NO_COLOR": "1"}, False),
        ("auto", Terminal(), {"TERM": "dumb"}, False),
        ("auto", io.StringIO(), {}, False),
        ("always", io.StringIO(), {"NO_COLOR": "1"}, True),
        ("never", Terminal(), {}, False),
    ],
)
def test_colours_are_for_terminals_unless_somebody_says_otherwise(when, stream, environment, on):
    assert paint_for(when, stream, environment).on is on


def test_without_colour_a_text_is_as_it_was_and_nothing_is_never_painted():
    assert Paint().red("x") == "x"
    assert Paint(on=True).red("x") == "\x1b[31mx\x1b[0m"
    assert Paint(on=True).red("") == ""
