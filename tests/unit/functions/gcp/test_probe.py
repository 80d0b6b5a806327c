import datetime as dt
import io
import itertools

import pytest
import requests
from requests.adapters import BaseAdapter

from gcp.probe import BODY_BYTES_MAX, HttpProber
from local_cloud.kit.http import ApiResponse
from rollouts.errors import Denied
from tests.unit.functions.gcp.routed import made, text, transport

URL = "https://canary---fleet-abc-ew.a.run.app"
SERVICE = "https://fleet-abc-ew.a.run.app"
TWO_SECONDS = dt.timedelta(seconds=2)


def ticking(*instants):
    return iter([*instants]).__next__


def probe(by, monotonic=None, tokens=lambda audience: f"token-for-{audience}"):
    prober = HttpProber(tokens, monotonic or itertools.count().__next__, lambda: made(by))
    return prober.get(URL, "/health/ready", audience=SERVICE, timeout=TWO_SECONDS)


def test_an_answer_is_its_status_and_how_long_it_took():
    found = probe(transport(text(200, "ok")), ticking(10.0, 10.1, 10.25))

    assert (found.path, found.status, found.error) == ("/health/ready", 200, "")
    assert found.latency == dt.timedelta(milliseconds=250)


def test_the_token_is_for_the_services_own_url():
    by = transport(text(200, ""))

    probe(by)

    assert by.urls == [f"{URL}/health/ready"]
    assert by.sent[0].headers["authorization"] == f"Bearer token-for-{SERVICE}"


def test_a_bad_answer_is_an_answer():
    assert probe(transport(text(503, "no"))).status == 503


def test_no_redirect_is_followed():
    by = transport(ApiResponse(302, b"", {"Location": "https://elsewhere.example.com"}))

    assert probe(by).status == 302
    assert len(by.sent) == 1


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (requests.ConnectTimeout(), "no answer within 2 s"),
        (requests.ReadTimeout(), "no answer within 2 s"),
        (requests.ConnectionError("https://secret"), "no answer: ConnectionError"),
        (requests.exceptions.InvalidURL("https://secret"), "no answer: InvalidURL"),
        (OSError("reset"), "no answer: OSError"),
    ],
)
def test_no_answer_is_a_probe_without_a_status(failure, error):
    found = probe(transport(lambda _: failure), ticking(0.0, 2.0))

    assert (found.status, found.error) == (None, error)
    assert found.latency == TWO_SECONDS


def test_without_a_token_nothing_is_sent():
    by = transport(text(200, ""))

    def no_token(_audience):
        raise Denied("no token")

    with pytest.raises(Denied):
        probe(by, tokens=no_token)

    assert by.sent == []


class Body(BaseAdapter):
    """Answers with a body that is read a piece at a time."""

    def __init__(self, body):
        super().__init__()
        self.body = body

    def send(self, request, *_args, **_options):
        answer = requests.Response()
        answer.status_code = 200
        answer.raw = self.body
        answer.request = request
        answer.url = str(request.url)
        return answer

    def close(self):
        pass


def test_a_body_without_end_is_not_read_to_its_end():
    body = io.BytesIO(b"x" * 10 * BODY_BYTES_MAX)

    found = probe(Body(body), lambda: 0.0)

    assert found.status == 200


def test_an_answer_that_trickles_is_cut_off_at_the_timeout():
    body = io.BytesIO(b"x" * BODY_BYTES_MAX)

    found = probe(Body(body), itertools.count(0, 0.7).__next__)

    assert (found.status, found.error) == (None, "no answer within 2 s")
