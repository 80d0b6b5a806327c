"""Compiles the steps without a body of their own kind: assign, call, switch, raise, return."""

from collections import abc
from dataclasses import replace

from local_cloud.workflows.engine import operations
from local_cloud.workflows.engine.emitter import Context, Emitter, Label
from local_cloud.workflows.engine.expressions import Sites
from local_cloud.workflows.engine.literals import constant
from local_cloud.workflows.engine.program import UNSET, Block, Evaluate, Operation, Routine
from local_cloud.workflows.engine.watching import Kind
from local_cloud.workflows.language import grammar, syntax
from local_cloud.workflows.language.faults import Position
from local_cloud.workflows.language.source import Mapping, Node, Sequence
from local_cloud.workflows.language.syntax import Step
from local_cloud.workflows.stdlib import library
from local_cloud.workflows.stdlib.registry import REQUIRED, Parameter, Procedure

_Entry = tuple[operations.Store, Evaluate, Position]


class SimpleSteps(Emitter):
    def _assign(self, step: Step, action: syntax.Assign, context: Context, after: Label) -> None:
        entries: list[_Entry] = []
        all_sites: list[Sites] = []
        for entry in action.entries:
            sites = self._sites()
            evaluate = self._evaluated(entry.value, context, sites, "assignment")
            store = self._store(entry.target, context, entry.position, sites)
            entries.append((store, evaluate, entry.value.position))
            all_sites.append(sites)
        names = tuple(_root(entry.target) for entry in action.entries)
        if any(sites.slot is not None for sites in all_sites):
            self._assign_apart(
                step, list(zip(entries, all_sites, names, strict=True)), context, after
            )
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
                    context.place(
                        step.position, "STEP_ASSIGN", names=(target.name,), scope=context.scope
                    ),
                )
                return
        self._emit(
            lambda _: operations.assign(entries, after.pc, counted=True),
            context,
            context.place(step.position, "STEP_ASSIGN", names=names, scope=context.scope),
        )

    def _assign_apart(
        self,
        step: Step,
        entries: list[tuple[_Entry, Sites, str]],
        context: Context,
        after: Label,
    ) -> None:
        """An entry that calls a subworkflow is repeated, so no other may be part of it."""
        for number, (entry, sites, name) in enumerate(entries):
            label = after if number + 1 == len(entries) else Label(self._here() + 1)

            def build(
                _: int,
                entry: _Entry = entry,
                label: Label = label,
                first: bool = number == 0,  # noqa: FBT001 - bound, not passed.
            ) -> Operation:
                return operations.assign([entry], label.pc, counted=first)

            place = context.place(step.position, "STEP_ASSIGN", names=(name,), scope=context.scope)
            self._emit_with(sites, build, context, place)

    def _call(self, step: Step, action: syntax.Call, context: Context, after: Label) -> None:
        sites = self._sites()
        store = None
        if action.result is not None:
            name, position = action.result
            store = self._store(grammar.Name(name), context, position, sites)
        name = action.function
        wanted = self._parameters(action, context)
        given = self._given(action.arguments, wanted, context)
        if wanted is None:
            wanted = tuple(Parameter(one) for one in given)
        arguments = self._arguments(step, wanted, given, context, sites)
        self._emit_with(
            sites,
            lambda here: _call_operation(name, self._routines, arguments, store, after.pc, here),
            context,
            replace(
                context.place(step.position, self._call_kind(name)),
                function=name,
                names=tuple(p.name if p.name in given else "" for p in wanted),
            ),
        )

    def _call_kind(self, name: str) -> Kind:
        if name in self._routines:
            return "STEP_SUBWORKFLOW_CALL"
        return "STEP_CONNECTOR_CALL" if name.startswith("googleapis.") else "STEP_STD_LIB_CALL"

    def _parameters(self, action: syntax.Call, context: Context) -> tuple[Parameter, ...] | None:
        """Return what a call takes; None, and a problem, where nobody knows."""
        name, position = action.function, action.position
        if name in self._routines:
            wanted = self._signatures[name]
            if wanted is None:
                return None
            return tuple(
                Parameter(p.name, REQUIRED if p.default is None else UNSET) for p in wanted
            )
        if name in library.FUNCTIONS:
            return library.FUNCTIONS[name].parameters
        waits = library.blocking(name)
        if waits is not None:
            return waits.parameters
        if name in library.PREDICATES:
            return (Parameter("exception"),)
        if library.is_blocking(name):
            self._refuse(context, f"function '{name}' is not part of the local cloud", position)
        else:
            self._refuse(
                context, f"symbol '{name}' is neither a function nor a sub-workflow name", position
            )
        return None

    def _given(
        self,
        arguments: Mapping | Sequence | None,
        wanted: tuple[Parameter, ...] | None,
        context: Context,
    ) -> dict[str, Node]:
        """Return the arguments by name; those of a list are by position."""
        if arguments is None:
            return {}
        if isinstance(arguments, Mapping):
            return {key.value: value for key, value in arguments.entries}
        items = arguments.items
        if wanted is None:
            return {str(number): item for number, item in enumerate(items)}
        if len(items) > len(wanted):
            self._refuse(
                context,
                f"{len(items)} arguments are given: at most {len(wanted)}",
                items[len(wanted)].position,
            )
        return {one.name: item for one, item in zip(wanted, items, strict=False)}

    def _arguments(
        self,
        step: Step,
        wanted: tuple[Parameter, ...],
        given: dict[str, Node],
        context: Context,
        sites: Sites,
    ) -> list[Evaluate]:
        names = {parameter.name for parameter in wanted}
        for name, node in given.items():
            if name not in names:
                self._refuse(context, f"unexpected argument '{name}'", node.position)
                self._evaluated(node, context, sites, f"argument '{name}'")
        found = []
        for parameter in wanted:
            if parameter.name in given:
                node = given[parameter.name]
                what = f"argument '{parameter.name}'"
                found.append(self._evaluated(node, context, sites, what, nested=True))
            elif parameter.default is REQUIRED and parameter.within not in given:
                self._refuse(context, f"argument '{parameter.name}' is missing", step.position)
            else:
                default = parameter.default
                found.append(constant(None if default is REQUIRED else default))
        return found

    def _switch(self, step: Step, action: syntax.Switch, context: Context, after: Label) -> None:
        sites = self._sites()
        arms: list[tuple[Evaluate, Position, Label]] = []
        bodies: list[tuple[Step, Label, Block]] = []
        whole = self._new_block("STEP_SWITCH", step.name, step.position)
        blocks = []
        for arm in action.arms:
            condition = self._evaluated(arm.condition, context, sites, "condition")
            label = Label()
            block = self._new_block("STEP_CONDITION", step.name, arm.condition.position)
            blocks.append(block)
            if arm.body.action is None and arm.body.next is not None:
                label = self._target(arm.body.next, context)  # The switch itself goes there.
            else:
                bodies.append((arm.body, label, block))
            arms.append((condition, arm.condition.position, label))
        self._emit_with(
            sites,
            lambda _: operations.switch(
                [(condition, position, label.pc) for condition, position, label in arms], after.pc
            ),
            context,
            context.place(step.position, "STEP_SWITCH", opens=(whole, *blocks)),
        )
        below = after if self._choices.next_after_arm == "applies" else context.following
        for body, label, block in bodies:
            label.pc = self._here()
            self._step(body, context.within(whole, block), below)

    def _raise(self, step: Step, action: syntax.Raise, context: Context, _after: Label) -> None:
        sites = self._sites()
        evaluate = self._evaluated(action.value, context, sites, "raise value")
        position = action.value.position
        self._emit_with(
            sites,
            lambda _: operations.raise_value(evaluate, position),
            context,
            context.place(step.position, "STEP_RAISE"),
        )

    def _return(self, step: Step, action: syntax.Return, context: Context, _after: Label) -> None:
        if context.in_branch:
            self._refuse(context, "'return' cannot stand in a parallel branch", step.position)
        sites = self._sites()
        evaluate = self._evaluated(action.value, context, sites, "return value")
        position = action.value.position
        self._emit_with(
            sites,
            lambda _: operations.return_value(evaluate, position),
            context,
            context.place(step.position, "STEP_RETURN"),
        )

    def _block(self, _step: Step, action: syntax.Block, context: Context, after: Label) -> None:
        self._steps(action.body, context, after)


def _root(target: grammar.Expression) -> str:
    """Return the variable that an assignment's target is, or is a part of."""
    while isinstance(target, grammar.Member):
        target = target.holder
    assert isinstance(target, grammar.Name)
    return target.name


def _call_operation(
    name: str,
    routines: abc.Mapping[str, Routine],
    arguments: list[Evaluate],
    store: operations.Store | None,
    next_pc: int,
    here: int,
) -> Operation:
    if name in routines:
        return operations.call_routine(routines[name], arguments, store, next_pc, here)
    waits = library.blocking(name)
    if isinstance(waits, Procedure):
        return operations.call_procedure(waits, arguments, store, next_pc, here)
    if waits is not None:
        return operations.call_blocking(waits, arguments, store, next_pc, here)
    if name in library.PREDICATES:
        return operations.call_function(
            library.PREDICATES[name], arguments, store, next_pc, needs_host=False
        )
    function = library.FUNCTIONS[name]
    return operations.call_function(
        function.call, arguments, store, next_pc, needs_host=function.needs_host
    )
