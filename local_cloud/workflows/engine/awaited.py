"""Routines around procedures, so that an expression can call them as it calls a subworkflow.

What such a routine fails with is shown as the failure of the step whose expression it stands in.
"""

from collections.abc import Generator
from typing import Any

from local_cloud.workflows.engine.endings import stack_of
from local_cloud.workflows.engine.procedures import play
from local_cloud.workflows.engine.program import UNSET, Frame, Operation, Place, Routine
from local_cloud.workflows.language.faults import Fault, Position
from local_cloud.workflows.stdlib.registry import Procedure

_NOWHERE = Place("", Position(0, 0, 0))


def routine_of(name: str, procedure: Procedure) -> Routine:
    """Return a routine that runs `procedure` on its parameters and returns its value.

    Every argument has to be given: it knows no defaults.
    """
    wanted = procedure.parameters
    result = len(wanted) + 1
    return Routine(
        name,
        parameters=tuple(one.name for one in wanted),
        slots=tuple(range(1, result)),
        defaults=(None,) * len(wanted),
        code=[_run(procedure, result), _give(result)],
        places=[_NOWHERE, _NOWHERE],
        handlers=[None, None],
        template=[UNSET] * (result + 1),
    )


def _run(procedure: Procedure, result: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        f.pc = 0

        def done(value: Any) -> int:
            v[result] = value
            return 1

        return play(f, _placed(procedure.run(v[0], *v[1:result]), f), done)

    return op


def _placed(running: Generator[Any, Any, Any], f: Frame) -> Generator[Any, Any, Any]:
    try:
        return (yield from running)
    except Fault as error:
        error.stack = stack_of(f.caller)
        raise


def _give(result: int) -> Operation:
    def op(f: Frame) -> int:
        v = f.variables
        v[0].steps_left += 1  # Only the call is a step.
        return int(v[0].returned(f, v[result]))

    return op
