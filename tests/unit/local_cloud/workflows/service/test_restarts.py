"""Whatever a workflow does, and whenever it is interrupted: a restart changes nothing of it."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_cloud.kit.http import Inbound, NoAnswer, Outbound
from tests.unit.local_cloud.workflows.service.restarting import Cloud


def _step(kind: str, number: int, inner: list[Any]) -> Any:
    """Return one step; `seen` is a list that all branches share."""
    note = {"assign": [{"seen": f"${{list.concat(seen, {number})}}"}]}
    get = {"call": "http.get", "args": {"url": f"https://example.com/{number}"}, "result": "got"}
    retry = {
        "max_retries": 2,
        "predicate": "${http.default_retry_predicate}",
        "backoff": {"initial_delay": 0.3, "max_delay": 3, "multiplier": 2},
    }
    caught = {"as": "e", "steps": [{f"c{number}": note}]}
    return {
        "note": note,
        "sleep": {"call": "sys.sleep", "args": {"seconds": number % 4}},
        "log": {"call": "sys.log", "args": {"text": f"line {number}"}},
        "get": {"try": get, "except": caught},
        "retry": {"try": get, "retry": retry, "except": caught},
        "call": {"call": "sub", "args": {"n": number % 3}, "result": "sum"},
        "inline": {"assign": [{"sum": f"${{sub({number % 3}) + sub(1)}}"}]},
        "chance": {"assign": [{"seen": "${list.concat(seen, uuid.generate())}"}]},
        "await": {
            "try": {
                "call": "events.await_callback",
                "args": {"callback": "${endpoint}", "timeout": 1 + number % 3},
                "result": "got",
            },
            "except": caught,
        },
        "for": {"for": {"value": f"v{number}", "range": [1, 2], "steps": inner}},
        "parallel": {
            "parallel": {
                "shared": ["seen", "got", "sum"],
                "branches": [
                    {"one": {"steps": [{f"p{number}": note}, *inner]}},
                    {"two": {"steps": [{f"q{number}": {**get, "result": f"got{number}"}}]}},
                ],
            }
        },
    }[kind]


PLAIN = ("note", "sleep", "log", "get", "retry", "call", "inline", "chance", "await")


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Any]:
    count = 0

    def steps(kinds: tuple[str, ...], most: int) -> list[Any]:
        nonlocal count
        made = []
        for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=most)):
            count += 1
            number = count
            inside = steps(PLAIN, 2) if kind in ("for", "parallel") else []
            made.append({f"s{number}": _step(kind, number, inside)})
        return made

    begin: list[Any] = [
        {"init": {"assign": [{"seen": []}, {"got": None}, {"sum": 0}]}},
        {
            "make": {
                "call": "events.create_callback_endpoint",
                "args": {"http_callback_method": "POST"},
                "result": "endpoint",
            }
        },
    ]
    body = steps((*PLAIN, "for", "parallel"), 5)
    sub = [
        {"nap": {"call": "sys.sleep", "args": {"seconds": "${n}"}}},
        {"back": {"return": "${n + 1}"}},
    ]
    return {
        "main": {"steps": [*begin, *body, {"finish": {"return": "${seen}"}}]},
        "sub": {"params": ["n"], "steps": sub},
    }


def _flaky(request: Outbound) -> Inbound | NoAnswer:
    number = int(request.url.rpartition("/")[2])
    answers = Inbound(200), Inbound(503), NoAnswer("broken", "broken"), Inbound(404)
    return answers[number % 4]


def _play(path: Path | None, source: dict[str, Any], restarts: set[int]) -> list[Any]:
    """Play an execution to its end, with a restart after each so-manieth event."""
    cloud = Cloud(path)
    cloud.service.answer = _flaky
    cloud.service.latency_seconds = 0.7
    name = cloud.start(source)
    begun = cloud.scheduler.now()
    count = 0
    for second in range(60):
        until = begun.timestamp() + second + 0.25
        while (due := cloud.scheduler._next_due()) and due.timestamp() < until:
            cloud.scheduler.step()
            count += 1
            if count in restarts:
                cloud.restart()
        cloud.pass_seconds(until - cloud.scheduler.now().timestamp())
        if (
            cloud.callbacks(name)
            and second % 2
            and not cloud.callbacks(name)[0].get("availablePayloads")
        ):
            cloud.call_back(name, str(second).encode())
    cloud.pass_seconds(1000)
    execution = cloud.get(name)
    execution.pop("status", None)
    cloud.close()
    return [execution, cloud.logs, cloud.states]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(workflows(), st.sets(st.integers(1, 15), min_size=1, max_size=5))
def test_restarts_change_nothing_of_an_execution(
    tmp_path_factory: pytest.TempPathFactory, source: dict[str, Any], restarts: set[int]
) -> None:
    path = tmp_path_factory.mktemp("kept") / "store"
    assert _play(path, source, restarts) == _play(None, source, set())
