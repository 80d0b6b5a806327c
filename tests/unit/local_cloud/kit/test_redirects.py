"""Which request a redirect asks for."""

import pytest

from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from local_cloud.kit.redirects import followed

HEADERS = {"Authorization": "Bearer t", "Content-Type": "text/plain", "X-One": "1"}


def asked(method="POST", left=10, url="http://a.test/x/y"):
    return Outbound(method, url, HEADERS, b"body", redirects_max=left)


def after(status, location="/z", **of):
    target = followed(asked(**of), Inbound(status, (("location", location),)))
    assert isinstance(target, Outbound)
    return target


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (301, "POST", "GET", b""),
        (302, "PUT", "GET", b""),
        (303, "POST", "GET", b""),
        (302, "HEAD", "HEAD", b""),
        (303, "GET", "GET", b""),
        (307, "POST", "POST", b"body"),
        (308, "DELETE", "DELETE", b"body"),
    ],
)
def test_the_method_and_the_body_stay_or_go(status, method, then, body):
    target = after(status, method=method)
    assert (target.method, target.body) == (then, body)
    assert ("Content-Type" in target.headers) is bool(body)


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/z", "http://a.test/z"),
        ("z?q=1", "http://a.test/x/z?q=1"),
        ("http://b.test/", "http://b.test/"),
        ("//b.test/c", "http://b.test/c"),
    ],
)
def test_a_location_may_be_relative(location, url):
    assert after(307, location).url == url


@pytest.mark.parametrize(
    ("location", "goes_along"),
    [
        ("/z", True),
        ("http://a.test:81/", True),
        ("http://b.a.test/", True),
        ("http://ba.test/", False),
        ("http://b.test/", False),
    ],
)
def test_credentials_stay_with_the_host(location, goes_along):
    target = after(307, location)
    assert ("Authorization" in target.headers) is goes_along
    assert target.headers["X-One"] == "1"


@pytest.mark.parametrize(
    "answer",
    [
        Inbound(200, (("Location", "/z"),)),
        Inbound(304, (("Location", "/z"),)),
        Inbound(302),
        NoAnswer("broken", "x"),
    ],
)
def test_what_is_no_redirect_is_the_answer(answer):
    assert followed(asked(), answer) is None


def test_a_caller_that_follows_nothing_gets_the_redirect():
    assert followed(asked(left=0), Inbound(302, (("Location", "/z"),))) is None


def test_ten_are_followed_and_then_it_ends():
    request, loop, count = asked(), Inbound(302, (("Location", "/z"),)), 0
    while isinstance(target := followed(request, loop), Outbound):
        request, count = target, count + 1
    assert count == 10
    assert target == NoAnswer("broken", "too many redirects")
