"""A line for each request."""

import re
from dataclasses import dataclass
from typing import Any

import pytest

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Router
from local_cloud.workflows.alone.requests import ToldRouter, told_methods


@dataclass(frozen=True)
class Method:
    name: str
    call: Any


def timeless(lines):
    return [re.sub(r"\(.*\)", "(0 ms)", line) for line in lines]


def test_a_rest_request_is_told_with_its_status_and_answered_as_before():
    lines: list[str] = []
    router = Router()
    router.add("GET", "/a", lambda _request, _values: ApiResponse(201, b"x"))
    told = ToldRouter(router, lines.append)

    assert told.handle(ApiRequest("GET", "/a")) == ApiResponse(201, b"x")
    assert told.handle(ApiRequest("HEAD", "/a")) is None
    assert told.handle(ApiRequest("GET", "/none")) is None
    assert timeless(lines) == ["GET /a 201 (0 ms)", "GET /none 404 (0 ms)"]


def test_a_grpc_call_is_told_with_its_code_and_ends_as_before():
    lines: list[str] = []

    def refuse(_request, _caller):
        raise Refused("NOT_FOUND", "no such thing")

    def break_(_request, _caller):
        raise ZeroDivisionError

    good, refused, broken = told_methods(
        "google.cloud.workflows.v1.Workflows",
        [
            Method("Get", lambda request, caller: (request, caller)),
            Method("Refuse", refuse),
            Method("Break", break_),
        ],
        lines.append,
    )

    assert good.call("r", "c") == ("r", "c")
    with pytest.raises(Refused):
        refused.call("r", None)
    with pytest.raises(ZeroDivisionError):
        broken.call("r", None)
    assert timeless(lines) == [
        "gRPC Workflows.Get OK (0 ms)",
        "gRPC Workflows.Refuse NOT_FOUND (0 ms)",
        "gRPC Workflows.Break INTERNAL (0 ms)",
    ]
