"""A query ready to run: its predicate, and what it lets the store leave out."""

import datetime as dt
import functools
from dataclasses import dataclass

from local_cloud.logging.match import INSTANTS, Predicate, check, predicate
from local_cloud.logging.query import And, Compare, Node, Or, parse
from local_cloud.logging.store import Wanted
from local_cloud.logging.values import instant_of

_SERVICE = ("resource", "labels", "service_name")
_STATUS = ("httpRequest", "status")
BAD_STATUS_MIN = 500
TOO_MANY_REQUESTS = 429
"""What Cloud Run answers when no instance is free: kept as long as errors are."""


@dataclass(frozen=True)
class Query:
    tree: Node
    wanted: Wanted

    @functools.cached_property
    def matches(self) -> Predicate:
        return predicate(self.tree)


@functools.lru_cache(maxsize=512)
def compiled(text: str) -> Query:
    """Compile a filter. Raises Refused(INVALID_ARGUMENT)."""
    tree = parse(text)
    for term in tree.terms if isinstance(tree, And) else (tree,):
        check(term)
    return Query(tree, _wanted(tree))


def _wanted(tree: Node) -> Wanted:
    terms = tree.terms if isinstance(tree, And) else (tree,)
    services: frozenset[str] | None = None
    since: dict[str, dt.datetime] = {}
    only_bad = False
    for term in terms:
        named = _services(term)
        if named is not None:
            services = named if services is None else services & named
        only_bad = only_bad or _only_bad(term)
        if not isinstance(term, Compare) or term.operator not in (">=", ">", "="):
            continue
        if term.path in INSTANTS:
            bound, name = instant_of(term.operand), term.path[0]
            since[name] = max(since.get(name, bound), bound)
    return Wanted(services, since.get("timestamp"), since.get("receiveTimestamp"), only_bad)


def _only_bad(term: Node) -> bool:
    """Whether a term allows no status but 429 and those from 500 on."""
    alternatives = term.terms if isinstance(term, Or) else (term,)
    return all(
        isinstance(each, Compare)
        and each.path == _STATUS
        and each.operator in (">=", ">", "=")
        and (
            float(each.operand) >= BAD_STATUS_MIN
            or (each.operator == "=" and float(each.operand) == TOO_MANY_REQUESTS)
        )
        for each in alternatives
    )


def _services(term: Node) -> frozenset[str] | None:
    """Return the services that a term allows, in small letters, if it names them."""
    alternatives = term.terms if isinstance(term, Or) else (term,)
    names = set()
    for each in alternatives:
        if not isinstance(each, Compare) or each.path != _SERVICE or each.operator != "=":
            return None
        names.add(each.operand.casefold())
    return frozenset(names)
