"""Reads single fields of steps, and refuses what the schema does not allow in them.

What is refused is a BuildError; where a step's name is given, its message names the step.
Source: reference/workflows.md 1.1, 1.2 and 1.7.
"""

import re
from collections.abc import Iterable
from typing import Final

from local_cloud.workflows.language import grammar, syntax
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.source import Mapping, Node, Scalar, Sequence
from local_cloud.workflows.language.tokens import WORD_OPERATORS

RESERVED: Final = frozenset({"end", "break", "continue"})
WORDS: Final = frozenset((*grammar.CONSTANTS, *WORD_OPERATORS))
"""What expressions read as something else than a variable."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: Scalar, names: set[str]) -> None:
    """Refuse a step's name that is reserved or stands in the same list already."""
    if name.value in RESERVED:
        raise in_step(name.value, f"'{name.value}' is a reserved name", name.position)
    if name.value in names:
        raise in_step(name.value, "duplicate step name", name.position)
    names.add(name.value)


def check_limit(name: str, node: Node | None) -> None:
    """Refuse a concurrency_limit that is neither a positive integer nor an expression."""
    limit = node.value if isinstance(node, Scalar) else node
    if limit is None or (isinstance(limit, str) and limit.startswith("${")):
        return
    if type(limit) is not int or limit < 1:
        assert node is not None
        raise in_step(name, "concurrency_limit must be a positive integer", node.position)


def in_step(name: str, message: str, position: Position | None) -> BuildError:
    """Return an error that names the step."""
    return BuildError(f"error in step {name}: {message}", position)


def present(node: Mapping, name: str) -> Node:
    """Return a field that is known to be there."""
    found = node.get(name)
    assert found is not None
    return found


def only_entry(node: Node, message: str) -> tuple[Scalar, Node]:
    """Return the one entry of a map that must have no other."""
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        raise BuildError(message, node.position)
    return node.entries[0]


def key_text(value: object) -> str:
    """Return a key as text: YAML reads some names as something else."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def name_in(name: str, node: Mapping, field: str) -> Scalar:
    """Return a field that must be a name."""
    found = node.get(field)
    if not isinstance(found, Scalar) or not isinstance(found.value, str):
        position = found.position if found else node.position
        raise in_step(name, f"{field} must be a name", position)
    return found


def check_identifier(value: object, position: Position, what: str) -> None:
    """Refuse what cannot be the name of a variable or of a subworkflow."""
    if value in WORDS and isinstance(value, str):
        raise BuildError(f"{what} is '{value}', a word of the language", position)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BuildError(
            f"{what} must start with a letter or underscore, and have only letters, digits"
            f" and underscores: '{value}'",
            position,
        )


def listed(name: str, node: Mapping, field: str, most: int) -> tuple[Node, ...]:
    """Return the entries of a field that must be a list, of `most` at most."""
    found = present(node, field)
    if not isinstance(found, Sequence) or not found.items:
        raise in_step(name, f"{field} must be a list of at least one entry", found.position)
    if len(found.items) > most:
        raise in_step(
            name, f"{field} has {len(found.items)} entries: at most {most}", found.position
        )
    return found.items


def fields_of(name: str, node: Node, what: str, allowed: Iterable[str]) -> dict[str, Node]:
    """Return the fields of a map that may have only these."""
    if not isinstance(node, Mapping):
        raise in_step(name, f"{what} must be a map", node.position)
    for key, _ in node.entries:
        if key.value not in tuple(allowed):
            raise in_step(name, f"unknown field '{key.value}' of {what}", key.position)
    return {key.value: value for key, value in node.entries}


def parameter_of(node: Node, where: str) -> syntax.ParameterOf:
    """Read a name, or a name with its default."""
    if isinstance(node, Scalar):
        check_identifier(node.value, node.position, f"{where}: param")
        return syntax.ParameterOf(str(node.value), None, node.position)
    key, default = only_entry(node, f"{where}: a param must be a name or a map of one name")
    check_identifier(key.value, key.position, f"{where}: param")
    return syntax.ParameterOf(key.value, default, key.position)


def target_of(step: str, key: Scalar, choices: Choices) -> grammar.Expression:
    """Read what an entry of `assign` writes to."""
    try:
        target = grammar.parse(key.value, choices)
    except BuildError as error:
        raise in_step(
            step, f"error parsing assignment target '{key.value}': {error.message}", key.position
        ) from None
    base = target
    while isinstance(base, grammar.Member):
        base = base.holder
    if not isinstance(base, grammar.Name):
        raise in_step(step, f"'{key.value}' cannot be assigned to", key.position)
    return target


def shared_of(name: str, node: Node | None) -> tuple[tuple[str, Position], ...]:
    """Read the variables that the branches of a parallel step share."""
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        raise in_step(name, "shared must be a list of variables", node.position)
    found: list[tuple[str, Position]] = []
    for item in node.items:
        text = item.value if isinstance(item, Scalar) else None
        check_identifier(text, item.position, f"error in step {name}: shared")
        if any(known == text for known, _ in found):
            raise in_step(name, f"shared variable '{text}' is listed twice", item.position)
        found.append((str(text), item.position))
    return tuple(found)
