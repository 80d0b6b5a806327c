"""Serves providers' schemas, plans and states over Terraform's plugin protocol, for the real Terraform.

A provider without a cloud: it refuses what the schema and the rules of values refuse, makes up
computed values in Google's form, and creates nothing.
"""

import json
import os
from collections.abc import Callable, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc

from tests.terraform.provider.planning import applied, planned, read_data
from tests.terraform.provider.schemas import schema_response
from tests.terraform.provider.values import decode, encode
from tests.terraform.provider.wire import PROTO, diagnostic
from tests.terraform.rules import breaches

SCHEMAS = Path(__file__).parents[1] / "google-schema.json"
ACCEPTED = ("ValidateProviderConfig", "ConfigureProvider", "StopProvider")


class Provider(grpc.GenericRpcHandler):
    """One provider. `filled`: whether plans have computed values in them already."""

    def __init__(self, provider: Mapping[str, Any]) -> None:
        self.filled = True
        self._resources = provider.get("resource_schemas", {})
        self._data = provider.get("data_source_schemas", {})
        schema = schema_response(provider)
        self._methods: dict[str, Callable[[bytes], bytes]] = {
            **dict.fromkeys(ACCEPTED, lambda _request: b""),
            "GetProviderSchema": lambda _request: schema,
            "ValidateResourceConfig": self._validate(data=False),
            "ValidateDataResourceConfig": self._validate(data=True),
            "UpgradeResourceState": self._upgrade,
            "ReadResource": self._read,
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadDataSource": self._read_data,
        }

    def service(self, call: grpc.HandlerCallDetails) -> Any:
        _, service, method = call.method.split("/")
        answer = self._methods.get(method)
        if service != "tfplugin6.Provider" or answer is None:
            return None
        return grpc.unary_unary_rpc_method_handler(lambda request, _context: answer(request))

    def _validate(self, *, data: bool) -> Callable[[bytes], bytes]:
        def validate(request: bytes) -> bytes:
            asked = PROTO["ValidateRequest"].FromString(request)
            found = [] if data else breaches(asked.type_name, decode(asked.config.msgpack))
            told = [
                diagnostic(
                    f"{'.'.join(map(str, one.path))}: {one.rule}",
                    f"It is {one.value!r}. Source: {one.source}",
                    one.path,
                )
                for one in found
            ]
            return _answer("ValidateResponse", diagnostics=told)

        return validate

    def _upgrade(self, request: bytes) -> bytes:
        asked = PROTO["UpgradeRequest"].FromString(request)
        return _answer("UpgradeResponse", upgraded_state={"json": asked.raw_state.json})

    def _read(self, request: bytes) -> bytes:
        asked = PROTO["ReadRequest"].FromString(request)
        return _answer("ReadResponse", new_state=asked.current_state)

    def _plan(self, request: bytes) -> bytes:
        asked = PROTO["PlanRequest"].FromString(request)
        block = self._resources[asked.type_name]["block"]
        proposed = decode(asked.proposed_new_state.msgpack)
        prior = decode(asked.prior_state.msgpack)
        value = planned(asked.type_name, block, proposed, prior, filled=self.filled)
        return _answer("PlanResponse", planned_state=_packed(value))

    def _apply(self, request: bytes) -> bytes:
        asked = PROTO["ApplyRequest"].FromString(request)
        block = self._resources[asked.type_name]["block"]
        value = applied(asked.type_name, block, decode(asked.planned_state.msgpack))
        return _answer("ApplyResponse", new_state=_packed(value))

    def _read_data(self, request: bytes) -> bytes:
        asked = PROTO["ReadDataRequest"].FromString(request)
        block = self._data[asked.type_name]["block"]
        try:
            value = read_data(asked.type_name, block, decode(asked.config.msgpack))
        except OSError as error:
            refused = diagnostic("Nothing was read", str(error), [])
            return _answer("ReadDataResponse", diagnostics=[refused])
        return _answer("ReadDataResponse", state=_packed(value))


def _packed(value: Any) -> dict[str, bytes]:
    return {"msgpack": encode(value)}


def _answer(message: str, **fields: Any) -> bytes:
    answer: bytes = PROTO[message](**fields).SerializeToString()
    return answer


def serve(folder: Path) -> list[Provider]:
    """Serve all providers on sockets in the folder; `reattach` says where."""
    served = []
    for address, provider in _providers().items():
        handler = Provider(provider)
        server = grpc.server(
            futures.ThreadPoolExecutor(4), options=[("grpc.max_send_message_length", -1)]
        )
        server.add_generic_rpc_handlers((handler,))
        server.add_insecure_port(f"unix:{_socket(folder, address)}")
        server.start()
        served.append(handler)
        _KEPT.append(server)
    return served


def reattach(folder: Path) -> str:
    """What TF_REATTACH_PROVIDERS must say for Terraform to use these instead of fetching any."""
    return json.dumps(
        {
            address: {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": os.getpid(),
                "Test": True,
                "Addr": {"Network": "unix", "String": _socket(folder, address)},
            }
            for address in _providers()
        }
    )


def _providers() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(SCHEMAS.read_text("utf-8"))["provider_schemas"]
    return found


def _socket(folder: Path, address: str) -> str:
    return str(folder / f"{address.rsplit('/', 1)[-1]}.socket")


# A server that nobody holds is stopped.
_KEPT: list[grpc.Server] = []
