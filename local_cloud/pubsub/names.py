"""Resource names of Pub/Sub: `projects/P/topics/T` and `projects/P/subscriptions/S`."""

import re

from local_cloud.kit.errors import Refused

# Source: https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
_ID = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9\-_.~+%]{2,254}")


def check(collection: str, name: str) -> None:
    """Refuse a name whose id Pub/Sub would not take: 3..255 characters, a letter first.

    Source: wording and code as Google's emulator 0.8.20 gives them.
    """
    parts = name.split("/")
    right = len(parts) == 4 and parts[0] == "projects" and parts[2] == collection  # noqa: PLR2004
    if not right or not parts[1] or not _ID.fullmatch(parts[3]):
        raise Refused("INVALID_ARGUMENT", f"Invalid [{collection}] name: (name={name})")


def leaf(name: str) -> str:
    """Return the id: the last segment."""
    return name.rpartition("/")[2]


def project(name: str) -> str:
    """Return the project id."""
    return name.split("/")[1]


def not_found(name: str) -> Refused:
    """Source: the real service's wording; it names the bare id."""
    return Refused("NOT_FOUND", f"Resource not found (resource={leaf(name)}).")


def already_exists(name: str) -> Refused:
    """Source: the real service's wording; it names the bare id."""
    return Refused(
        "ALREADY_EXISTS", f"Resource already exists in the project (resource={leaf(name)})."
    )
