"""What the grammar takes and refuses (reference section 2.2)."""

import pytest

from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.grammar import Binary, Constant, Member, Name, Unary, parse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "mismatched input '<EOF>'", id="2.2 empty"),
        pytest.param("1 +", "mismatched input '<EOF>'", id="2.2 open end"),
        pytest.param("a b", "mismatched input 'b'", id="2.2 two values"),
        pytest.param("'single'", "token recognition error at: ''single''", id="10.3 single quotes"),
        pytest.param("a not in b", "mismatched input 'not'", id="10.3 not in"),
        pytest.param('{"a": 1}', "token recognition error", id="2.2 no map literals"),
        pytest.param("a & b", "token recognition error at: '& b'", id="1.3 ANTLR style"),
        pytest.param("a And b", "mismatched input 'And'", id="2.2 mixed case"),
        pytest.param("(1)(2)", "only a function can be called", id="2.2 callee"),
        pytest.param("x[1](2)", "only a function can be called", id="2.2 indexed callee"),
        pytest.param("f(1,)", "mismatched input ')'", id="2.2 trailing comma"),
        pytest.param("[1, 2", "mismatched input '<EOF>'", id="2.2 open list"),
        pytest.param("a.1", "mismatched input", id="2.2 numbers are no names"),
        pytest.param("not -1", "mismatched input '-'", id="2.2 not binds tighter"),
        pytest.param('"open', "token recognition error", id="2.2 open string"),
        pytest.param('"\\q"', "token recognition error", id="2.2 unknown escape"),
        pytest.param("9223372036854775808", "does not fit 64 bits", id="2.3 64 bits"),
        pytest.param("9" * 390, "does not fit 64 bits", id="2.3 huge"),
        pytest.param("1" * 401, "must be at most 400", id="1.7 length"),
        pytest.param("(" * 200 + "1" + ")" * 199, "nested deeper", id="2.2 depth"),
    ],
)
def test_a_text_outside_the_grammar_is_refused(text, message):
    with pytest.raises(BuildError) as refused:
        parse(text)
    assert message in refused.value.message


def test_an_expression_of_400_characters_is_the_longest():
    assert parse("1" + "+1" * 199 + " ") is not None  # Reference 1.7.


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        pytest.param(
            'not "x" in m',
            Binary("in", Unary("not", Constant("x")), Name("m")),
            id="0.2 item 8",
        ),
        pytest.param("- x * y", Binary("*", Unary("-", Name("x")), Name("y")), id="2.2 minus"),
        pytest.param(
            "a - b - c", Binary("-", Binary("-", Name("a"), Name("b")), Name("c")), id="2.2 left"
        ),
        pytest.param(
            "a OR b AND c",
            Binary("or", Name("a"), Binary("and", Name("b"), Name("c"))),
            id="2.2 capitals",
        ),
        pytest.param(
            'm["special!key"]',
            Member(Name("m"), Constant("special!key"), dotted=False),
            id="2.2 brackets",
        ),
        pytest.param('"\\u00e9\\n"', Constant("é\n"), id="2.1 escapes"),
        pytest.param('"\\ud83d\\ude00"', Constant("😀"), id="2.1 surrogates"),
        pytest.param("1\n+\n2", Binary("+", Constant(1), Constant(2)), id="2.1 lines"),
    ],
)
def test_a_text_means_this_tree(text, tree):
    assert parse(text) == tree
