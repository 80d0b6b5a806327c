"""Functions that make effects: http.*, sys.* and events.* (reference section 3)."""

import gzip
from types import SimpleNamespace

import pytest

from local_cloud.kit.http import Inbound, NoAnswer
from local_cloud.workflows.engine.effects import (
    AuthRefused,
    AwaitCallback,
    HttpCall,
    Log,
    Sleep,
    TimedOut,
)
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import Fault
from local_cloud.workflows.stdlib import http, system

AGENT = "GoogleCloudWorkflows; (+https://cloud.google.com/workflows/docs)"


def calling(function, **arguments):
    return [{"c": {"call": function, "args": arguments, "result": "x"}}, {"r": {"return": "${x}"}}]


def sent(run, function="http.post", **arguments):
    arguments.setdefault("url", "http://h/path")
    ran = run(calling(function, **arguments), answer=lambda _: Inbound(200))
    (call,) = ran.effects or [None]
    if call is None:
        return ran.error["tags"]
    assert isinstance(call, HttpCall)
    return call


@pytest.mark.parametrize(
    ("arguments", "content_type", "body"),
    [
        ({"body": {"b": 1, "a": 2}}, "application/json; charset=utf-8", b'{"a":2,"b":1}'),
        ({"body": "text"}, "application/json; charset=utf-8", b'"text"'),
        ({"body": '${text.encode("raw")}'}, "application/octet-stream", b"raw"),
        ({"body": "text", "headers": {"content-type": "text/plain"}}, "text/plain", b"text"),
        (
            {"body": {"k": 1}, "headers": {"Content-Type": "application/x+json"}},
            "application/x+json",
            b'{"k":1}',
        ),
        (
            {"body": "a=1", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "application/x-www-form-urlencoded",
            b"a=1",
        ),
        ({}, None, b""),
    ],
)
def test_a_body_is_encoded_as_its_content_type_says(run, arguments, content_type, body):
    request = sent(run, **arguments).request
    assert request.headers.get("Content-Type") == content_type
    assert request.body == body
    assert request.headers["User-Agent"] == AGENT


def test_a_given_user_agent_stands_before_the_service_s(run):
    request = sent(run, headers={"user-agent": "barq"}).request
    assert request.headers["User-Agent"] == f"barq {AGENT}"


@pytest.mark.parametrize(
    ("url", "query", "whole"),
    [
        ("http://h/p", {"b": "x y", "a": 1}, "http://h/p?a=1&b=x+y"),
        ("http://h/p?z=1", {"a": True}, "http://h/p?z=1&a=true"),
        ("https://h/p", {"a": ["x", 2]}, "https://h/p?a=x&a=2"),
        ("https://h/p", {}, "https://h/p"),
        ("https://h/p?", {"a": "1"}, "https://h/p?a=1"),
        ("https://h/p#part", {"a": "é&"}, "https://h/p?a=%C3%A9%26#part"),
    ],
)
def test_a_query_is_appended(run, url, query, whole):
    assert sent(run, "http.get", url=url, query=query).request.url == whole


@pytest.mark.parametrize(
    ("arguments", "seconds"), [({}, 300), ({"timeout": 1.5}, 1.5), ({"timeout": 1800}, 1800)]
)
def test_a_call_has_a_timeout(run, arguments, seconds):
    assert sent(run, **arguments).request.timeout_seconds == seconds


@pytest.mark.parametrize(
    ("auth", "kind", "audience", "scopes"),
    [
        ({"type": "OIDC"}, "OIDC", "http://h/path", ()),
        ({"type": "OIDC", "audience": "http://other"}, "OIDC", "http://other", ()),
        ({"type": "OAuth2"}, "OAuth2", "", ("https://www.googleapis.com/auth/cloud-platform",)),
        ({"type": "OAuth2", "scopes": "a, b"}, "OAuth2", "", ("a", "b")),
        ({"type": "OAuth2", "scope": ["a"]}, "OAuth2", "", ("a",)),
    ],
)
def test_a_call_says_what_it_proves(run, auth, kind, audience, scopes):
    found = sent(run, auth=auth).auth
    assert (found.kind, found.audience, found.scopes) == (kind, audience, scopes)


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ({"url": 1}, "TypeError"),
        ({"url": "ftp://h"}, "ValueError"),
        ({"url": "no url"}, "ValueError"),
        ({"timeout": 1801}, "ValueError"),
        ({"timeout": 0}, "ValueError"),
        ({"timeout": "x"}, "TypeError"),
        ({"headers": [1]}, "TypeError"),
        ({"headers": {"a": {}}}, "TypeError"),
        ({"query": "a=1"}, "TypeError"),
        ({"headers": {"a": 1}}, "TypeError"),
        ({"headers": {"a b": "x"}}, "ValueError"),
        ({"headers": {"a": "x\r\nb: y"}}, "ValueError"),
        ({"query": {"a": None}}, "TypeError"),
        ({"query": {"a": [["b"]]}}, "TypeError"),
        ({"url": "http://h:99999/"}, "ValueError"),
        ({"url": "http://h/a b"}, "ValueError"),
        ({"url": "http://[::1"}, "ValueError"),
        ({"url": "http:///path"}, "ValueError"),
        ({"timeout": True}, "TypeError"),
        ({"private_service_name": 1}, "TypeError"),
        ({"ca_certificate": {}}, "TypeError"),
        ({"auth": "OIDC"}, "TypeError"),
        ({"auth": {}}, "TypeError"),
        ({"auth": {"type": "OIDC", "audience": 1}}, "TypeError"),
        ({"auth": {"type": "OAuth2", "scopes": {"a": 1}}}, "TypeError"),
        ({"auth": {"type": "OAuth2", "scopes": [1]}}, "TypeError"),
        ({"auth": {"type": "Basic"}}, "ValueError"),
        ({"body": {"a": 1}, "headers": {"Content-Type": "image/png"}}, "ValueError"),
        ({"body": {"a": 1}, "headers": {"Content-Type": "text/plain"}}, "TypeError"),
        ({"body": {"a": '${text.encode("x")}'}}, "ValueError"),
    ],
)
def test_a_call_that_cannot_be_made_is_an_error_before_anything_is_sent(run, arguments, tag):
    assert sent(run, **arguments) == [tag]


@pytest.mark.parametrize(
    ("function", "method"),
    [("get", "GET"), ("post", "POST"), ("put", "PUT"), ("patch", "PATCH"), ("delete", "DELETE")],
)
def test_each_verb_has_its_function(run, function, method):
    assert sent(run, f"http.{function}").request.method == method
    assert sent(run, "http.request", method=method).request.method == method


@pytest.mark.parametrize("method", ["BREW", "get", "CONNECT", "TRACE"])
def test_an_unknown_verb_is_refused(run, method):
    """Source: the page of http.request."""
    assert sent(run, "http.request", method=method) == ["ValueError"]


def test_what_is_the_connection_s_own_affair_is_not_sent(run):
    request = sent(run, headers={"content-length": "5", "x-one": " 1 "}, body="x").request
    assert "Content-Length" not in request.headers
    assert request.headers["X-One"] == "1"


def answered(answer, **chosen):
    return http.finish(SimpleNamespace(choices=Choices(**chosen)), answer)


def refused(answer):
    with pytest.raises(Fault) as fault:
        answered(answer)
    return fault.value.value


@pytest.mark.parametrize(
    ("body", "chosen", "value"),
    [
        (b"", {}, ""),
        (b"", {"empty_body": "null"}, None),
        (b"{", {}, "{"),
        (b"{", {"malformed_json": "bytes"}, b"{"),
    ],
)
def test_what_an_odd_body_is_is_a_choice(body, chosen, value):
    answer = Inbound(200, (("content-type", "application/json"),), body)
    assert answered(answer, **chosen)["body"] == value


def test_header_names_are_canonical_and_values_of_one_name_joined():
    answer = Inbound(200, (("x-GOOG-hash", "a"), ("X-Goog-Hash", "b"), ("ETAG", "c")))
    assert answered(answer)["headers"] == {"X-Goog-Hash": "a,b", "Etag": "c"}


def test_a_packed_answer_is_unpacked_and_a_bomb_is_not():
    packed = (("Content-Encoding", "gzip"), ("Content-Type", "application/json"))
    found = answered(Inbound(200, packed, gzip.compress(b'{"a":1}')))
    assert (found["body"], found["headers"]) == ({"a": 1}, {"Content-Type": "application/json"})
    bomb = gzip.compress(bytes(100_000_000), 1)
    assert refused(Inbound(200, packed, bomb))["tags"] == ["ResourceLimitError"]


@pytest.mark.parametrize(
    ("answer", "tags"),
    [
        (Inbound(200, (), bytes(2 * 1024 * 1024 + 1)), ["ResourceLimitError"]),
        (NoAnswer("too_large", "x"), ["ResourceLimitError"]),
        (NoAnswer("broken", "x"), ["ConnectionError"]),
        (NoAnswer("never_connected", "x"), ["ConnectionFailedError"]),
        (AuthRefused("x"), ["AuthError"]),
    ],
)
def test_what_goes_wrong_has_its_tag_and_no_code(answer, tags):
    error = refused(answer)
    assert error["tags"] == tags
    assert set(error) == {"message", "tags"}


def test_a_timeout_is_told_as_the_service_tells_it():
    """Seen of the service, 2024."""
    error = refused(NoAnswer("timeout", "x"))
    assert error == {"message": "request timed out", "tags": ["TimeoutError", "OSError"]}


@pytest.mark.parametrize(
    ("arguments", "chosen", "found"),
    [
        (("NAME", None), {}, "value"),
        (("NOPE", "d"), {}, "d"),
        (("NOPE", None), {}, None),
        (("NOPE", "d"), {"unknown_env": "KeyError"}, "d"),
    ],
)
def test_the_environment_is_read(arguments, chosen, found):
    assert system.get_env(surroundings(**chosen), *arguments) == found


@pytest.mark.parametrize(
    ("arguments", "chosen", "tag"),
    [
        (("NOPE", None), {"unknown_env": "KeyError"}, "KeyError"),
        (("NAME", 1), {}, "TypeError"),
        ((1, None), {}, "TypeError"),
    ],
)
def test_the_environment_refuses(arguments, chosen, tag):
    with pytest.raises(Fault) as fault:
        system.get_env(surroundings(**chosen), *arguments)
    assert fault.value.value["tags"] == [tag]


def surroundings(**chosen):
    host = SimpleNamespace(environment={"NAME": "value"})
    return SimpleNamespace(host=host, choices=Choices(**chosen))


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("application/json", b"[1]", [1]),
        ("application/json", b"{broken", "{broken"),
        ("text/html; charset=utf-8", b"<p>", "<p>"),
        ("application/json", b"", ""),
    ],
)
def test_a_response_body_is_decoded_by_its_content_type(run, content_type, body, value):
    answer = Inbound(200, (("Content-Type", content_type),), body)
    ran = run(calling("http.get", url="http://h"), answer=lambda _: answer)
    assert ran.value["body"] == value


def test_a_binary_response_is_bytes(run):
    answer = Inbound(200, (("Content-Type", "image/png"),), b"\xff")
    steps = [
        {"c": {"call": "http.get", "args": {"url": "http://h"}, "result": "x"}},
        {"r": {"return": "${base64.encode(x.body)}"}},
    ]
    assert run(steps, answer=lambda _: answer).value == "/w=="


@pytest.mark.parametrize(
    ("arguments", "payload", "severity"),
    [
        ({"text": "hello"}, "hello", "DEFAULT"),
        ({"data": {"a": 1}, "severity": "ERROR"}, {"a": 1}, "ERROR"),
        ({"data": 5}, "5", "DEFAULT"),
        ({"json": {"a": 1}, "severity": "INFO"}, {"a": 1}, "INFO"),
        ({"text": {"a": 1}}, '{"a":1}', "DEFAULT"),
        ({"data": [1, "x"]}, '[1,"x"]', "DEFAULT"),
    ],
)
def test_log_writes_maps_as_json_and_the_rest_as_text(run, arguments, payload, severity):
    ran = run(calling("sys.log", **arguments))
    assert ran.effects == [Log(severity, payload, "c", "main")]
    assert ran.value is None


@pytest.mark.parametrize(
    ("arguments", "tag"),
    [
        ({}, "TypeError"),
        ({"text": "a", "json": {}}, "TypeError"),
        ({"data": '${text.encode("a")}'}, "TypeError"),
        ({"json": {"a": '${text.encode("a")}'}}, "ValueError"),
        ({"text": "a", "timeout": "1"}, "TypeError"),
        ({"text": "a", "severity": 1}, "TypeError"),
        ({"text": "a", "severity": "LOUD"}, "ValueError"),
        ({"json": "text"}, "TypeError"),
    ],
)
def test_log_refuses_what_it_cannot_write(run, arguments, tag):
    assert run(calling("sys.log", **arguments)).error["tags"] == [tag]


def test_sleep_until_waits_for_a_time_and_not_for_the_past(run):
    """Reference section 11. The stand-in's time is 2023-11-14T22:13:20.25Z."""
    assert run(calling("sys.sleep_until", time="2023-11-14T22:13:30.25Z")).slept == [10.0]
    assert run(calling("sys.sleep_until", time="2020-01-01T00:00:00Z")).slept == []


@pytest.mark.parametrize(
    ("function", "argument", "tag"),
    [
        ("sys.sleep", {"seconds": -1}, "ValueError"),
        ("sys.sleep", {"seconds": 31536001}, "ValueError"),
        ("sys.sleep", {"seconds": "1"}, "TypeError"),
        ("sys.sleep_until", {"time": 1}, "TypeError"),
        ("sys.sleep_until", {"time": "soon"}, "ValueError"),
        ("events.await_callback", {"callback": 1}, "TypeError"),
        ("events.await_callback", {"callback": {"url": "http://elsewhere"}}, "ValueError"),
        ("events.await_callback", {"callback": {"url": ["x"]}}, "TypeError"),
        ("events.await_callback", {"callback": {}}, "ValueError"),
        ("sys.sleep", {"seconds": None}, "TypeError"),
        ("sys.sleep_until", {"time": "2099-01-01T00:00:00Z"}, "ValueError"),
    ],
)
def test_waiting_refuses_what_it_cannot_wait_for(run, function, argument, tag):
    assert run(calling(function, **argument)).error["tags"] == [tag]


def test_sleep_gives_its_seconds(run):
    assert run(calling("sys.sleep", seconds=1.5)).effects == [Sleep(1, 1.5)]


def test_a_callback_that_does_not_come_is_a_timeout_error(run):
    steps = [
        {"c": {"call": "events.create_callback_endpoint", "result": "cb"}},
        {
            "t": {
                "try": {"call": "events.await_callback", "args": {"callback": "${cb}"}},
                "except": {
                    "as": "e",
                    "steps": [{"r": {"return": '${"TimeoutError" in e.tags}'}}],
                },
            }
        },
    ]
    ran = run(steps, answer=lambda _: TimedOut())
    assert ran.value is True
    assert ran.effects[-1] == AwaitCallback(1, "uuid-1_uuid-2", 43_200.0)  # 12 hours, 1.7.


@pytest.mark.parametrize("timeout", [0, -1, 31_536_001, "x", None, True])
def test_a_callback_is_awaited_for_a_time_that_there_is(run, timeout):
    steps = [
        {"c": {"call": "events.create_callback_endpoint", "result": "cb"}},
        {"w": {"call": "events.await_callback", "args": {"callback": "${cb}", "timeout": timeout}}},
    ]
    expected = "ValueError" if type(timeout) is int else "TypeError"
    assert run(steps).error["tags"] == [expected]
