"""What the real provider refuses of a value though its schema allows it: the tables, and who asks.

The provider of these tests asks for every configuration that Terraform validates or plans, as the
real one does; what is unknown is not judged.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Breach:
    """A value that the real provider would refuse; `path` has names, and places in lists."""

    path: tuple[str | int, ...]
    value: Any
    rule: str
    source: str


def breaches(kind: str, config: Any) -> Iterator[Breach]:
    """Yield what is wrong with a configuration of a resource of this type."""
    yield from ()
