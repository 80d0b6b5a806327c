"""Conditions of services and revisions, in the words of the v1 API. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from local_cloud.run.resources import Condition, Revision, Service
from local_cloud.run.secret_variables import CHECK_FAILED
from local_cloud.run.traffic import Blocked, not_ready


def of_service(
    service: Service, newest: Revision | None, route: Blocked | None, now: dt.datetime
) -> dict[str, Condition]:
    """Return Ready, ConfigurationsReady and RoutesReady.

    `route` is why the written split cannot be served, if it cannot. A transition keeps its
    time while the status stays the same.
    """
    configuration = _configuration(service, newest)
    routes = _routes(service, newest, route)
    worst = min((configuration, routes), key=lambda c: ("False", "Unknown", "True").index(c.status))
    ready = replace(worst, type="Ready")
    return {c.type: _timed(c, service.conditions, now) for c in (ready, configuration, routes)}


def of_revision(revision: Revision, *, addressed: bool) -> dict[str, Condition]:
    """Return Ready, ContainerHealthy, ResourcesAvailable and Active.

    `addressed`: the revision has traffic or a tag; one that has neither is retired.
    """
    when = revision.settled or revision.created
    if revision.state == "ready":
        found = [Condition(t, "True", changed=when) for t in _REVISION_CONDITIONS]
    elif revision.state == "pending":
        found = [
            Condition(t, "Unknown", "Deploying", "Deploying Revision.", changed=when)
            for t in _REVISION_CONDITIONS
        ]
    else:
        before_start = revision.reason in ("ContainerMissing", CHECK_FAILED)
        healthy = "ContainerReady" if before_start else "ContainerHealthy"
        found = [
            Condition(t, "False", revision.reason, revision.message, changed=when)
            for t in ("Ready", healthy)
        ] + [Condition("ResourcesAvailable", "True", changed=when)]
    if not addressed and revision.state == "ready":
        retired = Condition("Active", "False", "Retired", "Revision retired.", "Info", when)
        found.append(retired)
    return {condition.type: condition for condition in found}


_REVISION_CONDITIONS = ("Ready", "ContainerHealthy", "ResourcesAvailable")


def _configuration(service: Service, newest: Revision | None) -> Condition:
    kind = "ConfigurationsReady"
    if newest is None or newest.state == "ready" or newest.name == service.forgiven:
        return Condition(kind, "True")
    if newest.state == "pending":
        return Condition(kind, "Unknown", "Deploying", "Deploying Revision.")
    return Condition(kind, "False", newest.reason, not_ready(newest))


def _routes(service: Service, newest: Revision | None, route: Blocked | None) -> Condition:
    kind = "RoutesReady"
    if route is not None:
        return Condition(kind, "False" if route.failed else "Unknown", route.reason, route.message)
    follows = any(target.revision is None for target in service.traffic)
    if follows and newest is not None and newest.name != service.latest_ready:
        # LATEST waits for the newest revision, while the one before keeps its share.
        return replace(_configuration(service, newest), type=kind)
    if service.served != service.planned:
        return Condition(kind, "Unknown", "UpdatingRoutes", "Waiting for the split to be served.")
    return Condition(kind, "True")


def _timed(condition: Condition, before: Mapping[str, Condition], now: dt.datetime) -> Condition:
    old = before.get(condition.type)
    changed = old.changed if old is not None and old.status == condition.status else now
    return replace(condition, changed=changed)
