"""The JSON Schema of delivery.yaml for editors, and policies written back as settings."""

import functools
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rollouts import settings
from rollouts.durations import show_duration
from rollouts.flat import copied
from rollouts.freeze_file import FREEZES_MAX
from rollouts.policy import CHANNELS, Policy
from rollouts.setting_kinds import NAME, Kind


def json_schema() -> dict[str, Any]:
    """Return the schema, draft 2020-12. It says nothing that the parser does not also say."""
    freezes = {"type": "array", "items": _object(settings.FREEZE), "maxItems": FREEZES_MAX}
    target = _object({**settings.TARGET, **settings.LINE})
    target["properties"] |= {
        "freeze": freezes,
        "approval": _object(settings.APPROVAL),
        "verify": _object(settings.VERIFY),
        "analysis": _object(settings.ANALYSIS),
    }
    service = _object({**settings.SERVICE, **settings.LINE})
    service["properties"] |= {
        "freeze": freezes,
        "targets": _map_of(target),
        "notifications": {"type": "array", "items": _notification()},
    }
    service["required"] = [*service["required"], "targets"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "delivery.yaml",
        "type": "object",
        "properties": {
            "services": _map_of(service),
            "freeze": freezes,
            **_object(settings.LINE)["properties"],
        },
        "required": ["services"],
        "additionalProperties": False,
    }


def settings_of(policy: Policy) -> dict[str, Any]:
    """Write a policy as a user would, every setting named. `parse_policy` reads it back."""
    shown: dict[str, Any] = copied(shared_settings_of(policy))
    return shown


@functools.lru_cache(maxsize=64)
def shared_settings_of(policy: Policy) -> Mapping[str, Any]:
    """Write a policy for who only reads it: at every look, and a rollout keeps its own."""
    shown: dict[str, Any] = {}
    for key in settings.TARGET:
        if settings.TARGET[key].default is not settings.REQUIRED:
            shown[key] = _written(settings.TARGET[key].kind, getattr(policy, key))
    for key, group in (
        ("approval", settings.APPROVAL),
        ("verify", settings.VERIFY),
        ("analysis", settings.ANALYSIS),
    ):
        part = getattr(policy, key)
        shown[key] = {
            name: _written(setting.kind, getattr(part, name)) for name, setting in group.items()
        }
    return shown


def policy_hash(policy: Policy) -> str:
    """Return 12 hex digits that change whenever any setting does."""
    text = json.dumps(settings_of(policy), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _written(kind: Kind, value: Any) -> Any:
    """Write one value for all steps as such: so wrote, and reads, the code before lists."""
    plain = _plain(value)
    one = kind.each_step and isinstance(plain, list) and len(plain) == 1
    return plain[0] if one else plain


def _plain(value: Any) -> Any:
    if value is None:
        return "off"
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "total_seconds"):
        return show_duration(value)
    return value


def _notification() -> dict[str, Any]:
    return {
        **_object(settings.NOTIFICATION),
        "oneOf": [{"required": [kind]} for kind in CHANNELS],
        "dependentRequired": {"email": ["to", "from"], "to": ["email"], "from": ["email"]},
    }


def _object(group: settings.Group) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            name: {**setting.kind.schema, "description": setting.doc}
            for name, setting in group.items()
        },
        "required": [
            name for name, setting in group.items() if setting.default is settings.REQUIRED
        ],
        "additionalProperties": False,
    }


def _map_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": dict(schema),
    }
