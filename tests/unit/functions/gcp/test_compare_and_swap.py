from dataclasses import dataclass, field, replace

import pytest

from gcp.compare_and_swap import update
from gcp.service_document import seen_of
from rollouts.errors import Conflict, NoTransition, Refused, Transient
from rollouts.seen import Change, ServiceSeen
from tests.unit.functions.gcp.worlds import REF, record, service_json


@dataclass
class Answer:
    change: Change | None


@dataclass
class Contended:
    """Services that somebody else writes to just before each of the first `rivals` writes."""

    rivals: int = 0
    error: Exception = field(default_factory=lambda: Conflict("someone wrote first"))
    generation: int = 1
    written: list[int] = field(default_factory=list)

    def read(self, ref):
        return replace(seen_of(ref, service_json()), generation=self.generation)

    def write(self, seen, change):
        if self.rivals:
            self.rivals -= 1
            self.generation += 1
            raise self.error
        self.written.append(seen.generation)


def always(_seen: ServiceSeen) -> Answer:
    return Answer(Change(record()))


def test_nothing_to_change_is_not_written():
    services = Contended()

    seen, decision = update(services, REF, lambda _: Answer(None))

    assert (seen.generation, decision.change, services.written) == (1, None, [])


def test_a_change_is_written_on_the_read_that_it_was_decided_on():
    services = Contended()

    update(services, REF, always)

    assert services.written == [1]


def test_after_a_conflict_the_decision_is_made_anew():
    services = Contended(rivals=2)
    decided_on = []

    def decide(seen):
        decided_on.append(seen.generation)
        return Answer(Change(record()))

    seen, _ = update(services, REF, decide)

    assert decided_on == [1, 2, 3]
    assert (seen.generation, services.written) == (3, [3])


def test_the_second_decision_may_be_to_leave_it():
    services = Contended(rivals=1)

    _, decision = update(
        services, REF, lambda seen: Answer(Change(record()) if seen.generation == 1 else None)
    )

    assert (decision.change, services.written) == (None, [])


def test_too_many_conflicts_are_transient_and_nothing_was_written():
    services = Contended(rivals=3)

    with pytest.raises(Transient, match="changed under each of 3 attempts"):
        update(services, REF, always, attempts_max=3)

    assert services.written == []


@pytest.mark.parametrize("error", [Refused("no"), Transient("later")])
def test_any_other_error_is_the_callers(error):
    services = Contended(rivals=1, error=error)

    with pytest.raises(type(error)):
        update(services, REF, always)

    assert services.written == []


def test_what_is_no_transition_is_not_written():
    services = Contended()

    with pytest.raises(NoTransition, match="would begin as shifting"):
        update(services, REF, lambda _: Answer(Change(record(state="shifting"))))

    assert services.written == []
