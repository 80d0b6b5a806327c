"""A filter that differs from an earlier one in its instants alone is not parsed again."""

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.logging import query
from local_cloud.logging.query import parse

FIRST, SECOND = "2026-01-31T12:00:00Z", "2026-01-31T12:00:30.5Z"


def plainly(text):
    return query._Parser(query._tokens(text)).query()


@pytest.mark.parametrize(
    "text",
    [
        f'timestamp>="{FIRST}" AND timestamp<"{SECOND}"',
        f'severity=ERROR NOT timestamp>="{FIRST}" (a.b="{FIRST}" OR jsonPayload.b=("x" OR "{SECOND}"))',
        f'log_id("x") AND timestamp>="{FIRST}"',
        f'log_id("{FIRST}")',
        f'"{FIRST}"=1 AND timestamp>="{SECOND}"',
        f'textPayload="a\\"{FIRST}" AND timestamp>="{SECOND}"',
        f'severity=ERROR -- "{FIRST}\ntimestamp>="{SECOND}"',
        f'a.b="\0" AND timestamp>="{FIRST}"',
        'textPayload="2026-01-31"',
    ],
)
def test_it_means_what_it_would_mean_alone(text):
    assert parse(text) == plainly(text)
    assert parse(text) == plainly(text)


def test_an_error_is_told_with_the_text_that_was_given():
    text = f'timestamp>="{FIRST}" AND AND'

    with pytest.raises(Refused) as plain:
        plainly(text)
    with pytest.raises(Refused) as told:
        parse(text)

    assert told.value.message == plain.value.message
