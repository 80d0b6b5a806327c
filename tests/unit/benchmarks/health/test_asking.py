"""The load generator without sockets: what counts as an answer, and when time begins to count."""

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.health.asking import Connection, Saturation, Timetable
from benchmarks.health.load import Order

ANSWER = b'HTTP/1.1 200 OK\r\ncontent-length: 15\r\nx: y\r\n\r\n{"alive": true}'
BODY = b'{"alive": true}'


class Wire(asyncio.Transport):
    """Keeps what is sent."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def write(self, data):
        self.sent.append(data)


def connected(hear, requests=None, body=BODY):
    connection = Connection(requests or itertools.repeat(b"GET"), body, hear)
    wire = Wire()
    connection.connection_made(wire)
    return connection, wire


@given(st.lists(st.integers(0, len(ANSWER)), max_size=5))
def test_an_answer_is_whole_however_it_arrives(cuts):
    heard = []
    connection, _ = connected(lambda _, right: heard.append(right))

    for begin, end in itertools.pairwise([0, *sorted(cuts), len(ANSWER)]):
        connection.data_received(ANSWER[begin:end])

    assert heard == [True]


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER.replace(b"true", b"fals"),
        ANSWER.replace(b"200 OK", b"503 NO"),
        ANSWER.replace(b"200 OK", b"404 NO"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
    ],
)
def test_another_body_or_status_is_wrong_and_the_next_answer_is_heard(answer):
    heard = []
    connection, _ = connected(lambda _, right: heard.append(right))

    connection.data_received(answer)
    connection.data_received(ANSWER)

    assert heard == [False, True]


def test_without_an_expected_body_any_2xx_is_right():
    heard = []
    connection, _ = connected(lambda _, right: heard.append(right), body=None)

    connection.data_received(ANSWER.replace(b"200 OK", b"201 Created"))
    connection.data_received(ANSWER.replace(b"200 OK", b"409 Conflict"))

    assert heard == [True, False]


def test_an_answer_without_a_length_is_refused():
    connection, _ = connected(lambda *_: None)

    with pytest.raises(ValueError, match="no content-length"):
        connection.data_received(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")


def test_saturation_asks_again_at_once_and_counts_right_and_wrong():
    by = Saturation()
    connection, wire = connected(by.answered)
    by.begin([connection])

    connection.data_received(ANSWER)
    connection.data_received(ANSWER.replace(b"200 OK", b"503 NO"))
    by.going = False
    connection.data_received(ANSWER)

    assert len(wire.sent) == 3
    assert (by.answers, by.failures, by.under_way) == (2, 1, 0)


class Played:
    """A timetable with a clock that the test owns."""

    def __init__(self, due, connections=1):
        self.now = 0.0
        self.by = Timetable(due, lambda: self.now)
        made = [connected(self.by.answered) for _ in range(connections)]
        self.connections = [one for one, _ in made]
        self.wires = [wire for _, wire in made]
        self.by.begin(self.connections)

    def at(self, now):
        self.now = now
        self.by.look()

    def answer(self, now, which=0, answer=ANSWER):
        self.now = now
        self.connections[which].data_received(answer)

    @property
    def sent(self):
        return sum(len(wire.sent) for wire in self.wires)


def test_nothing_is_asked_before_it_is_due():
    played = Played([1.0, 2.0])

    played.at(0.999)
    assert played.sent == 0
    assert played.by.next_due == 1.0

    played.at(1.0)
    assert played.sent == 1
    assert played.by.next_due == 2.0


def test_latency_counts_from_when_a_request_was_due_and_not_from_when_it_was_sent():
    """A server that stalls for a second: those that came meanwhile had to wait as well."""
    played = Played([1.0, 1.25, 1.5])
    played.at(1.0)
    played.at(1.5)

    for now in (2.0, 2.125, 2.25):
        played.answer(now)

    assert played.by.latencies == [1.0, 0.875, 0.75]
    assert played.by.lateness == [0.0, 0.75, 0.625]
    assert played.by.unanswered == 0


def test_an_asker_that_looks_late_counts_its_own_delay():
    played = Played([1.0])

    played.at(1.5)
    played.answer(1.75)

    assert played.by.latencies == [0.75]
    assert played.by.lateness == [0.5]


def test_free_connections_are_asked_side_by_side():
    played = Played([1.0, 1.0, 1.0], connections=2)

    played.at(1.0)

    assert played.sent == 2
    assert played.by.unanswered == 3


def test_what_is_never_answered_and_what_is_wrong_is_told():
    played = Played([1.0, 1.0, 9.0])
    played.at(1.0)

    played.answer(2.0, answer=ANSWER.replace(b"200 OK", b"503 NO"))

    assert played.by.failures == 1
    assert played.by.unanswered == 2


def test_each_created_thing_has_another_number_and_its_length_is_told():
    order = Order(80, "/v", 1.0, method="POST", content='{"vin": "NUMBER"}', first_number=41)

    first, second = itertools.islice(order.requests(), 2)

    assert first.endswith(b'Content-Length: 23\r\n\r\n{"vin": "000000000041"}')
    assert second.endswith(b'{"vin": "000000000042"}')
