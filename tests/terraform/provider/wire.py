"""The messages of Terraform's plugin protocol 6 that this provider speaks, without a compiler for them.

Only the fields that are read or written; Protocol Buffers skips what it does not know.
Source: https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/tfplugin6.proto
"""

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

Field = descriptor_pb2.FieldDescriptorProto
KINDS = {
    "string": Field.TYPE_STRING,
    "bytes": Field.TYPE_BYTES,
    "int64": Field.TYPE_INT64,
    "bool": Field.TYPE_BOOL,
}
VALUE = "DynamicValue"
DIAGNOSTICS = ("Diagnostic", "repeated")

# Message -> field -> (number, kind or message[, "repeated"]). An enum is a number on the wire, and a
# map is a repeated message of key and value.
MESSAGES: dict[str, dict[str, tuple[Any, ...]]] = {
    "DynamicValue": {"msgpack": (1, "bytes"), "json": (2, "bytes")},
    "Step": {"attribute_name": (1, "string"), "element_key_int": (3, "int64")},
    "AttributePath": {"steps": (1, "Step", "repeated")},
    "Diagnostic": {
        "severity": (1, "int64"),
        "summary": (2, "string"),
        "detail": (3, "string"),
        "attribute": (4, "AttributePath"),
    },
    "Attribute": {
        "name": (1, "string"),
        "type": (2, "bytes"),
        "nested_type": (10, "Object"),
        "required": (4, "bool"),
        "optional": (5, "bool"),
        "computed": (6, "bool"),
        "sensitive": (7, "bool"),
        "write_only": (11, "bool"),
    },
    "Object": {"attributes": (1, "Attribute", "repeated"), "nesting": (3, "int64")},
    "NestedBlock": {
        "type_name": (1, "string"),
        "block": (2, "Block"),
        "nesting": (3, "int64"),
        "min_items": (4, "int64"),
        "max_items": (5, "int64"),
    },
    "Block": {
        "version": (1, "int64"),
        "attributes": (2, "Attribute", "repeated"),
        "block_types": (3, "NestedBlock", "repeated"),
    },
    "Schema": {"version": (1, "int64"), "block": (2, "Block")},
    "SchemaEntry": {"key": (1, "string"), "value": (2, "Schema")},
    "ServerCapabilities": {
        "plan_destroy": (1, "bool"),
        "get_provider_schema_optional": (2, "bool"),
    },
    "GetProviderSchemaResponse": {
        "provider": (1, "Schema"),
        "resource_schemas": (2, "SchemaEntry", "repeated"),
        "data_source_schemas": (3, "SchemaEntry", "repeated"),
        "server_capabilities": (6, "ServerCapabilities"),
    },
    "ValidateRequest": {"type_name": (1, "string"), "config": (2, VALUE)},
    "ValidateResponse": {"diagnostics": (1, *DIAGNOSTICS)},
    "RawState": {"json": (1, "bytes")},
    "UpgradeRequest": {"type_name": (1, "string"), "raw_state": (3, "RawState")},
    "UpgradeResponse": {"upgraded_state": (1, VALUE)},
    "ReadRequest": {"type_name": (1, "string"), "current_state": (2, VALUE)},
    "ReadResponse": {"new_state": (1, VALUE)},
    "PlanRequest": {
        "type_name": (1, "string"),
        "prior_state": (2, VALUE),
        "proposed_new_state": (3, VALUE),
    },
    "PlanResponse": {"planned_state": (1, VALUE)},
    "ApplyRequest": {"type_name": (1, "string"), "planned_state": (3, VALUE)},
    "ApplyResponse": {"new_state": (1, VALUE)},
    "ReadDataRequest": {"type_name": (1, "string"), "config": (2, VALUE)},
    "ReadDataResponse": {"state": (1, VALUE), "diagnostics": (2, *DIAGNOSTICS)},
}


def _classes() -> Mapping[str, Any]:
    file = descriptor_pb2.FileDescriptorProto(name="tf.proto", package="tf", syntax="proto3")
    for message, fields in MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, *repeated) in fields.items():
            label = Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL
            field = described.field.add(name=name, number=number, label=label)
            field.type = KINDS.get(kind, Field.TYPE_MESSAGE)
            if kind not in KINDS:
                field.type_name = f".tf.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"tf.{name}"))
        for name in MESSAGES
    }


PROTO = _classes()


def diagnostic(summary: str, detail: str, path: Iterable[str | int]) -> Any:
    """An error at an attribute; `path` has names, and numbers for places in a list."""
    found = PROTO["Diagnostic"](severity=1, summary=summary, detail=detail)
    for part in path:
        named = {"attribute_name": part} if isinstance(part, str) else {"element_key_int": part}
        found.attribute.steps.add(**named)
    return found
