"""The service put together, in process."""

import asyncio

from health_service import openapi


def test_a_route_that_breaks_answers_json_and_its_trace_goes_into_the_log(service, monkeypatch):
    def broken(version, health_prefix):
        raise RuntimeError("hunter2 at db-7.internal")

    monkeypatch.setattr(openapi, "document", broken)

    async def main():
        subject = service()
        return await subject.get("/openapi.json"), subject.lines()

    answer, [line] = asyncio.run(main())  # The document is made in a thread.

    assert (answer.status, answer.json()) == (500, {"error": "internal server error"})
    assert line["severity"] == "ERROR"
    assert line["httpRequest"]["status"] == 500
    assert "RuntimeError: hunter2" in line["stack_trace"]


def test_without_a_database_the_fleet_says_so_and_the_service_is_ready(run, service):
    async def main():
        subject = service()
        return await subject.get("/vehicles"), await subject.get("/health/ready")

    vehicles, ready = run(main())

    assert (vehicles.status, vehicles.json()) == (503, {"error": "no database is configured"})
    assert vehicles.headers["retry-after"] == "5"
    assert ready.status == 200


def test_every_answer_that_is_no_health_answer_goes_through_the_framework_once(run, service):
    """`/healthy` is not a health route, and `/health` alone is none of them."""

    async def main():
        subject = service()
        return [await subject.get(path) for path in ("/healthy", "/health", "/health/other")]

    answers = run(main())

    assert [one.status for one in answers] == [404, 404, 404]
    assert [one.json() for one in answers] == [{"error": "not found"}] * 3
