"""delivery.yaml, already decoded, into a Delivery. Not: opening the file or decoding YAML."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, Final

from rollouts import settings
from rollouts.agreement import disagreements
from rollouts.errors import BadSettings
from rollouts.freeze_file import Line, parse_line
from rollouts.notification_file import parse_notifications
from rollouts.policy import (
    FIXED_COUNTS,
    Analysis,
    Approval,
    Delivery,
    Policy,
    Service,
    ServiceRef,
    Smoke,
    Target,
)
from rollouts.setting_reader import MISSING, example_of, mapping, named, unknown, values_of

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
    top = mapping(document, "delivery.yaml", problems, "{services: {api: ...}}")
    unknown(top, {"services", "freeze", *settings.LINE}, "", problems)
    line = parse_line(top, "", problems)
    services = named(
        top.get("services", MISSING), "services", problems, functools.partial(_service, line)
    )
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


def _service(line: Line, name: str, document: Any, where: str, problems: list[str]) -> Service:
    given = mapping(document, where, problems, example_of(settings.SERVICE))
    also = {"targets", "notifications", "freeze", *settings.LINE}
    values = values_of(given, settings.SERVICE, where, problems, also=also)
    line = parse_line(given, where, problems, line)
    targets = named(
        given.get("targets", MISSING),
        f"{where}.targets",
        problems,
        functools.partial(_target, line),
    )
    names = [target.name for target in targets]
    listed = given.get("notifications", [])
    notifications = parse_notifications(listed, f"{where}.notifications", names, problems)
    return Service(name=name, **values, targets=tuple(targets), notifications=notifications)


def _target(line: Line, name: str, document: Any, where: str, problems: list[str]) -> Target:
    given = mapping(document, where, problems, example_of(settings.TARGET))
    place, of_line = {"project", "region", "service"}, {"freeze", *settings.LINE}
    of_policy = _PLAIN.keys() | _PARTS.keys()
    unknown(given, place | of_line | of_policy, where, problems)
    values = values_of(
        {key: value for key, value in given.items() if key in place},
        {key: settings.TARGET[key] for key in sorted(place)},
        where,
        problems,
    )
    line = parse_line(given, where, problems, line)
    rest = {key: value for key, value in given.items() if key in of_policy}
    before = len(problems)
    policy = _policy(rest, where, problems)
    if len(problems) == before:
        problems.extend(disagreements(policy, where))
    return Target(name, ServiceRef(**values), policy, line.freezes, line.stopped)


def _policy(given: dict[str, Any], where: str, problems: list[str]) -> Policy:
    values = values_of(given, _PLAIN, where, problems, also=set(_PARTS))
    for key, (inner, build) in _PARTS.items():
        inside = f"{where}.{key}"
        part = mapping(given.get(key, {}), inside, problems, example_of(inner))
        if part.get("profile") == "fixed_counts":
            part = _fixed_counts(values["steps"]) | part
        values[key] = build(**values_of(part, inner, inside, problems))
    return Policy(**values)


def _fixed_counts(steps: tuple[int, ...] | None) -> dict[str, Any]:
    """Return what the profile sets where nothing else is given; never more than there are steps."""
    return {"max_errors": list(FIXED_COUNTS[: len(steps or FIXED_COUNTS)])}
