"""What a provider says when it is asked for a plan, from its schema and the forms of computed values.

Nothing is planned for real: there is no API behind it, a resource exists once Terraform says so.
"""

from collections.abc import Mapping
from typing import Any

from tests.terraform.provider.forms import fill
from tests.terraform.provider.values import UNKNOWN, letters

ZERO: dict[str, Any] = {"number": 0, "bool": False, "list": [], "set": [], "map": {}}


def planned(kind: str, block: Mapping[str, Any], proposed: Any, prior: Any, *, filled: bool) -> Any:
    """Return the planned state.

    Args:
        kind: The resource's type.
        block: Its schema.
        proposed: The configuration, with what the prior state says of computed attributes.
        prior: The prior state; None for what is to be created.
        filled: Whether computed attributes get their values already, as far as they follow from
            the configuration. The real provider leaves most of them unknown until the apply.
    """
    if proposed is None or prior is not None:
        return proposed
    value = _opened(block, proposed)
    return fill(kind, value, resource=True, always=filled)


def applied(kind: str, block: Mapping[str, Any], plan: Any) -> Any:
    """Return the state after an apply: everything is known."""
    if plan is None:
        return None
    return _closed(fill(kind, plan, resource=True, always=True), block, kind)


def read_data(kind: str, block: Mapping[str, Any], config: Any) -> Any:
    """Return what a data source answers. What has no form is null."""
    value = fill(kind, _opened(block, config), resource=False, always=True)
    return _map_blocks(value, block, lambda one, _spec: None if one is UNKNOWN else one)


def _opened(block: Mapping[str, Any], value: Any) -> Any:
    """What is computed and not set is unknown."""

    def opened(one: Any, spec: Mapping[str, Any]) -> Any:
        return UNKNOWN if one is None and spec.get("computed") else one

    return _map_blocks(value, block, opened)


def _closed(value: Any, block: Mapping[str, Any], seed: str) -> Any:
    """What is still unknown gets a value that means nothing, but is always the same."""

    def closed(one: Any, spec: Mapping[str, Any]) -> Any:
        if one is not UNKNOWN:
            return one
        kind = spec.get("type", "string")
        name = kind if isinstance(kind, str) else kind[0]
        return ZERO.get(name, letters(f"{seed} {spec}", 12))

    return _map_blocks(value, block, closed)


def _map_blocks(value: Any, block: Mapping[str, Any], change: Any) -> Any:
    """Return the value of a block with every attribute passed through `change(value, spec)`."""
    if not isinstance(value, dict):
        return value
    result = dict(value)
    for name, spec in block.get("attributes", {}).items():
        result[name] = change(value.get(name), spec)
    for name, nested in block.get("block_types", {}).items():
        inner = value.get(name)
        if isinstance(inner, list):
            result[name] = [_map_blocks(one, nested["block"], change) for one in inner]
        elif isinstance(inner, dict) and nested["nesting_mode"] == "map":
            items = inner.items()
            result[name] = {key: _map_blocks(one, nested["block"], change) for key, one in items}
        elif isinstance(inner, dict):
            result[name] = _map_blocks(inner, nested["block"], change)
    return result
