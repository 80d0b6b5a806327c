"""Settings of the emulated Workflows, each at the real service's value where it has one."""

from dataclasses import dataclass


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
