"""A filter of time series: one metric type, and a predicate over the rest."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.descriptors import METRICS, RESOURCE_LABELS, RESOURCE_TYPE, Metric
from local_cloud.monitoring.filters import Compare, Facts, Joint, Node, compares, parse, predicate


@dataclass(frozen=True, slots=True)
class SeriesFilter:
    metric: Metric
    matches: Callable[[Facts], bool]


@functools.lru_cache(maxsize=512)
def series_filter(text: str) -> SeriesFilter:
    """Compile the filter of `timeSeries.list`. Raises Refused(INVALID_ARGUMENT, NOT_FOUND)."""
    if not text.strip():
        raise Refused("INVALID_ARGUMENT", "Field filter is empty: it must name a metric.type.")
    tree = parse(text)
    metric, rest = _metric(tree)
    known = {f"resource.labels.{label}" for label in RESOURCE_LABELS}
    known |= {f"metric.labels.{label}" for label in metric.labels}
    known |= {"metric.type", "resource.type", "project"}
    for compare in compares(tree):
        if compare.key not in known or (
            compare.key == "resource.type"
            and compare.operator == "="
            and not compare.function
            and compare.values != (RESOURCE_TYPE,)
        ):
            raise Refused(
                "INVALID_ARGUMENT",
                f"The supplied filter does not specify a valid combination of metric and monitored"
                f" resource descriptors: {compare.key} {compare.operator} {compare.values[0]!r}."
                " The query will not return any time series.",
            )
    return SeriesFilter(metric, predicate(rest))


def _metric(tree: Node) -> tuple[Metric, Node]:
    """Return the one metric that `metric.type = "..."` names, and what AND joins to it."""
    terms = tree.terms if isinstance(tree, Joint) and tree.word == "AND" else (tree,)
    named = [term for term in terms if isinstance(term, Compare) and term.key == "metric.type"]
    everywhere = [each for each in compares(tree) if each.key == "metric.type"]
    if len(everywhere) != 1 or named != everywhere or named[0].operator != "=" or named[0].function:
        raise Refused(
            "INVALID_ARGUMENT",
            "Field filter had an invalid value: it must specify a single metric type by"
            ' metric.type = "...", joined to the rest by AND.',
        )
    wanted = named[0].values[0]
    if wanted not in METRICS:
        raise Refused("NOT_FOUND", f'Cannot find metric(s) that match type = "{wanted}".')
    return METRICS[wanted], Joint("AND", tuple(term for term in terms if term is not named[0]))
