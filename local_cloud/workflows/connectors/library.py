"""Every connector by its name, for the standard library."""

import functools
from typing import Final

from local_cloud.workflows.connectors import calls, documents, executions, secrets
from local_cloud.workflows.stdlib.registry import Procedure

_HELPERS: Final = {**executions.PROCEDURES, **secrets.PROCEDURES}


@functools.cache
def connector(name: str) -> Procedure | None:
    """Return the connector or the function of experimental.executions that has this name."""
    helper = _HELPERS.get(name)
    if helper is not None:
        return helper
    method = documents.find(name)
    return None if method is None else calls.procedure(method)


def may_exist(name: str) -> bool:
    """Whether `name` could be a connector of the service: it is one here, or is not known here.

    A method that a service known here does not have is none.
    """
    if name.startswith("experimental.executions."):
        return connector(name) is not None
    service = documents.service_of(name)
    return bool(service) and (service not in documents.SERVICES or connector(name) is not None)
