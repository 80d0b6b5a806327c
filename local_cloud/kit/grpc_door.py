"""Serves a model's methods over gRPC, without generated servicer code.

Google's client packages carry message types but no servicers; a method here is a name, two
message types and a plain function.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.rpc import (
    error_details_pb2,  # noqa: F401 - makes the types of details known.
    status_pb2,
)

from local_cloud.kit.errors import Refused
from local_cloud.kit.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Method:
    """A unary method. `call` gets the request message and the caller's e-mail (None: developer)."""

    name: str
    request: Any
    response: Any
    call: Callable[[Any, str | None], Any]


def add_service(
    server: grpc.aio.Server, service: str, methods: Sequence[Method], tokens: Tokens
) -> None:
    """Add `service` (full name, such as `google.monitoring.v3.MetricService`) to a server."""
    handlers = {method.name: _handler(method, tokens) for method in methods}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))


def _handler(method: Method, tokens: Tokens) -> Any:
    read = _reader(method.request)

    async def answer(request: bytes, context: "grpc.aio.ServicerContext[Any, Any]") -> Any:
        metadata = dict(context.invocation_metadata() or ())
        authorization = metadata.get("authorization")
        try:
            caller = tokens.caller(str(authorization) if authorization else None)
            return method.call(_read(read, request), caller)
        except Refused as refusal:
            await context.abort(
                getattr(grpc.StatusCode, refusal.code), refusal.message, _details(refusal)
            )

    return grpc.unary_unary_rpc_method_handler(
        answer,
        response_serializer=_writer(method.response),
    )


def _details(refusal: Refused) -> tuple[tuple[str, bytes], ...]:
    """Return a refusal's details as trailing metadata, as gRPC's richer error model has them."""
    if not refusal.details:
        return ()
    status = status_pb2.Status(code=refusal.number(), message=refusal.message)
    for detail in refusal.details:
        json_format.ParseDict(detail, status.details.add())
    return (("grpc-status-details-bin", status.SerializeToString()),)


def _read(read: Callable[[bytes], Any], request: bytes) -> Any:
    """Return the message. Read here, since gRPC would tell Python's own error of a bad one."""
    try:
        return read(request)
    except DecodeError:
        raise Refused("INVALID_ARGUMENT", "The request is no message of this method.") from None


def _reader(message: Any) -> Any:
    """Return how to read a message: proto-plus and plain protobuf classes differ."""
    return message.deserialize if hasattr(message, "deserialize") else message.FromString


def _writer(message: Any) -> Any:
    if hasattr(message, "serialize"):
        return message.serialize
    return lambda value: value.SerializeToString()
