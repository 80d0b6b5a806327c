"""Resource names, ids and timestamps as the two APIs write them."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from local_cloud.kit.errors import Refused

_WORKFLOW: Final = re.compile(
    r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/workflows/(?P<workflow>[^/]+)"
    r"(?:/executions/(?P<execution>[^/]+))?"
)
_LOCATION: Final = re.compile(r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_WORKFLOW_ID: Final = re.compile(r"[a-zA-Z]([a-zA-Z0-9_-]{0,62}[a-zA-Z0-9])?")


@dataclass(frozen=True, slots=True)
class WorkflowName:
    """`project` is always the project's id."""

    project: str
    location: str
    workflow: str

    def __str__(self) -> str:
        return f"projects/{self.project}/locations/{self.location}/workflows/{self.workflow}"

    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"


class Projects:
    """Ids and numbers of projects: executions are named by number (reference 6.2)."""

    def __init__(self, first_number: str) -> None:
        self._first = int(first_number)
        self._numbers: dict[str, str] = {}

    def number(self, project: str) -> str:
        """Return a project's number; a project not seen yet gets the next one."""
        if project not in self._numbers:
            self._numbers[project] = str(
                max(map(int, self._numbers.values()), default=self._first - 1) + 1
            )
        return self._numbers[project]

    def learn(self, project: str, number: str) -> None:
        """Take over a project and its number."""
        self._numbers[project] = number

    def id(self, project: str) -> str:
        """Return a project's id, given either."""
        return next((name for name, number in self._numbers.items() if number == project), project)

    def workflow(self, name: str) -> WorkflowName:
        """Read a workflow's name. Raises Refused(INVALID_ARGUMENT)."""
        found = _WORKFLOW.fullmatch(name)
        if found is None or found["execution"]:
            raise Refused("INVALID_ARGUMENT", f"invalid workflow name: {name}")
        return WorkflowName(self.id(found["project"]), found["location"], found["workflow"])

    def execution(self, name: str) -> tuple[WorkflowName, str]:
        """Read an execution's name. Raises Refused(INVALID_ARGUMENT)."""
        found = _WORKFLOW.fullmatch(name)
        if found is None or not found["execution"]:
            raise Refused("INVALID_ARGUMENT", f"invalid execution name: {name}")
        workflow = WorkflowName(self.id(found["project"]), found["location"], found["workflow"])
        return workflow, found["execution"]

    def inside(self, name: str, collection: str) -> tuple[str, str]:
        """Split `EXECUTION/collection/ID` into the execution's name and the id.

        Raises Refused(INVALID_ARGUMENT).
        """
        execution, found, identity = name.rpartition(f"/{collection}/")
        if not found or not identity or "/" in identity:
            raise Refused("INVALID_ARGUMENT", f"invalid name: {name}")
        return execution, identity

    def project(self, name: str) -> str:
        """Read `projects/P` into the project's id. Raises Refused(INVALID_ARGUMENT)."""
        head, _, project = name.partition("/")
        if head != "projects" or not project or "/" in project:
            raise Refused("INVALID_ARGUMENT", f"invalid name: {name}")
        return self.id(project)

    def location(self, name: str) -> tuple[str, str]:
        """Read `projects/P/locations/L` into (project id, location)."""
        found = _LOCATION.fullmatch(name)
        if found is None:
            raise Refused("INVALID_ARGUMENT", f"invalid parent: {name}")
        return self.id(found["project"]), found["location"]


def check_workflow_id(workflow_id: str) -> None:
    """Raise Refused(INVALID_ARGUMENT) for an id that the service does not take."""
    if not _WORKFLOW_ID.fullmatch(workflow_id):
        raise Refused(
            "INVALID_ARGUMENT",
            f"workflow id is '{workflow_id}': must be 1 to 64 letters, digits, underscores and"
            " hyphens, begin with a letter and end with a letter or digit",
        )


def timestamp(instant: dt.datetime) -> str:
    """Return RFC 3339 with nine digits."""
    return f"{instant.replace(tzinfo=None).isoformat(timespec='microseconds')}000Z"


def timestamp_of(seconds: float) -> str:
    """Return RFC 3339 of seconds since 1970."""
    return timestamp(_EPOCH + dt.timedelta(microseconds=round(seconds * 1_000_000)))


def duration(length: dt.timedelta) -> str:
    return f"{length.total_seconds():.9f}s"
