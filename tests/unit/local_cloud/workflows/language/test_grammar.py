"""What the grammar takes and refuses (reference section 2.2)."""

import pytest

from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.grammar import Binary, Constant, Member, Name, Unary, parse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "mismatched input '<EOF>'", id="2.2 empty"),
        pytest.param("1 +", "mismatched input '<EOF>'", id="2.2 open end"),
        pytest.param("a b", "mismatched input 'b'", id="2.2 two values"),
        pytest.param("'single'", "token recognition error at: ''' at", id="10.3 single quotes"),
        pytest.param("a not in b", "mismatched input 'not'", id="10.3 not in"),
        pytest.param('{"a": 1}', "token recognition error", id="2.2 no map literals"),
        pytest.param("a & b", "token recognition error at: '&' at character 3", id="1.3 ANTLR"),
        pytest.param("m[special!key]", "token recognition error at: '!k'", id="1.3 the page's"),
        pytest.param("a = b", "token recognition error at: '= '", id="1.3 one equals sign"),
        pytest.param("a =", "token recognition error at: '=' at", id="1.3 at the end"),
        pytest.param('1 + "a\nb', "token recognition error at: '\"a\\nb'", id="1.3 shown escaped"),
        pytest.param("a\u00a0+ b", "token recognition error at: '\u00a0'", id="2.2 other spaces"),
        pytest.param("\u0663", "token recognition error at: '\u0663'", id="2.2 other digits"),
        pytest.param("v\u00e9", "token recognition error at: '\u00e9'", id="2.2 other letters"),
        pytest.param("\ufeff1", "token recognition error", id="2.2 byte order mark"),
        pytest.param("\ud800", "token recognition error", id="2.2 half a character"),
        pytest.param("a \x00", "token recognition error", id="2.2 NUL"),
        pytest.param("a And b", "mismatched input 'And'", id="2.2 mixed case"),
        pytest.param("(1)(2)", "only a function can be called", id="2.2 callee"),
        pytest.param("x[1](2)", "only a function can be called", id="2.2 indexed callee"),
        pytest.param("f(1,)", "mismatched input ')'", id="2.2 trailing comma"),
        pytest.param("[1, 2", "mismatched input '<EOF>'", id="2.2 open list"),
        pytest.param("a.1", "mismatched input", id="2.2 numbers are no names"),
        pytest.param("not -1", "mismatched input '-'", id="2.2 not binds tighter"),
        pytest.param('"open', "token recognition error", id="2.2 open string"),
        pytest.param('"\\q"', "error at: '\"\\q' at character 1", id="2.2 unknown escape"),
        pytest.param('"\\u12"', "token recognition error", id="2.2 short escape"),
        pytest.param("9223372036854775808", "does not fit 64 bits", id="2.3 64 bits"),
        pytest.param("9" * 390, "does not fit 64 bits", id="2.3 huge"),
        pytest.param("-9223372036854775809", "does not fit 64 bits", id="2.3 one below"),
        pytest.param("1e999", "does not fit a double", id="2.3 endless"),
        pytest.param("1" * 401, "must be at most 400", id="1.7 length"),
        pytest.param("-" * 399 + "1", "nested deeper", id="2.2 signs"),
        pytest.param("not " * 99 + "x", "nested deeper", id="2.2 nots"),
        pytest.param("a" + ".a" * 199, "nested deeper", id="2.2 members"),
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
        pytest.param("1\n+\t2", Binary("+", Constant(1), Constant(2)), id="2.1 lines"),
        pytest.param("-9223372036854775808", Constant(-(2**63)), id="2.3 the least integer"),
        pytest.param("- -9223372036854775808", Unary("-", Constant(-(2**63))), id="2.3 minus it"),
    ],
)
def test_a_text_means_this_tree(text, tree):
    assert parse(text) == tree


SINGLE = Choices(single_quotes="accept")
NOT_IN = Choices(not_in="accept")


@pytest.mark.parametrize(
    ("choices", "text", "tree"),
    [
        pytest.param(SINGLE, "'say \"x\"'", Constant('say "x"'), id="10.3 single quotes"),
        pytest.param(SINGLE, "'it\\'s'", Constant("it's"), id="10.3 escaped quote"),
        pytest.param(SINGLE, '"it\'s"', Constant("it's"), id="10.3 double quotes still"),
        pytest.param(
            NOT_IN,
            "a not in b or c",
            Binary("or", Unary("not", Binary("in", Name("a"), Name("b"))), Name("c")),
            id="10.3 not in",
        ),
        pytest.param(
            NOT_IN,
            "not a in b",
            Binary("in", Unary("not", Name("a")), Name("b")),
            id="10.3 not before in is the old one",
        ),
    ],
)
def test_a_choice_opens_the_grammar(choices, text, tree):
    assert parse(text, choices) == tree


def test_not_in_is_one_operator_only_when_both_words_stand_there():
    with pytest.raises(BuildError) as refused:
        parse("a not b", NOT_IN)
    assert "mismatched input 'not'" in refused.value.message
