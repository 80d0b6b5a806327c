"""Decision records as the structured log has them: lines that check_metrics wrote to its stdout.

Read for people, and never on the way to a decision. Every page is one of the 60 reads a minute
that a project has.
"""

from collections.abc import Mapping
from typing import Any, Final

from gcp.session import Session
from rollouts.errors import Refused

PAGE_SIZE: Final = 1000
PAGES_MAX: Final = 30
"""Half of a minute's reads. A page may be shorter than asked: an answer has a size, too."""
EVENT: Final = "verdict.reached"
_WHOLE_MAX: Final = 2.0**53


class LoggedDecisions:
    """Implements `ports.Decisions`: `endpoint` is LOGGING_ENDPOINT, `project` the own one."""

    def __init__(self, session: Session, endpoint: str, project: str) -> None:
        self._session = session
        self._endpoint = endpoint
        self._project = project

    def records(self, rollout: str) -> tuple[Mapping[str, Any], ...]:
        """Return what is in the log of a rollout, newest first. Raises Refused for too many."""
        not_done = f"the decisions of rollout {rollout} were not read"
        body: dict[str, Any] = {
            "resourceNames": [f"projects/{self._project}"],
            "filter": filter_of(self._project, rollout),
            "orderBy": "timestamp desc",
            "pageSize": PAGE_SIZE,
        }
        found: list[Mapping[str, Any]] = []
        for _ in range(PAGES_MAX):
            url = f"{self._endpoint}/v2/entries:list"
            page = self._session.call("POST", url, not_done, body=dict(body))
            found += records_of(page, not_done)
            token = page.get("nextPageToken")
            if not token:
                return tuple(found)
            body["pageToken"] = token
        raise Refused(f"{not_done}: the log has more than {PAGES_MAX} pages of them")


def filter_of(project: str, rollout: str) -> str:
    """Return the filter, in Logging's query language. `rollout` is an id of ours. Pure."""
    return " AND ".join(
        (
            f'logName="projects/{project}/logs/run.googleapis.com%2Fstdout"',
            'resource.type="cloud_run_revision"',
            f'jsonPayload.event="{EVENT}"',
            f'jsonPayload.rollout="{rollout}"',
        )
    )


def records_of(page: Any, not_done: str) -> list[Mapping[str, Any]]:
    """Return the records of a page. Raises Refused for an answer that is no page of entries."""
    entries = page.get("entries", []) if isinstance(page, dict) else None
    if not isinstance(entries, list):
        raise Refused(f"{not_done}: the answer is no page of entries")
    payloads = [one.get("jsonPayload") if isinstance(one, dict) else None for one in entries]
    if not all(isinstance(one, dict) for one in payloads):
        raise Refused(f"{not_done}: an entry has no JSON payload")
    return [_whole_again(one) for one in payloads if isinstance(one, dict)]


def _whole_again(value: Any) -> Any:
    """Make whole numbers of those that are: in a payload every number is a double.

    Source: https://protobuf.dev/reference/protobuf/google.protobuf/#value
    """
    if isinstance(value, dict):
        return {name: _whole_again(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole_again(inner) for inner in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _WHOLE_MAX:
        return int(value)
    return value
