"""Providers' schemas, from the JSON of `terraform providers schema -json` to the plugin protocol."""

import json
from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.wire import PROTO

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}
FLAGS = ("required", "optional", "computed", "sensitive", "write_only")


def schema_response(provider: Mapping[str, Any]) -> bytes:
    """Return the answer to GetProviderSchema, serialized.

    It says that a process need ask only once: Terraform then keeps what it was told.
    """
    response = PROTO["GetProviderSchemaResponse"](provider=_schema(provider["provider"]))
    response.server_capabilities.get_provider_schema_optional = True
    for kind in ("resource_schemas", "data_source_schemas"):
        for name, spec in provider.get(kind, {}).items():
            getattr(response, kind).append(PROTO["SchemaEntry"](key=name, value=_schema(spec)))
    answer: bytes = response.SerializeToString()
    return answer


def _schema(spec: Mapping[str, Any]) -> Any:
    return PROTO["Schema"](version=spec.get("version", 0), block=_block(spec["block"]))


def _block(spec: Mapping[str, Any]) -> Any:
    message = PROTO["Block"]()
    attributes = sorted(spec.get("attributes", {}).items())
    message.attributes.extend(_attribute(name, one) for name, one in attributes)
    for name, nested in sorted(spec.get("block_types", {}).items()):
        message.block_types.add(
            type_name=name,
            block=_block(nested["block"]),
            nesting=NESTING[nested["nesting_mode"]],
            min_items=nested.get("min_items", 0),
            max_items=nested.get("max_items", 0),
        )
    return message


def _attribute(name: str, spec: Mapping[str, Any]) -> Any:
    message = PROTO["Attribute"](name=name, **{flag: True for flag in FLAGS if spec.get(flag)})
    nested = spec.get("nested_type")
    if nested:
        message.nested_type.nesting = NESTING[nested["nesting_mode"]]
        inner = sorted(nested["attributes"].items())
        message.nested_type.attributes.extend(_attribute(key, one) for key, one in inner)
    else:
        message.type = json.dumps(spec["type"]).encode()
    return message
