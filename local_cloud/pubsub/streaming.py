"""StreamingPull over gRPC: what the official `SubscriberClient.subscribe` speaks.

Minimal: messages, acknowledgements and deadlines. No flow control beyond a batch, no
exactly-once confirmations. It looks for messages every `POLL_SECONDS`; a real loop is needed.
"""

import asyncio
import contextlib
from typing import Any

import grpc

from local_cloud.kit.errors import Refused
from local_cloud.kit.tokens import Tokens
from local_cloud.pubsub import wire
from local_cloud.pubsub.backlog import Backlog
from local_cloud.pubsub.methods import SUBSCRIBER
from local_cloud.pubsub.model import PubSubModel

POLL_SECONDS = 0.05
_BATCH_MAX = 100

Context = grpc.aio.ServicerContext


def add_streaming_pull(server: grpc.aio.Server, model: PubSubModel, tokens: Tokens) -> None:
    """Add the method to a server, beside the unary ones of `methods`."""

    async def stream(_: Any, context: "Context[Any, Any]") -> None:
        metadata = dict(context.invocation_metadata() or ())
        authorization = metadata.get("authorization")
        try:
            caller = tokens.caller(str(authorization) if authorization else None)
            first = await context.read()
            if first == grpc.aio.EOF:
                return
            backlog = model.open_stream(first.subscription, caller=caller)
            await _serve(backlog, context)
        except Refused as refusal:
            await context.abort(getattr(grpc.StatusCode, refusal.code), refusal.message)

    handler: Any = grpc.stream_stream_rpc_method_handler(
        stream,
        request_deserializer=wire.proto("StreamingPullRequest").FromString,
        response_serializer=lambda answer: answer.SerializeToString(),
    )
    handlers = {"StreamingPull": handler}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SUBSCRIBER, handlers),))


async def _serve(backlog: Backlog, context: "Context[Any, Any]") -> None:
    """Send what is ready until the client ends its side."""
    listening = asyncio.create_task(_listen(backlog, context))
    try:
        while not listening.done():
            received = backlog.pull(_BATCH_MAX)
            if received:
                messages = [wire.received_proto(one) for one in received]
                await context.write(wire.proto("StreamingPullResponse")(received_messages=messages))
            await asyncio.wait([listening], timeout=POLL_SECONDS)
        listening.result()  # A refusal of what the client sent ends the stream.
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError, Refused):
            await listening


async def _listen(backlog: Backlog, context: "Context[Any, Any]") -> None:
    """Take the client's acknowledgements and deadlines."""
    while (request := await context.read()) != grpc.aio.EOF:
        backlog.acknowledge(list(request.ack_ids))
        deadlines = zip(
            request.modify_deadline_ack_ids, request.modify_deadline_seconds, strict=False
        )
        for ack_id, seconds in deadlines:
            backlog.modify_ack_deadline([ack_id], seconds)
