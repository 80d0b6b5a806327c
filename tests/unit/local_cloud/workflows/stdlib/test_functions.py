"""Functions that answer at once, as tables (reference sections 2.5, 3 and 11)."""

import pytest


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        # 2.5 helpers
        ('double("2.7")', 2.7),
        ("double(2) / 4", 0.5),
        ('int("-7")', -7),
        ("int(2.9)", 2),
        ("int(-2.9)", -2),
        ("int(5)", 5),
        ("string(1635892223.4459958)", "1635892223.4459958"),
        ("string(80.6)", "80.6"),
        ("string(1e21)", "1000000000000000000000"),
        ("string(2.0)", "2"),
        ("string(true)", "true"),
        ('string("x")', "x"),
        ("keys(a)", ["list", "n"]),
        ('len("héé")', 3),
        ("len([1, 2])", 2),
        ("len(a)", 2),
        ("default(null, 1)", 1),
        ("default(false, 1)", False),
        ('default(map.get(a, "nope"), "d")', "d"),
        ("if(true, 1, 2)", 1),
        ("if(1 > 2, 1, 2)", 2),
        ("if(null, 1, 2)", 2),
        ("get_type(1)", "integer"),
        ("get_type(1.0)", "double"),
        ("get_type(true)", "boolean"),
        ("get_type(null)", "null"),
        ('get_type("")', "string"),
        ("get_type([])", "list"),
        ("get_type(a)", "map"),
        ('get_type(text.encode(""))', "bytes"),
        # list and map
        ("list.concat([1], 2)", [1, 2]),
        ("list.concat([1], [2])", [1, [2]]),
        ("list.prepend([1], 2)", [2, 1]),
        ('map.get(a, "n")', 1),
        ('map.get(a, ["list", "x"])', None),
        ('map.get(a, "nope")', None),
        ('map.get(null, ["x", "y"])', None),
        ('map.delete(a, "n")', {"list": [1, 2]}),
        ('map.delete(a, "nope")', {"n": 1, "list": [1, 2]}),
        ('map.merge(a, json.decode("{\\"n\\": 2}"))', {"n": 2, "list": [1, 2]}),
        (
            'map.merge_nested(json.decode("{\\"m\\":{\\"a\\":1}}"), json.decode("{\\"m\\":{\\"b\\":2}}"))',
            {"m": {"a": 1, "b": 2}},
        ),
        # math
        ("math.abs(-2.5)", 2.5),
        ("math.abs(-2)", 2),
        ("math.floor(-2.5)", -3),
        ("math.max(1, 2.5)", 2.5),
        ("math.min(1, 2.5)", 1),
        # text
        ('text.find_all("aaaa", "aa")', [0, 2]),
        (
            'text.find_all_regex("a1b22", "[0-9]+")',
            [{"index": 1, "match": "1"}, {"index": 3, "match": "22"}],
        ),
        ('text.match_regex("hello", "l+")', True),
        ('text.match_regex("hello", "^l")', False),
        ('text.replace_all("a.b.c", ".", "-")', "a-b-c"),
        ('text.replace_all_regex("one two", "one|two", "three")', "three three"),
        ('text.split("a,b", ",")', ["a", "b"]),
        ('text.substring("hello", 1, 3)', "el"),
        ('text.substring("hello", 3, 99)', "lo"),
        ('text.to_lower("AÉ")', "aé"),
        ('text.to_upper("aé")', "AÉ"),
        ('text.url_encode("a/b c~é")', "a%2Fb%20c%7E%C3%A9"),
        ('text.url_encode_plus("a b")', "a+b"),
        ('text.url_decode("a%2Fb+c%20d")', "a/b c d"),
        ('text.decode(text.encode("é"))', "é"),
        # json and base64
        ('json.decode("{\\"a\\": [1, 2.5, null]}")', {"a": [1, 2.5, None]}),
        ('json.decode("1e400")', None),
        ("json.encode_to_string(a)", '{"list":[1,2],"n":1}'),
        ("json.encode_to_string([1], true)", "[\n    1\n]"),
        ('text.decode(json.encode("x"))', '"x"'),
        ('base64.encode(text.encode("ab"))', "YWI="),
        ('base64.encode(text.encode("ab"), false)', "YWI"),
        ('text.decode(base64.decode("YWI="))', "ab"),
        ('text.decode(base64.decode("YWI", false))', "ab"),
        # hash
        (
            'base64.encode(hash.compute_checksum(text.encode("x"), "SHA256"))',
            "LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=",
        ),
        ('len(base64.encode(hash.compute_hmac(text.encode("k"), text.encode("d"), "SHA1")))', 28),
        # time
        ("time.format(1630513742)", "2021-09-01T16:29:02.000000Z"),
        ('time.format(1630513742.5, "Europe/Berlin")', "2021-09-01T18:29:02.500000+02:00"),
        ('time.parse("2021-09-01T16:29:02Z")', 1630513742),
        ('time.parse("2021-09-01T18:29:02.25+02:00")', 1630513742.25),
        ('time.parse("2024-05-08T12:01:00.000000Z")', 1715169660),
        # sys and uuid
        ("sys.now()", 1700000000.25),
        ('sys.get_env("NAME")', "value"),
        ('sys.get_env("NOPE")', None),
        ('sys.get_env("NOPE", "d")', "d"),
        ("uuid.generate()", "uuid-1"),
        ("retry.default_backoff.multiplier", 1.25),
        ("retry.always(1)", True),
        ('http.default_retry_predicate(json.decode("{\\"code\\":502}"))', True),
        ('http.default_retry_predicate_non_idempotent(json.decode("{\\"code\\":502}"))', False),
    ],
)
def test_a_function_answers(value_of, error_of, expression, value):
    argument = {"n": 1, "list": [1, 2]}
    if "1e400" in expression:  # Not finite: JSON cannot hold it.
        assert error_of(expression, argument)["tags"] == ["ValueError"]
        return
    found = value_of(expression, argument)
    assert found == value
    assert isinstance(found, bool) is isinstance(value, bool)


@pytest.mark.parametrize(
    ("expression", "tag"),
    [
        ('double("x")', "ValueError"),
        ("double(null)", "TypeError"),
        ("double(true)", "TypeError"),
        ('int("2.7")', "ValueError"),
        ('int("9999999999999999999")', "ValueError"),
        ("int([])", "TypeError"),
        ("string(null)", "TypeError"),
        ("len(null)", "TypeError"),
        ("len(1)", "TypeError"),
        ("keys([1])", "TypeError"),
        ("if(1, 2, 3)", "TypeError"),
        ("map.get(a, 1)", "TypeError"),
        ("map.merge(a, 1)", "TypeError"),
        ("list.concat(1, 2)", "TypeError"),
        ('math.abs("x")', "TypeError"),
        ("math.abs(true)", "TypeError"),
        ('text.split("a", "")', "ValueError"),
        ("text.split(1, 2)", "TypeError"),
        ('text.match_regex("a", "(")', "ValueError"),
        ('text.match_regex("a", "(?=a)")', "ValueError"),
        ('text.match_regex("aa", "(a)\\\\1")', "ValueError"),
        ('text.decode(base64.decode("/w=="))', "ValueError"),
        ('text.encode("a", "EBCDIC")', "ValueError"),
        ('text.url_decode("%zz")', "ValueError"),
        ('json.decode("{")', "ValueError"),
        ('json.decode("NaN")', "ValueError"),
        ("json.decode(1)", "TypeError"),
        ('json.encode(text.encode("a"))', "ValueError"),
        ('base64.encode("text")', "TypeError"),
        ('base64.decode("*")', "ValueError"),
        ('hash.compute_checksum(text.encode("x"), "CRC")', "ValueError"),
        ('time.format(1, "Mars/Base")', "ValueError"),
        ("time.format(1e300)", "ValueError"),
        ('time.parse("yesterday")', "ValueError"),
        ('time.parse("2021-13-01T00:00:00Z")', "ValueError"),
        ("sys.get_env(1)", "TypeError"),
        ('events.create_callback_endpoint("TRACE")', "ValueError"),
    ],
)
def test_a_wrong_argument_is_a_typed_error(error_of, expression, tag):
    error = error_of(expression, {})
    assert error["tags"] == [tag]
    assert error["message"].startswith(f"{tag}: ")


def test_the_real_service_s_words_for_string_of_a_map(error_of):
    """Reference 2.4 [O]."""
    assert error_of("string(a)", {})["message"] == (
        "TypeError: unsupported operand type for string(): 'dict'"
        " (expecting number, string, or boolean)"
    )


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 5000, '"' + "\\ud800" + '"', "1" * 5000, "1e99999"]
)
def test_hostile_json_is_an_error_or_a_value_but_never_more(run, text):
    source = {
        "main": {
            "params": ["a"],
            "steps": [{"d": {"call": "json.decode", "args": {"data": "${a}"}}}],
        }
    }
    assert run(source, text).execution.state in ("succeeded", "failed")


def test_a_function_may_be_called_by_a_step_with_arguments_by_name(run):
    steps = [
        {
            "c": {
                "call": "text.replace_all",
                "args": {"repl": "-", "source": "a.b", "substr": "."},
                "result": "x",
            }
        },
        {"r": {"return": "${x}"}},
    ]
    assert run(steps).value == "a-b"
