"""freeze and stop_the_line in delivery.yaml: what is read, what is inherited, what is refused."""

import datetime as dt

import pytest
import yaml

from rollouts.delivery_file import parse_delivery
from rollouts.errors import BadSettings
from rollouts.freezes import DAY, Once, Weekly
from tests.unit.functions.rollouts.builders import PLACE, document

NAME = "services.api.targets.production"


def target_of(more=None, service=None, top=None):
    given = document(targets={"production": PLACE | (more or {})}, **(service or {}))
    return parse_delivery(given | (top or {})).services[0].targets[0]


def freezes_of(text):
    return target_of({"freeze": yaml.safe_load(text)}).freezes


def problems_of(more, service=None, top=None):
    with pytest.raises(BadSettings) as refusal:
        target_of(more, service, top)
    return refusal.value.problems


def test_a_line_is_open_unless_the_file_says_another_thing():
    target = target_of()

    assert (target.freezes, target.stop_the_line) == ((), None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (
            "[{from: 2026-12-23T18:00, until: 2027-01-02T08:00, reason: Christmas}]",
            Once(
                "2026-12-23T18:00 to 2027-01-02T08:00", "UTC", "Christmas",
                dt.datetime(2026, 12, 23, 18), dt.datetime(2027, 1, 2, 8),
            ),
        ),
        (
            "[{from: fri 15:00, until: mon 06:00, zone: Europe/Berlin}]",
            Weekly(
                "every fri 15:00 to mon 06:00", "Europe/Berlin", "",
                (4,), 15 * 60, 3 * DAY + 6 * 60,
            ),
        ),
        (
            "[{from: sun 20:00, until: sun 08:00}]",
            Weekly("every sun 20:00 to sun 08:00", "UTC", "", (6,), 20 * 60, 7 * DAY + 8 * 60),
        ),
        (
            "[{from: sat 00:00, until: sun 24:00}]",
            Weekly("every sat 00:00 to sun 24:00", "UTC", "", (5,), 0, 2 * DAY),
        ),
        (
            '[{from: "22:00", until: "06:00"}]',
            Weekly("every day 22:00 to 06:00", "UTC", "", tuple(range(7)), 22 * 60, 30 * 60),
        ),
        (
            '[{days: [sun, fri], from: "12:30", until: "24:00"}]',
            Weekly("every sun, fri 12:30 to 24:00", "UTC", "", (4, 6), 750, DAY),
        ),
        (
            '[{from: "24:00", until: "01:00"}]',
            Weekly("every day 24:00 to 01:00", "UTC", "", tuple(range(7)), DAY, DAY + 60),
        ),
    ],
)  # fmt: skip
def test_a_window_is_read(text, read):
    assert freezes_of(text) == (read,)


def test_a_target_has_the_windows_above_it_and_its_own():
    windows = [[{"from": "fri 15:00", "until": f"{day} 06:00"}] for day in ("mon", "sun", "sat")]

    found = target_of(
        {"freeze": windows[0]}, service={"freeze": windows[1]}, top={"freeze": windows[2]}
    )

    assert [one.name for one in found.freezes] == [
        "every fri 15:00 to sat 06:00",
        "every fri 15:00 to sun 06:00",
        "every fri 15:00 to mon 06:00",
    ]


def test_a_line_is_stopped_by_the_word_that_stands_furthest_up():
    target, service = {"stop_the_line": "of the target"}, {"stop_the_line": "of the service"}
    top = {"stop_the_line": "of the file"}

    assert target_of(target).stop_the_line == "of the target"
    assert target_of(target, service).stop_the_line == "of the service"
    assert target_of(target, service, top).stop_the_line == "of the file"
    assert target_of({"stop_the_line": False}, top=top).stop_the_line == "of the file"
    assert target_of(service={"stop_the_line": "off"}).stop_the_line is None


@pytest.mark.parametrize("given", [True, "", "   ", None, 7, ["checkout is down"]])
def test_a_line_is_not_stopped_without_a_reason(given):
    assert problems_of({}, top={"stop_the_line": given}) == [
        (
            f"stop_the_line is {given!r}: must be off or a reason of 1 to 200 characters, such as"
            " checkout is down."
        )
    ]


@pytest.mark.parametrize(
    ("window", "problem"),
    [
        (
            {"from": 900, "until": "18:00"},
            (
                "from is 900: must be a date and time, a weekday and time, or in quotes a time of the"
                " day, such as fri 15:00."
            ),
        ),
        (
            {"from": "fri 15:00"},
            (
                "until is missing: must be a date and time, a weekday and time, or in quotes a time of"
                " the day, such as fri 15:00."
            ),
        ),
        (
            {"from": "fri 15:00", "until": "mon 06:00", "zone": "CEST?"},
            "zone is 'CEST?': must be a time zone of the IANA database, such as Europe/Berlin.",
        ),
        (
            {"from": "fri 15:00", "until": "mon 06:00", "days": ["fri"]},
            (
                "days is given: must stand beside times of the day alone, such as"
                ' {days: [fri], from: "15:00", until: "24:00"}.'
            ),
        ),
        (
            {"from": "2027-01-02T08:00", "until": "2026-12-23T18:00"},
            (
                "until is 2026-12-23T18:00: must come after 2027-01-02T08:00 and be written in the same"
                " way, such as {from: fri 15:00, until: mon 06:00}."
            ),
        ),
    ],
)
def test_a_wrong_window_is_told_with_its_place_rule_and_example(window, problem):
    assert problems_of({"freeze": [window]}) == [f"{NAME}.freeze[0].{problem}"]


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("fri 15:00", "06:00"),
        ("06:00", "2026-12-23T18:00"),
        ("2026-12-23T18:00", "fri 15:00"),
        ("fri 15:00", "fri 15:00"),
        ("thu 24:00", "fri 00:00"),
        ("15:00", "15:00"),
        ("24:00", "00:00"),
        ("2026-12-23T18:00", "2026-12-23T18:00"),
    ],
)
def test_ends_of_two_kinds_and_windows_without_length_are_refused(begins, ends):
    (problem,) = problems_of({"freeze": [{"from": begins, "until": ends}]})

    assert problem.startswith(f"{NAME}.freeze[0].until is {ends}: must come after {begins}")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"from": "fri 15:00"}, "{'from': 'fri 15:00'}"),
        (None, "None"),
        ([{"from": "fri 15:00", "until": "mon 06:00"}] * 21, "a list of 21"),
    ],
)
def test_what_is_no_list_of_windows_is_refused(given, shown):
    assert problems_of({}, service={"freeze": given}) == [
        (
            f"services.api.freeze is {shown}: must be a list of at most 20 windows, such as"
            " [{from: fri 15:00, until: mon 06:00}]."
        )
    ]


def test_a_window_that_is_no_map_is_refused_and_the_others_are_still_looked_at():
    found = problems_of({}, top={"freeze": ["weekend", {"form": "fri 15:00"}]})

    assert [problem.split(" ")[0] for problem in found] == [
        "freeze[0]",
        "freeze[0].from",
        "freeze[0].until",
        "freeze[1].form",
        "freeze[1].from",
        "freeze[1].until",
    ]


def test_an_unknown_key_of_a_target_is_told_with_all_that_there_are():
    (problem,) = problems_of({"freezes": []})

    assert problem.startswith(
        f"{NAME}.freezes is not a setting: must be one of analysis, approval,"
    )
    assert " freeze," in problem
    assert "stop_the_line" in problem
    assert "project" in problem
