"""What a service says of itself in its answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """Values that answers may tell to anybody. Never a host name, never a secret."""

    service: str
    version: str
    revision: str
    region: str
    environment: str
