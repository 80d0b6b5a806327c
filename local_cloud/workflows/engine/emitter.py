"""What compiling a step needs, whatever its kind: labels, context, code, values, jumps.

The kinds of steps are in `simple_steps` and `block_steps`; `compiler` puts them together.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from local_cloud.workflows.engine import operations
from local_cloud.workflows.engine.expressions import ExpressionCompiler, Signatures, Sites
from local_cloud.workflows.engine.literals import LiteralCompiler
from local_cloud.workflows.engine.program import Block, Evaluate, Operation, Place, Routine
from local_cloud.workflows.engine.watching import Kind
from local_cloud.workflows.language import grammar, syntax
from local_cloud.workflows.language.choices import Choices
from local_cloud.workflows.language.faults import BuildError, Position
from local_cloud.workflows.language.scopes import Analysis, Scope
from local_cloud.workflows.language.source import Node
from local_cloud.workflows.language.syntax import Step

_FIRST_SLOT: Final = 1  # Slot 0 is the execution.


@dataclass(slots=True)
class Label:
    """An index of the code that may not be known yet."""

    pc: int = -1


@dataclass(frozen=True, slots=True)
class Targets:
    """The steps that a jump can go to: those of its list, then those of the lists around it.

    `wall` names what a jump cannot leave, if anything, so that nothing in `outer` is a target.
    """

    labels: Mapping[str, Label] = field(default_factory=dict)
    outer: "Targets | None" = None
    wall: str = ""

    def find(self, name: str) -> Label | str | None:
        """Return the label, or the wall in front of it, or None."""
        targets: Targets | None = self
        wall = ""
        while targets is not None:
            if name in targets.labels:
                return wall or targets.labels[name]
            wall = wall or targets.wall
            targets = targets.outer
        return None


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a step. `handler` is the slot and label of the innermost `try`.

    `following` is the step below, whatever `next` says.
    """

    scope: Scope
    targets: Targets
    end: Label
    following: Label
    break_: Label | None = None
    continue_: Label | None = None
    handler: tuple[int, Label] | None = None
    in_branch: bool = False
    step: str = ""
    blocks: tuple[Block, ...] = ()

    def place(
        self,
        position: Position,
        kind: Kind | None = None,
        *,
        opens: tuple[Block, ...] = (),
        names: tuple[str, ...] = (),
        scope: Scope | None = None,
    ) -> Place:
        """Return the place of an operation that stands here; `scope` has the variables `names`."""
        found = [scope.find(name) for name in names] if scope else []
        slots = tuple((one.slot, one.cell) for one in found if one is not None)
        return Place(self.step, position, kind, self.blocks, opens, names=names, slots=slots)

    def within(self, *blocks: Block) -> "Context":
        return replace(self, blocks=(*self.blocks, *blocks))


Build = Callable[[int], Operation]


@dataclass(slots=True)
class Code:
    builds: list[Build] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    handlers: list[tuple[int, Label] | None] = field(default_factory=list)


class Emitter(ABC):
    """Compiles one routine into `_code`. Problems are collected, step by step."""

    def __init__(
        self,
        source: syntax.RoutineOf,
        routines: Mapping[str, Routine],
        signatures: Signatures,
        problems: list[BuildError],
        choices: Choices,
    ) -> None:
        self._source = source
        self._choices = choices
        self._routines = routines
        self._signatures = signatures
        self._problems = problems
        self._analysis = Analysis(source, _FIRST_SLOT, choices)
        self._expressions = ExpressionCompiler(routines, signatures, choices)
        self._literals = LiteralCompiler(self._expressions)
        self._code = Code()
        self._block_count = 0

    @abstractmethod
    def _write(self, step: Step, context: Context, after: Label) -> None:
        """Emit the operations of a step that does something; `after` follows it."""

    def _new_block(self, kind: Kind, step: str, position: Position) -> Block:
        self._block_count += 1
        return Block(kind, step, position, self._block_count)

    def _emit(self, build: Build, context: Context, place: Place) -> int:
        self._code.builds.append(build)
        self._code.places.append(place)
        self._code.handlers.append(context.handler)
        return len(self._code.builds) - 1

    def _emit_with(self, sites: Sites, build: Build, context: Context, place: Place) -> int:
        """Emit an operation whose expressions may call subworkflows."""

        def built(here: int) -> Operation:
            operation = build(here)
            if sites.slot is None:
                return operation
            return operations.suspendable(operation, sites.slot, here)

        return self._emit(built, context, place)

    def _here(self) -> int:
        return len(self._code.builds)

    def _sites(self) -> Sites:
        return Sites(self._analysis.new_slot)

    def _no_calls(self) -> Sites:
        """Return sites for expressions that are evaluated where no call can be made."""

        def refuse() -> int:
            raise BuildError("a sub-workflow cannot be called here")

        return Sites(refuse)

    def _evaluated(
        self, node: Node, context: Context, sites: Sites, what: str, *, nested: bool = False
    ) -> Evaluate:
        """Compile a value of a step; a problem names the step and what the value is for."""
        found: list[BuildError] = []
        value = self._literals.compile(node, context.scope, sites, found, nested=nested)
        for error in found:
            self._refuse(context, f"error evaluating {what}: {error.message}", error.position)
        return value

    def _refuse(self, context: Context, message: str, position: Position | None) -> None:
        """Note a problem of a step. Compiling goes on, to find others."""
        self._problems.append(BuildError(f"error in step {context.step}: {message}", position))

    def _steps(self, steps: tuple[Step, ...], context: Context, after: Label) -> None:
        labels = [Label() for _ in steps]
        names = {
            step.name: label
            for step, label in zip(steps, labels, strict=True)
            if not step.anonymous
        }
        inner = replace(context, targets=Targets(names, context.targets))
        for step, label, following in zip(steps, labels, [*labels, after][1:], strict=True):
            label.pc = self._here()
            self._step(step, inner, following)

    def _step(self, step: Step, context: Context, after: Label) -> None:
        context = replace(context, step=step.name, following=after)
        if step.next is not None:
            after = self._target(step.next, context)
        if step.action is None:
            place = context.place(step.position, "STEP_GOTO")
            self._emit(lambda _: operations.jump(after.pc), context, place)
        else:
            self._write(step, context, after)

    def _target(self, jump: syntax.Jump, context: Context) -> Label:
        name = jump.target
        if name == "end":
            if context.in_branch:
                self._refuse(context, "'end' cannot leave a parallel branch", jump.position)
            return context.end
        if name in ("break", "continue"):
            label = context.break_ if name == "break" else context.continue_
            if label is None:
                self._refuse(context, f"'{name}' can only be used in a for loop", jump.position)
            return label or Label()
        found = context.targets.find(name)
        if isinstance(found, Label):
            return found
        why = f"is outside of {found}, which a jump cannot leave" if found else "not found"
        self._refuse(context, f"next step '{name}' {why}", jump.position)
        return Label()

    def _store(
        self, target: grammar.Expression, context: Context, position: Position, sites: Sites
    ) -> operations.Store:
        keys: list[Evaluate] = []
        what = "error evaluating assignment target"
        while isinstance(target, grammar.Member):
            try:
                key = self._expressions.compile(target.key, context.scope, sites)
                keys.append(key.evaluate)
            except BuildError as error:
                self._refuse(context, f"{what}: {error.message}", position)
            target = target.holder
        assert isinstance(target, grammar.Name)
        variable = context.scope.find(target.name)
        if variable is None:
            self._refuse(
                context,
                f"{what}: symbol '{target.name}' is neither a variable nor a sub-workflow name",
                position,
            )
            return lambda _, __: None
        if not context.scope.may_write(variable):
            self._refuse(
                context,
                f"variable '{target.name}' of an enclosing scope must be in 'shared' to be"
                " assigned in a parallel branch",
                position,
            )
        if keys:
            return operations.store_member(variable, keys[::-1])
        return operations.store_variable(variable)
