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
_ANY_INSTANT = "1970-01-01T00:00:00Z"
_Since = dict[str, dt.datetime]
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
    """The terms that wait for an instant, of the entry's own."""
    wanted: Wanted
    """By the other terms."""


@functools.lru_cache(maxsize=512)
def compiled(text: str) -> Query:
    """Compile a filter. Raises Refused(INVALID_ARGUMENT)."""
    found = shape_of(text)
    shape = _shape(found[0]) if found else None
    if found and shape and len(shape.holes) == len(found[1]):
        try:
            return _filled(shape, found[1])
        except ValueError:
            pass  # The calendar has no such day: told below.
    tree = parse(text)
    terms = _terms(tree)
    for term in terms:
        check(term)
    return Query(tree, _wanted(terms))


@functools.lru_cache(maxsize=64)
def _shape(text: str) -> _Shape | None:
    """Compile a filter with holes; None if it is wrong, or has them where they are more."""
    try:
        terms = _terms(parse(text))
        for term in terms:
            check(replace(term, operand=_ANY_INSTANT) if is_hole(term) else term)
    except Refused:
        return None
    holes = tuple(index for index, term in enumerate(terms) if is_hole(term))
    if any(term.path not in INSTANTS for term in terms if is_hole(term)):
        return None
    return _Shape(terms, holes, _wanted([term for term in terms if not is_hole(term)]))


def _filled(shape: _Shape, instants: Sequence[str]) -> Query:
    """Return the query with these instants. Raises ValueError if one is none."""
    terms = list(shape.terms)
    since: _Since = {}
    for index, instant in zip(shape.holes, instants, strict=True):
        hole = terms[index]
        assert isinstance(hole, Compare)
        instant_of(instant)
        terms[index] = filled = Compare(hole.path, hole.operator, instant, quoted=True)
        _bound(since, filled)
    same = shape.wanted
    return Query(And(tuple(terms)), _wanted_since(since, same.services, only_bad=same.only_bad))


def _terms(tree: Node) -> tuple[Node, ...]:
    return tree.terms if isinstance(tree, And) else (tree,)


def _wanted(terms: Sequence[Node]) -> Wanted:
    services: frozenset[str] | None = None
    since: _Since = {}
    only_bad = False
    for term in terms:
        named = _services(term)
        if named is not None:
            services = named if services is None else services & named
        only_bad = only_bad or _only_bad(term)
        if isinstance(term, Compare) and term.path in INSTANTS:
            _bound(since, term)
    return _wanted_since(since, services, only_bad=only_bad)


def _bound(since: _Since, term: Compare) -> None:
    if term.operator in (">=", ">", "="):
        instant = instant_of(term.operand)
        since[term.path[0]] = max(since.get(term.path[0], instant), instant)


def _wanted_since(since: _Since, services: frozenset[str] | None, *, only_bad: bool) -> Wanted:
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
