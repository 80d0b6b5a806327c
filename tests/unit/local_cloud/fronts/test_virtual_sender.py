"""Requests in virtual time: when they arrive, when they are answered, and when not."""

import datetime as dt

import pytest

from local_cloud.fronts.virtual_sender import VirtualSender
from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.scheduler import VirtualScheduler

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class World:
    """A sender with a clock, and notes of what came and what went."""

    def __init__(self, latency_seconds: float) -> None:
        self.scheduler = VirtualScheduler(START)
        self.arrived: list[tuple[float, str]] = []
        self.done: list[tuple[float, Inbound | NoAnswer]] = []
        routes = {"http://fleet": self.route("fleet"), "http://fleet/check": self.route("check")}
        self.sender = VirtualSender(self.scheduler, routes, lambda: latency_seconds)

    def seconds(self) -> float:
        return (self.scheduler.now() - START).total_seconds()

    def route(self, name):
        def answer(request: Outbound) -> Inbound | NoAnswer:
            self.arrived.append((self.seconds(), name))
            return Inbound(200, (), request.body)

        return answer

    def send(self, url: str, timeout_seconds: float = 300) -> None:
        outbound = Outbound("POST", url, {}, b"hello", timeout_seconds)
        self.sender.send(outbound, lambda answer: self.done.append((self.seconds(), answer)))


def test_a_request_arrives_after_half_the_latency_and_is_answered_after_all_of_it():
    world = World(latency_seconds=4)

    world.send("http://fleet/x")

    assert world.arrived == []
    world.scheduler.run_for(60)
    assert world.arrived == [(2, "fleet")]
    assert world.done == [(4, Inbound(200, (), b"hello"))]


def test_the_answer_never_comes_before_send_returns():
    world = World(latency_seconds=0)

    world.send("http://fleet")
    world.send("http://nobody")

    assert world.done == []
    world.scheduler.run_for(0)
    assert len(world.done) == 2


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("http://fleet", "fleet"),
        ("http://fleet/", "fleet"),
        ("http://fleet?a=b", "fleet"),
        ("http://fleet/checker", "fleet"),
        ("http://fleet/check", "check"),
        ("http://fleet/check/now", "check"),
    ],
)
def test_the_longest_prefix_that_fits_gets_the_request(url, route):
    world = World(latency_seconds=0)

    world.send(url)
    world.scheduler.run_for(1)

    assert world.arrived == [(0, route)]


@pytest.mark.parametrize("url", ["http://fleet2/", "http://flee", "https://fleet/"])
def test_a_url_that_no_prefix_fits_is_never_connected(url):
    world = World(latency_seconds=1)

    world.send(url)
    world.scheduler.run_for(1)

    assert world.arrived == []
    assert world.done == [(0, NoAnswer("never_connected", f"nobody listens at {url}"))]


def test_an_answer_that_comes_too_late_is_a_timeout_though_the_request_was_acted_on():
    world = World(latency_seconds=10)

    world.send("http://fleet", timeout_seconds=7)
    world.scheduler.run_for(60)

    assert world.arrived == [(5, "fleet")]
    assert world.done == [(7, NoAnswer("timeout", "no whole answer within 7 s"))]


def test_an_answer_at_the_very_end_of_the_timeout_counts():
    world = World(latency_seconds=7)

    world.send("http://fleet", timeout_seconds=7)
    world.scheduler.run_for(60)

    assert world.done == [(7, Inbound(200, (), b"hello"))]


def test_a_route_may_break_the_connection():
    world = World(latency_seconds=2)
    world.sender.routes["http://fleet"] = lambda _request: NoAnswer("broken", "reset by peer")

    world.send("http://fleet")
    world.scheduler.run_for(2)

    assert world.done == [(2, NoAnswer("broken", "reset by peer"))]


def test_redirects_are_followed_as_far_as_the_request_allows():
    world = World(latency_seconds=2)
    moved = Inbound(302, (("Location", "http://fleet/x"),))
    world.sender.routes["http://old"] = lambda _: moved
    answers: list[tuple[float, Inbound | NoAnswer]] = []

    for allowed in (0, 1):
        request = Outbound("GET", "http://old/", redirects_max=allowed)
        world.sender.send(request, lambda answer: answers.append((world.seconds(), answer)))
    world.scheduler.run_for(60)

    assert answers == [(2, moved), (4, Inbound(200))]


def test_a_loop_of_redirects_ends():
    world = World(latency_seconds=1)
    world.sender.routes["http://loop"] = lambda _: Inbound(302, (("Location", "/"),))

    world.sender.send(
        Outbound("GET", "http://loop/", redirects_max=10),
        lambda answer: world.done.append((world.seconds(), answer)),
    )
    world.scheduler.run_for(60)

    assert world.done == [(11, NoAnswer("broken", "too many redirects"))]
