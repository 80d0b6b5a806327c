"""Compiles a source: `compile_source(text)` gives a Program, or every reason why not.

Steps become operations in one flat list for each routine; nested steps, loops and `try` are
jumps and tables, so a running workflow has no Python stack to keep.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from local_cloud.workflows import grammar, operations, syntax
from local_cloud.workflows.expressions import ExpressionCompiler, Sites
from local_cloud.workflows.faults import BuildError, Position
from local_cloud.workflows.literals import LiteralCompiler, constant, is_constant, located
from local_cloud.workflows.program import (
    UNSET,
    Evaluate,
    Handler,
    Operation,
    Place,
    Program,
    Routine,
)
from local_cloud.workflows.reader import Reader
from local_cloud.workflows.scopes import Analysis, Scope
from local_cloud.workflows.source import Mapping as SourceMapping
from local_cloud.workflows.source import Node, Sequence, read_source
from local_cloud.workflows.stdlib import library
from local_cloud.workflows.stdlib.registry import REQUIRED, Parameter
from local_cloud.workflows.syntax import Step
from local_cloud.workflows.values import member

_FIRST_SLOT: Final = 1  # Slot 0 is the execution.


class BuildFailed(Exception):
    """The source does not deploy. `problems` has at least one entry, in source order."""

    def __init__(self, problems: list[BuildError]) -> None:
        super().__init__(problems[0].text())
        self.problems = problems


def compile_source(text: str) -> Program:
    """Compile a workflow's source. Raises BuildFailed."""
    reader = Reader()
    try:
        source = reader.read(read_source(text))
    except BuildError as error:
        raise BuildFailed([*reader.problems, error]) from None
    if reader.problems:
        raise BuildFailed(reader.problems)
    routines = {
        name: Routine(name, tuple(parameter.name for parameter in routine.parameters))
        for name, routine in source.routines.items()
    }
    signatures = {name: routine.parameters for name, routine in source.routines.items()}
    problems: list[BuildError] = []
    for name, routine in source.routines.items():
        compiler = _RoutineCompiler(routine, routines, signatures, problems)
        compiler.fill(routines[name])
    if problems:
        raise BuildFailed(sorted(problems, key=_place))
    return Program(routines["main"], routines)


def _place(error: BuildError) -> tuple[int, int]:
    return (error.position.line, error.position.column) if error.position else (0, 0)


@dataclass(slots=True)
class _Label:
    """An index of the code that may not be known yet."""

    pc: int = -1


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a step. `handler` is the slot and label of the innermost `try`."""

    scope: Scope
    targets: Mapping[str, _Label]
    end: _Label
    break_: _Label | None = None
    continue_: _Label | None = None
    handler: tuple[int, _Label] | None = None
    in_branch: bool = False
    step: str = ""


_Build = Callable[[int], Operation]


@dataclass(slots=True)
class _Code:
    builds: list[_Build] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    handlers: list[tuple[int, _Label] | None] = field(default_factory=list)


class _RoutineCompiler:
    def __init__(
        self,
        source: syntax.RoutineOf,
        routines: Mapping[str, Routine],
        signatures: Mapping[str, tuple[syntax.ParameterOf, ...]],
        problems: list[BuildError],
    ) -> None:
        self._source = source
        self._routines = routines
        self._signatures = signatures
        self._problems = problems
        self._analysis = Analysis(source, _FIRST_SLOT)
        self._expressions = ExpressionCompiler(routines, signatures)
        self._literals = LiteralCompiler(self._expressions)
        self._code = _Code()
        self._writers: dict[type, Callable[..., None]] = {
            syntax.Assign: self._assign,
            syntax.Call: self._call,
            syntax.Switch: self._switch,
            syntax.For: self._for,
            syntax.Parallel: self._parallel,
            syntax.Try: self._try,
            syntax.Raise: self._raise,
            syntax.Return: self._return,
            syntax.Block: self._block,
        }

    def fill(self, routine: Routine) -> None:
        """Compile the source into `routine`, which others may have referred to already."""
        root = self._analysis.root
        self._problems += self._analysis.problems
        end = _Label()
        defaults = self._defaults()
        self._steps(self._source.steps, _Context(root, {}, end), end)
        end.pc = self._emit(
            lambda _: operations.end, _Context(root, {}, end), self._source.position
        )
        if self._problems:
            return  # Labels and slots of broken steps are missing.
        variables = [root.names[name] for name in routine.parameters]
        routine.slots = tuple(variable.slot for variable in variables)
        routine.cells = frozenset(v.slot for v in root.names.values() if v.cell)
        routine.defaults = defaults
        routine.template += [UNSET] * self._analysis.slot_count
        routine.places += self._code.places
        routine.handlers += [
            None if handler is None else Handler(handler[0], handler[1].pc)
            for handler in self._code.handlers
        ]
        routine.code += [build(here) for here, build in enumerate(self._code.builds)]

    def _defaults(self) -> tuple[Evaluate | None, ...]:
        found: list[Evaluate | None] = []
        for parameter in self._source.parameters:
            if parameter.default is None:
                found.append(None)
                continue
            try:
                found.append(self._literals.compile(parameter.default, Scope(), self._no_calls()))
            except BuildError as error:
                self._problems.append(
                    BuildError(f"error in param {parameter.name}: {error.message}", error.position)
                )
        return tuple(found)

    # Emitting.

    def _emit(self, build: _Build, context: _Context, position: Position) -> int:
        self._code.builds.append(build)
        self._code.places.append(Place(context.step, position))
        self._code.handlers.append(context.handler)
        return len(self._code.builds) - 1

    def _emit_with(self, sites: Sites, build: _Build, context: _Context, position: Position) -> int:
        """Emit an operation whose expressions may call subworkflows."""

        def built(here: int) -> Operation:
            operation = build(here)
            if sites.slot is None:
                return operation
            return operations.suspendable(operation, sites.slot, here)

        return self._emit(built, context, position)

    def _here(self) -> int:
        return len(self._code.builds)

    def _sites(self) -> Sites:
        return Sites(self._analysis.new_slot)

    # Values.

    def _evaluated(
        self, node: Node, context: _Context, sites: Sites, what: str, *, nested: bool = False
    ) -> Evaluate:
        """Compile a value of a step; a problem names the step and what the value is for."""
        try:
            return self._literals.compile(node, context.scope, sites, nested=nested)
        except BuildError as error:
            raise _in_step(
                context, f"error evaluating {what}: {error.message}", error.position
            ) from None

    # Steps.

    def _steps(self, steps: tuple[Step, ...], context: _Context, after: _Label) -> None:
        labels = [_Label() for _ in steps]
        names = {step.name: label for step, label in zip(steps, labels, strict=True)}
        inner = replace(context, targets={**context.targets, **names})
        for step, label, following in zip(steps, labels, [*labels[1:], after], strict=True):
            label.pc = self._here()
            self._step(step, inner, following)

    def _step(self, step: Step, context: _Context, after: _Label) -> None:
        context = replace(context, step=step.name)
        try:
            if step.next is not None:
                after = self._target(step.next, context)
            if step.action is None:
                self._emit(lambda _: operations.jump(after.pc), context, step.position)
            else:
                self._writers[type(step.action)](step, step.action, context, after)
        except BuildError as error:
            self._problems.append(error)

    def _target(self, jump: syntax.Jump, context: _Context) -> _Label:
        name = jump.target
        if name == "end":
            if context.in_branch:
                raise _in_step(context, "'end' cannot leave a parallel branch", jump.position)
            return context.end
        if name in ("break", "continue"):
            label = context.break_ if name == "break" else context.continue_
            if label is None:
                raise _in_step(context, f"'{name}' can only be used in a for loop", jump.position)
            return label
        if name not in context.targets:
            raise _in_step(context, f"next step '{name}' not found", jump.position)
        return context.targets[name]

    def _store(
        self, target: grammar.Expression, context: _Context, position: Position, sites: Sites
    ) -> operations.Store:
        keys: list[Evaluate] = []
        what = "error evaluating assignment target"
        while isinstance(target, grammar.Member):
            try:
                keys.append(self._expressions.compile(target.key, context.scope, sites))
            except BuildError as error:
                raise _in_step(context, f"{what}: {error.message}", position) from None
            target = target.holder
        assert isinstance(target, grammar.Name)
        variable = context.scope.find(target.name)
        if variable is None:
            raise _in_step(
                context,
                f"{what}: symbol '{target.name}' is neither a variable nor a sub-workflow name",
                position,
            )
        if not context.scope.may_write(variable):
            raise _in_step(
                context,
                f"variable '{target.name}' of an enclosing scope must be in 'shared' to be"
                " assigned in a parallel branch",
                position,
            )
        if keys:
            return operations.store_member(variable, keys[::-1])
        return operations.store_variable(variable)

    def _assign(self, step: Step, action: syntax.Assign, context: _Context, after: _Label) -> None:
        entries: list[tuple[operations.Store, Evaluate, Position]] = []
        all_sites: list[Sites] = []
        for entry in action.entries:
            sites = self._sites()
            evaluate = self._evaluated(entry.value, context, sites, "assignment")
            store = self._store(entry.target, context, entry.position, sites)
            entries.append((store, evaluate, entry.value.position))
            all_sites.append(sites)
        if any(sites.slot is not None for sites in all_sites):
            self._assign_apart(step, entries, all_sites, context, after)
            return
        target = action.entries[0].target
        if len(entries) == 1 and isinstance(target, grammar.Name):
            variable = context.scope.find(target.name)
            if variable is not None and not variable.cell:
                _, evaluate, position = entries[0]
                slot = variable.slot
                self._emit(
                    lambda _: operations.assign_slot(slot, evaluate, position, after.pc),
                    context,
                    step.position,
                )
                return
        self._emit(
            lambda _: operations.assign(entries, after.pc, counted=True), context, step.position
        )

    def _assign_apart(
        self,
        step: Step,
        entries: list[tuple[operations.Store, Evaluate, Position]],
        all_sites: list[Sites],
        context: _Context,
        after: _Label,
    ) -> None:
        """An entry that calls a subworkflow is repeated, so no other may be part of it."""
        for number, (entry, sites) in enumerate(zip(entries, all_sites, strict=True)):
            label = after if number + 1 == len(entries) else _Label(self._here() + 1)

            def build(
                _: int,
                entry: tuple[operations.Store, Evaluate, Position] = entry,
                label: _Label = label,
                first: bool = number == 0,  # noqa: FBT001 - bound, not passed.
            ) -> Operation:
                return operations.assign([entry], label.pc, counted=first)

            self._emit_with(sites, build, context, step.position)

    def _call(self, step: Step, action: syntax.Call, context: _Context, after: _Label) -> None:
        sites = self._sites()
        store = None
        if action.result is not None:
            store = self._store(grammar.Name(action.result), context, step.position, sites)
        name = action.function
        given = (
            {}
            if action.arguments is None
            else {key.value: value for key, value in action.arguments.entries}
        )
        if name in self._routines:
            wanted = [
                Parameter(p.name, REQUIRED if p.default is None else UNSET)
                for p in self._signatures[name]
            ]
        else:
            wanted = list(self._library_parameters(name, context, step.position))
        arguments = self._arguments(step, wanted, given, context, sites)
        self._emit_with(
            sites,
            lambda here: _call_operation(name, self._routines, arguments, store, after.pc, here),
            context,
            step.position,
        )

    def _library_parameters(
        self, name: str, context: _Context, position: Position
    ) -> tuple[Parameter, ...]:
        if name in library.FUNCTIONS:
            return library.FUNCTIONS[name].parameters
        if name in library.BLOCKING:
            return library.BLOCKING[name].parameters
        if name in library.PREDICATES:
            return (Parameter("exception"),)
        if library.is_blocking(name):
            raise _in_step(context, f"function '{name}' is not part of the local cloud", position)
        raise _in_step(
            context, f"symbol '{name}' is neither a function nor a sub-workflow name", position
        )

    def _arguments(
        self,
        step: Step,
        wanted: list[Parameter],
        given: dict[str, Node],
        context: _Context,
        sites: Sites,
    ) -> list[Evaluate]:
        names = {parameter.name for parameter in wanted}
        for name, node in given.items():
            if name not in names:
                raise _in_step(context, f"unexpected argument '{name}'", node.position)
        found = []
        for parameter in wanted:
            if parameter.name in given:
                node = given[parameter.name]
                what = f"argument '{parameter.name}'"
                found.append(self._evaluated(node, context, sites, what, nested=True))
            elif parameter.default is REQUIRED:
                raise _in_step(context, f"argument '{parameter.name}' is missing", step.position)
            else:
                found.append(constant(parameter.default))
        return found

    def _switch(self, step: Step, action: syntax.Switch, context: _Context, after: _Label) -> None:
        sites = self._sites()
        arms: list[tuple[Evaluate, Position, _Label]] = []
        bodies: list[tuple[Step, _Label]] = []
        for arm in action.arms:
            condition = self._evaluated(arm.condition, context, sites, "condition")
            label = _Label()
            if arm.body.action is None and arm.body.next is not None:
                label = self._target(arm.body.next, context)  # The switch itself goes there.
            else:
                bodies.append((arm.body, label))
            arms.append((condition, arm.condition.position, label))
        self._emit_with(
            sites,
            lambda _: operations.switch(
                [(condition, position, label.pc) for condition, position, label in arms], after.pc
            ),
            context,
            step.position,
        )
        for body, label in bodies:
            label.pc = self._here()
            self._step(body, context, after)

    def _for(self, step: Step, action: syntax.For, context: _Context, after: _Label) -> None:
        sites = self._sites()
        evaluate, position = self._range(action, context, sites)
        scope = self._analysis.scope_of(action)
        clear, slot = operations.fresh(scope), self._analysis.new_slot()
        following = _Label(self._here() + 1)
        self._emit_with(
            sites,
            lambda _: operations.for_begin(
                evaluate,
                clear,
                slot,
                position,
                of_numbers=action.bounds is not None,
                next_pc=following.pc,
            ),
            context,
            step.position,
        )
        value = operations.store_variable(scope.names[action.value])
        index = (
            None if action.index is None else operations.store_variable(scope.names[action.index])
        )
        self._emit(
            lambda here: operations.for_next(slot, value, index, here + 1, after.pc),
            context,
            step.position,
        )
        inner = replace(context, scope=scope, break_=after, continue_=following)
        self._steps(action.body, inner, following)

    def _range(
        self, action: syntax.For, context: _Context, sites: Sites
    ) -> tuple[Evaluate, Position]:
        node = action.items if action.items is not None else action.bounds
        assert node is not None
        what = "for in" if action.items is not None else "for range"
        if not isinstance(node, Sequence) and is_constant(node):
            raise _in_step(context, f"{what} must be a list", node.position)
        return self._evaluated(node, context, sites, what), node.position

    def _try(self, step: Step, action: syntax.Try, context: _Context, after: _Label) -> None:
        if action.retry is None and action.handler is None:
            self._steps(action.body, context, after)
            return
        caught, attempts = self._analysis.new_slot(), self._analysis.new_slot()
        decide, handle = _Label(), _Label()
        plan = None if action.retry is None else self._plan(action.retry, context)
        self._emit(lambda here: operations.try_begin(attempts, here + 1), context, step.position)
        body_pc = self._here()
        target = handle if plan is None else decide
        self._steps(action.body, replace(context, handler=(caught, target)), after)
        if plan is not None:
            give_up = None if action.handler is None else handle
            decide.pc = self._emit(
                lambda here: operations.retry(
                    plan,
                    caught,
                    attempts,
                    body_pc=body_pc,
                    give_up=None if give_up is None else give_up.pc,
                    here=here,
                ),
                context,
                step.position,
            )
        if action.handler is not None:
            handle.pc = self._except(step, action.handler, caught, context, after)

    def _except(
        self, step: Step, handler: syntax.Except, caught: int, context: _Context, after: _Label
    ) -> int:
        scope = self._analysis.scope_of(handler)
        clear = operations.fresh(scope)
        store = (
            None if handler.name is None else operations.store_variable(scope.names[handler.name])
        )
        pc = self._emit(
            lambda here: operations.except_begin(caught, store, clear, here + 1),
            context,
            step.position,
        )
        self._steps(handler.body, replace(context, scope=scope), after)
        return pc

    def _plan(self, given: syntax.Retry, context: _Context) -> operations.RetryPlan:
        ready = library.POLICIES.get(given.policy or "", library.POLICIES["http.default_retry"])
        predicate: Callable[[Any], bool] | None = ready.predicate
        routine: Routine | None = None
        if given.policy is None:
            predicate, routine = self._predicate(given, context)
        defaults = {
            "initial_delay": ready.initial_delay,
            "max_delay": ready.max_delay,
            "multiplier": ready.multiplier,
        }
        backoff = self._backoff(given.backoff, defaults, context)
        retries = (
            constant(ready.max_retries)
            if given.max_retries is None
            else self._evaluated(given.max_retries, context, self._no_calls(), "max_retries")
        )
        return operations.RetryPlan(predicate, routine, retries, *backoff)

    def _predicate(
        self, given: syntax.Retry, context: _Context
    ) -> tuple[Callable[[Any], bool] | None, Routine | None]:
        name = given.predicate
        if name is None:
            return None, None
        if name in self._routines:
            wanted = self._signatures[name]
            if sum(p.default is None for p in wanted) > 1 or not wanted:
                raise _in_step(
                    context, f"predicate '{name}' must take one argument", given.position
                )
            return None, self._routines[name]
        if name in library.PREDICATES:
            return library.PREDICATES[name], None
        raise _in_step(
            context,
            f"symbol '{name}' is neither a variable nor a sub-workflow name",
            given.position,
        )

    def _backoff(
        self, node: Node | None, defaults: dict[str, float], context: _Context
    ) -> tuple[Evaluate, Evaluate, Evaluate]:
        if isinstance(node, SourceMapping):
            parts = [
                constant(default)
                if node.get(name) is None
                else self._evaluated(_present(node, name), context, self._no_calls(), name)
                for name, default in defaults.items()
            ]
        elif node is None:
            parts = [constant(default) for default in defaults.values()]
        else:
            whole = self._evaluated(node, context, self._no_calls(), "backoff")
            parts = [_part(whole, name) for name in defaults]
        return parts[0], parts[1], parts[2]

    def _no_calls(self) -> Sites:
        """Return sites for expressions that are evaluated where nothing can be suspended."""

        def refuse() -> int:
            raise BuildError("a sub-workflow cannot be called in retry values")

        return Sites(refuse)

    def _raise(self, step: Step, action: syntax.Raise, context: _Context, _after: _Label) -> None:
        sites = self._sites()
        evaluate = self._evaluated(action.value, context, sites, "raise value")
        position = action.value.position
        self._emit_with(
            sites, lambda _: operations.raise_value(evaluate, position), context, step.position
        )

    def _return(self, step: Step, action: syntax.Return, context: _Context, _after: _Label) -> None:
        if context.in_branch:
            raise _in_step(context, "'return' cannot stand in a parallel branch", step.position)
        sites = self._sites()
        evaluate = self._evaluated(action.value, context, sites, "return value")
        position = action.value.position
        self._emit_with(
            sites, lambda _: operations.return_value(evaluate, position), context, step.position
        )

    def _block(self, _step: Step, action: syntax.Block, context: _Context, after: _Label) -> None:
        self._steps(action.body, context, after)

    def _parallel(
        self, step: Step, action: syntax.Parallel, context: _Context, after: _Label
    ) -> None:
        limit = None
        if action.concurrency_limit is not None:
            limit = self._evaluated(
                action.concurrency_limit, context, self._no_calls(), "concurrency_limit"
            )
        if action.loop is not None:
            self._parallel_for(step, action.loop, limit, context, after)
            return
        branches = [(branch, _Label()) for branch in action.branches]
        plans: list[tuple[syntax.Branch, _Label, Callable[[Any], None]]] = [
            (branch, label, operations.fresh(self._analysis.scope_of(branch)))
            for branch, label in branches
        ]
        self._emit(
            lambda here: operations.parallel(
                operations.branches_of(
                    [operations.BranchPlan(b.name, label.pc, clear) for b, label, clear in plans]
                ),
                limit,
                after.pc,
                here,
            ),
            context,
            step.position,
        )
        for branch, label in branches:
            label.pc = self._here()
            self._branch_body(branch.body, self._analysis.scope_of(branch), context, step)

    def _parallel_for(
        self,
        step: Step,
        loop: syntax.For,
        limit: Evaluate | None,
        context: _Context,
        after: _Label,
    ) -> None:
        evaluate, position = self._range(loop, context, self._no_calls())
        scope = self._analysis.scope_of(loop)
        clear = operations.fresh(scope)
        value = operations.store_variable(scope.names[loop.value])
        index = None if loop.index is None else operations.store_variable(scope.names[loop.index])
        items = located(evaluate, position)

        def build(here: int) -> Operation:
            plan = operations.BranchPlan("", here + 1, clear)
            iterations = operations.iterations_of(
                items, plan, value, index, of_numbers=loop.bounds is not None
            )
            return operations.parallel(iterations, limit, after.pc, here)

        self._emit(build, context, step.position)
        self._branch_body(loop.body, scope, context, step, loop=True)

    def _branch_body(
        self,
        body: tuple[Step, ...],
        scope: Scope,
        context: _Context,
        step: Step,
        *,
        loop: bool = False,
    ) -> None:
        end = _Label()
        inner = _Context(
            scope,
            {},
            context.end,
            continue_=end if loop else None,
            in_branch=True,
            step=step.name,
        )
        self._steps(body, inner, end)
        end.pc = self._emit(lambda _: operations.end, inner, step.position)


def _in_step(context: _Context, message: str, position: Position | None) -> BuildError:
    return BuildError(f"error in step {context.step}: {message}", position)


def _part(whole: Evaluate, name: str) -> Evaluate:
    return lambda v: member(whole(v), name)


def _present(node: SourceMapping, name: str) -> Node:
    found = node.get(name)
    assert found is not None
    return found


def _call_operation(
    name: str,
    routines: Mapping[str, Routine],
    arguments: list[Evaluate],
    store: operations.Store | None,
    next_pc: int,
    here: int,
) -> Operation:
    if name in routines:
        return operations.call_routine(routines[name], arguments, store, next_pc, here)
    if name in library.BLOCKING:
        return operations.call_blocking(library.BLOCKING[name], arguments, store, next_pc, here)
    if name in library.PREDICATES:
        return operations.call_function(
            library.PREDICATES[name], arguments, store, next_pc, needs_host=False
        )
    function = library.FUNCTIONS[name]
    return operations.call_function(
        function.call, arguments, store, next_pc, needs_host=function.needs_host
    )
