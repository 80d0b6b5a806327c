"""The kinds of value in delivery.yaml, each at both sides of its boundary."""

import datetime as dt

import pytest

from rollouts import setting_kinds as kinds

SECOND = dt.timedelta(seconds=1)


def name():
    return kinds.text("a name", kinds.NAME, "api")


@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        (name(), "a", "a"),
        (name(), "api-2", "api-2"),
        (name(), "a" * 49, "a" * 49),
        (kinds.text("", kinds.PROJECT, ""), "barq-1", "barq-1"),
        (kinds.text("", kinds.REGION, ""), "europe-west12", "europe-west12"),
        (kinds.text("", kinds.REPOSITORY, ""), "localhost:5000/p/api", "localhost:5000/p/api"),
        (kinds.text("", kinds.BRANCH, ""), "feature/über", "feature/über"),
        (kinds.text("", kinds.URL_PATH, ""), "/health?deep=1", "/health?deep=1"),
        (kinds.one_of("none", "manual"), "manual", "manual"),
        (kinds.whole(1, 100, 10), 1, 1),
        (kinds.whole(1, 100, 10), 100, 100),
        (kinds.switch(), False, False),
        (kinds.duration("5m"), "1s", SECOND),
        (kinds.duration("5m", shortest="0s"), "0s", dt.timedelta(0)),
        (kinds.number(0.5, 2, 1), 0.5, 0.5),
        (kinds.number(0.5, 2, 1), 2, 2.0),
        (kinds.ratio(0.05), 0, 0.0),
        (kinds.ratio(0.05), 1, 1.0),
        (kinds.optional(kinds.whole(0, 9, 1)), "off", None),
        (kinds.optional(kinds.whole(0, 9, 1)), False, None),
        (kinds.optional(kinds.whole(0, 9, 1)), 0, 0),
        (kinds.several(kinds.switch()), [], ()),
        (kinds.several(kinds.switch(), most=2), [True, False], (True, False)),
        (kinds.moment(), "2026-12-23T18:00", dt.datetime(2026, 12, 23, 18)),
        (kinds.moment(), "2026-12-23T18:00:00", dt.datetime(2026, 12, 23, 18)),
        (kinds.moment(), dt.datetime(2026, 12, 23, 18), dt.datetime(2026, 12, 23, 18)),
        (kinds.moment(), "2026-12-31T24:00", dt.datetime(2027, 1, 1)),
        (kinds.moment(), "mon 00:00", (0, 0)),
        (kinds.moment(), "sun 23:59", (6, 1439)),
        (kinds.moment(), "24:00", 1440),
        (kinds.moment(), "06:00", 360),
        (kinds.zone(), "UTC", "UTC"),
        (kinds.zone(), "America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        (kinds.text("", kinds.WORDS, ""), "x", "x"),
        (kinds.text("", kinds.WORDS, ""), "é" * 200, "é" * 200),
        (kinds.steps(), [100], (100,)),
        (kinds.steps(), [1, 99, 100], (1, 99, 100)),
        (kinds.per_step(kinds.whole(0, 9, 1), "[1, 2]"), 5, (5,)),
        (kinds.per_step(kinds.whole(0, 9, 1), "[1, 2]"), [5, 9], (5, 9)),
    ],
)
def test_a_value_of_its_kind_is_read(kind, given, read):
    assert kind.read(given) == read


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (name(), ""),
        (name(), "a" * 50),
        (name(), "Api"),
        (name(), "api-"),
        (name(), "2api"),
        (kinds.moment(), 900),
        (kinds.moment(), "9:00"),
        (kinds.moment(), "24:01"),
        (kinds.moment(), "fri"),
        (kinds.moment(), "friday 15:00"),
        (kinds.moment(), "2026-12-23"),
        (kinds.moment(), dt.date(2026, 12, 23)),
        (kinds.moment(), "2026-02-29T18:00"),
        (kinds.moment(), "2026-12-23T18:00:30"),
        (kinds.moment(), dt.datetime(2026, 12, 23, 18, 0, 30)),
        (kinds.moment(), dt.datetime(2026, 12, 23, 18, tzinfo=dt.UTC)),
        (kinds.moment(), "0001-12-23T18:00"),
        (kinds.zone(), "Europe/Berlinn"),
        (kinds.zone(), "Europe"),
        (kinds.zone(), "../UTC"),
        (kinds.zone(), None),
        (kinds.text("", kinds.WORDS, ""), ""),
        (kinds.text("", kinds.WORDS, ""), " x"),
        (kinds.text("", kinds.WORDS, ""), "x" * 201),
        (kinds.text("", kinds.WORDS, ""), True),
        (name(), "api\n"),
        (name(), 7),
        (kinds.text("", kinds.PROJECT, ""), "barq"),
        (kinds.text("", kinds.REGION, ""), "europe"),
        (kinds.text("", kinds.REPOSITORY, ""), "host/p/api:v1"),
        (kinds.text("", kinds.REPOSITORY, ""), "host/p/api@sha256:12"),
        (kinds.text("", kinds.REPOSITORY, ""), "api"),
        (kinds.text("", kinds.BRANCH, ""), "main\n"),
        (kinds.text("", kinds.BRANCH, ""), "a b"),
        (kinds.text("", kinds.URL_PATH, ""), "health"),
        (kinds.one_of("none", "manual"), "Manual"),
        (kinds.one_of("none", "manual"), ["manual"]),
        (kinds.whole(1, 100, 10), 0),
        (kinds.whole(1, 100, 10), 101),
        (kinds.whole(0, 100, 10), True),
        (kinds.whole(1, 100, 10), 10.0),
        (kinds.whole(1, 100, 10), "10"),
        (kinds.switch(), 1),
        (kinds.switch(), "yes"),
        (kinds.duration("5m"), "999ms"),
        (kinds.duration("5m"), "366d"),
        (kinds.duration("5m"), 300),
        (kinds.number(0.5, 2, 1), 0.499),
        (kinds.number(0.5, 2, 1), 2.001),
        (kinds.number(0.5, 2, 1), "1"),
        (kinds.ratio(0.05), -0.001),
        (kinds.ratio(0.05), 1.001),
        (kinds.ratio(0.05), float("nan")),
        (kinds.ratio(0.05), float("inf")),
        (kinds.ratio(0.05), 10**400),
        (kinds.ratio(0.05), True),
        (kinds.ratio(0.05), "5%"),
        (kinds.optional(kinds.whole(0, 9, 1)), "none"),
        (kinds.optional(kinds.whole(0, 9, 1)), None),
        (kinds.several(kinds.switch(), least=1), []),
        (kinds.several(kinds.switch(), most=1), [True, True]),
        (kinds.several(kinds.switch()), (True,)),
        (kinds.several(kinds.switch()), [1]),
        (kinds.steps(), []),
        (kinds.steps(), [10, 50]),
        (kinds.steps(), [50, 10, 100]),
        (kinds.steps(), [10, 10, 100]),
        (kinds.steps(), [0, 100]),
        (kinds.steps(), 100),
        (kinds.per_step(kinds.whole(0, 9, 1), "[1, 2]"), []),
        (kinds.per_step(kinds.whole(0, 9, 1), "[1, 2]"), [10]),
    ],
)
def test_a_value_of_another_kind_is_refused(kind, given):
    with pytest.raises(ValueError, match=r".?"):
        kind.read(given)


@pytest.mark.parametrize(
    "kind",
    [
        kinds.optional(kinds.ratio(0.05)),
        kinds.several(kinds.switch()),
        kinds.per_step(name(), "[a, b]"),
    ],
)
def test_a_kind_of_kinds_says_the_inner_rule_too(kind):
    inner = {"a ratio 0.0 to 1.0", "true or false", "a name"}

    assert any(rule in kind.rule for rule in inner)


def test_a_small_number_is_told_in_a_way_that_yaml_reads_as_one():
    kind = kinds.number(0.000001, 0.1, 0.0002)

    assert (kind.rule, kind.example) == ("a number 0.000001 to 0.1", "0.0002")


def test_one_value_for_each_step_stays_one_where_it_may_be_off():
    each = kinds.per_step(kinds.whole(0, 9, 1), "[1, 2]")

    assert kinds.optional(each).each_step
    assert not kinds.several(kinds.whole(0, 9, 1)).each_step
