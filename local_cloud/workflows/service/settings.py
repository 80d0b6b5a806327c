"""Settings of the emulated Workflows, each at the real service's value where it has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from local_cloud.workflows.language.choices import DEFAULT, Choices


@dataclass(frozen=True, slots=True)
class WorkflowsSettings:
    """Source: reference/workflows.md 1.7 and 6."""

    callback_base_url: str = "https://workflowexecutions.googleapis.com"
    """Where callbacks are sent to: scheme, host and port of the local REST door."""
    concurrent_executions_max: int = 10_000
    """Of a project in a location; beyond it executions are QUEUED or refused."""
    queued_executions_max: int = 100_000
    writes_per_minute: int = 6_000
    reads_per_minute: int = 6_000
    lists_per_minute: int = 1_200
    endpoints: Mapping[str, str] = field(default_factory=dict)
    """Where requests to Google's hosts go: `run.googleapis.com` to a base URL. A host that ends
    in `-run.googleapis.com` (a location's) goes where `run.googleapis.com` does."""
    step_entries: Literal["default", "never"] = "default"
    """"default": as each execution's history level says, BASIC where it says nothing. "never" is
    for simulations, which do not look at them."""
    step_entries_max: int = 1_000_000
    """Of executions that have ended; beyond it those of the oldest go. The real service keeps
    them as long as the execution; here they are in memory."""
    choices: Choices = DEFAULT
    store_path: str | None = None
    """The file in which deployments and executions outlive this process; None keeps them in
    memory only."""
