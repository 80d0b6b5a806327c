"""Operators, conversions and access, as tables (reference sections 2.3 to 2.5 and 11)."""

import pytest

BIG = 9223372036854775807


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param('"Hello world" + 1', "Hello world1", id="0.2 item 1: string + int"),
        pytest.param('1 + "a"', "1a", id="11: int + string"),
        pytest.param('"a" + 2.5', "a2.5", id="11: string + double"),
        pytest.param('"a" + true', "atrue", id="11: string + bool"),
        pytest.param('false + "a"', "falsea", id="11: bool + string"),
        pytest.param('"a" + "b"', "ab", id="2.4 concat"),
        pytest.param("1 + 2", 3, id="2.4 ints"),
        pytest.param("1 + 2.5", 3.5, id="2.4 mixed"),
        pytest.param("27*9/5+32", 80.6, id="2.4 float division"),
        pytest.param("10/2", 5, id="10.4 integral double"),
        pytest.param("7 // 2", 3, id="2.4 floor"),
        pytest.param("-7 // 2", -4, id="2.4 floor of a negative"),
        pytest.param("7 % 3", 1, id="2.4 remainder"),
        pytest.param("2 * 3 - 4", 2, id="2.2 precedence"),
        pytest.param("2 - 3 * 4", -10, id="2.2 precedence of *"),
        pytest.param("(2 - 3) * 4", -4, id="2.2 brackets"),
        pytest.param("--2", 2, id="2.2 two signs"),
        pytest.param("1 == 1.0", True, id="2.4 int equals double"),
        pytest.param("1 == true", False, id="10.2 unrelated types"),
        pytest.param("0 == false", False, id="10.2 Python's bool is no int"),
        pytest.param('"1" == 1', False, id="10.2 string and int"),
        pytest.param("null == null", True, id="2.4 null"),
        pytest.param("a == null", True, id="2.4 null argument"),
        pytest.param('"x" != null', True, id="2.4 null and string"),
        pytest.param("[1, [true]] == [1.0, [true]]", True, id="10.2 deep"),
        pytest.param("[1] == [true]", False, id="10.2 deep, strict"),
        pytest.param("[1] == [1, 2]", False, id="10.2 length"),
        pytest.param("1 < 1.5", True, id="2.4 less"),
        pytest.param("2 >= 2", True, id="2.4 at least"),
        pytest.param("2 <= 1", False, id="2.4 at most"),
        pytest.param("2.5 > 1", True, id="2.4 greater"),
        pytest.param("2 in [1, 2]", True, id="2.4 in list"),
        pytest.param("1 in [true]", False, id="2.4 in list, strict"),
        pytest.param('"2" in ["1", "2"]', True, id="2.4 string in list"),
        pytest.param("[1] in [[1]]", True, id="2.4 list in list"),
        pytest.param("true and not false", True, id="2.2 logic"),
        pytest.param("false or false", False, id="2.2 or"),
        pytest.param("false and a.missing", False, id="2.2 short circuit and"),
        pytest.param("true or a.missing", True, id="2.2 short circuit or"),
        pytest.param("TRUE == True", True, id="2.2 spellings"),
        pytest.param("[1, 2][1]", 2, id="2.2 index of a literal"),
        pytest.param("1e3", 1000, id="2.3 exponent"),
        pytest.param(".5 + 1.", 1.5, id="2.3 doubles"),
    ],
)
def test_an_expression_has_this_value(value_of, expression, value):
    found = value_of(expression)
    assert (found, type(found)) == (value, type(value)) or found == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param("true + 1", "TypeError: ", id="11: bool + number"),
        pytest.param("true + true", "TypeError: ", id="11: bool + bool"),
        pytest.param('"a" + null', "TypeError: ", id="2.4 string + null"),
        pytest.param('"a" + [1]', "TypeError: ", id="2.4 string + list"),
        pytest.param('"a" + a', "TypeError: ", id="2.4 string + map"),
        pytest.param("[1] + [2]", "TypeError: ", id="2.4 list + list"),
        pytest.param('"a" * 2', "TypeError: ", id="2.4 Python would repeat"),
        pytest.param('"a" % 2', "TypeError: ", id="2.4 Python would format"),
        pytest.param("true * 2", "TypeError: ", id="2.4 Python's bool is no int"),
        pytest.param('"a" < "b"', "TypeError: ", id="10.2 strings have no order"),
        pytest.param("1 / 0", "ZeroDivisionError: division by zero: 'int' / 'int'", id="2.4 /"),
        pytest.param("1 // 0", "ZeroDivisionError: division by zero: 'int' // 'int'", id="2.4 //"),
        pytest.param("1 % 0", "ZeroDivisionError: division by zero: 'int' % 'int'", id="2.4 %"),
        pytest.param(f"{BIG} + 1", "ValueError: integer overflow", id="2.4 overflow of +"),
        pytest.param(f"{BIG} * {BIG}", "ValueError: integer overflow", id="2.4 overflow of *"),
        pytest.param("1e308 * 10", "ValueError: double overflow", id="2.4 endless product"),
        pytest.param("1e308 + 1e308", "ValueError: double overflow", id="2.4 endless sum"),
        pytest.param("1e308 / 1e-10", "ValueError: double overflow", id="2.4 endless quotient"),
        pytest.param(
            'json.decode("[1e999]")',
            "ValueError: invalid JSON: number 1e999 does not fit a double",
            id="2.3 endless JSON",
        ),
        pytest.param("not 1", "TypeError: ", id="2.2 not of a number"),
        pytest.param("1 and true", "TypeError: ", id="2.2 left operand"),
        pytest.param("true and 1", "TypeError: ", id="2.2 right operand"),
        pytest.param('not "x" in a', "TypeError: ", id="0.2 item 8"),
        pytest.param("-null", "TypeError: ", id="2.4 minus null"),
        pytest.param("a.missing", "KeyError: key not found: missing", id="2.4 member"),
        pytest.param('a["k!"]', "KeyError: key not found: k!", id="2.4 key"),
        pytest.param("a[1]", "TypeError: ", id="1.1 numeric key in an expression"),
        pytest.param("[1][1]", "IndexError: ", id="2.4 index"),
        pytest.param("[1][-1]", "IndexError: ", id="2.4 negative index"),
        pytest.param("[1][true]", "TypeError: ", id="2.4 Python's bool is no index"),
        pytest.param("[1].x", "TypeError: ", id="2.4 member of a list"),
        pytest.param("null.x", "TypeError: ", id="2.4 member of null"),
        pytest.param("1 in a", "TypeError: ", id="2.4 key must be a string"),
    ],
)
def test_an_expression_ends_with_this_error(error_of, expression, message):
    error = error_of(expression, {})
    assert error["message"].startswith(message)
    assert error == {"message": error["message"], "tags": [message.partition(":")[0]]}  # 0.2.2


@pytest.mark.parametrize(
    ("expression", "got"), [('"x" in null', "null"), ('"x" in "xyz"', '"xyz"'), ("1 in 2", "2")]
)
def test_in_of_anything_else_says_what_it_got_without_a_tag(error_of, expression, got):
    """Reference section 11: the page's own output."""
    assert error_of(expression) == {
        "message": f"The argument of 'in' must be a dict or an array; got: {got}",
        "tags": ["TypeError"],
    }


def test_a_member_chain_reads_maps_and_lists(value_of):
    assert value_of('a.list[0]["deep key"].x', {"list": [{"deep key": {"x": 7}}]}) == 7  # 2.2


def test_a_text_with_something_around_the_expression_stays_text(run):
    """Reference 2.1: nothing is interpolated."""
    assert run([{"r": {"return": "hello-${world}"}}]).value == "hello-${world}"


def test_expressions_stand_anywhere_in_maps_and_lists(run):
    """Reference 1.2: keys too."""
    ran = run(
        [
            {"a": {"assign": [{"k": "key"}, {"n": 1}]}},
            {"r": {"return": {"${k}": ["${n}", {"x": "${n + 1}"}], "plain": "${k}"}}},
        ]
    )
    assert ran.value == {"key": [1, {"x": 2}], "plain": "key"}


def test_an_expression_may_call_subworkflows_and_functions_at_will(run):
    """Reference section 11; each call is made once, in order, and sees its own arguments."""
    ran = run(
        {
            "main": {"steps": [{"r": {"return": "${[twice(3) + twice(4), twice(twice(1))]}"}}]},
            "twice": {
                "params": ["x"],
                "steps": [
                    {"l": {"call": "sys.log", "args": {"data": "${x}"}}},
                    {"r": {"return": "${2 * x}"}},
                ],
            },
        }
    )
    assert ran.value == [14, 4]
    assert ran.logs == ["3", "4", "1", "2"]


def test_a_call_that_and_does_not_need_is_not_made(run):
    ran = run(
        {
            "main": {"steps": [{"r": {"return": "${false and boom()}"}}]},
            "boom": {"steps": [{"r": {"raise": "called"}}]},
        }
    )
    assert ran.value is False  # 2.2: short circuit.


def test_functions_that_answer_differently_are_asked_once_beside_a_call(run):
    ran = run(
        {
            "main": {"steps": [{"r": {"return": "${[uuid.generate(), one(), uuid.generate()]}"}}]},
            "one": {"steps": [{"r": {"return": 1}}]},
        }
    )
    assert ran.value == ["uuid-1", 1, "uuid-2"]


def test_an_assignment_that_calls_does_not_repeat_its_neighbours(run):
    ran = run(
        {
            "main": {
                "steps": [
                    {"a": {"assign": [{"n": 0}, {"n": "${n + 1}"}, {"m": "${n + one()}"}]}},
                    {"r": {"return": "${[n, m]}"}},
                ]
            },
            "one": {"steps": [{"r": {"return": 1}}]},
        }
    )
    assert ran.value == [1, 2]
