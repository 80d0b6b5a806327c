"""The query language: what it means, and that nothing but Refused ever comes out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.kit.errors import Refused
from local_cloud.logging.compiled import compiled
from local_cloud.logging.match import predicate
from local_cloud.logging.query import parse

ENTRY = {
    "logName": "projects/p/logs/run.googleapis.com%2Frequests",
    "severity": "ERROR",
    "timestamp": "2026-01-31T12:00:00.5Z",
    "httpRequest": {"status": 503, "latency": "0.355516564s", "requestSize": "827"},
    "resource": {
        "type": "cloud_run_revision",
        "labels": {"service_name": "fleet", "revision_name": "fleet-2"},
    },
    "jsonPayload": {
        "event": "Rollout.Started",
        "count": 3,
        "ok": True,
        "tags": ["a", "b"],
        "n": None,
    },
}


def matches(text):
    return predicate(parse(text))(ENTRY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  -- only a comment",
        "httpRequest.status>=500",
        "httpRequest.status = 503",
        'httpRequest.status=("500" OR "503")',
        "NOT httpRequest.status=200",
        "-httpRequest.status=200",
        "httpRequest.requestSize > 800",
        "httpRequest.latency > 0.35s",
        'httpRequest.latency <= "356ms"',
        "severity>=WARNING",
        'severity = "error"',
        'timestamp > "2026-01-31T12:00:00Z"',
        'timestamp <= "2026-01-31T13:00:00.500+01:00"',
        'resource.labels.revision_name=("fleet-1" OR "fleet-2") AND severity=ERROR',
        'resource.labels.service_name="FLEET"',
        "resource.type = cloud_run_revision httpRequest.status >= 500 -- side by side is AND\n",
        'log_id("run.googleapis.com/requests")',
        'logName:"run.googleapis.com"',
        "jsonPayload.event:STARTED",
        "jsonPayload.event=rollout.started",
        'jsonPayload.event =~ "^Rollout\\\\.[A-Z]"',
        'jsonPayload.event !~ "stopped$"',
        "jsonPayload.count >= 2.5",
        "jsonPayload.count != many",
        "jsonPayload.ok = true",
        "jsonPayload.tags = b",
        "jsonPayload.n = NULL_VALUE",
        "jsonPayload.n:*",
        'jsonPayload."event" : *',
        'trace = ""',
        'resource.labels.service_name = "\\x66leet"',
    ],
)
def test_the_entry_matches(text):
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        "httpRequest.status<500",
        "NOT (httpRequest.status>=500)",
        "severity=INFO",
        "severity>ERROR",
        'timestamp > "2026-01-31T12:00:00.5Z"',
        'resource.labels.service_name="other"',
        'jsonPayload.event =~ "^rollout"',
        'log_id("stdout")',
        "jsonPayload.count = many",
        'trace:"x"',
    ],
)
def test_the_entry_does_not_match(text):
    assert not matches(text)


@pytest.mark.parametrize("operator", ["=", "!=", "<", ">", ":", "=~", "!~"])
def test_a_label_that_is_not_there_fails_every_comparison(operator):
    assert not matches(f'labels.instanceId {operator} "x"')


def test_not_turns_the_failed_comparison_of_a_missing_label_round():
    assert matches('NOT labels.instanceId != "x"')
    assert matches("NOT labels.instanceId:*")


def test_a_field_of_the_entry_that_is_not_there_has_its_default():
    assert predicate(parse("httpRequest.status != 500"))({})
    assert predicate(parse("severity = DEFAULT"))({})


def test_or_binds_tighter_than_and():
    """As Google's language has it: `a OR b AND c` is `(a OR b) AND c`."""
    assert not matches("severity=ERROR OR severity=INFO AND httpRequest.status=200")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("robot", "searching all fields"),
        ('"robot"', "searching all fields"),
        ("severity=FOO", "must be one of DEFAULT"),
        ('timestamp>"yesterday"', "must be an instant"),
        ("httpRequest.status>=high", "must be a number"),
        ("httpRequest.latency>fast", "must be a duration"),
        ("insertId = abc:def", "syntax error at character 15"),
        ("(severity=ERROR", "the end of the filter"),
        ("severity=ERROR)", "syntax error"),
        ("severity=", "the end of the filter"),
        ("AND", "syntax error"),
        ("nonsense.field=1", "field 'nonsense.field' is not known"),
        ("sample(insertId, 0.1)", "only log_id"),
        ('jsonPayload.x=~"("', "not a regular expression"),
        ('jsonPayload.x=~"(?=a)"', "look-around"),
        ("jsonPayload.x=~a", "double quotes"),
        ('httpRequest.status=~"5.."', "text field"),
        ('jsonPayload.x=("a" OR "b" AND "c")', "syntax error"),
        ('jsonPayload.x=~("a" OR "b")', "cannot be a list"),
        ("(" * 100, "nested deeper"),
        ("NOT " * 5000, "nested deeper"),
        ("x" * 20_001, "longer than 20000"),
        ('insertId = "open', "syntax error"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_the_reason(text, says):
    with pytest.raises(Refused, match=r"^INVALID_ARGUMENT: Unparseable filter") as refusal:
        compiled(text)
    assert says in refusal.value.message


PIECES = [
    *("httpRequest.status", "severity", "timestamp", "labels.instanceId", "jsonPayload", "trace"),
    *("=", "!=", ">=", "<", ":", "=~", "!~", "(", ")", "AND", "OR", "NOT", "-", ".", ",", "*", "~"),
    *(
        '"',
        '"a"',
        '"[a"',
        '"\\',
        "ERROR",
        "500",
        "0.5s",
        '"2026-01-01T00:00:00Z"',
        "\n",
        "--",
        "\u0661",
    ),
    *("9" * 5000, "1e999", "nan", '"0001-01-01T00:00:00+23:00"', "log_id", "NULL_VALUE"),
]


@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=14), st.sampled_from(["", " "])
)
def test_whatever_filter_arrives_only_refused_escapes(pieces, between):
    try:
        query = compiled(between.join(pieces))
    except Refused as refusal:
        code = refusal.code
    else:
        code = "OK"
        assert query.matches(ENTRY) in (True, False)
        assert query.matches({}) in (True, False)
    assert code in ("OK", "INVALID_ARGUMENT")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
DOCUMENTS = st.dictionaries(
    st.sampled_from(["severity", "timestamp", "httpRequest", "labels", "jsonPayload", "trace"]),
    SCALARS
    | st.lists(SCALARS, max_size=2)
    | st.dictionaries(st.sampled_from(["status", "latency", "instanceId", "x"]), SCALARS),
)
QUERIES = [
    "severity>=ERROR",
    'timestamp>"2026-01-01T00:00:00Z"',
    "httpRequest.status>=500",
    "httpRequest.latency<1s",
    "labels.instanceId=x",
    "jsonPayload.x>1",
    'jsonPayload.x=~"a"',
    "trace:a",
]


@given(st.sampled_from(QUERIES), DOCUMENTS)
def test_whatever_an_entry_holds_a_query_gives_an_answer(text, document):
    assert compiled(text).matches(document) in (True, False)
