"""A query ready to run: its predicate, and what it lets the store leave out."""

import datetime as dt
import functools
from dataclasses import dataclass

from local_cloud.logging.match import Predicate, predicate
from local_cloud.logging.query import And, Compare, Node, Or, parse
from local_cloud.logging.store import Wanted
from local_cloud.logging.values import instant_of

_SERVICE = ("resource", "labels", "service_name")
BAD_STATUS_MIN = 500


@dataclass(frozen=True, slots=True)
class Query:
    matches: Predicate
    wanted: Wanted


@functools.lru_cache(maxsize=512)
def compiled(text: str) -> Query:
    """Compile a filter. Raises Refused(INVALID_ARGUMENT)."""
    tree = parse(text)
    return Query(predicate(tree), _wanted(tree))


def _wanted(tree: Node) -> Wanted:
    terms = tree.terms if isinstance(tree, And) else (tree,)
    services: frozenset[str] | None = None
    since: dt.datetime | None = None
    only_bad = False
    for term in terms:
        named = _services(term)
        if named is not None:
            services = named if services is None else services & named
        if not isinstance(term, Compare) or term.operator not in (">=", ">", "="):
            continue
        if term.path == ("timestamp",):
            bound = instant_of(term.operand)
            since = bound if since is None else max(since, bound)
        if term.path == ("httpRequest", "status") and float(term.operand) >= BAD_STATUS_MIN:
            only_bad = True
    return Wanted(services, since, only_bad)


def _services(term: Node) -> frozenset[str] | None:
    """Return the services that a term allows, in small letters, if it names them."""
    alternatives = term.terms if isinstance(term, Or) else (term,)
    names = set()
    for each in alternatives:
        if not isinstance(each, Compare) or each.path != _SERVICE or each.operator != "=":
            return None
        names.add(each.operand.casefold())
    return frozenset(names)
