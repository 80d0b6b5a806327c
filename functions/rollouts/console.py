"""Where in Google Cloud's console a person sees what an event tells of."""

import re
from typing import Final

_EXECUTION: Final = re.compile(
    r"projects/([a-z0-9.:-]+)/locations/([a-z0-9-]+)/workflows/([A-Za-z0-9_-]+)"
    r"/executions/([A-Za-z0-9-]+)"
)


def execution_page(execution: object) -> str:
    """Return the page of an execution, by its full name; empty for what is no such name.

    Nothing in it needs to be escaped, whatever the page is linked from.
    """
    found = _EXECUTION.fullmatch(str(execution))
    if found is None:
        return ""
    project, location, workflow, number = found.groups()
    return (
        f"https://console.cloud.google.com/workflows/workflow/{location}/{workflow}"
        f"/execution/{number}/summary?project={project}"
    )
