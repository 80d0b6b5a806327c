"""What closes a line in delivery.yaml: `freeze` and `stop_the_line`, at the top and further down.

What stands in a service or in a target adds to what stands above it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rollouts import settings
from rollouts.freezes import DAY, WEEKDAYS, Freeze, Once, Weekly
from rollouts.setting_kinds import Moment
from rollouts.setting_reader import example_of, inside, mapping, values_of

FREEZES_MAX: Final = 20
"""In one list."""
WEEK: Final = 7 * DAY


@dataclass(frozen=True, slots=True)
class Line:
    """What closes the line of a target, or of all below a place in the file."""

    freezes: tuple[Freeze, ...] = ()
    stopped: str | None = None


def parse_line(
    given: Mapping[str, Any], where: str, problems: list[str], above: Line | None = None
) -> Line:
    """Read what closes a line here, and add it to what does above."""
    above = above or Line()
    own = {key: value for key, value in given.items() if key in settings.LINE}
    stopped = values_of(own, settings.LINE, where, problems)["stop_the_line"]
    listed, name = given.get("freeze", []), inside(where, "freeze")
    if not isinstance(listed, list) or len(listed) > FREEZES_MAX:
        problems.append(
            f"{name} is {_kind_of(listed)}: must be a list of at most {FREEZES_MAX}"
            " windows, such as [{from: fri 15:00, until: mon 06:00}]."
        )
        listed = []
    found = (_freeze(one, f"{name}[{at}]", problems) for at, one in enumerate(listed))
    own_freezes = tuple(one for one in found if one)
    return Line((*above.freezes, *own_freezes), above.stopped or stopped)


def _kind_of(listed: Any) -> str:
    return f"a list of {len(listed)}" if isinstance(listed, list) else repr(listed)[:80]


def _freeze(document: Any, where: str, problems: list[str]) -> Freeze | None:
    given = mapping(document, where, problems, example_of(settings.FREEZE))
    before = len(problems)
    values = values_of(given, settings.FREEZE, where, problems)
    if len(problems) > before or not given:
        return None
    begins, ends = values["from"], values["until"]
    if "days" in given and not (isinstance(begins, int) and isinstance(ends, int)):
        problems.append(
            f"{where}.days is given: must stand beside times of the day alone, such as"
            ' {days: [fri], from: "15:00", until: "24:00"}.'
        )
        return None
    built = _built(begins, ends, values, f"{given['from']} to {given['until']}")
    if built is None:
        problems.append(
            f"{where}.until is {given['until']}: must come after {given['from']} and be written in"
            " the same way, such as {from: fri 15:00, until: mon 06:00}."
        )
    return built


def _built(begins: Moment, ends: Moment, values: Mapping[str, Any], name: str) -> Freeze | None:
    """Return the window, or None if there is none of such ends."""
    zone, reason = values["zone"], values["reason"] or ""
    if isinstance(begins, dt.datetime) and isinstance(ends, dt.datetime):
        return Once(name, zone, reason, begins, ends) if begins < ends else None
    if isinstance(begins, tuple) and isinstance(ends, tuple):
        day, start = begins
        length = ((ends[0] - day) * DAY + ends[1] - start) % WEEK
        named = f"every {name}"
        return Weekly(named, zone, reason, (day,), start, start + length) if length else None
    if isinstance(begins, int) and isinstance(ends, int):
        length = ends - begins if ends > begins else ends + DAY - begins
        days = sorted({WEEKDAYS.index(one) for one in values["days"]})
        on = "every day" if len(days) == len(WEEKDAYS) else "every " + ", ".join(values["days"])
        if begins == ends or not length:
            return None
        return Weekly(f"{on} {name}", zone, reason, tuple(days), begins, begins + length)
    return None
