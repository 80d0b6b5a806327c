"""Three honest health routes for any ASGI application. See README.md beside this file.

Only the standard library is needed to import it. psutil (the container), and PyJWT with
cryptography (callers by identity, checked here) are imported by the first who needs them.
"""

from health_service.health import openapi
from health_service.health.callers import ByIdentity, Callers, Nobody, Public
from health_service.health.checks import JSON, Check, Checks, Details, Result, Unhealthy
from health_service.health.container import Container
from health_service.health.identity import Identity
from health_service.health.keys import keys_at
from health_service.health.lifecycle import Lifecycle, Phase
from health_service.health.router import HealthRouter
from health_service.health.threads import in_thread

__all__ = [
    "JSON",
    "ByIdentity",
    "Callers",
    "Check",
    "Checks",
    "Container",
    "Details",
    "HealthRouter",
    "Identity",
    "Lifecycle",
    "Nobody",
    "Phase",
    "Public",
    "Result",
    "Unhealthy",
    "in_thread",
    "keys_at",
    "openapi",
]
