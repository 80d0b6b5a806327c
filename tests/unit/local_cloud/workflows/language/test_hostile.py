"""What was written to take the compiler down: each ends at once, in a sentence with its place.

The bounds are of work, not of time: a source is refused before what it asks for is done.
"""

import pytest

from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.source import Scalar, read_source

LONG = "'${" + "1+" * 190 + "1}'"
AGAIN = ",".join(["*x"] * 25_000)


def refusal(text: str) -> BuildError:
    with pytest.raises(BuildError) as refused:
        read_source(text)
    return refused.value


def value(text: str) -> object:
    node = read_source(text)
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        pytest.param("a: 'x\0y'", "control characters are not allowed: '\\x00'", (1, 6), id="NUL"),
        pytest.param("é: 1\nb: \x01", "not allowed: '\\x01'", (2, 4), id="control character"),
        pytest.param("a: \ud800", "not UTF-8", (1, 4), id="half a character"),
        pytest.param(
            'a: "\\ud83d"', "invalid Unicode character escape", (1, 7), id="half, escaped"
        ),
        pytest.param("[" * 100_000, "nested deeper", (1, 101), id="deep flow"),
        pytest.param('{"a":' * 20_000, "nested deeper", (1, 501), id="deep JSON"),
        pytest.param("- " * 60_000, "nested deeper", (1, 201), id="deep block"),
        pytest.param("? " * 60_000, "nested deeper", (1, 201), id="deep keys"),
        pytest.param(
            f"a: &x {LONG}\nb: [{AGAIN}]", "excessive aliasing", (2, None), id="long alias"
        ),
        pytest.param("a: &x [*x]", "unknown anchor 'x'", (1, 8), id="alias of itself"),
        pytest.param('{"a": 1e999}', "does not fit a double", (1, 7), id="endless JSON number"),
        pytest.param('{"a": ' + "9" * 400 + "}", "does not fit a double", (1, 7), id="400 digits"),
        pytest.param("a: !!python/name:os.system x", "unknown tag", (1, 4), id="tagged scalar"),
        pytest.param("a: !!python/object [x]", "unknown tag", (1, 4), id="tagged list"),
        pytest.param("a: {<<: {b: 1}}", "merge keys ('<<') are not supported", (1, 5), id="merge"),
    ],
)
def test_a_hostile_source_is_refused_with_its_place(text, message, place):
    error = refusal(text)
    assert message in error.message
    assert error.position is not None
    assert (error.position.line, place[1] and error.position.column) == place


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("1e999", "1e999", id="a double that is none stays text, as Go reads it"),
        pytest.param("9" * 400, "9" * 400, id="400 digits"),
        pytest.param("0x" + "f" * 4000, "0x" + "f" * 4000, id="4,000 hexadecimal digits"),
        pytest.param("\ufeff5", 5, id="byte order mark"),
        pytest.param("!!str 5", "5", id="a tag of YAML"),
        pytest.param('!!int "5"', 5, id="a tag of YAML on a quoted one"),
        pytest.param("'<<'", "<<", id="quoted, it is no merge key"),
        pytest.param('"a\u2028b"', "a\u2028b", id="line separator"),
    ],
)
def test_an_odd_scalar_is_read(text, expected):
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_a_byte_order_mark_before_json_is_nothing():
    assert read_source('\ufeff"x"') == Scalar("x", Position(1, 1, 3))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("- r:\n    return: " + "[" * 90 + "1,${x}" + "]" * 90, id="deep literal"),
        pytest.param(
            "".join(f"- s: {{steps: [{{a{n}: }}]}}\n" for n in range(300)), id="duplicates"
        ),
        pytest.param("".join(f"- s{n}: {{return: '${{x}}'}}\n" for n in range(500)), id="unknowns"),
        pytest.param(
            '{"main":{"steps":[{"s":{"for":{}}},{"t":{"parallel":{}}}]}}', id="empty maps"
        ),
        pytest.param("main:\n  params: 5\n  steps: 5\nsub: 5\n5: {}\n", id="numbers for all"),
        pytest.param("- s: {try: {}, retry: {}, except: {}}\n", id="empty try"),
        pytest.param("- s: {switch: [{}, 5, {condition: 5}]}\n", id="empty arms"),
        pytest.param("- s: {assign: [{}, 5, [], {'': 1}]}\n", id="empty assignments"),
    ],
)
def test_a_source_wrong_all_over_has_problems_and_nothing_worse(source):
    with pytest.raises(BuildFailed) as failed:
        compile_source(source)
    assert all(problem.position for problem in failed.value.problems)
