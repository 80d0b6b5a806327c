"""The shape of a workflow: the source's tree read into routines and steps.

Names and fields are checked here; what names refer to is checked by `scopes` and `compiler`.
Source: reference/workflows.md 1.1 and 1.2.
"""

from dataclasses import dataclass, field

from local_cloud.workflows.language.faults import Position
from local_cloud.workflows.language.grammar import Expression
from local_cloud.workflows.language.source import Mapping, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Assignment:
    """`target` is a name or a path of members below one."""

    target: Expression
    value: Node
    position: Position


@dataclass(frozen=True, slots=True)
class Assign:
    entries: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """`position` is the function's name's; `result` has its own.

    Arguments in a list are by position. Source:
    https://cloud.google.com/workflows/docs/reference/stdlib/sys/log, its examples.
    """

    function: str
    position: Position
    arguments: Mapping | Sequence | None
    result: tuple[str, Position] | None


@dataclass(frozen=True, slots=True)
class Arm:
    condition: Node
    body: "Step"


@dataclass(frozen=True, slots=True)
class Switch:
    arms: tuple[Arm, ...]


@dataclass(slots=True)
class For:
    """Exactly one of `items` and `bounds` is given. `scope` is set by the scope analysis."""

    value: str
    index: str | None
    items: Node | None
    bounds: Node | None
    body: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """`position` is the name's."""

    name: str
    position: Position
    body: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class Parallel:
    """Either `branches`, or `loop` whose iterations are the branches."""

    shared: tuple[tuple[str, Position], ...]
    concurrency_limit: Node | None
    branches: tuple[Branch, ...]
    loop: For | None


@dataclass(frozen=True, slots=True)
class Retry:
    """`policy` names a ready one; else `predicate` and the three delays, each maybe absent."""

    policy: str | None
    predicate: str | None
    max_retries: Node | None
    backoff: Node | None
    position: Position


@dataclass(frozen=True, slots=True)
class Except:
    """`position` is the keyword's."""

    position: Position
    name: str | None
    body: tuple["Step", ...]


@dataclass(frozen=True, slots=True)
class Try:
    body: tuple["Step", ...]
    retry: Retry | None
    handler: Except | None


@dataclass(frozen=True, slots=True)
class Raise:
    value: Node


@dataclass(frozen=True, slots=True)
class Return:
    value: Node


@dataclass(frozen=True, slots=True)
class Block:
    body: tuple["Step", ...]


Action = Assign | Call | Switch | For | Parallel | Try | Raise | Return | Block | None


@dataclass(frozen=True, slots=True)
class Jump:
    target: str
    position: Position


@dataclass(frozen=True, slots=True)
class Step:
    """`position` is the keyword's. An anonymous step (in a switch, a try) has its parent's name.

    `guessed`: variables that a step with mistakes may have meant to assign, so that these are
    not told as unknown where others read them.
    """

    name: str
    action: Action
    next: Jump | None
    position: Position
    anonymous: bool = False
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterOf:
    name: str
    default: Node | None
    position: Position


@dataclass(frozen=True, slots=True)
class RoutineOf:
    """`is_known`: its parameters could be read."""

    name: str
    parameters: tuple[ParameterOf, ...]
    steps: tuple[Step, ...]
    position: Position
    is_known: bool = True


@dataclass(slots=True)
class SourceOf:
    """A whole source. `main` is among the routines."""

    routines: dict[str, RoutineOf] = field(default_factory=dict)


def expression_text(node: Node) -> str | None:
    """Return what stands between `${` and `}` if the node is an expression."""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        return None
    value = node.value.rstrip()
    if value.startswith("${") and value.endswith("}"):
        return value[2:-1]
    return None
