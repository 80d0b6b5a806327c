"""Compiles a source: `compile_source(text)` gives a Program, or every reason why not.

Steps become operations in one flat list for each routine; nested steps, loops and `try` are
jumps and tables, so a running workflow has no Python stack to keep.
"""

import functools
from collections.abc import Callable
from typing import Any

from local_cloud.workflows.engine import operations
from local_cloud.workflows.engine.block_steps import BlockSteps
from local_cloud.workflows.engine.emitter import Context, Label, Targets
from local_cloud.workflows.engine.program import UNSET, Evaluate, Handler, Program, Routine
from local_cloud.workflows.engine.simple_steps import SimpleSteps
from local_cloud.workflows.language import syntax
from local_cloud.workflows.language.choices import DEFAULT, Choices
from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.reader import Reader, named
from local_cloud.workflows.language.scopes import Scope
from local_cloud.workflows.language.source import read_source
from local_cloud.workflows.language.syntax import Step


class BuildFailed(Exception):
    """The source does not deploy. `problems` has at least one entry, in source order."""

    def __init__(self, problems: list[BuildError]) -> None:
        super().__init__(problems[0].text())
        self.problems = problems


def compile_source(text: str, choices: Choices = DEFAULT) -> Program:
    """Compile a workflow's source. Raises BuildFailed.

    A Program does not change, so the same text may well give the same one again.
    """
    return _compiled(text, choices)


@functools.lru_cache(maxsize=16)
def _compiled(text: str, choices: Choices) -> Program:
    reader = Reader(choices)
    try:
        source = reader.read(read_source(text))
    except BuildError as error:
        raise _failed([*reader.problems, error]) from None
    routines = {
        name: Routine(name, tuple(parameter.name for parameter in routine.parameters))
        for name, routine in source.routines.items()
    }
    signatures = {
        name: routine.parameters if routine.is_known else None
        for name, routine in source.routines.items()
    }
    problems = reader.problems
    for name, routine in source.routines.items():
        compiler = _RoutineCompiler(routine, routines, signatures, problems, choices)
        compiler.fill(routines[name])
    if problems:
        raise _failed(problems)
    return Program(routines["main"], routines)


def _failed(problems: list[BuildError]) -> BuildFailed:
    """Return the failure with the problems in the order of the source, each told once."""
    found = {(error.message, error.position): error for error in problems}
    return BuildFailed(sorted(found.values(), key=_place))


def _place(error: BuildError) -> tuple[int, int]:
    return (error.position.line, error.position.column) if error.position else (0, 0)


class _RoutineCompiler(SimpleSteps, BlockSteps):
    def _write(self, step: Step, context: Context, after: Label) -> None:
        writers: dict[type, Callable[[Step, Any, Context, Label], None]] = {
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
        writers[type(step.action)](step, step.action, context, after)

    def fill(self, routine: Routine) -> None:
        """Compile the source into `routine`, which others may have referred to already."""
        root = self._analysis.root
        self._problems += self._analysis.problems
        end = Label()
        defaults = self._defaults()
        context = Context(root, Targets(), end, end)
        self._steps(self._source.steps, context, end)
        place = context.place(self._source.position)
        end.pc = self._emit(lambda _: operations.end, context, place)
        if self._problems:
            return  # Labels and slots of broken steps are missing.
        variables = [root.names[name] for name in routine.parameters]
        routine.slots = tuple(variable.slot for variable in variables)
        routine.cells = frozenset(v.slot for v in root.names.values() if v.cell)
        routine.defaults = defaults
        routine.template += [UNSET] * self._analysis.slot_count
        routine.kept = tuple((v.slot, v.cell) for v in self._analysis.variables())
        routine.bytes_of_scalars = 8 * len(routine.kept)
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
            problems: list[BuildError] = []
            default = self._literals.compile(parameter.default, Scope(), self._no_calls(), problems)
            found.append(default)
            self._problems += [
                BuildError(
                    f"error in {named(self._source.name)}: error evaluating default of param"
                    f" {parameter.name}: {error.message}",
                    error.position,
                )
                for error in problems
            ]
        return tuple(found)
