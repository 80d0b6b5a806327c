"""Plays a case on the engine, in virtual time, and tells what is not as the case says.

    python -m tests.conformance.runner [WORD ...]

plays the cases whose id or file has one of the words, and prints what differs.
"""

import json
import sys
from collections.abc import Callable, Container
from typing import Any

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, Outbound
from local_cloud.workflows.engine.compiler import BuildFailed, compile_source
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.service import rest
from tests.conformance.cases import Case, all_cases
from tests.conformance.matching import differences, same
from tests.conformance.world import DAYS_MAX, PARENT, World, make_world

_DAY = 86_400
_MISSING = object()
_FAILURES = frozenset({"error", "error_includes", "payload", "context", "stack"})
_RESULTS = frozenset({"result", "result_includes", "result_text"})


def play(case: Case) -> list[str]:
    """Return what differs; nothing where the engine does what the case says."""
    fields = case.fields
    if "calls" in fields:
        return _calls(fields)
    source = source_of(fields)
    if "deploy" in fields:
        return _refusal(source, fields)
    world = make_world(fields)
    try:
        world.model.deploy(
            *("p", "l", "w", source),
            service_account=fields.get("account", "me@p.iam"),
            env=fields.get("environment"),
        )
    except Refused as refusal:
        return [f"does not deploy: {refusal.message}"]
    return _executed(world, fields)


def source_of(fields: dict[str, Any]) -> str:
    """Return a case's source: its own, or one that returns its expression."""
    if "workflow" in fields:
        given = fields["workflow"]
        text = given if isinstance(given, str) else json.dumps(given)
        for name, many in fields.get("fill", {}).items():
            text = text.replace(f"<{name}>", many["text"] * many["times"])
        return text
    names = list(fields.get("variables", {}))
    steps: list[Any] = [{"result": {"return": "${" + str(fields["expression"]) + "}"}}]
    if names:
        assign = [{name: "${given." + name + "}"} for name in names]
        steps.insert(0, {"variables": {"assign": assign}})
    return json.dumps({"main": {"params": ["given"], "steps": steps}})


def _refusal(source: str, fields: dict[str, Any]) -> list[str]:
    expected = fields["deploy"]
    choices = fields.get("choices", {})
    try:
        if choices:
            compile_source(source, Choices.of(choices))
        else:
            compile_source(source)
    except BuildFailed as failed:
        problem = failed.problems[0]
        place = problem.position
        got = {
            "message": problem.text(),
            "line": place and place.line,
            "column": place and place.column,
        }
        return differences(expected, got)
    return ["deploys" if expected else "deploys, where it should be refused"]


def _executed(world: World, fields: dict[str, Any]) -> list[str]:
    argument = fields.get("argument", fields.get("variables", _MISSING))
    text = None if argument is _MISSING else json.dumps(argument)
    name = str(world.model.create_execution(PARENT, text)["name"])
    found: list[str] = []
    for at in fields.get("callbacks", []):
        world.scheduler.run_for(at["at"] - world.seconds())
        status = world.offer(name, at)
        if status != at.get("status", 200):
            found.append(f"callback at {at['at']} is answered {status}")
    if "cancel_after" in fields:
        world.scheduler.run_for(fields["cancel_after"] - world.seconds())
        world.model.cancel_execution(name)
    document = world.model.get_execution(name)
    for days in (1, DAYS_MAX):
        if document["state"] == "ACTIVE":
            world.scheduler.run_for(days * _DAY)
            document = world.model.get_execution(name)
    return found + _compared(world, fields, document)


def _compared(world: World, fields: dict[str, Any], document: dict[str, Any]) -> list[str]:
    error = document.get("error", {})
    if _FAILURES & fields.keys() and document["state"] != "FAILED":
        return [f"{document['state']} with {document.get('result')}"]
    if _RESULTS & fields.keys() and document["state"] != "SUCCEEDED":
        return [f"{document['state']} with {error.get('context')} {error.get('payload')}"]
    result = json.loads(document.get("result", "null"))
    payload = json.loads(error.get("payload", "null"))
    exact: dict[str, Callable[[], Any]] = {
        "result": lambda: result,
        "result_text": lambda: document["result"],
        "error": lambda: payload,
        "payload": lambda: error["payload"],
        "seconds": lambda: float(document["duration"].removesuffix("s")),
    }
    partial: dict[str, Callable[[], Any]] = {
        "result_includes": lambda: result,
        "error_includes": lambda: payload,
        "context": lambda: error["context"].rstrip("\n"),
        "stack": lambda: [_flat(one) for one in error["stackTrace"]["elements"]],
        "document": lambda: document,
        "logs": lambda: [_log(entry) for entry in world.logs],
        "requests": lambda: [
            _request(*one) for one in zip(world.wire.requests, world.wire.times, strict=True)
        ],
    }
    got = {name: get() for name, get in (exact | partial).items() if name in fields}
    return [problem for name in got for problem in _problems(name, fields[name], got[name], exact)]


def _problems(name: str, expected: Any, got: Any, exact: Container[str]) -> list[str]:
    if name in exact:
        return [] if _is(expected, got) else [f"{name} is {got!r}, not {expected!r}"]
    wanted = expected.rstrip("\n") if name == "context" else expected
    return [f"{name}{one}" for one in differences(wanted, got)]


def _is(expected: Any, got: Any) -> bool:
    if isinstance(got, float) and isinstance(expected, int) and not isinstance(expected, bool):
        return expected == got
    return same(expected, got) or not (
        not isinstance(expected, str) or not expected.startswith("~") or differences(expected, got)
    )


def _flat(element: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": element["step"],
        "routine": element["routine"],
        **{name: int(value) for name, value in element["position"].items()},
    }


def _log(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        name: entry[name] for name in ("severity", "textPayload", "jsonPayload") if name in entry
    }


def _request(request: Outbound, seconds: float) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "timeout": request.timeout_seconds,
        "at": seconds,
        "body": request.body.decode("utf-8", "replace"),
    }
    try:
        shown["json"] = json.loads(request.body)
    except ValueError:
        shown["json"] = None
    return shown


def _calls(fields: dict[str, Any]) -> list[str]:
    """Ask the REST door, one request after the other; `{name}` stands for what `keep` kept."""
    world = make_world(fields)
    router = rest.router(world.model)
    kept: dict[str, str] = {}
    found: list[str] = []
    for number, call in enumerate(fields["calls"], 1):
        world.scheduler.run_for(call.get("after", 0))
        method, _, target = call["ask"].partition(" ")
        for name, value in kept.items():
            target = target.replace("{" + name + "}", value)
        path, _, query = target.partition("?")
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        request = ApiRequest(
            *(method, f"/v1/{path}", {name: (value,) for name, _, value in pairs}, {}),
            json.dumps(call["body"]).encode() if "body" in call else b"",
        )
        response = router.handle(request)
        if response is None:
            return [*found, f"call {number}: no such route"]
        answer = json.loads(response.body or b"null")
        if response.status != call.get("status", 200):
            found.append(f"call {number}: status {response.status}: {answer}")
        found += [
            f"call {number}: {one}" for one in differences(call.get("answer", {}), answer or {})
        ]
        for lacking in call.get("without", []):
            if lacking in (answer or {}):
                found.append(f"call {number}: {lacking} is there")
        for name, key in call.get("keep", {}).items():
            kept[name] = answer[key]
    return found


def main(words: list[str]) -> int:
    """Print the cases that differ, and how many do not."""
    passed = failed = 0
    for case in all_cases():
        if words and not any(word in case.id or word in case.chapter for word in words):
            continue
        try:
            problems = play(case)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other cases go on.
            problems = [f"{type(error).__name__}: {error}"]
        passed += not problems
        failed += bool(problems)
        if problems:
            print(f"{case.chapter}: {case.id} {case.source}")  # noqa: T201
            print("".join(f"    {one}\n" for one in problems), end="")  # noqa: T201
    print(f"{passed} as the reference says, {failed} not")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
