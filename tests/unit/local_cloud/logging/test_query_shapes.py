"""A filter that differs from an earlier one in its instants alone is not compiled again."""

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.logging import compiled as compiling
from local_cloud.logging.compiled import Query, compiled
from local_cloud.logging.match import check
from local_cloud.logging.query import And, parse

FIRST, SECOND = "2026-01-31T12:00:00Z", "2026-01-31T12:00:30.5Z"


def plainly(text):
    tree = parse(text)
    terms = tree.terms if isinstance(tree, And) else (tree,)
    for term in terms:
        check(term)
    return Query(And(terms), compiling._wanted(terms))


@pytest.mark.parametrize(
    "text",
    [
        f'timestamp>="{FIRST}" AND timestamp<"{SECOND}"',
        f'severity=ERROR NOT timestamp>="{FIRST}" (jsonPayload.a="{FIRST}" OR jsonPayload.b=("x" OR "{SECOND}"))',
        f'log_id("x") AND timestamp>="{FIRST}"',
        f'log_id("{FIRST}")',
        f'jsonPayload."{FIRST}"=1 AND timestamp>="{SECOND}"',
        f'textPayload="a\\"{FIRST}" AND timestamp>="{SECOND}"',
        f'severity=ERROR -- "{FIRST}\ntimestamp>="{SECOND}"',
        f'jsonPayload.b="\0" AND timestamp>="{FIRST}"',
        f'timestamp>="{SECOND}" timestamp>="{FIRST}" receiveTimestamp="{FIRST}" jsonPayload.a<"{FIRST}"',
        f'resource.labels.service_name="api" httpRequest.status>=500 timestamp>="{FIRST}"',
        f'timestamp:* receiveTimestamp<="{FIRST}"',
        'textPayload="2026-01-31"',
    ],
)
def test_it_means_what_it_would_mean_alone(text):
    later = text.replace("T12:00", "T13:00")

    for one in (text, later):
        found = compiled(one)
        tree = found.tree if isinstance(found.tree, And) else And((found.tree,))
        assert Query(tree, found.wanted) == plainly(one)


@pytest.mark.parametrize("wrong", ["AND AND", 'AND nothing="x"', 'AND httpRequest.status>="x"'])
def test_an_error_is_told_with_the_text_that_was_given(wrong):
    text = f'timestamp>="{FIRST}" {wrong}'

    with pytest.raises(Refused) as plain:
        plainly(text)
    with pytest.raises(Refused) as told:
        compiled(text)

    assert told.value.message == plain.value.message


def test_an_instant_that_is_none_is_refused_however_often_its_shape_was_met():
    compiled(f'timestamp>="{FIRST}"')

    with pytest.raises(Refused, match="2026-13-31"):
        compiled('timestamp>="2026-13-31T12:00:00Z"')
