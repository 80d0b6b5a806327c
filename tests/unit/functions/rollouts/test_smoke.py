"""What a round of smoke tests came to."""

import datetime as dt

import pytest

from rollouts import smoke
from rollouts.smoke import failed_paths, failures, passed_line, wrong_with
from tests.unit.functions.rollouts.builders import policy

SMOKE = policy(verify={"latency_max": "500ms"}).verify


def probed(path="/health/ready", status=200, ms=20.0, error=""):
    return smoke.Tested(path, status, dt.timedelta(milliseconds=ms), error)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (probed(), ""),
        (probed(ms=500), ""),
        (probed(ms=501), "/health/ready took 501 ms, more than 500 ms"),
        (probed(status=503), "/health/ready answered 503, not 200"),
        (probed(status=204, ms=900), "/health/ready answered 204, not 200"),
        (
            probed(status=None, error="the connection was refused"),
            "/health/ready gave no answer (the connection was refused)",
        ),
    ],
)
def test_an_answer_is_judged_by_status_first_and_then_by_time(answer, wrong):
    assert wrong_with(answer, SMOKE) == wrong


def test_another_status_may_be_the_right_one():
    redirects = policy(verify={"status": 302}).verify

    assert wrong_with(probed(status=302), redirects) == ""
    assert wrong_with(probed(status=200), redirects) != ""


def test_all_that_is_wrong_with_a_round_is_said():
    round_of = [probed(), probed("/a", 500), probed("/b", ms=900)]

    assert failures(round_of, SMOKE) == (
        "/a answered 500, not 200; /b took 900 ms, more than 500 ms"
    )
    assert failures(round_of[:1], SMOKE) == ""
    assert failures([], SMOKE) == ""


def test_the_paths_that_are_wrong_are_named_in_their_order():
    round_of = [probed("/b", 500), probed(), probed("/a", ms=900)]

    assert failed_paths(round_of, SMOKE) == ("/b", "/a")


def test_a_passed_round_is_one_line_with_the_slowest_answer():
    assert passed_line([probed("/a", ms=12), probed("/b", ms=31)]) == (
        "smoke tests passed: /a, /b, slowest 31 ms"
    )
    assert passed_line([]) == "no smoke test is set"
