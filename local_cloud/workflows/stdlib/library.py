"""Every name of the standard library, in one place for the compiler."""

from typing import Final

from local_cloud.workflows.connectors.library import connector, may_exist
from local_cloud.workflows.connectors.secrets import IN_EXPRESSIONS
from local_cloud.workflows.stdlib import data, helpers, http, system, text
from local_cloud.workflows.stdlib.registry import Blocking, Function, Procedure

FUNCTIONS: Final[dict[str, Function]] = {
    **helpers.FUNCTIONS,
    **text.FUNCTIONS,
    **data.FUNCTIONS,
    **system.FUNCTIONS,
}
BLOCKING: Final[dict[str, Blocking | Procedure]] = {**system.BLOCKING, **http.BLOCKING}
PREDICATES: Final = http.PREDICATES
POLICIES: Final = http.POLICIES
VALUES: Final = http.VALUES


def blocking(name: str) -> Blocking | Procedure | None:
    """Return a function that only a `call` step may use, connectors included."""
    return BLOCKING.get(name) or connector(name)


def in_expression(name: str) -> Procedure | None:
    """Return a function that waits and that an expression may call all the same.

    Source: https://cloud.google.com/workflows/docs/reference/googleapis/secretmanager/Overview.
    """
    return connector(name) if name in IN_EXPRESSIONS else None


def is_blocking(name: str) -> bool:
    """Whether only a `call` step may call `name` (reference 2.2).

    True as well for connectors of services that this engine has no description of.
    """
    return name in BLOCKING or may_exist(name)
