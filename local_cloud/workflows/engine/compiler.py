"""Compiles a source: `compile_source(text)` gives a Program, or every reason why not.

Steps become operations in one flat list for each routine; nested steps, loops and `try` are
jumps and tables, so a running workflow has no Python stack to keep.
"""

import functools
from collections.abc import Callable
from typing import Any

from local_cloud.workflows.engine import operations
from local_cloud.workflows.engine.block_steps import BlockSteps
from local_cloud.workflows.engine.emitter import Context, Label
from local_cloud.workflows.engine.program import UNSET, Evaluate, Handler, Program, Routine
from local_cloud.workflows.engine.simple_steps import SimpleSteps
from local_cloud.workflows.language import syntax
from local_cloud.workflows.language.faults import BuildError
from local_cloud.workflows.language.reader import Reader
from local_cloud.workflows.language.scopes import Scope
from local_cloud.workflows.language.source import read_source
from local_cloud.workflows.language.syntax import Step


class BuildFailed(Exception):
    """The source does not deploy. `problems` has at least one entry, in source order."""

    def __init__(self, problems: list[BuildError]) -> None:
        super().__init__(problems[0].text())
        self.problems = problems


@functools.lru_cache(maxsize=16)
def compile_source(text: str) -> Program:
    """Compile a workflow's source. Raises BuildFailed.

    A Program does not change, so the same text may well give the same one again.
    """
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
        context = Context(root, {}, end)
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
