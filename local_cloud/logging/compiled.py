"""A query ready to run: its predicate, and what it lets the store leave out."""

import datetime as dt
import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from local_cloud.kit.errors import Refused
from local_cloud.logging.match import INSTANTS, Predicate, check, predicate
from local_cloud.logging.query import And, Compare, Node, Or, is_hole, parse, shape_of
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


@dataclass(frozen=True)
class _Shape:
    """What queries have in common that differ in their instants alone."""

    terms: tuple[Node, ...]
    holes: tuple[int, ...]
    """The terms that wait for an instant."""
    wanted: Wanted
    """By the other terms."""


@functools.lru_cache(maxsize=512)
def compiled(text: str) -> Query:
    """Compile a filter. Raises Refused(INVALID_ARGUMENT)."""
    found = shape_of(text)
    shape = _shape(found[0]) if found else None
    if found and shape and len(shape.holes) == len(found[1]):
        return _filled(shape, found[1])
    tree = parse(text)
    return Query(tree, _wanted(_terms(tree)))


@functools.lru_cache(maxsize=64)
def _shape(text: str) -> _Shape | None:
    """Compile a filter with holes; None if it is wrong, or has them inside of another term."""
    try:
        terms = _terms(parse(text))
        return _Shape(
            terms,
            tuple(index for index, term in enumerate(terms) if is_hole(term)),
            _wanted([term for term in terms if not is_hole(term)]),
        )
    except Refused:
        return None


def _filled(shape: _Shape, instants: Sequence[str]) -> Query:
    terms = list(shape.terms)
    for index, instant in zip(shape.holes, instants, strict=True):
        hole = terms[index]
        assert isinstance(hole, Compare)
        terms[index] = Compare(hole.path, hole.operator, instant, quoted=True)
    wanted = _wanted([terms[index] for index in shape.holes])
    same = shape.wanted
    return Query(And(tuple(terms)), replace(wanted, services=same.services, only_bad=same.only_bad))


def _terms(tree: Node) -> tuple[Node, ...]:
    return tree.terms if isinstance(tree, And) else (tree,)


def _wanted(terms: Sequence[Node]) -> Wanted:
    services: frozenset[str] | None = None
    since: dict[str, dt.datetime] = {}
    only_bad = False
    for term in terms:
        check(term)
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
