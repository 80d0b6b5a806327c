"""Which target an alert names. Never a guess: what two targets could be is none."""

import re
from typing import Final

from rollouts.incidents import Incident
from rollouts.policy import Delivery, Service, ServiceRef, Target

_NUMBERED: Final = re.compile(r"([a-z][a-z0-9-]*)-[0-9]+\.([a-z0-9-]+)\.run\.app")
"""SERVICE-PROJECTNUMBER.REGION.run.app"""
_HASHED: Final = re.compile(r"([a-z][a-z0-9-]*)-[a-z0-9]+-[a-z]{2,4}\.a\.run\.app")
"""SERVICE-HASH-REGIONCODE.a.run.app: says no region that anyone could look up."""


def named_target(incident: Incident, delivery: Delivery) -> tuple[Service, Target] | None:
    """Return the target that an incident names, or None.

    By project, region and service of its labels; an uptime check that has none of the last two
    by the host that Cloud Run gave the service. A tag's host names no target: it has no users.
    """
    found = [
        (service, target)
        for service in delivery.services
        for target in service.targets
        if _names(incident, target.ref)
    ]
    return found[0] if len(found) == 1 else None


def _names(incident: Incident, ref: ServiceRef) -> bool:
    if incident.project != ref.project:
        return False
    if incident.service or incident.region:
        return (incident.region, incident.service) == (ref.region, ref.service)
    numbered = _NUMBERED.fullmatch(incident.host)
    if numbered:
        return numbered.groups() == (ref.service, ref.region)
    hashed = _HASHED.fullmatch(incident.host)
    return hashed is not None and hashed[1] == ref.service
