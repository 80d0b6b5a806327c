"""A filter of time series: one metric type, and a predicate over the rest."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from local_cloud.kit.errors import Refused
from local_cloud.monitoring.catalogue import METRICS, Find, unknown_metric
from local_cloud.monitoring.descriptors import Metric
from local_cloud.monitoring.filter_tree import ORDERED, Compare, Joint, Node, compares
from local_cloud.monitoring.filters import Facts, parse, predicate
from local_cloud.monitoring.resources import RESOURCES


# Compared by identity, as a metric is: a key that costs nothing.
@dataclass(frozen=True, slots=True, eq=False)
class SeriesFilter:
    metric: Metric
    matches: Callable[[Facts], bool]
    resources: tuple[str, ...]
    """The resource types that it may find."""
    names_resource: bool
    """Whether it says `resource.type` itself, as alert policies must."""

    def labels(self) -> tuple[str, ...]:
        """Return what its series may be told apart by, as selectors."""
        of_resource = {label for kind in self.resources for label in RESOURCES[kind].labels}
        return (
            *(f"resource.labels.{label}" for label in sorted(of_resource)),
            *(f"metric.labels.{label}" for label in self.metric.labels),
        )


def compile_filter(text: str, find: Find) -> SeriesFilter:
    """Compile the filter of `timeSeries.list`. Raises Refused(INVALID_ARGUMENT, NOT_FOUND)."""
    if not text.strip():
        raise Refused("INVALID_ARGUMENT", "Field filter is empty: it must name a metric.type.")
    tree = parse(text)
    metric, rest = _metric(tree, find)
    resources, named = _resources(tree, metric)
    wanted = SeriesFilter(metric, predicate(rest), resources, named)
    known = {*wanted.labels(), "metric.type", "resource.type", "project"}
    for compare in compares(tree):
        if compare.key not in known and not compare.key.startswith("metadata."):
            raise _no_series(compare)
        if compare.operator in ORDERED:
            _check_whole(compare, metric)
    return wanted


@functools.lru_cache(maxsize=512)
def series_filter(text: str) -> SeriesFilter:
    """Compile a filter of one of Google's own metrics."""
    return compile_filter(text, METRICS.get)


def _metric(tree: Node, find: Find) -> tuple[Metric, Node]:
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
    metric = find(named[0].values[0])
    if metric is None:
        raise unknown_metric(named[0].values[0])
    return metric, Joint("AND", tuple(term for term in terms if term is not named[0]))


def _resources(tree: Node, metric: Metric) -> tuple[tuple[str, ...], bool]:
    """Return the resource types that a filter leaves, and whether it names any."""
    named = [each for each in compares(tree) if each.key == "resource.type"]
    certain = tree.terms if isinstance(tree, Joint) and tree.word == "AND" else (tree,)
    chosen = metric.resources
    for compare in named:
        if compare.operator == "=" and compare.function in ("", "one_of"):
            if not set(compare.values) <= set(metric.resources):
                raise _no_series(compare)
            if compare in certain:
                chosen = tuple(kind for kind in chosen if kind in compare.values)
    return chosen or metric.resources, bool(named)


def _no_series(compare: Compare) -> Refused:
    # Google's words; what is wrong is ours to add. Seen in stored file 70141794035.
    return Refused(
        "INVALID_ARGUMENT",
        "The supplied filter does not specify a valid combination of metric and monitored"
        f" resource descriptors: {compare.key} {compare.operator} {compare.values[0]!r}."
        " The query will not return any time series.",
    )


def _check_whole(compare: Compare, metric: Metric) -> None:
    """Refuse an order of texts: what Google makes of "2xx" > 500 is not written down."""
    whole = {f"metric.labels.{label}" for label in metric.whole_labels}
    if compare.key not in whole:
        raise Refused(
            "INVALID_ARGUMENT",
            f"Field filter had an invalid value: {compare.key} {compare.operator}"
            f" {compare.values[0]}: only labels of type INT64 have an order.",
        )
