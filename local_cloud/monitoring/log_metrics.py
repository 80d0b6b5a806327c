"""Metrics that a project makes of its log: counters of the entries that match a filter.

An entry counts in the minute in which it came, for the resource that it names. Distributions of
extracted values are not here. Source:
https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.metrics
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from local_cloud.kit.errors import Refused
from local_cloud.logging.compiled import Query, compiled
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.extractors import Extractor, extractor
from local_cloud.monitoring.model import MonitoringModel
from local_cloud.monitoring.recorded import Source
from local_cloud.monitoring.resources import RESOURCES

PREFIX: Final = "logging.googleapis.com/user/"
_NAME: Final = re.compile(r"[A-Za-z0-9_\-.,+!*',()%/]{1,100}")
_Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogMetric:
    """One metric of a project, and what it counts."""

    metric: Metric
    query: Query
    extractors: Mapping[str, Extractor]

    def source(self, entry: _Entry) -> Source | None:
        """Return what an entry counts for; None if it does not match."""
        if not self.query.matches(entry):
            return None
        resource = entry.get("resource", {})
        kind = str(resource.get("type", ""))
        if kind not in RESOURCES:
            return None
        of_resource = resource.get("labels", {})
        labels = {key: of_resource[key] for key in RESOURCES[kind].labels if key in of_resource}
        told = {key: one.text(entry) or "" for key, one in self.extractors.items()}
        return Source(kind, labels, told)


class LogMetrics:
    """The metrics of all projects, by name."""

    def __init__(self, monitoring: MonitoringModel) -> None:
        self._monitoring = monitoring
        self._metrics: dict[str, dict[str, LogMetric]] = {}

    def create(self, project: str, document: Mapping[str, Any]) -> LogMetric:
        """Add or replace a metric in its REST form. Raises Refused(INVALID_ARGUMENT)."""
        name, described = str(document.get("name", "")), document.get("metricDescriptor", {})
        labels = {
            each["key"]: each.get("valueType", "STRING") for each in described.get("labels", ())
        }
        extractors = {
            key: extractor(text) for key, text in document.get("labelExtractors", {}).items()
        }
        problems = []
        if not _NAME.fullmatch(name) or name.startswith("/"):
            problems.append(f"name is {name!r}: must be 1 to 100 letters, digits and _-.,+!*',()%/")
        kind = described.get("metricKind", "DELTA"), described.get("valueType", "INT64")
        if kind != ("DELTA", "INT64") or document.get("valueExtractor"):
            problems.append(f"metricDescriptor is {' '.join(kind)}: counters alone are here")
        if labels.keys() != extractors.keys():
            problems.append(
                f"labels are {', '.join(labels) or 'none'} and labelExtractors"
                f" {', '.join(extractors) or 'none'}: each label must have one extractor"
            )
        if problems:
            raise Refused("INVALID_ARGUMENT", "; ".join(problems) + ".")
        metric = Metric(
            f"{PREFIX}{name}",
            "DELTA",
            "INT64",
            described.get("unit", "1"),
            described.get("displayName", name),
            document.get("description", ""),
            tuple(labels),
            tuple(RESOURCES),
            whole_labels=tuple(key for key, value in labels.items() if value == "INT64"),
        )
        made = LogMetric(metric, compiled(document.get("filter", "")), extractors)
        self._metrics.setdefault(project, {})[name] = made
        self._monitoring.catalogue.add(project, metric)
        return made

    def delete(self, project: str, name: str) -> None:
        """Remove a metric. Raises Refused(NOT_FOUND)."""
        if name not in self._metrics.get(project, {}):
            raise Refused("NOT_FOUND", f"Metric {name} does not exist.")
        del self._metrics[project][name]
        self._monitoring.catalogue.remove(project, f"{PREFIX}{name}")

    def note(self, project: str, read: Callable[[], _Entry], kept: bool = True) -> None:  # noqa: ARG002, FBT001, FBT002
        """Count a log entry; it is read only if the project has a metric.

        One that an exclusion keeps out of the log counts as any other. Source:
        https://cloud.google.com/logging/docs/logs-based-metrics
        """
        for each in self._metrics.get(project, {}).values():
            source = each.source(read())
            if source is not None:
                self._monitoring.count(project, each.metric, source, 1)
