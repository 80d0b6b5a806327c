"""The metric types of all projects: Google's own, and what a project adds to them."""

from collections.abc import Callable
from typing import Final

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.metrics_of_others import OTHER_METRICS
from local_cloud.monitoring.metrics_of_run import RUN_METRICS

METRICS: Final = {metric.type: metric for metric in (*RUN_METRICS, *OTHER_METRICS)}
"""Google's own, by type."""
Find = Callable[[str], Metric | None]
"""Returns the metric of a type, if a project has it."""


class Catalogue:
    """Whose metrics are there. A metric made from logs is one project's alone."""

    def __init__(self) -> None:
        self._own: dict[tuple[str, str], Metric] = {}

    def add(self, project: str, metric: Metric) -> None:
        """Add or replace a metric of a project's own."""
        self._own[project, metric.type] = metric

    def remove(self, project: str, metric_type: str) -> None:
        self._own.pop((project, metric_type), None)

    def find(self, project: str, metric_type: str) -> Metric | None:
        return METRICS.get(metric_type) or self._own.get((project, metric_type))

    def finder(self, project: str) -> Find:
        """Return how a project's filters find their metric."""
        return lambda metric_type: self.find(project, metric_type)

    def metrics(self, project: str) -> tuple[Metric, ...]:
        own = [metric for (owner, _), metric in self._own.items() if owner == project]
        return (*METRICS.values(), *own)


def unknown_metric(metric_type: str) -> Refused:
    """Return Google's words for a metric that no project has.

    Source: https://github.com/hashicorp/terraform-provider-google/issues/11102 (2026-04).
    """
    return Refused(
        "NOT_FOUND",
        f'Cannot find metric(s) that match type = "{metric_type}". If a metric was created'
        " recently, it could take up to 10 minutes to become available. Please try again soon.",
    )
