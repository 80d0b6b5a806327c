"""The line of a source that a message is about."""

import pytest

from local_cloud.workflows.alone.excerpt import excerpt
from local_cloud.workflows.alone.paint import Paint
from local_cloud.workflows.language.faults import Position

SOURCE = "main:\n\tcall: x\n  é: call here\n"


@pytest.mark.parametrize(
    ("position", "lines"),
    [
        (Position(1, 1, 4), ["1 | main:", "  | ^^^^"]),
        (Position(2, 2, 4), ["2 | \tcall: x", "  | \t^^^^"]),
        (Position(3, 6, 4), ["3 |   é: call here", "  |      ^^^^"]),
        (Position(1, 1, 400), ["1 | main:", "  | ^^^^^"]),
        (Position(1, 40, 1), ["1 | main:", "  |      ^"]),
        (Position(9, 1, 1), []),
        (Position(0, 1, 1), []),
    ],
)
def test_the_mark_stands_below_what_is_meant(position, lines):
    assert excerpt(SOURCE, position, Paint()) == lines
