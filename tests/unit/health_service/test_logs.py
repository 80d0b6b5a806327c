import asyncio
import datetime as dt
import json
import logging

import pytest

from health_service.logs import Log, RequestLog, ServerMessages

TRACE = "105445aa7843bc8bf206b12000100000"


def written_at(level="INFO"):
    lines: list[str] = []
    return Log(lines.append, lambda: dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), level), lines


def test_a_request_is_one_line_in_the_fields_that_cloud_logging_knows(run, service):
    """Log lines are read by dashboards: this is their golden form."""

    async def main():
        subject = service({"GOOGLE_CLOUD_PROJECT": "barq-staging"})
        headers = {
            "User-Agent": "curl/8",
            "Authorization": "Bearer hunter2",
            "X-Forwarded-For": "203.0.113.7",
            "traceparent": f"00-{TRACE}-000000000000000a-01",
        }
        await subject.get("/nowhere", headers, query="token=s3cr3t")
        return subject.written

    [line] = run(main())

    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "severity": "WARNING",
        "time": "2026-01-02T00:00:00+00:00",
        "event": "request.answered",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/nowhere",
            "latency": "0.000000s",
            "responseSize": "21",
            "userAgent": "curl/8",
            "protocol": "HTTP/1.1",
            "status": 404,
        },
        "logging.googleapis.com/trace": f"projects/barq-staging/traces/{TRACE}",
        "logging.googleapis.com/spanId": "000000000000000a",
        "logging.googleapis.com/trace_sampled": True,
    }


@pytest.mark.parametrize(
    ("env", "path", "severity"),
    [
        ({}, "/", "INFO"),
        ({}, "/nowhere", "WARNING"),
        ({"FAULT_ERROR_RATIO": "1"}, "/", "ERROR"),
    ],
)
def test_the_severity_follows_the_status(run, service, env, path, severity):
    async def main():
        subject = service(env)
        await subject.get(path)
        return subject.lines()

    assert [line["severity"] for line in run(main())] == [severity]


def test_latency_is_the_time_that_the_caller_waited(run, service):
    async def main():
        subject = service({"FAULT_LATENCY_MS": "250"})
        await subject.get("/")
        return subject.lines()

    assert run(main())[0]["httpRequest"]["latency"] == "0.250000s"


def test_health_probes_are_left_out(run, service):
    async def main():
        subject = service({})
        for path in ("/health/live", "/health/ready", "/health/detailed"):
            await subject.get(path)
        return subject.written

    assert run(main()) == []


def test_health_probes_are_logged_at_debug(run, ask):
    log, lines = written_at("DEBUG")

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    run(ask(RequestLog(app, log, monotonic=lambda: 0.0, project=""), "/health/ready"))

    assert json.loads(lines[0])["severity"] == "DEBUG"


def test_a_probe_that_was_given_up_before_it_was_answered_is_an_error(run, ask):
    log, lines = written_at()

    async def app(_scope, _receive, _send):
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(ask(RequestLog(app, log, monotonic=lambda: 0.0, project=""), "/health/ready"))

    line = json.loads(lines[0])
    assert line["severity"] == "ERROR"
    assert "status" not in line["httpRequest"]


def test_of_a_probe_that_is_not_written_no_header_is_read(run):
    """Probes come every second and by the thousand; what nobody reads must cost nothing."""
    log, lines = written_at()
    passed = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message):
        passed.append(message["type"])

    async def receive():
        return {"type": "http.disconnect"}

    scope = {"type": "http", "path": "/health/live"}  # No headers, no method: a look would raise.
    run(RequestLog(app, log, monotonic=lambda: 0.0, project="")(scope, receive, send))

    assert passed == ["http.response.start", "http.response.body"]
    assert lines == []


def test_the_size_is_that_of_all_parts_of_the_body(run, ask):
    log, lines = written_at()

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        await send({"type": "http.response.body", "body": b"678"})

    run(ask(RequestLog(app, log, monotonic=lambda: 0.0, project=""), "/"))

    assert json.loads(lines[0])["httpRequest"]["responseSize"] == "8"


@pytest.mark.parametrize("path", ["/", "/health/ready"])
def test_an_exception_is_a_plain_500_outside_and_a_stack_trace_in_the_log(run, ask, path):
    log, lines = written_at()

    async def app(_scope, _receive, _send):
        raise RuntimeError("hunter2")

    answer = run(ask(RequestLog(app, log, monotonic=lambda: 0.0, project=""), path))

    assert answer.status == 500
    assert answer.json() == {"error": "internal server error"}
    line = json.loads(lines[0])
    assert line["severity"] == "ERROR"
    assert "RuntimeError: hunter2" in line["stack_trace"]


def test_an_exception_after_the_answer_began_sends_no_second_answer(run, ask):
    log, lines = written_at()

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half way")

    answer = run(ask(RequestLog(app, log, monotonic=lambda: 0.0, project=""), "/"))

    assert (answer.status, answer.body) == (200, b"")
    assert json.loads(lines[0])["severity"] == "ERROR"


def test_a_log_that_nobody_reads_does_not_fail_the_service():
    def broken(_line):
        raise BrokenPipeError

    Log(broken, lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "INFO").emit("INFO", "x.happened")


def test_what_uvicorn_says_goes_into_the_same_log():
    log, lines = written_at()
    handler = ServerMessages(log)
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 0, "Invalid %s", ("x",), None)

    handler.emit(record)

    assert json.loads(lines[0]) == {
        "severity": "WARNING",
        "time": "2026-01-02T03:04:05+00:00",
        "event": "server.warned",
        "message": "Invalid x",
    }
