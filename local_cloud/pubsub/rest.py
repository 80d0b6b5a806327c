"""The REST door: pubsub.googleapis.com v1 as gcloud and the REST clients speak it.

Each route is the gRPC method, its request read from path, query and JSON body.
Source: the `google.api.http` annotations of google/pubsub/v1/pubsub.proto.
"""

import re
from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format

from local_cloud.kit.errors import Refused
from local_cloud.kit.http import ApiRequest, ApiResponse, Handler, Router
from local_cloud.pubsub.methods import PublisherRpcs, Rpc, SubscriberRpcs
from local_cloud.pubsub.model import PubSubModel
from local_cloud.pubsub.wire import proto

_BASE64 = re.compile(r"[A-Za-z0-9+/\-_]*={0,2}")
_PROJECT = "/v1/projects/{project}"
_TOPIC = _PROJECT + "/topics/{id}"
_SUBSCRIPTION = _PROJECT + "/subscriptions/{id}"


def router(model: PubSubModel) -> Router:
    """Return the routes of topics and subscriptions."""
    routes = Router()
    _add_topics(routes, PublisherRpcs(model))
    _add_subscriptions(routes, SubscriberRpcs(model))
    return routes


def _add_topics(routes: Router, rpcs: PublisherRpcs) -> None:
    def add(method: str, template: str, rpc: Rpc, request: str, key: str) -> None:
        routes.add(method, template, _handler(rpc, request, key, "topics"))

    add("PUT", _TOPIC, rpcs.create, "Topic", "name")
    add("GET", _TOPIC, rpcs.get, "GetTopicRequest", "topic")
    add("DELETE", _TOPIC, rpcs.delete, "DeleteTopicRequest", "topic")
    add("POST", _TOPIC + ":publish", rpcs.publish, "PublishRequest", "topic")
    add("GET", _PROJECT + "/topics", rpcs.list, "ListTopicsRequest", "project")
    listing = "ListTopicSubscriptionsRequest"
    add("GET", _TOPIC + "/subscriptions", rpcs.list_subscriptions, listing, "topic")


def _add_subscriptions(routes: Router, rpcs: SubscriberRpcs) -> None:
    def add(method: str, template: str, rpc: Rpc, request: str, key: str) -> None:
        routes.add(method, template, _handler(rpc, request, key, "subscriptions"))

    key = "subscription"
    add("PUT", _SUBSCRIPTION, rpcs.create, "Subscription", "name")
    add("PATCH", _SUBSCRIPTION, rpcs.update, "UpdateSubscriptionRequest", "subscription.name")
    add("GET", _SUBSCRIPTION, rpcs.get, "GetSubscriptionRequest", key)
    add("DELETE", _SUBSCRIPTION, rpcs.delete, "DeleteSubscriptionRequest", key)
    listing = "ListSubscriptionsRequest"
    add("GET", _PROJECT + "/subscriptions", rpcs.list, listing, "project")
    for verb, rpc in {
        "pull": rpcs.pull,
        "acknowledge": rpcs.acknowledge,
        "modifyAckDeadline": rpcs.modify_ack_deadline,
        "modifyPushConfig": rpcs.modify_push_config,
    }.items():
        message = f"{verb[0].upper()}{verb[1:]}Request"
        add("POST", f"{_SUBSCRIPTION}:{verb}", rpc, message, key)


def _handler(rpc: Rpc, request_name: str, key: str, collection: str) -> Handler:
    """Return a handler; `key` is the request's field that the path fills."""

    def handle(request: ApiRequest, values: dict[str, str]) -> ApiResponse:
        name = f"projects/{values['project']}"
        if "id" in values:
            name += f"/{collection}/{values['id']}"
        message = _read(request, request_name)
        owner, _, field = key.rpartition(".")
        setattr(getattr(message, owner) if owner else message, field, name)
        answer = rpc(message, request.caller)
        return ApiResponse.of(json_format.MessageToDict(answer))

    return handle


def _read(request: ApiRequest, request_name: str) -> Any:
    """Read the JSON body, or the query of a GET, into a request message."""
    document = request.json() if request.method != "GET" else _paging(request.query)
    if not isinstance(document, dict):
        raise Refused("INVALID_ARGUMENT", "Invalid JSON payload received. Expected an object.")
    if request_name == "PublishRequest":
        _check_data(document.get("messages"))
    try:
        return json_format.ParseDict(document, proto(request_name)())
    except json_format.ParseError as error:
        problem = f"Invalid JSON payload received. {error}"
        raise Refused("INVALID_ARGUMENT", problem) from None


def _check_data(messages: Any) -> None:
    """Refuse data that is not base64. The parser would skip what it cannot read."""
    for index, message in enumerate(messages if isinstance(messages, list) else []):
        data = message.get("data", "") if isinstance(message, dict) else ""
        if isinstance(data, str) and not _BASE64.fullmatch(data):
            raise Refused(
                "INVALID_ARGUMENT",
                f"Invalid value at 'messages[{index}].data' (TYPE_BYTES),"
                f' Base64 decoding failed for "{data}"',
            )


def _paging(query: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    # `alt`, `prettyPrint` and kin are for the front; the requests know only these two.
    return {name: query[name][0] for name in ("pageSize", "pageToken") if query.get(name)}
