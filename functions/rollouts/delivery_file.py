"""delivery.yaml, already decoded, into a Delivery. Not: opening the file or decoding YAML."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from rollouts import settings
from rollouts.agreement import disagreements
from rollouts.errors import BadSettings
from rollouts.policy import (
    FIXED_COUNTS,
    Analysis,
    Approval,
    Delivery,
    Notification,
    Policy,
    Service,
    ServiceRef,
    Smoke,
    Target,
)
from rollouts.setting_kinds import NAME, text

T = TypeVar("T")
_NAME: Final = text("a name of small letters, digits and hyphens", NAME, "production")
_MISSING: Final = object()
_PLAIN: Final = {
    key: setting
    for key, setting in settings.TARGET.items()
    if setting.default is not settings.REQUIRED
}
"""The settings of a target that are its policy, less the groups of `_PARTS`."""
_PARTS: Final[Mapping[str, tuple[settings.Group, Callable[..., Any]]]] = {
    "approval": (settings.APPROVAL, Approval),
    "verify": (settings.VERIFY, Smoke),
    "analysis": (settings.ANALYSIS, Analysis),
}


def parse_delivery(document: Any) -> Delivery:
    """Read a decoded delivery.yaml. Raises BadSettings with every problem, a line each."""
    problems: list[str] = []
    delivery = _delivery(document, problems)
    if problems:
        raise BadSettings(
            problems, hint="change delivery.yaml; docs/reference/delivery.md lists all"
        )
    return delivery


def parse_policy(document: Mapping[str, Any]) -> Policy:
    """Read a policy as it stands in a record, which `settings_of` wrote.

    Settings that only newer code knows are left out, as every other field of a record is.
    """
    problems: list[str] = []
    given = {key: value for key, value in document.items() if key in _PARTS.keys() | _PLAIN.keys()}
    for key, (inner, _) in _PARTS.items():
        if isinstance(given.get(key), dict):
            given[key] = {name: value for name, value in given[key].items() if name in inner}
    policy = _policy(given, "policy", problems)
    if problems:
        raise BadSettings(problems)
    return policy


def _delivery(document: Any, problems: list[str]) -> Delivery:
    top = _mapping(document, "delivery.yaml", problems, "{services: {api: ...}}")
    _unknown(top, {"services"}, "", problems)
    services = _named(top.get("services", _MISSING), "services", problems, _service)
    seen: dict[ServiceRef, str] = {}
    for service in services:
        for target in service.targets:
            name = f"services.{service.name}.targets.{target.name}"
            if None in (target.ref.project, target.ref.region, target.ref.service):
                continue  # A problem already; two that are missing are not the same service.
            if target.ref in seen:
                problems.append(
                    f"{name} is {target.ref}: must be a Cloud Run service of its own, but"
                    f" {seen[target.ref]} is the same one."
                )
            seen[target.ref] = name
    return Delivery(tuple(services))


def _service(name: str, document: Any, where: str, problems: list[str]) -> Service:
    given = _mapping(document, where, problems, _example(settings.SERVICE))
    values = _values(given, settings.SERVICE, where, problems, also={"targets", "notifications"})
    targets = _named(given.get("targets", _MISSING), f"{where}.targets", problems, _target)
    listed = given.get("notifications", [])
    notifications = []
    if not isinstance(listed, list):
        problems.append(
            f"{where}.notifications is {listed!r}: must be a list, such as - webhook: team."
        )
        listed = []
    for index, item in enumerate(listed):
        inside = f"{where}.notifications[{index}]"
        entry = _mapping(item, inside, problems, _example(settings.NOTIFICATION))
        entry = _values(entry, settings.NOTIFICATION, inside, problems)
        notifications.append(Notification(**entry))
    return Service(name=name, **values, targets=tuple(targets), notifications=tuple(notifications))


def _target(name: str, document: Any, where: str, problems: list[str]) -> Target:
    given = _mapping(document, where, problems, _example(settings.TARGET))
    place = {"project", "region", "service"}
    values = _values(
        {key: value for key, value in given.items() if key in place},
        {key: settings.TARGET[key] for key in sorted(place)},
        where,
        problems,
    )
    rest = {key: value for key, value in given.items() if key not in place}
    before = len(problems)
    policy = _policy(rest, where, problems)
    if len(problems) == before:
        problems.extend(disagreements(policy, where))
    return Target(name, ServiceRef(**values), policy)


def _policy(given: dict[str, Any], where: str, problems: list[str]) -> Policy:
    values = _values(given, _PLAIN, where, problems, also=set(_PARTS))
    for key, (inner, build) in _PARTS.items():
        inside = f"{where}.{key}"
        part = _mapping(given.get(key, {}), inside, problems, _example(inner))
        if part.get("profile") == "fixed_counts":
            part = _fixed_counts(values["steps"]) | part
        values[key] = build(**_values(part, inner, inside, problems))
    return Policy(**values)


def _fixed_counts(steps: tuple[int, ...] | None) -> dict[str, Any]:
    """Return what the profile sets where nothing else is given; never more than there are steps."""
    return {"max_errors": list(FIXED_COUNTS[: len(steps or FIXED_COUNTS)])}


def _values(
    given: Mapping[str, Any],
    group: settings.Group,
    where: str,
    problems: list[str],
    *,
    also: set[str] = frozenset(),  # type: ignore[assignment]
) -> dict[str, Any]:
    """Read one group; each value that is wrong is a problem, and a stand-in goes on."""
    _unknown(given, set(group) | set(also), where, problems)
    values = {}
    for key, setting in group.items():
        raw = given.get(key, setting.default)
        name, kind = f"{where}.{key}", setting.kind
        if raw is settings.REQUIRED:
            problems.append(f"{name} is missing: must be {kind.rule}, such as {kind.example}.")
            raw = _MISSING
        try:
            values[key] = None if raw is _MISSING else kind.read(raw)
        except ValueError:
            shown = _shown(raw)
            problems.append(f"{name} is {shown}: must be {kind.rule}, such as {kind.example}.")
            values[key] = None
    return values


def _named(
    given: Any,
    where: str,
    problems: list[str],
    build: Callable[[str, Any, str, list[str]], T],
) -> list[T]:
    if not isinstance(given, dict) or not given:
        shown = "missing" if given is _MISSING else _shown(given)
        problems.append(
            f"{where} is {shown}: must be a map with at least one name in it, such as {{api: ...}}."
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


def _mapping(given: Any, where: str, problems: list[str], example: str) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    problems.append(f"{where} is {_shown(given)}: must be a map of settings, such as {example}.")
    return {}


def _example(group: settings.Group) -> str:
    """Write a map of a group's first setting."""
    name, setting = next(iter(group.items()))
    return f"{{{name}: {setting.kind.example}}}"


def _unknown(given: Mapping[str, Any], known: set[str], where: str, problems: list[str]) -> None:
    for key in given:
        if key not in known:
            name = f"{where}.{key}" if where else str(key)
            problems.append(f"{name} is not a setting: must be one of {', '.join(sorted(known))}.")


def _shown(value: Any) -> str:
    text_of = repr(value)
    return text_of if len(text_of) <= 80 else text_of[:77] + "..."  # noqa: PLR2004
