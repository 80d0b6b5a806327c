"""Reads maps of settings, gathering every problem. Not: which settings there are (`settings`)."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from rollouts import settings
from rollouts.setting_kinds import NAME, text

T = TypeVar("T")
MISSING: Final = object()
_NAME: Final = text("a name of small letters, digits and hyphens", NAME, "production")


def values_of(
    given: Mapping[str, Any],
    group: settings.Group,
    where: str,
    problems: list[str],
    *,
    also: set[str] = frozenset(),  # type: ignore[assignment]
) -> dict[str, Any]:
    """Read one group; each value that is wrong is a problem, and a stand-in goes on."""
    unknown(given, set(group) | set(also), where, problems)
    values: dict[str, Any] = {}
    for key, setting in group.items():
        raw = given.get(key, setting.default)
        name, kind = inside(where, key), setting.kind
        if raw is settings.UNSET:
            values[key] = None
            continue
        if raw is settings.REQUIRED:
            problems.append(f"{name} is missing: must be {kind.rule}, such as {kind.example}.")
            raw = MISSING
        try:
            values[key] = None if raw is MISSING else kind.read(raw)
        except ValueError:
            found = shown(raw)
            problems.append(f"{name} is {found}: must be {kind.rule}, such as {kind.example}.")
            values[key] = None
    return values


def named(
    given: Any,
    where: str,
    problems: list[str],
    build: Callable[[str, Any, str, list[str]], T],
) -> list[T]:
    if not isinstance(given, dict) or not given:
        found = "missing" if given is MISSING else shown(given)
        problems.append(
            f"{where} is {found}: must be a map with at least one name in it, such as {{api: ...}}."
        )
        return []
    built = []
    for name, inner in given.items():
        try:
            _NAME.read(name)
        except ValueError:
            problems.append(f"{where} has the name {name!r}: must be {_NAME.rule}, such as api.")
            continue
        built.append(build(name, inner, f"{where}.{name}", problems))
    return built


def mapping(given: Any, where: str, problems: list[str], example: str) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    problems.append(f"{where} is {shown(given)}: must be a map of settings, such as {example}.")
    return {}


def example_of(group: settings.Group) -> str:
    """Write a map of a group's first setting."""
    name, setting = next(iter(group.items()))
    return f"{{{name}: {setting.kind.example}}}"


def unknown(given: Mapping[str, Any], known: set[str], where: str, problems: list[str]) -> None:
    for key in given:
        if key not in known:
            one_of = ", ".join(sorted(known))
            problems.append(f"{inside(where, key)} is not a setting: must be one of {one_of}.")


def inside(where: str, key: object) -> str:
    """Return the full name of a setting; `where` is empty at the top of the file."""
    return f"{where}.{key}" if where else str(key)


def shown(value: Any) -> str:
    text_of = repr(value)
    return text_of if len(text_of) <= 80 else text_of[:77] + "..."  # noqa: PLR2004
