"""text.*: positions in characters, RE2, character sets, and sizes before they are built."""

from typing import Any

import pytest

from local_cloud.workflows.language.faults import Fault
from local_cloud.workflows.stdlib.library import FUNCTIONS

FULL = 256 * 1024


def call(name, *values):
    return FUNCTIONS[f"text.{name}"].call(*values)


def refusal(name, *values):
    with pytest.raises(Fault) as refused:
        call(name, *values)
    return refused.value.value


@pytest.mark.parametrize(
    ("source", "regexp", "found"),
    [
        ("HelloWorld", "Hello|World", [(0, "Hello"), (5, "World")]),
        ("héllo wörld", r"\pL+", [(0, "héllo"), (6, "wörld")]),
        ("💥x💥x", "x", [(1, "x"), (3, "x")]),
        ("aaa", "a+?", [(0, "aaa")]),  # The longest of those that start together.
        ("abab", "a|ab", [(0, "ab"), (2, "ab")]),
        ("baac", "a*", [(0, ""), (1, "aa"), (4, "")]),
        ("é", "", [(0, ""), (1, "")]),
        ("Ab", "(?i)a", [(0, "A")]),
        ("a\nb", "(?m)^b$", [(2, "b")]),
        ("a\nb", "a(?s:.)b", [(0, "a\nb")]),
        ("ab", "(?P<first>a)", [(0, "a")]),
        ("aa", r"a\z", [(1, "a")]),
        ("a.b", r"\Q.\E", [(1, ".")]),
        ("x", "y", []),
    ],
)
def test_matches_are_found_as_re2_finds_them(source, regexp, found):
    expected = [{"index": index, "match": match} for index, match in found]
    assert call("find_all_regex", source, regexp) == expected


@pytest.mark.parametrize(
    "regexp",
    [
        "(",
        "[a",
        "*",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        r"(a)\1",
        "(?P=a)",
        "a{1001}",
        "(a{1000}){1000}",
        r"a\Z",
        "(?:a++)",
        "\\",
    ],
)
def test_what_re2_does_not_have_is_refused(regexp, capfd):
    """Look-around and references back are what others take for granted."""
    error = refusal("match_regex", "aa", regexp)
    assert error["tags"] == ["ValueError"]
    assert error["message"].startswith("ValueError: invalid regular expression")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("source", "regexp", "repl", "found"),
    [
        ("one two", "one|two", "three", "three three"),
        ("abc", "", "-", "-a-b-c-"),
        ("é", "", "x", "xéx"),
        ("baac", "a*", "x", "xbxcx"),
        ("a1", "([0-9])", r"<\1>", r"a<\1>"),
        ("a1", "([0-9])", "<$1>", "a<$1>"),
        ("aa", "^a", "b", "ba"),
    ],
)
def test_a_replacement_is_put_as_it_stands(source, regexp, repl, found):
    """The page: references to groups are not supported."""
    assert call("replace_all_regex", source, regexp, repl) == found


@pytest.mark.parametrize(
    ("source", "regexp"),
    [
        ("a" * FULL, "(x+x+)+y"),
        ("a" * FULL, "(a|aa)*$"),
        ("a" * FULL, "(a*)*b"),
        ("a" * FULL, ".*.*.*=.*"),
    ],
)
def test_what_hangs_others_is_answered_at_once(source, regexp):
    assert call("match_regex", source, regexp) is (regexp == "(a|aa)*$")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("match_regex", ("ab" * (FULL // 2), "a" * 10_000)),
        ("replace_all_regex", ("ab" * (FULL // 2), "a.{23}.*c|a", "x")),
        ("find_all_regex", ("a" * FULL, "a")),
        ("find_all", ("a" * FULL, "a")),
        ("split", ("," * FULL, ",")),
        ("replace_all", ("a" * FULL, "a", "b" * FULL)),
        ("replace_all", ("a" * FULL, "", "bb")),
        ("replace_all_regex", ("a" * FULL, "a", "b" * FULL)),
        ("url_encode", ("é" * (FULL // 2),)),
        ("decode", (b"a" * (FULL + 1), "UTF-8")),
    ],
)
def test_what_would_take_too_much_is_refused_before_it_does(name, values):
    assert refusal(name, *values)["tags"] == ["ResourceLimitError"]


def test_a_replacement_may_first_grow_and_then_shrink():
    source = "a" * 1000 + "b" * (FULL - 1000)
    assert call("replace_all_regex", source, "a|b+", "xx") == "xx" * 1001


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("find_all", ("00000", "00"), [0, 2]),
        ("find_all", ("é💥x", "x"), [2]),
        ("find_all", ("a", "b"), []),
        ("split", ("a,b,", ","), ["a", "b", ""]),
        ("split", ("", ","), [""]),
        ("substring", ("é💥x", 1, 2), "💥"),
        ("substring", ("abc", -5, 2), "ab"),
        ("substring", ("abc", 2, 1), ""),
        ("substring", ("abc", 5, 9), ""),
        ("replace_all", ("abc", "", "-"), "-a-b-c-"),
        ("replace_all", ("aaa", "aa", "b"), "ba"),
        ("to_upper", ("straße ŉ",), "STRAßE ŉ"),
        ("to_lower", ("\u0391\u03a3 İ",), "\u03b1\u03c3 i"),
        ("url_encode", ("a/b c~.-_é",), "a%2Fb%20c%7E.-_%C3%A9"),
        ("url_encode_plus", ("a b+c",), "a+b%2Bc"),
        ("url_decode", ("a%2Fb%2Fc%3Fitem%3Dd%2Be",), "a/b/c?item=d+e"),
        ("encode", ("é", "iso-8859-1"), b"\xe9"),
        ("encode", ("é", "Windows-1252"), b"\xe9"),
        ("encode", ("a", "UTF-16"), b"\xfe\xff\x00a"),
        ("decode", (b"\x00a", "utf-16"), "a"),
        ("decode", (b"\xff\xfea\x00", "utf-16"), "a"),
        ("decode", (b"\xb1", "ISO-8859-2"), "ą"),
        ("decode", (b"\xef\xbb\xbfa", "UTF-8"), "\ufeffa"),
    ],
)
def test_text_is_handled_by_character(name, values, found):
    assert call(name, *values) == found


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("encode", ("é", "US-ASCII")),
        ("encode", ("a", "EBCDIC")),
        ("encode", ("a", "")),
        ("decode", (b"\x80", "us-ascii")),
        ("decode", (b"\xff", "UTF-8")),
        ("find_all", ("a", "")),
        ("split", ("a", "")),
        ("url_decode", ("%",)),
        ("url_decode", ("%4",)),
        ("url_decode", ("%ff",)),
    ],
)
def test_bad_values_are_value_errors(name, values):
    assert refusal(name, *values)["tags"] == ["ValueError"]


GOOD: dict[str, tuple[Any, ...]] = {
    "encode": ("a", "UTF-8"),
    "decode": (b"a", "UTF-8"),
    "find_all": ("a", "a"),
    "find_all_regex": ("a", "a"),
    "match_regex": ("a", "a"),
    "replace_all": ("a", "a", "a"),
    "replace_all_regex": ("a", "a", "a"),
    "split": ("a", "a"),
    "substring": ("a", 0, 1),
    "to_lower": ("a",),
    "to_upper": ("a",),
    "url_encode": ("a",),
    "url_encode_plus": ("a",),
    "url_decode": ("a",),
}
WRONG: tuple[Any, ...] = (None, True, 1.5, [], {})


@pytest.mark.parametrize(
    ("name", "at"), [(name, at) for name, values in GOOD.items() for at in range(len(values))]
)
def test_each_argument_has_its_type(name, at):
    call(name, *GOOD[name])
    for wrong in WRONG:
        values = [*GOOD[name]]
        values[at] = wrong
        assert refusal(name, *values)["tags"] == ["TypeError"]
